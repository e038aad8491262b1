/* "?" lists the keys of the page, by where they work, and switches single keys off or on.
 *
 *   <button type="button" data-key-sheet>Keys on this page <kbd>?</kbd></button>
 *   <button type="button" data-shortcuts-toggle aria-pressed="true"><span data-shortcuts-word></span></button>
 */
import { capOf, carriers, isOfFrame, isOn, isShortcut, word } from "./shortcuts.js";

const root = document.documentElement;
const EVERYWHERE = "Everywhere";
const ALWAYS = [["esc", "Close"], ["?", "These keys"]];
const UNDO = ["z", "Undo what was just done"];

// Heading -> Map of key -> meaning, in the order in which they stand on the page.
function groupsOfKeys() {
  const groups = new Map([["This page", new Map()]]);
  const add = (heading, key, meaning) => {
    if (!groups.has(heading)) groups.set(heading, new Map());
    groups.get(heading).set(key, meaning);
  };
  for (const element of carriers()) {
    const heading = isOfFrame(element) ? EVERYWHERE : "This page";
    add(heading, element.dataset.key.toLowerCase(), word(element));
  }
  if (document.querySelector("[data-rows]")) {
    add("Lists", "j / k", "Next, previous row");
    add("Lists", "enter", "Open the row");
  }
  if (document.querySelector("[data-rows] input[type=checkbox]")) add("Lists", "x / space", "Select the row");
  // The toast's own Undo is told with those of every page.
  groups.get("This page").delete(UNDO[0]);
  const everywhere = groups.get(EVERYWHERE) ?? new Map();
  groups.delete(EVERYWHERE);
  groups.set(EVERYWHERE, new Map([...everywhere, UNDO, ...ALWAYS]));
  return [...groups].filter(([, keys]) => keys.size);
}

function termOf(key) {
  const term = document.createElement("dt");
  for (const part of key.split(/ [/+] /)) {
    const cap = document.createElement("kbd");
    cap.textContent = capOf(part);
    term.append(cap);
  }
  return term;
}

function sectionOf([heading, keys]) {
  const section = document.createElement("section");
  const title = document.createElement("h3");
  title.textContent = heading;
  const list = document.createElement("dl");
  list.className = "key-list";
  for (const [key, text] of keys) {
    const meaning = document.createElement("dd");
    meaning.textContent = text;
    list.append(termOf(key), meaning);
  }
  section.append(title, list);
  return section;
}

function showKeys() {
  const sheet = document.getElementById("key-sheet");
  if (!sheet || sheet.open) return;
  sheet.querySelector("[data-key-list]").replaceChildren(...groupsOfKeys().map(sectionOf));
  sheet.showModal();
}

function sayState() {
  for (const button of document.querySelectorAll("[data-shortcuts-toggle]")) {
    button.setAttribute("aria-pressed", String(isOn()));
    button.querySelector("[data-shortcuts-word]").textContent = `Single-key shortcuts ${isOn() ? "on" : "off"}`;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || !isShortcut(event)) return;
  event.preventDefault();
  showKeys();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-key-sheet]")) showKeys();
  if (event.target.closest("[data-print]")) window.print();
  if (!event.target.closest("[data-shortcuts-toggle]")) return;
  root.dataset.shortcuts = isOn() ? "off" : "on";
  try { localStorage.setItem("tandem.shortcuts", root.dataset.shortcuts); } catch { /* A private window forgets. */ }
  sayState();
});

sayState();
