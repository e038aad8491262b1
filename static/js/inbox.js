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
 * J and K (static/js/rows.js) open the row they come to, X selects it (static/js/selection.js). A verdict's key pressed
 * before the card of that row is there waits for it: it never answers the card that is leaving. The list refreshes itself
 * (static/js/live.js) and keeps what is selected; the card is left alone.
 */
import "./reject.js";
import "./selection.js";
import { isShortcut } from "./shortcuts.js";

const PAUSE = 90;
const DOUBLE_CLICK = 400;
const inbox = () => document.getElementById("inbox");
const card = () => document.getElementById("inbox-card");
const rowOf = (handoff) => document.querySelector(`#inbox-list [data-handoff="${CSS.escape(handoff ?? "")}"]`);
const VERDICT_KEYS = ["a", "r", "s"];
let timer = 0;
// The hand-off J or K came to while its card is not there yet, and the verdict's key pressed meanwhile.
let awaited = "";
let heldKey = "";

function markOpened() {
  const opened = rowOf(card()?.dataset.handoff);
  const current = rowOf(awaited) ?? opened;
  for (const row of document.querySelectorAll("#inbox-list [data-row]")) {
    row.classList.toggle("is-current", row === current);
    row.querySelector("[data-row-open]").toggleAttribute("aria-current", row === opened);
  }
  current?.scrollIntoView({ block: "nearest" });
}

function stopWaiting() {
  const key = heldKey;
  [awaited, heldKey] = ["", ""];
  return key;
}

addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if (!awaited || !VERDICT_KEYS.includes(key) || !isShortcut(event) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  heldKey = key;
}, true);

document.addEventListener("row:current", (event) => {
  const row = event.target.closest("#inbox-list [data-row]");
  const link = row?.querySelector("[data-row-open]");
  if (!link) return;
  stopWaiting();
  if (row.dataset.handoff !== card()?.dataset.handoff) awaited = row.dataset.handoff;
  clearTimeout(timer);
  timer = setTimeout(() => link.click(), PAUSE);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.closest("[data-verdict]")) rowOf(card()?.dataset.handoff)?.classList.add("row-leaving");
});

// Whatever went wrong, the row stays; a card with a question in it is an answer of its own.
for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(trouble, () => {
    stopWaiting();
    rowOf(card()?.dataset.handoff)?.classList.remove("row-leaving");
  });
}

// The second click of a double click must not answer the hand-off that has just taken the place of the first.
let swappedAt = 0;
addEventListener("click", (event) => {
  const byPointer = event.detail > 0;
  if (!byPointer || !event.target.closest?.("[data-verdict] button") || performance.now() - swappedAt > DOUBLE_CLICK) return;
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
  const hasCome = awaited && card()?.dataset.handoff === awaited;
  const isElsewhere = event.detail.target?.id === "inbox" || !rowOf(awaited);
  const key = hasCome || isElsewhere ? stopWaiting() : "";
  markOpened();
  if (hasCome && key) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  if (event.detail.requestConfig?.elt?.matches?.("[data-verdict]")) card()?.querySelector("h2")?.focus({ preventScroll: true });
});
