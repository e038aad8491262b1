/* A question that is answered by one tap, or put away: by ×, or by Esc.
 *
 *   <section data-tap> … <button name="value" data-key="1">Good</button> <a href="/leads/7/" data-tap-away data-key="Escape">×</a></section>
 *
 * Without JavaScript the × leads to the page without the question.
 */
document.addEventListener("click", (event) => {
  const away = event.target.closest("[data-tap-away]");
  const strip = away?.closest("[data-tap]");
  if (!strip || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  // A reload must not ask again.
  const address = new URL(location.href);
  if (address.searchParams.has("tap")) {
    address.searchParams.delete("tap");
    history.replaceState(history.state, "", address);
  }
  const panel = strip.closest("dialog");
  strip.remove();
  panel?.close?.();
});
