/* What just happened, with Undo while it can still be undone.
 *
 *   HX-Trigger: {"toast": {"text": "Accepted.", "level": "success|info|warning|danger", "undo_url": "/inbox/7/undo/"}}
 *   HX-Trigger: {"toast": {"text": "45 handed over, 3 had moved.", "link_url": "/bulk/7/", "link_text": "Show"}}
 *   toast({ text: "Copied." })                                   from another module
 *   messages.success(request, "Accepted.", extra_tags="undo:/inbox/7/undo/")      from a view that redirects
 *
 * Undo is a POST by htmx with nothing to swap: answer with HX-Refresh, HX-Redirect, out-of-band fragments or an event.
 * Its key Z is the button's own data-key. Trouble stays until dismissed, other toasts leave, none while pointed at or
 * focused. A modal dialog makes all outside it inert: toasts then stand inside it.
 */
const ICONS = { success: "circle-check", info: "info-circle", warning: "alert-triangle", danger: "alert-circle" };
const SECONDS = { plain: 6, undo: 12 };

const shelf = () => document.getElementById("toasts");

export function toast({ text, level = "info", undo_url: undoUrl = "", link_url: linkUrl = "", link_text: linkText = "" }) {
  const notice = document.getElementById("notice-template").content.firstElementChild.cloneNode(true);
  notice.dataset.level = level;
  notice.querySelector(".ti").classList.add(`ti-${ICONS[level] || ICONS.info}`);
  notice.querySelector(".notice-text").textContent = text;
  if (level === "danger") notice.setAttribute("role", "alert");
  const link = notice.querySelector("[data-notice-link]");
  if (linkUrl) {
    link.hidden = false;
    link.href = linkUrl;
    link.textContent = linkText;
  } else {
    link.remove();
  }
  const undo = notice.querySelector("[data-undo]");
  if (undoUrl) {
    undo.hidden = false;
    undo.dataset.undo = undoUrl;
  } else {
    undo.remove();
  }
  giveWay();
  const dialogs = document.querySelectorAll("dialog:modal");
  (dialogs[dialogs.length - 1] ?? document.body).append(shelf());
  shelf().append(notice);
  leaveInTime(notice);
  return notice;
}

// Only the newest deed is one key away; what was merely said before it has been read.
function giveWay() {
  for (const older of shelf().querySelectorAll("[data-notice]")) {
    const undo = older.querySelector("[data-undo]");
    undo?.removeAttribute("data-key");
    undo?.querySelector("kbd")?.remove();
    if (older.dataset.level !== "danger" && !undo && !older.querySelector("[data-notice-link]")) older.remove();
  }
}

function comeOutOf(dialog) {
  if (dialog?.contains(shelf())) document.body.append(shelf());
}

document.addEventListener("close", (event) => comeOutOf(event.target), true);
// A dialog says that it closed a moment later, in which Z would not find its button.
document.addEventListener("panel:close", () => comeOutOf(document.getElementById("panel")));

function leaveInTime(notice) {
  if (notice.dataset.level === "danger") return;
  const seconds = notice.querySelector("[data-undo], [data-notice-link]") ? SECONDS.undo : SECONDS.plain;
  let timer = 0;
  const start = () => { clearTimeout(timer); timer = setTimeout(() => notice.remove(), seconds * 1000); };
  const hold = () => clearTimeout(timer);
  notice.addEventListener("pointerenter", hold);
  notice.addEventListener("focusin", hold);
  notice.addEventListener("pointerleave", start);
  notice.addEventListener("focusout", start);
  start();
}

document.addEventListener("toast", (event) => toast(event.detail));

document.addEventListener("click", (event) => {
  const notice = event.target.closest("[data-notice]");
  if (!notice) return;
  if (event.target.closest("[data-notice-close]")) notice.remove();
  const undo = event.target.closest("[data-undo]");
  if (undo?.dataset.undo) {
    window.htmx.ajax("POST", undo.dataset.undo, { source: document.body, swap: "none" });
    notice.remove();
  }
});

shelf()?.querySelectorAll("[data-notice]").forEach(leaveInTime);
