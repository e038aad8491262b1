/* Dialogs, and the side panel that shows another page's form beside this one.
 *
 *   <button type="button" data-dialog-open="#reject">Reject</button>
 *   <dialog class="sheet" id="reject">… <button type="button" data-dialog-close>Close</button></dialog>
 *
 *   <a href="/leads/7/convert/" data-panel="Convert to opportunity">Convert</a>
 *   <a href="/leads/7/" data-panel-cancel>Cancel</a>                                     in the panel's form: closes it
 *
 * Without JavaScript the link leads to the page itself. With it the page's fragment (htmx request, HX-Target
 * "panel-body") opens in the panel; a form in it that answers HX-Trigger "panel:close" closes it.
 *
 * A page opened by itself has nothing beside it to be answered into: what would go to the panel is sent as by any page.
 */
const panel = () => document.getElementById("panel");

for (const element of document.querySelectorAll('#main [hx-target="#panel-body"]')) {
  for (const name of ["hx-post", "hx-get", "hx-target", "hx-trigger", "hx-swap"]) element.removeAttribute(name);
  for (const button of element.querySelectorAll("[data-no-js]")) button.removeAttribute("data-no-js");
}

export async function openPanel({ href, title, source = document.body }) {
  const body = panel().querySelector("#panel-body");
  panel().querySelector("#panel-title").textContent = title;
  await window.htmx.ajax("GET", href, { source, target: body, swap: "innerHTML" });
  if (!panel().open && body.childElementCount) panel().showModal();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-panel]");
  if (link && panel() && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openPanel({ href: link.href, title: link.dataset.panel || link.textContent.trim(), source: link });
    return;
  }
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) document.querySelector(opener.dataset.dialogOpen)?.showModal();
  const cancel = event.target.closest("dialog [data-panel-cancel]");
  if (cancel) event.preventDefault();
  if (cancel || event.target.closest("[data-dialog-close]")) event.target.closest("dialog")?.close();
  // A click on the backdrop hits the dialog itself.
  if (event.target instanceof HTMLDialogElement && !within(event, event.target)) event.target.close();
});

function within(event, dialog) {
  const box = dialog.getBoundingClientRect();
  return event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
}

document.addEventListener("panel:close", () => panel()?.close());
document.addEventListener("close", (event) => {
  if (event.target === panel()) panel().querySelector("#panel-body").replaceChildren();
}, true);
