/* Filters by keyboard.
 *
 *   <details class="menu" data-opens-on-focus>   when it opens, its first field gets the focus
 *   <input type="search" data-narrow>            what is typed hides the [data-narrow-item]s beside it that don't have it;
 *                                                arrow keys walk them, Enter takes the first one
 *   <form method="get" data-tidy>                empty fields stay out of the address
 */
const ITEMS = "[data-narrow-item], .editor-options .menu-item";
const boxOf = (element) => element.closest(".menu-body");
const shownItems = (body) => [...body.querySelectorAll(ITEMS)].filter((item) => item.checkVisibility());
const control = (item) => item.querySelector("input") ?? item;

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("[data-opens-on-focus]") && event.target.open) event.target.querySelector("input, a")?.focus();
}, true);

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-narrow]")) return;
  const typed = event.target.value.trim().toLowerCase();
  const body = boxOf(event.target);
  for (const item of body.querySelectorAll("[data-narrow-item]")) item.hidden = !item.textContent.toLowerCase().includes(typed);
  for (const title of body.querySelectorAll(".menu-title")) title.hidden = typed !== "";
});

function walk(event, step) {
  const body = boxOf(event.target);
  if (!body?.closest(".list-bar")) return;
  if (event.target.matches("input[type=number], input[type=date]")) return;
  const controls = shownItems(body).map(control);
  const at = controls.indexOf(event.target);
  const next = at < 0 ? controls[step > 0 ? 0 : controls.length - 1] : controls[at + step] ?? (step < 0 ? body.querySelector("[data-narrow]") : null);
  event.preventDefault();
  next?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowDown") walk(event, 1);
  else if (event.key === "ArrowUp") walk(event, -1);
  else if (event.key === "Enter" && event.target.matches("[data-narrow]")) takeFirst(event);
  else if (event.key === "Enter" && event.target.matches(".list-bar .menu-body input[type=checkbox], .list-bar .menu-body input[type=radio]")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

function takeFirst(event) {
  const field = event.target;
  const first = shownItems(boxOf(field))[0];
  event.preventDefault();
  if (!field.value.trim()) { if (field.form) field.form.requestSubmit(); else if (first) first.focus(); return; }
  if (!first) return;
  if (!first.querySelector("input")) { first.click(); return; }
  control(first).checked = true;
  field.form.requestSubmit();
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-tidy]")) return;
  const empty = [...event.target.elements].filter((part) => part.matches("[data-narrow]") || (part.name && part.value === ""));
  empty.forEach((part) => { part.disabled = true; });
  setTimeout(() => empty.forEach((part) => { part.disabled = false; }));
});
