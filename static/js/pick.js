/* One record chosen by typing: suggestions below the field, arrows and Enter or a click choose, Esc closes the list.
 *
 *   <span data-pick="/pick/campaigns/">
 *     <input type="hidden" name="campaign" data-pick-id> <input name="campaign_text" role="combobox" aria-controls="list">
 *     <span role="listbox" id="list" hidden></span>
 *   </span>
 *
 * The server answers with <span role="option" data-pick-option="7" data-pick-text="Spring webinar">. Typing forgets what
 * was chosen; what is typed and not chosen means the one record of that name, as without JavaScript.
 */
const PAUSE = 150;
const waiting = new WeakMap();

const partsOf = (input) => {
  const whole = input.closest("[data-pick]");
  return { whole, id: whole.querySelector("[data-pick-id]"), list: whole.querySelector("[role=listbox]") };
};
const field = (target) => (target.matches?.("[data-pick] [role=combobox]") ? target : null);

async function suggest(input) {
  const { whole, list } = partsOf(input);
  const asked = input.value;
  const answer = await fetch(`${whole.dataset.pick}?q=${encodeURIComponent(asked.slice(0, 200))}`, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!answer?.ok || asked !== input.value || document.activeElement !== input) return;
  // Escaped by the server's template.
  list.innerHTML = await answer.text();
  list.querySelectorAll("[role=option]").forEach((option, number) => { option.id = `${list.id}-${number}`; });
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  if (asked.trim()) point(input, list.querySelector("[role=option]"));
}

function close(input) {
  clearTimeout(waiting.get(input));
  const { list } = partsOf(input);
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

/** Makes ``option`` the one that Enter takes. */
export function point(input, option, list = partsOf(input).list) {
  for (const other of list.querySelectorAll("[aria-selected]")) other.removeAttribute("aria-selected");
  if (!option) return;
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

function choose(input, option) {
  const { id } = partsOf(input);
  id.value = option.dataset.pickOption;
  input.value = option.dataset.pickText;
  close(input);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("input", (event) => {
  const input = field(event.target);
  if (!input) return;
  partsOf(input).id.value = "";
  clearTimeout(waiting.get(input));
  waiting.set(input, setTimeout(() => suggest(input), PAUSE));
});

document.addEventListener("click", (event) => {
  const input = field(event.target);
  if (input && partsOf(input).list.hidden) suggest(input);
  const option = event.target.closest("[data-pick] [data-pick-option]");
  if (option) {
    const of = option.closest("[data-pick]").querySelector("[role=combobox]");
    choose(of, option);
    of.focus();
  }
});

// A press on an option must not take the focus, and with it the list, away before the click.
document.addEventListener("pointerdown", (event) => { if (event.target.closest(".pick-list")) event.preventDefault(); });
document.addEventListener("focusout", (event) => { const input = field(event.target); if (input) close(input); });

document.addEventListener("keydown", (event) => {
  const input = field(event.target);
  if (!input || event.isComposing) return;
  const { list } = partsOf(input);
  const options = [...list.querySelectorAll("[role=option]")];
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) suggest(input);
    else point(input, options[(at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length]);
  } else if (!list.hidden && event.key === "Enter" && at >= 0) {
    event.preventDefault();
    event.stopPropagation();
    choose(input, options[at]);
  } else if (!list.hidden && event.key === "Tab" && at >= 0) {
    choose(input, options[at]);
  } else if (!list.hidden && event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close(input);
  }
}, true);
