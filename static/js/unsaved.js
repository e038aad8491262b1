/* Leaving a form with something typed in it asks first.
 *
 *   <form data-unsaved>…</form>
 *
 * Sent, or put back to what it was, it may be left.
 */
const changed = (field) => {
  if (field.type === "hidden" || field.type === "submit" || field.disabled) return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected) && [...field.options].some((option) => option.defaultSelected || option.selected && option.index > 0);
  return "value" in field && field.value !== field.defaultValue;
};

const unsaved = () => [...document.querySelectorAll("form[data-unsaved]")].some((form) => !("sending" in form.dataset) && [...form.elements].some(changed));

addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});
