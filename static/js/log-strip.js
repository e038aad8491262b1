/* "Log it?": after a telephone number or an address was used, one tap says how it went, on this page or the next.
 *
 *   <p data-log="lead=7" data-log-name="Ada"><a href="tel:+4930…">…</a> <a href="mailto:ada@…">…</a></p>
 *
 * On the page of a record the nearest data-record ("opportunities/3") decides what it is logged on. The strips are the
 * templates in partials/log_strip.html; kept in sessionStorage until answered, at most two hours.
 */
const KEY = "tandem.reached";
const LASTS = 2 * 60 * 60 * 1000;
const SINGULAR = { leads: "lead", opportunities: "opportunity", contacts: "contact" };

function remembered() {
  try {
    const reached = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return reached && Date.now() - reached.at < LASTS ? reached : null;
  } catch { return null; }
}

function remember(reached) {
  try {
    if (reached) sessionStorage.setItem(KEY, JSON.stringify(reached));
    else sessionStorage.removeItem(KEY);
  } catch { /* A private window forgets. */ }
}

function about(link) {
  const [list, id] = (link.closest("[data-record]")?.dataset.record ?? "").split("/");
  if (SINGULAR[list] && id) return `${SINGULAR[list]}=${id}`;
  return link.closest("[data-log]")?.dataset.log ?? "";
}

function nameOf(link) {
  return link.closest("[data-log-name]")?.dataset.logName || document.querySelector("#record h1, .page-head h1")?.textContent.trim() || link.textContent.trim();
}

const strip = () => document.querySelector(".log-strip");

function show() {
  strip()?.remove();
  const reached = remembered();
  const template = reached && document.getElementById(`log-strip-${reached.kind}`);
  if (!template) return;
  const form = template.content.firstElementChild.cloneNode(true);
  form.setAttribute("hx-post", `/activities/?${reached.query}`);
  const question = form.querySelector("[data-log-question]");
  question.textContent += ` ${reached.name}?`;
  document.body.append(form);
  window.htmx?.process(form);
}

function forget() {
  remember(null);
  strip()?.remove();
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-log-dismiss]")) return forget();
  const link = event.target.closest?.("a[href^='tel:'], a[href^='mailto:']");
  const query = link && about(link);
  if (!query) return undefined;
  remember({ kind: link.protocol === "tel:" ? "call" : "email", query, name: nameOf(link), at: Date.now() });
  show();
  return undefined;
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && event.target.closest?.(".log-strip")) forget();
});

// Logged in the composer instead: nothing is left to ask.
document.addEventListener("composer:sent", (event) => {
  const query = document.querySelector("[data-composer]")?.dataset.composer;
  const reached = remembered();
  if (reached && reached.query === query && reached.kind === event.detail.kind) forget();
});

show();
