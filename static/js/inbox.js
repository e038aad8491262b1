/* The inbox: the card follows the list, and a verdict answers at once.
 *
 *   <div id="inbox">
 *     <section id="inbox-list"><div data-rows><div data-row data-handoff="7"><a data-row-open hx-get="/inbox/?open=7" …></a></div></div></section>
 *     <div id="inbox-told">…</div>                                         said above the next card, until another is opened
 *     <section id="inbox-card" data-handoff="7"> … <form data-verdict hx-post="/inbox/7/acceptance/" hx-target="#inbox-told">…</form></section>
 *   </div>
 *
 *   <details data-snooze><summary data-key="s">Snooze</summary>…<button type="button" data-snooze-close>Cancel</button></details>
 *   <details data-inbox-snoozed>…</details>                              stays open when the list refreshes itself
 *
 * A verdict is answered with the event `handoff:answered`: its row leaves the list, which is asked anew in a moment, and the
 * card of the row below opens. That card was fetched while the one before it was read. An undo is answered with the event
 * `handoff:back`: the list is asked anew, and the card of the hand-off that waits again opens.
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
// A card that was fetched ahead is shown for so long; after that it is fetched again.
const FRESH = 30_000;
// As long as a row takes to slide out (.row-leaving), and a moment of reading before the next card is fetched.
const LEAVING = 180;
const READING = 400;
const inbox = () => document.getElementById("inbox");
const card = () => document.getElementById("inbox-card");
const list = () => document.getElementById("inbox-list");
const rowOf = (handoff) => document.querySelector(`#inbox-list [data-handoff="${CSS.escape(handoff ?? "")}"]`);
const VERDICT_KEYS = ["a", "r", "s"];
let timer = 0;
// The hand-off J or K came to while its card is not there yet, and the verdict's key pressed meanwhile.
let awaited = "";
let heldKey = "";
// The card of the next row, fetched ahead: { address, at, html }.
let ahead = null;
// Counts the cards that were asked for: one that comes after another was asked for is not shown.
let opening = 0;
// Which of them stood when the verdict was sent: whoever went on to another card meanwhile stays there.
let answering = 0;
// Awaited while a verdict is on its way and nothing waits below: the key pressed meanwhile answers nothing.
const NOTHING = "nothing";

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
  opening += 1;
  if (row.dataset.handoff !== card()?.dataset.handoff) awaited = row.dataset.handoff;
  clearTimeout(timer);
  timer = setTimeout(() => link.click(), PAUSE);
});

document.addEventListener("htmx:beforeRequest", ({ target }) => {
  if (target.closest("[data-row-open]")) {
    opening += 1;
    document.getElementById("inbox-told").replaceChildren();
  }
  if (!target.closest("[data-verdict]")) return;
  const answered = card()?.dataset.handoff;
  rowOf(answered)?.classList.add("row-leaving");
  awaited = rowBelow(answered)?.dataset.handoff ?? NOTHING;
  answering = ++opening;
});

/* The row that is opened after this hand-off was answered: the one below it, else the first; none when nothing waits. */
function rowBelow(handoff) {
  const rows = [...list().querySelectorAll("[data-row]")].filter((row) => !row.closest("[data-inbox-snoozed]"));
  const at = rows.findIndex((row) => row.dataset.handoff === handoff);
  return [...rows.slice(at + 1), ...rows.slice(0, Math.max(at, 0))].find((row) => !row.classList.contains("row-leaving"));
}

function addressOf(row) {
  if (row) return row.querySelector("[data-row-open]").getAttribute("href");
  const whom = new URLSearchParams(location.search).get("for");
  return whom ? `${location.pathname}?for=${encodeURIComponent(whom)}` : location.pathname;
}

async function fetchCard(address) {
  const headers = { "HX-Request": "true", "HX-Target": "inbox-card", "HX-Current-URL": location.href };
  const answer = await fetch(address, { headers, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error(`${answer.status} from ${address}`);
  return answer.text();
}

function fetchAhead() {
  const row = card()?.querySelector("[data-verdict]") && rowBelow(card().dataset.handoff);
  if (!row || document.hidden || addressOf(row) === ahead?.address) return;
  ahead = { address: addressOf(row), at: performance.now(), html: fetchCard(addressOf(row)) };
  ahead.html.catch(() => { ahead = null; });
}

function openBelow(answered) {
  const row = rowBelow(answered);
  awaited = row?.dataset.handoff ?? NOTHING;
  openCard(addressOf(row));
}

async function openCard(address) {
  const mine = ++opening;
  const isAhead = ahead?.address === address && performance.now() - ahead.at < FRESH;
  let html = "";
  try {
    html = await (isAhead ? ahead.html : fetchCard(address));
  } catch {
    return location.assign(address);
  }
  if (mine !== opening || !card()) return null;
  ahead = null;
  history.replaceState({ ...history.state }, "", address);
  swappedAt = performance.now();
  window.htmx.swap(card(), html, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 }, { eventInfo: { target: card() } });
  card().querySelector("h2")?.focus({ preventScroll: true });
  return null;
}

document.addEventListener("handoff:answered", ({ detail: { handoff } }) => {
  const row = rowOf(String(handoff));
  setTimeout(() => row?.remove(), LEAVING);
  list().dispatchEvent(new Event("live:stale", { bubbles: true }));
  if (opening === answering) openBelow(String(handoff));
});

// What was undone waits again, and is opened.
document.addEventListener("handoff:back", ({ detail: { address } }) => {
  document.getElementById("inbox-told").replaceChildren();
  list().dispatchEvent(new Event("live:stale", { bubbles: true }));
  [awaited, heldKey] = [new URL(address, location).searchParams.get("open"), ""];
  openCard(address);
});

// Whatever went wrong, the row stays; so it does when the card comes back with a question in it.
function stay() {
  stopWaiting();
  rowOf(card()?.dataset.handoff)?.classList.remove("row-leaving");
}

for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(trouble, stay);

// The second click of a double click must not answer the first hand-off again, nor what has just taken its place.
let swappedAt = 0;
addEventListener("click", (event) => {
  const byPointer = event.detail > 0;
  const isLeaving = awaited || performance.now() - swappedAt <= DOUBLE_CLICK;
  if (!byPointer || !isLeaving || !event.target.closest?.("[data-verdict] button")) return;
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
  const target = event.detail.target?.id;
  if (!inbox() || target === "inbox-told") return;
  const snoozed = document.querySelector("[data-inbox-snoozed]");
  if (snoozed) snoozed.open = showsSnoozed;
  if (target === "inbox-card") inbox().classList.remove("shows-list");
  if (event.detail.requestConfig?.elt?.matches?.("[data-verdict]")) stay();
  const hasCome = awaited && card()?.dataset.handoff === awaited;
  const isElsewhere = awaited === NOTHING ? target === "inbox-card" : !rowOf(awaited);
  const key = hasCome || isElsewhere ? stopWaiting() : "";
  markOpened();
  if (hasCome && key) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  soonFetchAhead();
});

let reading = 0;
function soonFetchAhead() {
  clearTimeout(reading);
  reading = setTimeout(fetchAhead, READING);
}
soonFetchAhead();
