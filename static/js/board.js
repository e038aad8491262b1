/* Cards carried from column to column: by mouse, by a long press of a finger, or by keys.
 *
 *   <div data-board data-shown="proof">
 *     <nav><a href="?column=proof" data-show-column="proof" data-drop="proof">Proof</a></nav>
 *     <section data-column="proof" data-drop="proof"><ol data-cards>
 *       <li id="card-7" data-card="7" data-stage="proof" data-may-move data-move="/opportunities/7/stage/" data-close="…/closing/">
 *         <a href="/opportunities/7/" data-card-link>Acme</a> <a href="…" data-move-menu data-panel="…">…</a> <a hidden data-lose data-panel="…">
 *     <div data-drop="won"> <div data-drop="lost">
 *
 * Arrows go from card to card, Shift and an arrow take the card along, W wins, L loses, M opens its menu. The card
 * moves at once; the answer brings the columns as they are (out of band), and if none comes the card goes back.
 */
import { isOn } from "./shortcuts.js";

const LIFT_AFTER_PX = 5;
const LONG_PRESS_MS = 320;
const EDGE_PX = 56;

const board = () => document.querySelector("[data-board]");
const columns = () => [...board().querySelectorAll("[data-column]")];
const cardsOf = (column) => [...column.querySelectorAll("[data-card]")];
const linkOf = (card) => card.querySelector("[data-card-link]");
const isPhone = () => getComputedStyle(board().querySelector(".board-switch")).display !== "none";

/* Moving */

function move(card, stage) {
  if (stage === "lost") {
    card.querySelector("[data-lose]").click();
    return;
  }
  if (stage === card.dataset.stage) return;
  const place = { parent: card.parentElement, next: card.nextElementSibling };
  const target = board().querySelector(`[data-column="${stage}"] [data-cards]`);
  const goBack = () => {
    card.classList.remove("is-moving");
    if (card.isConnected) place.parent.insertBefore(card, place.next?.parentElement === place.parent ? place.next : null);
  };
  for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) card.addEventListener(trouble, goBack, { once: true });
  const hasFocus = card.contains(document.activeElement);
  const heir = neighbour(card, 0, 1) ?? neighbour(card, 0, -1) ?? neighbour(card, 1, 0) ?? neighbour(card, -1, 0);
  card.classList.add("is-moving");
  const address = stage === "won" ? card.dataset.close : card.dataset.move;
  const values = stage === "won" ? { outcome: "won" } : { stage, seen: card.dataset.stage };
  // Of a failure goBack hears by its event.
  const answer = window.htmx.ajax("POST", address, { source: card, target: card, values, swap: "none" }).catch(() => {});
  target?.prepend(card);
  if (!hasFocus) return;
  linkOf(card).focus({ preventScroll: true });
  // A card that was won is gone: the keys go on with the one beside it.
  answer.then(() => focusOn(card.id) || focusOn(heir?.id));
}

// Its column was swapped: the card of the same name is another element now.
function focusOn(id) {
  const card = document.getElementById(id);
  if (!card) return false;
  linkOf(card).focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  return true;
}

/* Keys */

function neighbour(card, dx, dy) {
  const column = card.closest("[data-column]");
  const at = cardsOf(column).indexOf(card);
  if (dy) return cardsOf(column)[at + dy];
  const all = columns();
  for (let i = all.indexOf(column) + dx; all[i]; i += dx) {
    const cards = cardsOf(all[i]);
    if (cards.length) return cards[Math.min(at, cards.length - 1)];
  }
  return null;
}

function nextStage(card, dx) {
  const all = columns();
  for (let i = all.indexOf(card.closest("[data-column]")) + dx; all[i]; i += dx) if (all[i].dataset.drop) return all[i].dataset.drop;
  return null;
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const DEEDS = { w: (card) => move(card, "won"), l: (card) => move(card, "lost"), m: (card) => card.querySelector("[data-move-menu]").click() };

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && held) return letGo();
  const card = event.target.closest?.("[data-card]");
  if (!card || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const mayMove = "mayMove" in card.dataset;
  const arrow = ARROWS[event.key];
  const deed = DEEDS[event.key.toLowerCase()];
  if (arrow && event.shiftKey) {
    const stage = arrow[0] && mayMove && nextStage(card, arrow[0]);
    if (stage) move(card, stage);
  } else if (arrow) {
    const other = neighbour(card, ...arrow);
    if (other) linkOf(other).focus();
  } else if (deed && isOn() && !event.repeat) {
    if (mayMove) deed(card);
  } else {
    return;
  }
  event.preventDefault();
});

/* Carrying */

let held = null;

document.addEventListener("pointerdown", (event) => {
  const card = event.target.closest?.("[data-card][data-may-move]");
  if (!card || event.button !== 0 || event.target.closest("[data-move-menu]") || card.classList.contains("is-moving")) return;
  held = { card, x: event.clientX, y: event.clientY, isTouch: event.pointerType !== "mouse", ghost: null, over: null };
  if (held.isTouch) held.timer = setTimeout(lift, LONG_PRESS_MS);
});

document.addEventListener("pointermove", (event) => {
  if (!held) return;
  if (!held.ghost) {
    const far = Math.hypot(event.clientX - held.x, event.clientY - held.y) > LIFT_AFTER_PX;
    // A finger that moves before the long press is over scrolls.
    if (far && held.isTouch) return letGo();
    if (!far || held.isTouch) return;
    lift();
  }
  carryTo(event.clientX, event.clientY);
});

document.addEventListener("pointerup", () => {
  if (!held) return;
  const { card, ghost, over } = held;
  letGo();
  if (!ghost) return;
  // The click that ends a drag opens nothing; it comes at once or not at all.
  document.addEventListener("click", swallow, { capture: true });
  setTimeout(() => document.removeEventListener("click", swallow, { capture: true }));
  if (over) move(card, over.dataset.drop);
});

function swallow(click) {
  // The one that opens the form of a lost one is ours.
  if (!click.isTrusted) return;
  click.preventDefault();
  click.stopPropagation();
}

document.addEventListener("pointercancel", () => { if (held && !(held.ghost && held.isTouch)) letGo(); });
document.addEventListener("touchmove", (event) => { if (held?.ghost) event.preventDefault(); }, { passive: false });
document.addEventListener("touchend", (event) => { if (held?.ghost) event.preventDefault(); }, { passive: false });
document.addEventListener("contextmenu", (event) => { if (held?.isTouch) event.preventDefault(); });
document.addEventListener("dragstart", (event) => { if (event.target.closest?.("[data-card]")) event.preventDefault(); });

function lift() {
  const box = held.card.getBoundingClientRect();
  const ghost = held.card.cloneNode(true);
  ghost.removeAttribute("id");
  ghost.setAttribute("aria-hidden", "true");
  ghost.classList.add("deal-ghost");
  ghost.style.width = `${box.width}px`;
  Object.assign(held, { ghost, dx: held.x - box.left, dy: held.y - box.top });
  board().append(ghost);
  held.card.classList.add("is-lifted");
  document.documentElement.classList.add("is-carrying");
  getSelection().removeAllRanges();
  if (held.isTouch) navigator.vibrate?.(10);
  carryTo(held.x, held.y);
}

function carryTo(x, y) {
  held.ghost.style.transform = `translate(${x - held.dx}px, ${y - held.dy}px)`;
  const over = document.elementFromPoint(x, y)?.closest("[data-drop]") ?? null;
  if (over !== held.over) {
    held.over?.classList.remove("is-over");
    over?.classList.add("is-over");
    held.over = over;
  }
  const rail = board().querySelector("[data-board-columns]");
  const box = rail.getBoundingClientRect();
  if (x < box.left + EDGE_PX) rail.scrollLeft -= 12;
  else if (x > box.right - EDGE_PX) rail.scrollLeft += 12;
}

function letGo() {
  clearTimeout(held.timer);
  held.ghost?.remove();
  held.over?.classList.remove("is-over");
  held.card.classList.remove("is-lifted");
  document.documentElement.classList.remove("is-carrying");
  held = null;
}

/* On a phone: one column at a time */

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-show-column]");
  if (!tab || event.ctrlKey || event.metaKey || !isPhone()) return;
  event.preventDefault();
  board().dataset.shown = tab.dataset.showColumn;
  history.replaceState(history.state, "", tab.href);
});
