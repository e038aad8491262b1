/* Colours and shortcuts as this person left them, set before anything is painted: a plain script in <head>.
 *
 *   <button type="button" data-theme-set="light|dark|auto" aria-pressed="false">Dark</button>
 */
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  const recall = (name, fallback) => {
    try { return localStorage.getItem(name) || fallback; } catch { return fallback; }
  };
  const remember = (name, value) => {
    try { localStorage.setItem(name, value); } catch { /* A private window forgets. */ }
  };

  function paint() {
    const choice = recall("tandem.theme", "auto");
    const dark = choice === "dark" || (choice === "auto" && system.matches);
    root.dataset.bsTheme = dark ? "dark" : "light";
    root.dataset.themeChoice = choice;
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === choice));
    }
    document.dispatchEvent(new CustomEvent("tandem:theme"));
  }

  root.classList.add("has-js");
  root.dataset.shortcuts = recall("tandem.shortcuts", "on");
  paint();
  system.addEventListener("change", paint);
  addEventListener("storage", paint);
  document.addEventListener("DOMContentLoaded", paint);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-set]");
    if (!button) return;
    remember("tandem.theme", button.dataset.themeSet);
    paint();
  });
})();
