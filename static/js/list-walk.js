/* The way through a list, for "[" and "]" on its records: opening a row remembers the ids of the page in their order.
 *
 *   <div data-walk-list="leads"> … <tr data-row data-row-id="7"><td><a href="/leads/7/">Ada</a></td></tr> … </div>
 *
 * sessionStorage "tandem:walk" = {"list": "leads", "url": "/leads/?stage=mql", "ids": [7, 9]}
 */
const list = document.querySelector("[data-walk-list]");

function remember() {
  const ids = [...list.querySelectorAll("[data-row-id]")].map((row) => Number(row.dataset.rowId));
  const way = { list: list.dataset.walkList, url: location.pathname + location.search, ids };
  try { sessionStorage.setItem("tandem:walk", JSON.stringify(way)); } catch { /* A private window forgets. */ }
}

// Before the link is followed, in this tab or another.
for (const kind of ["click", "auxclick"]) {
  list?.addEventListener(kind, (event) => {
    if (event.target.closest("[data-row-id] a[href]")) remember();
  }, true);
}
