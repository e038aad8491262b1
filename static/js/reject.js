/* Reject in place and from the keyboard: R opens, 1–4 the family, 1–9 the reason, a comment, Enter sends, Esc closes.
 *
 *   <details data-reject><summary data-key="r">Reject</summary><form>
 *     <div data-reject-families><button type="button" data-key="1" data-reject-family="clerical">Bad data</button>…</div>
 *     <fieldset data-reject-reasons="clerical"><label data-key="1"><input type="radio" name="reason" …></label>…</fieldset>
 *     <div data-reject-send>
 *       <fieldset data-reject-for="repair">…</fieldset>                 shown while a reason with data-route="repair" is chosen
 *       <textarea data-reject-comment></textarea><button>Send</button><button type="button" data-reject-close>…</div>
 *   </form></details>
 *
 * The keys themselves are static/js/shortcuts.js: only what is visible can be pressed, so this shows one step at a time.
 * Without JavaScript all families stand open below each other.
 */
const chosen = (form) => form.querySelector("input[name=reason]:checked");

function show(form, family) {
  form.querySelector("[data-reject-families]").hidden = Boolean(family);
  for (const reasons of form.querySelectorAll("[data-reject-reasons]")) reasons.hidden = reasons.dataset.rejectReasons !== family;
  form.querySelector("[data-reject-send]").hidden = !family;
}

function start(box) {
  const form = box.querySelector("form");
  const picked = chosen(form)?.closest("[data-reject-reasons]").dataset.rejectReasons;
  show(form, picked || "");
  ask(form);
  // Where the form was sent back with an error, the field it is about has the focus.
  if (picked) form.querySelector("[data-reject-comment]").focus();
}

function close(box) {
  const form = box.querySelector("form");
  form.reset();
  show(form, "");
  box.open = false;
  box.querySelector("summary").focus();
}

// What the chosen reason asks for besides: words, the field that is wrong, a day to look again.
function ask(form) {
  const reason = chosen(form);
  form.querySelector("[data-reject-comment]").required = Boolean(reason?.hasAttribute("data-needs-comment"));
  for (const part of form.querySelectorAll("[data-reject-for]")) part.hidden = part.dataset.rejectFor !== reason?.dataset.route;
}

function choose(label) {
  const form = label.closest("form");
  label.querySelector("input").checked = true;
  ask(form);
  form.querySelector("[data-reject-comment]").focus();
}

document.addEventListener("click", (event) => {
  const family = event.target.closest("[data-reject-family]");
  if (family) {
    show(family.form, family.dataset.rejectFamily);
    family.form.querySelector("fieldset:not([hidden]) input")?.focus();
  }
  // Arrow keys go through the reasons; a click or a number key has chosen one, and writing may begin.
  const picked = event.target.closest("[data-reject-reasons] label");
  const onRadio = event.target.type === "radio";
  if (picked && !onRadio) event.preventDefault(); // Else the browser moves the focus to the radio after us.
  if (picked && (!onRadio || event.detail > 0)) choose(picked);
  const closer = event.target.closest("[data-reject-close]");
  if (closer) close(closer.closest("[data-reject]"));
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-reject] form");
  if (!form || event.target.name !== "reason") return;
  ask(form);
});

document.addEventListener("keydown", (event) => {
  const box = document.querySelector("[data-reject][open]");
  if (!box || event.isComposing || document.querySelector("dialog[open]:not(:has([data-reject]))")) return;
  const form = box.querySelector("form");
  if (event.key === "Escape") {
    event.preventDefault();
    close(box);
  } else if (event.key === "Enter" && !event.shiftKey && chosen(form) && !event.target.closest("button, a, summary, [type=date]")) {
    event.preventDefault();
    form.requestSubmit();
  }
});

function prepare() {
  for (const box of document.querySelectorAll("[data-reject]:not([data-ready])")) {
    box.dataset.ready = "";
    start(box);
  }
}

// At once: htmx says that something has loaded only a moment later, when the first keys may have been pressed.
document.addEventListener("htmx:afterSwap", prepare);
document.addEventListener("htmx:load", prepare);
prepare();
