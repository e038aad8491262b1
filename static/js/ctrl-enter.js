/* Ctrl-Enter (Cmd-Enter) sends the form one writes in: from every textarea, and from any field of
 *
 *   <form method="post" data-ctrl-enter>
 *
 * Fields that mean something else by it have handled it before: this is imported after them.
 */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing || event.defaultPrevented) return;
  const form = event.target.closest?.("form");
  if (form?.method !== "post" || !(event.target.matches("textarea") || form.matches("[data-ctrl-enter]"))) return;
  event.preventDefault();
  form.requestSubmit();
});
