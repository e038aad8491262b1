/* Leaving a form with something typed in it asks first.
 *
 *   <form data-unsaved>…</form>
 *
 * Sent, or put back to what it was, it may be left. What an answer of the server drew anew inside the form counts as
 * changed; `data-unsaved-already` says so of a form that arrives with something not saved.
 */
const changed = (field) => {
  if (field.type === "hidden" || field.type === "submit" || field.disabled) return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected) && [...field.options].some((option) => option.defaultSelected || option.selected && option.index > 0);
  return "value" in field && field.value !== field.defaultValue;
};

const isUnsaved = (form) => !("sending" in form.dataset) && ("unsavedAlready" in form.dataset || [...form.elements].some(changed));
const unsaved = () => [...document.querySelectorAll("form[data-unsaved]")].some(isUnsaved);

document.addEventListener("htmx:afterSettle", ({ target }) => {
  const form = target.closest?.("form[data-unsaved]");
  if (form && form !== target) form.dataset.unsavedAlready = "";
});

addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});
