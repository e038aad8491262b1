/* A threshold moved by hand: the page shows what it would have meant, without asking the server.
 *
 *   <section data-what-if="entries-id">
 *     <form method="get"><input type="range" data-what-if-range hidden> <input type="number" name="threshold" data-what-if-number></form>
 *     <p aria-live="polite" data-what-if-sentence>…</p>
 *     <a href="leads/?reach=50" data-what-if-link><b data-what-if-text="mqls">12</b></a>
 *     <li data-what-if-over="team-3"><progress data-what-if-meter="team-3"></progress></li>
 *     <a href="?threshold=46" data-what-if-set="46">Suggested</a>   <input type="hidden" name="threshold" data-what-if-value>
 *   </section>
 *   {{ entries|json_script:"entries-id" }}
 *
 * The JSON has an entry for each threshold from 0 to 100: {"texts": {key: text}, "meters": {key: percent}, "over": [key],
 * "sentence": text}, in words as the server writes them. Links carry the threshold on in `reach` or `below`. The sentence
 * is said once the hand rests. Without JavaScript the number and its button ask the server.
 */
const QUIET = 350;

function bind(section) {
  if (section.whatIf) return;
  section.whatIf = true;
  const entries = JSON.parse(document.getElementById(section.dataset.whatIf).textContent);
  const range = section.querySelector("[data-what-if-range]");
  const number = section.querySelector("[data-what-if-number]");
  const value = section.querySelector("[data-what-if-value]");
  const all = (name) => section.querySelectorAll(`[data-what-if-${name}]`);
  let saying;

  function show(points) {
    const entry = entries[points];
    if (!entry) return;
    if (range.value !== String(points)) range.value = points;
    if (number.value !== String(points)) number.value = points;
    if (value) value.value = points;
    range.setAttribute("aria-valuetext", `${points} points`);
    for (const element of all("text")) element.textContent = entry.texts[element.dataset.whatIfText];
    for (const element of all("meter")) element.value = entry.meters[element.dataset.whatIfMeter];
    for (const element of all("over")) element.classList.toggle("is-over", entry.over.includes(element.dataset.whatIfOver));
    for (const element of all("link")) {
      const address = new URL(element.href);
      for (const name of ["reach", "below"]) if (address.searchParams.has(name)) address.searchParams.set(name, points);
      element.href = address;
    }
    clearTimeout(saying);
    saying = setTimeout(() => {
      section.querySelector("[data-what-if-sentence]").textContent = entry.sentence;
      const here = new URL(location.href);
      here.searchParams.set("threshold", points);
      history.replaceState(history.state, "", here);
    }, QUIET);
  }

  range.hidden = false;
  range.addEventListener("input", () => show(range.valueAsNumber));
  number.addEventListener("input", () => { if (number.validity.valid && number.value !== "") show(number.valueAsNumber); });
  number.form.addEventListener("submit", (event) => event.preventDefault());
  section.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-what-if-set]");
    if (!chosen || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    show(Number(chosen.dataset.whatIfSet));
    range.focus();
  });
}

const bindAll = () => document.querySelectorAll("[data-what-if]").forEach(bind);
document.addEventListener("htmx:load", bindAll);
bindAll();
