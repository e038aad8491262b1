/* The composer: a tab comes up ready to be filled in, Ctrl-Enter saves, and what is typed survives a reload or an error.
 *
 *   <section id="composer" data-composer="lead=7">
 *     <input type="radio" name="composer-tab" id="composer-call" value="call"><label for="composer-call" data-key="c">Call</label>
 *     <form class="composer-panel" data-tab="call"> … <textarea name="note"></textarea> </form>
 *   </section>
 *
 * An e-mail has two panels, to write one and to log one: radios of `email-way` with data-within="email" choose.
 * A link with data-replaces="#email-write" (a template) asks before it replaces what was typed.
 * Which panel shows is CSS (static/css/work.css). HX-Trigger {"composer:sent": {"kind": "call"}} forgets the draft.
 */
const TYPED = "textarea, input[type=text], input[type=datetime-local]";
const composer = () => document.querySelector("[data-composer]");
const keyOf = (form) => `tandem.draft.${form.closest("[data-composer]").dataset.composer}.${form.dataset.tab}`;

function stored(key, value) {
  try {
    if (value === undefined) return JSON.parse(sessionStorage.getItem(key) ?? "null");
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch { /* A private window or a full store forgets. */ }
  return null;
}

function keep(form) {
  const typed = [...form.querySelectorAll(TYPED)].filter((field) => field.value && field.value !== field.defaultValue);
  const chosen = [...form.querySelectorAll("input[type=radio]:checked")].map((radio) => [radio.name, radio.value]);
  stored(keyOf(form), typed.length ? { typed: typed.map((field) => [field.name, field.value]), chosen } : null);
}

function restore(form) {
  const draft = stored(keyOf(form));
  if (!draft) return false;
  for (const [name, value] of draft.typed) {
    const field = form.elements.namedItem(name);
    if (field && !field.value) field.value = value;
  }
  for (const [name, value] of draft.chosen) {
    const radio = form.querySelector(`input[type=radio][name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`);
    if (radio) radio.checked = true;
  }
  return true;
}

let restored = null;
function restoreAll() {
  const section = composer();
  if (!section || section === restored) return;
  const isFirst = restored === null;
  restored = section;
  const drafts = [...section.querySelectorAll("form[data-tab]")].filter(restore);
  // One comes back to where one was typing.
  if (isFirst && drafts.length) open(section, drafts[0].dataset.tab);
}

function open(section, tab) {
  const radio = section.querySelector(`#composer-${tab}`);
  radio.checked = true;
  if (radio.dataset.within) open(section, radio.dataset.within);
}

const isShown = (panel) => panel.offsetParent !== null;

function enter(tab) {
  const panel = [...composer()?.querySelectorAll(`form[data-tab="${tab}"], form[data-tab="write"]`) ?? []].find(isShown);
  (panel?.querySelector(".composer-outcome input") ?? panel?.querySelector("textarea, input[type=text]"))?.focus();
}

document.addEventListener("click", (event) => {
  if (!event.target.matches?.("input[name=composer-tab], input[name=email-way]")) return;
  event.target.closest("details.menu")?.removeAttribute("open");
  enter(event.target.value);
});

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("[data-composer] form[data-tab]");
  if (form) keep(form);
});

// The outcome is said, now the words; a phone's keyboard stays away until it is asked for.
document.addEventListener("change", (event) => {
  if (!event.target.matches?.(".composer-outcome input") || !matchMedia("(pointer: fine)").matches) return;
  event.target.form.querySelector("textarea")?.focus();
});

// Esc leaves the field, and the keys of the page work again; what was typed stays.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && event.target.closest?.("[data-composer]")) event.target.blur();
});

// A template takes the place of what is written: what somebody typed goes only when they say so.
document.addEventListener("htmx:confirm", (event) => {
  const form = event.target.dataset.replaces && document.querySelector(event.target.dataset.replaces);
  if (!form || ![...form.querySelectorAll("textarea")].some((field) => field.value !== field.defaultValue)) return;
  event.preventDefault();
  if (window.confirm("Replace what you have written by the template?")) event.detail.issueRequest(true);
});

document.addEventListener("composer:sent", (event) => {
  const form = composer()?.querySelector(`form[data-tab="${event.detail.kind}"]`);
  if (form) stored(keyOf(form), null);
});

document.addEventListener("htmx:load", restoreAll);
restoreAll();
