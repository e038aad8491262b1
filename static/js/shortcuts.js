/* Single keys press what carries them; never inside a field, and each person can switch them off.
 *
 *   <button data-key="a" data-key-label="Accept">Accept <kbd>A</kbd></button>
 *   <a href="/leads/new/" data-key="n">New lead</a>
 *   <input data-key="/" data-key-label="Search">            (a field gets the focus)
 *
 * "?" lists the keys of the page. While a dialog is open only its own keys count.
 */
const root = document.documentElement;
const KEY_NAMES = { " ": "Space", Enter: "Enter", Escape: "Esc" };

const isOn = () => root.dataset.shortcuts !== "off";
const isField = (element) => element.closest("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]:not([contenteditable=false])");
// What lies in a menu has its key while the menu is closed, too.
const isUsable = (element) => (element.closest("details.menu") ?? element).checkVisibility() && !element.disabled && element.getAttribute("aria-disabled") !== "true";

function carriers() {
  const dialogs = document.querySelectorAll("dialog[open]");
  const scope = dialogs.length ? dialogs[dialogs.length - 1] : document;
  return [...scope.querySelectorAll("[data-key]")].filter(isUsable);
}

function press(element) {
  if (element.matches("input:not([type=checkbox], [type=radio]), select, textarea")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

const capOf = (key) => KEY_NAMES[key] || (key.length === 1 ? key.toUpperCase() : key[0].toUpperCase() + key.slice(1));

/* The page's own keys with their meaning, for the search: {element, label, cap}, each meaning once. */
export function keysOfPage() {
  const entries = carriers().filter((element) => !element.matches("[data-palette]"));
  const known = new Map(entries.map((element) => [word(element), { element, label: word(element), cap: capOf(element.dataset.key) }]));
  return [...known.values()].filter((entry) => entry.label);
}

export const pressKey = (element) => press(element);

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!isOn() || isField(event.target)) return;
  const key = event.key.toLowerCase();
  if (key === "?") {
    event.preventDefault();
    showKeys();
    return;
  }
  const carrier = carriers().find((element) => element.dataset.key.toLowerCase() === key);
  if (!carrier) return;
  event.preventDefault();
  // htmx binds what it has swapped in a moment later; pressed before that, a form would be sent as a whole page.
  if (carrier.closest(".htmx-added")) document.addEventListener("htmx:afterSettle", () => press(carrier), { once: true });
  else press(carrier);
});

const word = (element) => {
  const own = element.dataset.keyLabel || element.ariaLabel;
  if (own) return own;
  const copy = (element.labels?.[0] ?? element).cloneNode(true);
  copy.querySelectorAll("kbd, option, .visually-hidden").forEach((part) => part.remove());
  return copy.textContent.trim() || element.placeholder || element.title;
};

function showKeys() {
  const sheet = document.getElementById("key-sheet");
  if (!sheet || sheet.open) return;
  const entries = new Map(carriers().map((element) => [element.dataset.key.toLowerCase(), word(element)]));
  if (document.querySelector("[data-rows]")) entries.set("j / k", "Next, previous row").set("enter", "Open the row");
  if (document.querySelector("[data-rows] input[type=checkbox]")) entries.set("x", "Select the row");
  entries.set("esc", "Close").set("?", "This list");
  sheet.querySelector("[data-key-list]").replaceChildren(...[...entries].flatMap(([key, text]) => {
    const term = document.createElement("dt");
    for (const part of key.split(" / ")) {
      const cap = document.createElement("kbd");
      cap.textContent = KEY_NAMES[part] || (part.length === 1 ? part.toUpperCase() : part[0].toUpperCase() + part.slice(1));
      term.append(cap);
    }
    const meaning = document.createElement("dd");
    meaning.textContent = text;
    return [term, meaning];
  }));
  sheet.showModal();
}

function sayState() {
  for (const button of document.querySelectorAll("[data-shortcuts-toggle]")) {
    button.setAttribute("aria-pressed", String(isOn()));
    button.querySelector("[data-shortcuts-word]").textContent = `Single-key shortcuts ${isOn() ? "on" : "off"}`;
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-key-sheet]")) showKeys();
  if (!event.target.closest("[data-shortcuts-toggle]")) return;
  root.dataset.shortcuts = isOn() ? "off" : "on";
  try { localStorage.setItem("tandem.shortcuts", root.dataset.shortcuts); } catch { /* A private window forgets. */ }
  sayState();
});

sayState();
