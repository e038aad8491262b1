/* The page of a record: the present stage in sight, and a panel that closes.
 *
 *   <a href="/leads/7/" data-panel-cancel>Cancel</a>                                          closes the panel
 */
import "./reject.js";

// On a phone the way is wider than the page: the present stage is what one came for.
function showPresentStage() {
  const step = document.querySelector(".record-way .stage-step.now");
  if (step) step.parentElement.scrollLeft = step.offsetLeft - step.parentElement.offsetLeft - 16;
}

document.addEventListener("htmx:load", showPresentStage);
showPresentStage();

document.addEventListener("click", (event) => {
  const cancel = event.target.closest("dialog [data-panel-cancel]");
  if (!cancel) return;
  event.preventDefault();
  cancel.closest("dialog").close();
});
