/* A filter form that acts as soon as something is chosen; without JavaScript its button does it.
 *
 *   <form class="filter-bar" data-auto-submit> <select name="stage">…</select> <button class="btn btn-quiet" data-no-js>Show</button> </form>
 *
 * Empty fields stay out of the address, so that it reads well and can be shared.
 */
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto-submit]");
  if (form && !event.target.matches("[type=search], [type=text]")) form.requestSubmit();
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-auto-submit]") || event.target.method !== "get") return;
  const empty = [...event.target.elements].filter((part) => part.name && part.value === "" && !part.disabled);
  empty.forEach((part) => { part.disabled = true; });
  setTimeout(() => empty.forEach((part) => { part.disabled = false; }));
});
