/* A request that takes longer shows a line at the top; one that fails is never silent: the person reads what to do.
 * 409 and 422 answer with their own fragment.
 *
 * What is pressed before htmx has bound it waits for it.
 *
 * A session that ended answers with the login page: the whole page goes there instead of a login inside a row.
 */
import { toast } from "./toasts.js";

const WORDS = {
  400: "The server could not read that. Reload the page and try again.",
  403: "You may not do that, or your session changed. Reload the page; if it stays so, ask an admin.",
  404: "This is no longer there. Reload the page to see what is.",
  413: "That is too large. Make it smaller and try again.",
  429: "That was too often. Wait a minute and try again.",
};
const BROKEN = "Something broke on our side; nothing was saved. Try again, and tell an admin if it stays so.";
const OFFLINE = "No answer from the server; it is not certain that this was saved. Check the connection and reload.";

// htmx binds what it has swapped in a moment later: pressed before that, a link would leave the page and a form would be
// sent as a whole page.
document.addEventListener("click", (event) => {
  const pressed = event.target.closest?.("a, button");
  const isOurs = pressed?.matches("button[type=button]:not([hx-get], [hx-post])");
  if (isOurs || !pressed?.closest(".htmx-added") || !pressed.closest("[hx-get], [hx-post]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  document.addEventListener("htmx:afterSettle", () => pressed.click(), { once: true });
}, true);

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  toast({ text: WORDS[status] || BROKEN, level: "danger" });
});
document.addEventListener("htmx:sendError", () => toast({ text: OFFLINE, level: "danger" }));
document.addEventListener("htmx:timeout", () => toast({ text: OFFLINE, level: "danger" }));
document.addEventListener("htmx:swapError", () => toast({ text: "The page could not show the answer. Reload it.", level: "danger" }));

document.addEventListener("htmx:beforeSwap", (event) => {
  const address = event.detail.xhr.responseURL;
  if (!address || !new URL(address).pathname.startsWith("/accounts/login/")) return;
  event.detail.shouldSwap = false;
  location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
});

let running = 0;
let timer = 0;
document.addEventListener("htmx:beforeRequest", () => {
  running += 1;
  timer ||= setTimeout(() => { document.documentElement.dataset.busy = ""; }, 350);
});
document.addEventListener("htmx:afterRequest", () => {
  running = Math.max(0, running - 1);
  if (running) return;
  clearTimeout(timer);
  timer = 0;
  delete document.documentElement.dataset.busy;
});
