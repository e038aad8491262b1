/* A field edited where it stands.
 *
 *   <dd id="field-phone" data-field><a data-field-open hx-get="/leads/7/edit/?field=phone" hx-target="closest dd">+49 30 …</a></dd>
 *   <form data-field-form> <input …> <button>Save</button> <a data-field-revert hx-get="…&show">Cancel</a> </form>
 *
 * A click, Enter or F2 on the value opens it; Enter saves (Ctrl-Enter in a long text), Esc reverts, Tab saves and opens
 * the next one, Shift-Tab the one before. After a save (HX-Trigger "field:saved") the focus returns to the value.
 */
const CHANGED = "input:not([type=hidden]), select, textarea";

let goOn = null;
let returnTo = "";

const formOf = (target) => target.closest?.("[data-field-form]");
const placeOf = (element) => element.closest("[data-field]");
const control = (form) => form.querySelector(CHANGED);

function isChanged(form) {
  const field = control(form);
  if (!field) return false;
  if (field.matches("select")) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
}

function neighbour(place, step) {
  const places = [...document.querySelectorAll("[data-field]")].filter((other) => other.checkVisibility() && (other === place || other.querySelector("[data-field-open]")));
  return places[places.indexOf(place) + step];
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const value = event.target.closest?.("[data-field-open]");
  if (value && event.key === "F2") {
    event.preventDefault();
    value.click();
    return;
  }
  const form = formOf(event.target);
  if (!form || !event.target.matches(CHANGED)) return;
  if (event.key === "Escape") {
    event.preventDefault();
    form.querySelector("[data-field-revert]").click();
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.target.matches("select"))) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "Tab" && placeOf(form)) {
    const next = neighbour(placeOf(form), event.shiftKey ? -1 : 1);
    if (!next) return;
    event.preventDefault();
    goOn = next.id;
    if (isChanged(form)) form.requestSubmit();
    else form.querySelector("[data-field-revert]").click();
  }
});

// The errors are ours, beside the field; but half a date would be sent as none.
document.addEventListener("submit", (event) => {
  const field = formOf(event.target) && control(event.target);
  if (!field?.validity?.badInput) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  field.reportValidity();
}, true);

// What a finger or a mouse chose from a list is meant; the arrow keys only look.
let pressed = null;
document.addEventListener("pointerdown", (event) => { pressed = event.target.closest?.("[data-field-form] select"); });
document.addEventListener("keydown", () => { pressed = null; }, true);
document.addEventListener("change", (event) => {
  const form = formOf(event.target);
  if (form && event.target === pressed) form.requestSubmit();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-field-revert]")) returnTo = placeOf(event.target)?.id ?? "";
});

document.addEventListener("field:saved", (event) => { returnTo = `field-${event.detail.field}`; });

document.addEventListener("htmx:afterSettle", (event) => {
  const place = event.target.closest?.("[data-field]");
  if (!place) return;
  const form = place.querySelector("[data-field-form]");
  if (form) {
    // An error or a conflict holds the one who wanted to go on.
    goOn = null;
    const field = control(form);
    // The browser may have focused it before htmx settled: what was typed meanwhile is not selected away.
    const untouched = field.value === field.defaultValue;
    field.focus();
    if (untouched) field.select?.();
    return;
  }
  if (returnTo === place.id) place.classList.add("is-saved");
  place.addEventListener("animationend", () => place.classList.remove("is-saved"), { once: true });
  if (goOn) document.querySelector(`#${CSS.escape(goOn)} [data-field-open]`)?.click();
  else if (returnTo === place.id) place.querySelector("[data-field-open]")?.focus({ preventScroll: true });
  goOn = null;
  returnTo = "";
});
