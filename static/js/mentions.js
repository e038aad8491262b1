/* “@” in a text suggests people: arrows and Enter or a click choose, Esc closes.
 *
 *   <form><div class="mention-field">
 *     <textarea data-mentions="/pick/people/"></textarea> <span class="pick-list" role="listbox" id="names" hidden></span>
 *   </div></form>
 *   <a href="#comments" data-answer-next>Answer 12 comments</a>     opens the next reply there that is not open yet
 *
 * The options are those of pick.js. What is typed is what counts: without JavaScript one writes the name.
 */
import { point } from "./pick.js";

const PAUSE = 120;
// The name being written: from an @ at the beginning of a word to the cursor, at most two words.
const WRITING = /(?:^|[^\w.@])@((?:[\p{L}\p{N}._-]+ ?[\p{L}\p{N}._-]*)?)$/u;
const waiting = new WeakMap();

const field = (target) => (target.matches?.("textarea[data-mentions]") ? target : null);
const listOf = (input) => input.closest(".mention-field").querySelector("[role=listbox]");
const written = (input) => WRITING.exec(input.value.slice(0, input.selectionStart))?.[1];

async function suggest(input) {
  const asked = written(input);
  if (asked === undefined) return close(input);
  const answer = await fetch(`${input.dataset.mentions}?q=${encodeURIComponent(asked.trim())}`, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!answer?.ok || asked !== written(input) || document.activeElement !== input) return;
  const list = listOf(input);
  // Escaped by the server's template.
  list.innerHTML = await answer.text();
  const options = [...list.querySelectorAll("[role=option]")];
  // A name that nobody has is a text like any other.
  if (!options.length) return close(input);
  options.forEach((option, number) => { option.id = `${list.id}-${number}`; });
  list.hidden = false;
  input.setAttribute("aria-controls", list.id);
  point(input, options[0], list);
}

function close(input) {
  clearTimeout(waiting.get(input));
  listOf(input).hidden = true;
  input.removeAttribute("aria-activedescendant");
}

function choose(input, option) {
  const end = input.selectionStart;
  input.setRangeText(`${option.dataset.pickText} `, end - written(input).length, end, "end");
  close(input);
  input.focus();
}

document.addEventListener("input", (event) => {
  const input = field(event.target);
  if (!input) return;
  clearTimeout(waiting.get(input));
  waiting.set(input, setTimeout(() => suggest(input), PAUSE));
});

document.addEventListener("click", (event) => {
  const option = event.target.closest?.(".mention-field [data-pick-option]");
  if (option) choose(option.closest(".mention-field").querySelector("textarea"), option);
});

document.addEventListener("focusout", (event) => { const input = field(event.target); if (input) close(input); });

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return;
  const input = field(event.target);
  const list = input && listOf(input);
  if (!list || list.hidden) return;
  const options = [...list.querySelectorAll("[role=option]")];
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") point(input, options[(at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length], list);
  else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) choose(input, options[at]);
  else if (event.key === "Escape") close(input);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-answer-next]");
  const next = link && document.querySelector(`${link.hash} .thread-form:not([open])`);
  if (!next) return;
  event.preventDefault();
  next.open = true;
  next.closest("[data-row]")?.scrollIntoView({ block: "center" });
});

// An opened reply has the cursor in it.
document.addEventListener("toggle", (event) => { if (event.target.matches?.(".thread-form[open]")) event.target.querySelector("textarea").focus(); }, true);
