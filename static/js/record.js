/* The page of a lead: a field that is edited in place, and a panel that closes.
 *
 *   <dd id="field-phone"><a hx-get="/leads/7/edit/?field=phone" hx-target="closest dd">+49 30 …</a></dd>
 *   <form data-field-form> <input …> <a data-field-revert hx-get="…">Cancel</a> </form>      Enter saves, Esc reverts
 *   <a href="/leads/7/" data-panel-cancel>Cancel</a>                                          closes the panel
 *
 * After a save (HX-Trigger "lead:edited") the focus returns to the value it left.
 */
import "./reject.js";

let returnTo = "";

// On a phone the way is wider than the page: the present stage is what one came for.
function showPresentStage() {
  const step = document.querySelector(".record-way .stage-step.now");
  if (step) step.parentElement.scrollLeft = step.offsetLeft - step.parentElement.offsetLeft - 16;
}

document.addEventListener("htmx:load", showPresentStage);
showPresentStage();

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("[data-field-form]");
  if (event.key !== "Escape" || !form || event.isComposing) return;
  event.preventDefault();
  form.querySelector("[data-field-revert]").click();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-field-revert]")) returnTo = event.target.closest("dd")?.id ?? "";
  const cancel = event.target.closest("dialog [data-panel-cancel]");
  if (!cancel) return;
  event.preventDefault();
  cancel.closest("dialog").close();
});

document.addEventListener("lead:edited", (event) => { returnTo = event.detail.field ? `field-${event.detail.field}` : ""; });

document.addEventListener("htmx:afterSettle", (event) => {
  const field = event.detail.elt.querySelector?.("[data-field-form] [autofocus]") ?? (event.detail.elt.matches?.("[data-field-form] *") ? event.detail.elt : null);
  if (field) {
    field.focus();
    // The browser may have focused it before htmx settled: what was typed meanwhile is not selected away.
    if (field.value === field.defaultValue) field.select?.();
  } else if (returnTo) {
    document.querySelector(`#${CSS.escape(returnTo)} a`)?.focus({ preventScroll: true });
    returnTo = "";
  }
});
