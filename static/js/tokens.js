/* Several values as chips with a field to type the next one; Enter or a comma adds, Backspace in the empty field or a
 * click on a chip's cross takes the last or that one away.
 *
 *   <textarea name="4-value" data-tokens="list-of-suggestions">Sweden\nNorway</textarea>     one value a line, any text
 *   <select name="4-value" multiple data-tokens>…</select>                                   only what is among its options
 *
 * The control itself stays in the form, hidden, and keeps the values: without JavaScript it is used as it is.
 */
let made = 0;

const isSelect = (control) => control instanceof HTMLSelectElement;
const valuesOf = (control) => (isSelect(control)
  ? [...control.selectedOptions].map((option) => ({ value: option.value, label: option.label }))
  : control.value.split("\n").map((line) => line.trim()).filter(Boolean).map((value) => ({ value, label: value })));

/** The value that a typed text means; null when the control does not know it. */
function meant(control, text) {
  const typed = text.trim();
  if (!typed) return null;
  if (!isSelect(control)) return typed;
  const same = (option) => option.label.toLowerCase() === typed.toLowerCase();
  const begins = (option) => option.label.toLowerCase().startsWith(typed.toLowerCase());
  const options = [...control.options];
  const near = options.filter(begins);
  return (options.find(same) ?? (near.length === 1 ? near[0] : null))?.value ?? null;
}

function write(control, values) {
  if (isSelect(control)) for (const option of control.options) option.selected = values.includes(option.value);
  else control.value = values.join("\n");
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

function chip(control, { value, label }) {
  const whole = document.createElement("span");
  whole.className = "chip token";
  whole.append(label);
  const off = document.createElement("button");
  off.type = "button";
  off.className = "token-off";
  off.tabIndex = -1;
  off.dataset.tokenOff = value;
  off.setAttribute("aria-label", `Take ${label} away`);
  off.textContent = "×";
  whole.append(off);
  return whole;
}

function draw(control, box, input) {
  box.replaceChildren(...valuesOf(control).map((one) => chip(control, one)), input);
  input.placeholder = valuesOf(control).length ? "" : "Type, then Enter";
}

function add(control, box, input) {
  const value = meant(control, input.value);
  if (value === null) return;
  const values = valuesOf(control).map((one) => one.value);
  input.value = "";
  if (!values.includes(value)) write(control, [...values, value]);
  draw(control, box, input);
}

function suggestions(control) {
  if (!isSelect(control)) return control.dataset.tokens;
  const list = document.createElement("datalist");
  list.id = `tokens-${(made += 1)}`;
  list.append(...[...control.options].map((option) => Object.assign(document.createElement("option"), { value: option.label })));
  control.after(list);
  return list.id;
}

function bind(control) {
  if (control.dataset.tokensBound) return;
  control.dataset.tokensBound = "yes";
  const box = document.createElement("span");
  box.className = "tokens rule-value";
  const input = document.createElement("input");
  input.className = "token-input";
  input.autocomplete = "off";
  input.setAttribute("aria-label", control.getAttribute("aria-label")?.replace(", one a line", "") ?? "Values");
  input.setAttribute("list", suggestions(control));
  // The id moves along, so that an answer which draws the row anew gives the focus back.
  input.id = `${control.id}-token`;
  control.hidden = true;
  control.after(box);
  draw(control, box, input);

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || (event.key === "," && isSelect(control))) {
      event.preventDefault();
      add(control, box, input);
      input.focus();
    } else if (event.key === "Backspace" && !input.value) {
      const values = valuesOf(control).map((one) => one.value);
      if (values.length) write(control, values.slice(0, -1));
      draw(control, box, input);
      input.focus();
    }
  });
  // What the form hears of is what was added, not every letter of it.
  input.addEventListener("input", (event) => {
    event.stopPropagation();
    const listed = [...document.getElementById(input.getAttribute("list"))?.options ?? []];
    if (event.inputType === "insertReplacementText" || !event.inputType) {
      if (listed.some((option) => option.value === input.value)) { add(control, box, input); input.focus(); }
    }
  });
  input.addEventListener("change", (event) => event.stopPropagation());
  input.addEventListener("blur", () => { if (input.value && input.isConnected) add(control, box, input); });
  box.addEventListener("click", (event) => {
    const off = event.target.closest("[data-token-off]");
    if (off) {
      write(control, valuesOf(control).map((one) => one.value).filter((value) => value !== off.dataset.tokenOff));
      draw(control, box, input);
    }
    input.focus();
  });
}

const bindAll = () => document.querySelectorAll("[data-tokens]").forEach(bind);
document.addEventListener("htmx:load", bindAll);
bindAll();
