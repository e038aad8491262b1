/* A menu that closes again: by Esc, a click elsewhere, or a choice made. Without JavaScript it is a plain <details>.
 *
 *   <details class="menu">
 *     <summary class="btn btn-quiet">More</summary>
 *     <div class="menu-body"><a class="menu-item" href="…">Return to marketing</a></div>
 *   </details>
 */
const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  const staysOpen = event.target.closest("[data-theme-set], [data-shortcuts-toggle], input, select, label");
  for (const menu of openMenus()) {
    const inside = menu.contains(event.target);
    const chosen = inside && !staysOpen && event.target.closest(".menu-item");
    if (!inside || chosen) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("focusin", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
