/* Pages of reports: all tables by one key, "how computed" at its entry, what was opened stays open when figures are new.
 *
 *   <details class="chart-table" id="table-age"><summary data-key="t">Show as table</summary> …</details>
 *       a click opens this one, the key opens or closes all of the page
 *   <a href="#how-velocity-n" data-how="#how-velocity-n">…</a>
 *       opens the sheet of that entry (<dialog> around it) and marks it
 *   <section data-live="…"> <details id="happened">…</details> </section>
 *       is as open as the reader left it when the section came anew
 */
const TABLES = ["details.chart-table", "details.behind"];

// A key presses by script, so that its click is not one of the reader's hand.
document.addEventListener("click", (event) => {
  const pressed = event.target.closest(TABLES.map((table) => `${table} > summary`).join());
  if (!pressed || event.isTrusted) return;
  event.preventDefault();
  const open = !pressed.parentElement.open;
  for (const table of document.querySelectorAll(TABLES.join())) table.open = open;
  if (open) pressed.parentElement.scrollIntoView({ block: "nearest" });
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-how]");
  const entry = link && document.querySelector(link.dataset.how);
  const sheet = entry?.closest("dialog");
  if (!sheet) return;
  event.preventDefault();
  sheet.querySelector(".is-asked")?.classList.remove("is-asked");
  entry.classList.add("is-asked");
  sheet.showModal();
  entry.scrollIntoView({ block: "center" });
});

const states = new Map();
document.addEventListener("toggle", ({ target }) => {
  if (target instanceof HTMLDetailsElement && target.id) states.set(target.id, target.open);
}, true);
document.addEventListener("htmx:load", () => {
  for (const [id, open] of states) {
    const details = document.getElementById(id);
    if (details) details.open = open;
  }
});
