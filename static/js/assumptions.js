/* Assumptions of a plan: whatever is typed is asked for at once, and what is empty stays out of the address.
 *
 *   <form data-assumptions hx-get="/dashboards/plan/" hx-trigger="change, submit, input delay:500ms" …>
 *     <input name="goal" type="number">
 *   </form>
 */
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches("form[data-assumptions]")) return;
  const parameters = event.detail.formData;
  for (const [name, value] of [...parameters.entries()]) if (value === "") parameters.delete(name);
});
// A number half typed ("-") is none yet: what stands there is not asked for.
document.addEventListener("htmx:confirm", (event) => {
  if (event.target.matches("form[data-assumptions]") && !event.target.checkValidity()) event.preventDefault();
});
