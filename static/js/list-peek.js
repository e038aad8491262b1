/* P opens a glance at the row's record beside the list, J and K move on with it, P or Esc closes it.
 *
 *   <tr data-row data-row-id="7"> … </tr>
 *   <aside id="peek" data-peek="/peek/leads/0/" hidden></aside>
 *
 * The 0 stands for the id. The answer is a fragment; [data-peek-close] in it closes.
 */
import { isField, isOn } from "./shortcuts.js";

const aside = document.querySelector("[data-peek]");
let wanted = "";

const currentRow = () => document.querySelector("[data-row].is-current");

async function show(row) {
  wanted = row.dataset.rowId;
  const address = aside.dataset.peek.replace("/0/", `/${wanted}/`);
  await window.htmx.ajax("GET", address, { target: aside, swap: "innerHTML" });
  if (wanted && currentRow()?.dataset.rowId === wanted) aside.hidden = false;
}

function close() {
  wanted = "";
  aside.hidden = true;
  aside.replaceChildren();
}

function toggle() {
  if (!aside.hidden) return close();
  const row = currentRow() || document.querySelector("[data-row][data-row-id]");
  if (!row) return undefined;
  document.querySelectorAll("[data-row].is-current").forEach((other) => other.classList.remove("is-current"));
  row.classList.add("is-current");
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  return show(row);
}

if (aside) {
  let pause = 0;
  document.addEventListener("row:current", (event) => {
    if (aside.hidden || !event.target.dataset.rowId) return;
    clearTimeout(pause);
    // Whoever holds J down wants the row it ends on.
    pause = setTimeout(() => show(event.target), 80);
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isField(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && !aside.hidden) close();
    else if (event.key === "p" && isOn()) toggle();
    else return;
    event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-peek-close]")) close();
  });
}
