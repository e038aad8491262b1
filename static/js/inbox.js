/* The inbox: the card follows the list, and a verdict answers at once.
 *
 *   <div id="inbox">
 *     <section id="inbox-list"><div data-rows><div data-row data-handoff="7"><a data-row-open hx-get="/inbox/?open=7" …></a></div></div></section>
 *     <section id="inbox-card" data-handoff="7"> … <form data-verdict hx-post="/inbox/7/acceptance/">…</form></section>
 *   </div>
 *
 *   <details data-snooze><summary data-key="s">Snooze</summary>…<button type="button" data-snooze-close>Cancel</button></details>
 *   <details data-inbox-snoozed>…</details>                              stays open when the list refreshes itself
 *
 * J and K (static/js/rows.js) open the row they come to, X selects it (static/js/selection.js). The list refreshes itself
 * (static/js/live.js) and keeps what is selected; the card is left alone.
 */
import "./reject.js";
import "./selection.js";

const PAUSE = 90;
const DOUBLE_CLICK = 400;
const inbox = () => document.getElementById("inbox");
const card = () => document.getElementById("inbox-card");
const rowOf = (handoff) => document.querySelector(`#inbox-list [data-handoff="${CSS.escape(handoff ?? "")}"]`);
let timer = 0;

function markOpened() {
  const opened = rowOf(card()?.dataset.handoff);
  for (const row of document.querySelectorAll("#inbox-list [data-row]")) {
    row.classList.toggle("is-current", row === opened);
    row.querySelector("[data-row-open]").toggleAttribute("aria-current", row === opened);
  }
  opened?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("row:current", (event) => {
  const link = event.target.closest("#inbox-list [data-row]")?.querySelector("[data-row-open]");
  if (!link) return;
  clearTimeout(timer);
  timer = setTimeout(() => link.click(), PAUSE);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.closest("[data-verdict]")) rowOf(card()?.dataset.handoff)?.classList.add("row-leaving");
});

// Whatever went wrong, the row stays; a card with a question in it is an answer of its own.
for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(trouble, () => rowOf(card()?.dataset.handoff)?.classList.remove("row-leaving"));
}

// The second click of a double click must not answer the hand-off that has just taken the place of the first.
let swappedAt = 0;
addEventListener("click", (event) => {
  const byPointer = event.detail > 0;
  if (!byPointer || !event.target.closest?.("[data-verdict]") || performance.now() - swappedAt > DOUBLE_CLICK) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// Put off in place: Esc closes.
function closeSnooze(box) {
  box.open = false;
  box.querySelector("summary").focus();
}

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-snooze-close]");
  if (closer) closeSnooze(closer.closest("[data-snooze]"));
});

document.addEventListener("keydown", (event) => {
  const box = document.querySelector(".inbox-bar [data-snooze][open]");
  if (!box || event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  closeSnooze(box);
});

let showsSnoozed = false;
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("[data-inbox-snoozed]") && event.target.isConnected) showsSnoozed = event.target.open;
}, true);

document.addEventListener("htmx:afterSwap", (event) => {
  if (!inbox()) return;
  const snoozed = document.querySelector("[data-inbox-snoozed]");
  if (snoozed) snoozed.open = showsSnoozed;
  if (event.detail.target?.id === "inbox") swappedAt = performance.now();
  if (event.detail.target?.id === "inbox-card") inbox().classList.remove("shows-list");
  rowOf(card()?.dataset.handoff)?.classList.remove("row-leaving");
  markOpened();
  if (event.detail.requestConfig?.elt?.matches?.("[data-verdict]")) card()?.querySelector("h2")?.focus({ preventScroll: true });
});
