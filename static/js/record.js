/* The page of a record: the present stage in sight, the way through the list one came from, the call one click away.
 *
 *   <div id="record" data-record="leads/7"> … <span data-record-walk></span> …      gets ‹ 3 of 48 ›, keys [ and ]
 *   <a href="#composer">Log call</a>                                              brings up the call in the composer
 *
 * The list is remembered by static/js/list-walk.js.
 */
import "./reject.js";
import "./tap.js";

// On a phone the way is wider than the page: the present stage is what one came for.
function showPresentStage() {
  const step = document.querySelector(".record-way .stage-step.now");
  if (step) step.parentElement.scrollLeft = step.offsetLeft - step.parentElement.offsetLeft - 16;
}

function wayHere() {
  const [list, id] = document.getElementById("record")?.dataset.record.split("/") ?? [];
  try {
    const way = JSON.parse(sessionStorage.getItem("tandem:walk") ?? "null");
    const at = way?.list === list ? way.ids.indexOf(Number(id)) : -1;
    return at < 0 ? null : { ...way, at };
  } catch { /* A private window remembers nothing. */ }
  return null;
}

function neighbour(way, step, key, icon, label) {
  const id = way.ids[way.at + step];
  const link = document.createElement(id ? "a" : "span");
  link.className = "btn btn-bare btn-round";
  link.innerHTML = `<i class="ti ti-${icon}" aria-hidden="true"></i>`;
  if (!id) {
    link.setAttribute("aria-hidden", "true");
    return link;
  }
  link.href = `/${way.list}/${id}/`;
  link.title = `${label} (${key})`;
  link.setAttribute("aria-label", label);
  Object.assign(link.dataset, { key, keyLabel: label });
  return link;
}

function showWay() {
  const place = document.querySelector("[data-record-walk]:empty");
  const way = place && wayHere();
  if (!way) return;
  const words = document.createElement("a");
  words.href = way.url;
  words.textContent = `${way.at + 1} of ${way.ids.length}`;
  words.title = "Back to the list";
  place.append(neighbour(way, -1, "[", "chevron-left", "The one before"), words, neighbour(way, 1, "]", "chevron-right", "The next one"));
}

function showAll() {
  showPresentStage();
  showWay();
}

document.addEventListener("htmx:load", showAll);
showAll();

document.addEventListener("click", (event) => {
  const call = event.target.closest("a[href='#composer']") && document.getElementById("composer-call");
  if (call) {
    event.preventDefault();
    document.getElementById("composer").scrollIntoView({ block: "nearest" });
    call.click();
  }
});
