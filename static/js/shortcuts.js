/* Single keys press what carries them; never inside a field, and each person can switch them off.
 *
 *   <button data-key="a" data-key-label="Accept">Accept <kbd>A</kbd></button>
 *   <a href="/leads/new/" data-key="n">New lead</a>
 *   <input data-key="/" data-key-label="Search">            (a field gets the focus)
 *
 * "?" lists the keys of the page (key-sheet.js). While a dialog is open only its own keys count.
 */
const root = document.documentElement;
const KEY_NAMES = { " ": "Space", Enter: "Enter", Escape: "Esc" };

/* Whether this person has single keys. */
export const isOn = () => root.dataset.shortcuts !== "off";
/* Where somebody types. */
export const isField = (element) => element.closest("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]:not([contenteditable=false])");
// What lies in a menu has its key while the menu is closed, too.
const isUsable = (element) => (element.closest("details.menu") ?? element).checkVisibility() && !element.disabled && element.getAttribute("aria-disabled") !== "true";

/* What can be pressed now; while a dialog is open, in it. */
export function carriers() {
  const dialogs = document.querySelectorAll("dialog[open]");
  const scope = dialogs.length ? dialogs[dialogs.length - 1] : document;
  return [...scope.querySelectorAll("[data-key]")].filter(isUsable);
}

/* Whether it stands on every page: the navigation, the bell. */
export const isOfFrame = (element) => Boolean(element.closest(".shell-nav, .bell, .phone-search"));

export function press(element) {
  if (element.matches("input:not([type=checkbox], [type=radio]), select, textarea")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

/* A key as it is printed: "a" -> "A", " " -> "Space". */
export const capOf = (key) => KEY_NAMES[key] || (key.length === 1 ? key.toUpperCase() : key[0].toUpperCase() + key.slice(1));

/* Whether this is a single key that nobody meant for a field. */
export function isShortcut(event) {
  const isHeld = event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
  return isOn() && !event.defaultPrevented && !isHeld && !isField(event.target);
}

document.addEventListener("keydown", (event) => {
  if (!isShortcut(event)) return;
  const key = event.key.toLowerCase();
  const carrier = carriers().find((element) => element.dataset.key.toLowerCase() === key);
  if (!carrier) return;
  event.preventDefault();
  press(carrier);
});

/* What pressing it does, in words. */
export const word = (element) => {
  const own = element.dataset.keyLabel || element.ariaLabel;
  if (own) return own;
  const copy = (element.labels?.[0] ?? element).cloneNode(true);
  copy.querySelectorAll("kbd, option, .visually-hidden").forEach((part) => part.remove());
  return copy.textContent.trim() || element.placeholder || element.title;
};
