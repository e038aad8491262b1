/* J and K move through a list, Enter opens the row, X or Space selects it, a click anywhere in the row opens it.
 *
 *   <tbody data-rows>
 *     <tr data-row><td><input type="checkbox" name="lead" value="7"></td><td><a class="row-link" href="/leads/7/">Ada</a></td></tr>
 *   </tbody>
 *
 * Back returns to the row one came from. The row opens through its first link or [data-row-open] (a link or button, htmx or not). `is-current` marks the row.
 */
import { isField, isOn } from "./shortcuts.js";

const rowsOf = (list) => [...list.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
const opener = (row) => row.querySelector("[data-row-open]") || row.querySelector("a[href]");

function listInUse() {
  const lists = [...document.querySelectorAll("[data-rows]")].filter((list) => list.checkVisibility());
  return lists.find((list) => list.querySelector(".is-current")) || lists[0];
}

export function mark(row) {
  const list = row.closest("[data-rows]");
  list.querySelectorAll(".is-current").forEach((other) => other.classList.remove("is-current"));
  row.classList.add("is-current");
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  row.dispatchEvent(new CustomEvent("row:current", { bubbles: true }));
}

function move(list, step) {
  const rows = rowsOf(list);
  const at = rows.findIndex((row) => row.classList.contains("is-current"));
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
  if (next) mark(next);
}

function toggle(row) {
  const box = row.querySelector("input[type=checkbox]");
  if (!box) return false;
  box.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!isOn() || isField(event.target) || document.querySelector("dialog[open]")) return;
  const list = listInUse();
  if (!list) return;
  const current = list.querySelector("[data-row].is-current");
  const onControl = event.target.closest("a, button, summary, input");
  if (event.key === "j" || event.key === "k") move(list, event.key === "j" ? 1 : -1);
  else if (event.key === "Enter" && current && !onControl) opener(current)?.click();
  else if (event.key === "x" && current) { if (!toggle(current)) return; }
  else if (event.key === " " && current && !onControl) { if (!toggle(current)) return; }
  else return;
  event.preventDefault();
});

// Kept in the history entry: the list may be open in two tabs.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-row] a[href]");
  if (link && link === opener(link.closest("[data-row]"))) history.replaceState({ ...history.state, row: link.getAttribute("href") }, "");
}, true);

const left = history.state?.row && document.querySelector(`[data-row] a[href="${CSS.escape(history.state.row)}"]`);
left?.closest("[data-row]").classList.add("is-current");

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  if (!row || event.defaultPrevented || event.target.closest("a, button, input, label, select, summary, textarea")) return;
  if (getSelection().toString()) return;
  opener(row)?.click();
});
