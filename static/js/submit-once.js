/* A form is sent once: its buttons rest until the answer is there.
 *
 *   <form method="post" data-once>…</form>          also carries an Idempotency key, made here unless the page gave one
 *                                                   ({% idempotency_key %} works without JavaScript)
 */
const BUTTONS = "button:not([type=button], [type=reset]), input[type=submit]";

function buttonsOf(form) {
  const outside = form.id ? [...document.querySelectorAll(`[form="${CSS.escape(form.id)}"]`)].filter((part) => part.matches(BUTTONS)) : [];
  return [...form.querySelectorAll(BUTTONS), ...outside];
}

function giveKey(form) {
  if (form.elements.namedItem("idempotency_key")) return;
  const key = document.createElement("input");
  key.type = "hidden";
  key.name = "idempotency_key";
  // randomUUID exists on https and localhost only.
  key.value = crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join("-");
  form.append(key);
}

function rest(form) {
  for (const button of buttonsOf(form)) {
    if (button.disabled) continue;
    button.disabled = true;
    button.dataset.resting = "";
    button.classList.add("is-sending");
  }
}

function wake(form) {
  delete form.dataset.sending;
  for (const button of buttonsOf(form)) {
    if (!("resting" in button.dataset)) continue;
    button.disabled = false;
    delete button.dataset.resting;
    button.classList.remove("is-sending");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if ("sending" in form.dataset) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  if ("once" in form.dataset) giveKey(form);
  form.dataset.sending = "";
  // The buttons rest only after the browser has gathered the fields: a disabled one's name and value would be left out.
  // A submission that somebody cancelled (htmx always does, but then asks for itself) is none.
  setTimeout(() => {
    if (event.defaultPrevented && form.dataset.sending !== "htmx") wake(form);
    else rest(form);
  });
}, true);

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches?.("form[data-sending]")) event.target.dataset.sending = "htmx";
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (form) wake(form);
});
// Back restores a page as it was left, resting buttons included.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(wake));
