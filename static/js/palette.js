/* The search over any page: "/" or Ctrl-K opens it, arrows choose, Enter opens, Ctrl-Enter in a new tab, Esc closes.
 *
 *   <a href="/search/" data-palette data-key="/">Search</a>
 *
 * Without JavaScript the link leads to the page of the search. Its rows come from the server; before them stand the
 * page's own keys that the text names ("log a call"), and with no text the records this browser showed last.
 */
import { capOf, carriers, isOfFrame, press, word } from "./shortcuts.js";

const dialog = document.getElementById("palette");
const field = dialog?.querySelector("[name=q]");
const list = dialog?.querySelector("[role=listbox]");
const status = dialog?.querySelector("[data-palette-status]");

const PAUSE = 90;
const MOST_KEYS = 6;
const NAMES_AN_ACTION = 3;
const RECORD = /^\/((?:leads|contacts|companies|opportunities|campaigns)\/\d+)\/$/;
const MOST_RECENT = 8;
const NO_ANSWER = "No answer from the server. Check the connection and type again.";

let pageKeys = [];
let timer = 0;
let asking = null;
// Enter pressed before the rows are there opens the likeliest of them.
let openFirst = null;

const options = () => [...list.querySelectorAll("[role=option]")];
const chosen = () => list.querySelector("[aria-selected=true]");

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
}

function step(by) {
  const rows = options();
  const at = rows.indexOf(chosen());
  choose(rows[(at + by + rows.length) % rows.length] ?? rows[0]);
}

function open(option, inNewTab) {
  if (inNewTab && option.href) window.open(option.href, "_blank", "noopener");
  else option.click();
}

// The keys of the page as actions: the page shows only what this person may do.
function keysOfPage() {
  const inPage = carriers().filter((element) => !isOfFrame(element) && word(element));
  const byLabel = new Map(inPage.map((element) => [word(element), element]));
  return [...byLabel].map(([label, element]) => ({ label, element, cap: capOf(element.dataset.key) }));
}

const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
const answers = (text) => ({ label }) => words(text).every((word) => words(label).some((own) => own.startsWith(word)));

function keyRow(entry, number) {
  const row = document.createElement("button");
  Object.assign(row, { type: "button", className: "palette-row", id: `palette-key-${number}`, tabIndex: -1 });
  row.setAttribute("role", "option");
  row.setAttribute("aria-selected", "false");
  const sign = document.createElement("i");
  sign.className = "ti ti-bolt";
  sign.setAttribute("aria-hidden", "true");
  const label = document.createElement("span");
  label.className = "grow one-line";
  label.textContent = entry.label;
  const cap = document.createElement("kbd");
  cap.textContent = entry.cap;
  row.append(sign, label, cap);
  row.addEventListener("click", () => {
    dialog.close();
    press(entry.element);
  });
  return row;
}

function addPageKeys(text) {
  const known = new Set(options().map((option) => option.textContent.trim()));
  const found = pageKeys.filter(answers(text)).filter(({ label }) => !known.has(label)).slice(0, MOST_KEYS);
  if (!found.length) return;
  const group = document.createElement("div");
  group.setAttribute("role", "group");
  group.dataset.paletteKeys = "";
  group.setAttribute("aria-labelledby", "palette-page");
  const title = document.createElement("div");
  Object.assign(title, { className: "palette-title", id: "palette-page", textContent: "On this page" });
  group.append(title, ...found.map(keyRow));
  // After what was found just as it was typed; with no text after the recent records.
  list.querySelector("[data-palette-empty]")?.remove();
  const actions = list.querySelector("[data-palette-actions]");
  if (actions) actions.before(group);
  else if (text) list.prepend(group);
  else list.append(group);
}

function say(text) {
  const line = document.createElement("p");
  line.className = "palette-said";
  line.textContent = text;
  list.replaceChildren(line);
  status.textContent = text;
}

// Somebody who types a name means the record; an action has to be named by the beginning of its label.
function mostLikely(text) {
  const named = (row) => row.textContent.trim().toLowerCase().startsWith(text.toLowerCase());
  const action = text.length >= NAMES_AN_ACTION && list.querySelectorAll(":is([data-palette-actions], [data-palette-keys]) [role=option]");
  return [...action || []].find(named) ?? list.querySelector("[data-palette-records] [role=option]") ?? options()[0];
}

function show(html, text) {
  // Our own server's markup, every text in it escaped there.
  list.innerHTML = html;
  addPageKeys(text);
  const rows = options();
  choose(mostLikely(text));
  status.textContent = rows.length ? `${rows.length} found` : list.textContent.trim();
  if (chosen() === rows[0]) list.scrollTop = 0;
  if (openFirst && chosen()) open(chosen(), openFirst.inNewTab);
  openFirst = null;
}

async function ask() {
  const text = field.value.trim();
  const query = new URLSearchParams(text ? { q: text } : recent().map((name) => ["recent", name]));
  asking?.abort();
  const mine = asking = new AbortController();
  list.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${list.dataset.paletteAddress}?${query}`, { signal: mine.signal });
    if (answer.redirected) location.reload();
    else if (answer.ok) show(await answer.text(), text);
    else say(NO_ANSWER);
  } catch (error) {
    if (error.name !== "AbortError") say(NO_ANSWER);
  }
  if (asking === mine) {
    asking = null;
    list.removeAttribute("aria-busy");
  }
}

function openPalette() {
  if (!dialog || dialog.open) return;
  pageKeys = keysOfPage();
  field.value = "";
  if (!list.childElementCount) say("One moment …");
  dialog.showModal();
  field.focus();
  ask();
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (dialog?.open) dialog.close();
  else openPalette();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-palette]");
  if (!link || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  link.closest("details.menu")?.removeAttribute("open");
  openPalette();
});

field?.addEventListener("input", () => {
  clearTimeout(timer);
  // An answer to what was typed before must not be taken for the answer to this.
  asking?.abort();
  openFirst = null;
  list.setAttribute("aria-busy", "true");
  timer = setTimeout(() => { timer = 0; ask(); }, PAUSE);
});

field?.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter") {
    event.preventDefault();
    const inNewTab = event.ctrlKey || event.metaKey;
    if (timer || asking) openFirst = { inNewTab };
    else if (chosen()) open(chosen(), inNewTab);
  }
});

list?.addEventListener("pointermove", (event) => {
  const row = event.target.closest("[role=option]");
  if (row && row !== chosen()) choose(row);
});
// The field keeps the focus, so that typing goes on.
list?.addEventListener("mousedown", (event) => event.preventDefault());
dialog?.addEventListener("close", () => {
  clearTimeout(timer);
  timer = 0;
  asking?.abort();
  openFirst = null;
  list.replaceChildren();
});

// Where this person was last, in this browser; the server says what those records are called today.
const store = () => `tandem.recent.${dialog.dataset.person}`;

function recent() {
  try { return JSON.parse(localStorage.getItem(store())) ?? []; } catch { return []; }
}

function remember() {
  const record = RECORD.exec(location.pathname)?.[1];
  if (!record) return;
  const names = [record, ...recent().filter((name) => name !== record)].slice(0, MOST_RECENT);
  try { localStorage.setItem(store(), JSON.stringify(names)); } catch { /* A private window forgets. */ }
}

if (dialog) remember();
