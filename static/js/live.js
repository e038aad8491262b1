/* A part of the page that keeps itself up to date while someone looks.
 *
 *   <section id="figures" data-live="/dashboards/funnel/?from=2026-07-01" data-live-seconds="3">
 *     <b data-pulse-key="mql">640</b> …
 *   </section>
 *
 * The address is asked with HX-Request and HX-Target (the element's id) and answers with the same element, or 204 when
 * nothing is new. The event `live:stale` on it drops an answer that is on its way and asks anew in a moment: what somebody
 * did on the page is not taken back by what the server said before. Numbers whose data-pulse-key shows another text than before pulse once. A hidden tab rests; a part
 * being typed or chosen in is left alone; after three failures the element carries `is-stale`.
 */
const SOON = 250;
const waiting = new WeakMap();
// How often each part, by its id, was said to be stale.
const staleness = new Map();

const texts = (part) => new Map([...part.querySelectorAll("[data-pulse-key]")].map((e) => [e.dataset.pulseKey, e.textContent.trim()]));
const inUse = (part) => part.querySelector("input:focus, select:focus, textarea:focus, details.menu[open]") !== null;

function pulse(part, before) {
  for (const figure of part.querySelectorAll("[data-pulse-key]")) {
    const old = before.get(figure.dataset.pulseKey);
    if (old === undefined || old === figure.textContent.trim()) continue;
    figure.classList.add("pulse");
    figure.addEventListener("animationend", () => figure.classList.remove("pulse"), { once: true });
  }
}

async function refresh(part) {
  const asked = staleness.get(part.id);
  const answer = await fetch(part.dataset.live, {
    headers: { "HX-Request": "true", "HX-Target": part.id, "HX-Current-URL": location.href },
    credentials: "same-origin",
  });
  if (answer.redirected && new URL(answer.url).pathname.startsWith("/accounts/login/")) return location.reload();
  if (!answer.ok) throw new Error(`${answer.status} from ${part.dataset.live}`);
  if (answer.status === 204) return null;
  const html = await answer.text();
  if (!part.isConnected || inUse(part) || html === part.liveHtml || staleness.get(part.id) !== asked) return null;
  const before = texts(part);
  window.htmx.swap(part, html, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
  const fresh = document.getElementById(part.id);
  if (fresh) {
    fresh.liveHtml = html;
    pulse(fresh, before);
  }
  return null;
}

async function beat(id) {
  const part = document.getElementById(id);
  clearTimeout(timers.get(id));
  timers.delete(id);
  if (!part?.dataset.live) return;
  if (!document.hidden && !inUse(part)) {
    try {
      await refresh(part);
      waiting.delete(part);
      document.getElementById(id)?.classList.remove("is-stale");
    } catch {
      const failures = (waiting.get(part) || 0) + 1;
      waiting.set(part, failures);
      part.classList.toggle("is-stale", failures >= 3);
    }
  }
  if (!timers.has(id)) schedule(id);
}

const timers = new Map();
function schedule(id, milliseconds) {
  const part = document.getElementById(id);
  clearTimeout(timers.get(id));
  timers.delete(id);
  if (part?.dataset.live) timers.set(id, setTimeout(beat, milliseconds ?? Number(part.dataset.liveSeconds || 5) * 1000, id));
}

document.addEventListener("live:stale", ({ target: part }) => {
  staleness.set(part.id, (staleness.get(part.id) ?? 0) + 1);
  delete part.liveHtml;
  schedule(part.id, SOON);
});

const scheduleNew = () => document.querySelectorAll("[data-live][id]").forEach((part) => { if (!timers.has(part.id)) schedule(part.id); });

scheduleNew();
document.addEventListener("htmx:load", scheduleNew);
document.addEventListener("visibilitychange", () => { if (!document.hidden) for (const id of [...timers.keys()]) beat(id); });
