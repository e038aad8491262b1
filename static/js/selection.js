/* Selecting rows of a list: a tick, X or Space on the current row (rows.js), a range with Shift, the page, everything.
 *
 *   <form id="bulk" class="bulk-bar" method="get" data-count="1284">
 *     <input type="hidden" name="all" value="1" disabled data-everything-field>
 *     <b data-selected-words>0 selected</b>
 *     <button type="button" data-select-everything="all 1,284 leads" hidden>…</button>
 *     <button formaction="/bulk/assign/" data-bulk="Assign">Assign</button>      opens in the side panel
 *     <button formaction="/bulk/merge/" data-bulk="Merge" data-takes="2">…       is there for exactly two
 *   </form>
 *   <input type="checkbox" data-select-all>                                      in the head of the table
 *   <input type="checkbox" name="id" value="7" form="bulk">                      in each row
 *
 * The bar shows while something is selected. Back brings the selection along. The event `list:changed` reads the page
 * again, with nothing selected. Without JavaScript the bar is a plain form that leads to the same pages.
 */
import { openPanel } from "./panel.js";
import { isField, isOn } from "./shortcuts.js";

const bar = () => document.getElementById("bulk");
const boxes = () => [...(bar()?.elements ?? [])].filter((field) => field.name === "id" && field.type === "checkbox");
const everything = () => bar().querySelector("[data-everything-field]");
let anchor = null;
// What is selected, for rows that are read again: an htmx answer that changes the address takes it out of the history.
let kept = { selected: history.state?.selected ?? [], isAll: Boolean(history.state?.isAll) };

function keepSelection(selection) {
  kept = selection;
  history.replaceState({ ...history.state, ...kept }, "");
}

function update({ keep = true } = {}) {
  if (!bar()) return;
  const all = boxes();
  const chosen = all.filter((box) => box.checked);
  if (chosen.length < all.length) everything().disabled = true;
  const isAll = !everything().disabled;
  for (const box of all) box.closest("[data-row]")?.setAttribute("aria-selected", String(box.checked));
  for (const head of document.querySelectorAll("[data-select-all]")) {
    head.checked = all.length > 0 && chosen.length === all.length;
    head.indeterminate = chosen.length > 0 && !head.checked;
  }
  const more = bar().querySelector("[data-select-everything]");
  const isPage = chosen.length === all.length;
  bar().classList.toggle("is-active", chosen.length > 0);
  bar().querySelector("[data-selected-words]").textContent = isAll ? `${capital(more.dataset.selectEverything)} selected` : `${chosen.length} selected`;
  more.hidden = isAll || !isPage || Number(bar().dataset.count) <= all.length;
  bar().querySelector("[data-select-page]").hidden = isPage;
  for (const button of bar().querySelectorAll("[data-takes]")) button.hidden = isAll || chosen.length !== Number(button.dataset.takes);
  if (keep) keepSelection({ selected: chosen.map((box) => box.value), isAll });
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);

function select(some, checked) {
  for (const box of some) box.checked = checked;
  update();
}

function selectNothing() {
  everything().disabled = true;
  anchor = null;
  select(boxes(), false);
}

function range(from, to) {
  const all = boxes();
  const [first, last] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
  return first < 0 ? [to] : all.slice(first, last + 1);
}

document.addEventListener("click", (event) => {
  if (!bar()) return;
  const box = event.target.closest("input[name=id][form=bulk]");
  if (box) {
    if (event.shiftKey && anchor?.isConnected) select(range(anchor, box), box.checked);
    anchor = box;
  }
  if (event.target.closest("[data-select-page]")) select(boxes(), true);
  if (event.target.closest("[data-select-nothing]")) selectNothing();
  const more = event.target.closest("[data-select-everything]");
  if (more) {
    everything().disabled = false;
    update();
    bar().querySelector("[data-bulk]")?.focus();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) select(boxes(), event.target.checked);
  else if (event.target.matches("input[name=id][form=bulk]")) update();
});

document.addEventListener("keydown", (event) => {
  if (!bar() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isField(event.target) || document.querySelector("dialog[open], details.menu[open]")) return;
  if (event.key === "Escape" && bar().classList.contains("is-active")) selectNothing();
  else if (event.key === "X" && isOn()) {
    const current = document.querySelector("[data-row].is-current input[name=id]");
    if (!current) return;
    select(range(anchor ?? current, current), true);
    anchor = current;
  } else return;
  event.preventDefault();
});

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (form !== bar() || !submitter?.dataset.bulk) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form));
  if (fields.has("all")) fields.delete("id");
  openPanel({ href: `${submitter.formAction}?${fields}`, title: submitter.dataset.bulk });
});

// The answer to a deed brings the rows along, and nothing of them is selected any more.
document.addEventListener("selection:done", () => keepSelection({ selected: [], isAll: false }));

document.addEventListener("list:changed", () => {
  keepSelection({ selected: [], isAll: false });
  window.htmx.ajax("GET", location.href, { source: document.body, target: "#main", select: "#main", swap: "outerHTML" });
});

// Rows that were read again are ticked as they were.
document.addEventListener("htmx:afterSettle", restore);

function restore() {
  const chosen = new Set(kept.selected);
  for (const box of boxes()) box.checked = chosen.has(box.value);
  if (bar() && kept.isAll && chosen.size) everything().disabled = false;
  update({ keep: chosen.size > 0 });
}

restore();
addEventListener("pageshow", (event) => { if (!event.persisted) restore(); });
