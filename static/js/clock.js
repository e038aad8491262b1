/* Keeps the clock of a verdict going, in the words of crm/words.py (until, clock_state).
 *
 *   <time data-clock datetime="2026-11-22T09:00:00Z" data-due="2026-11-22T13:00:00Z" data-state="calm">3 h left</time>
 *
 * data-state: calm, soon (the last quarter of the time given), late.
 */
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

export function age(seconds) {
  if (seconds < MINUTE) return "";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  return seconds < 2 * DAY ? `${Math.floor(seconds / HOUR)} h` : `${Math.floor(seconds / DAY)} d`;
}

function tick(clock, now) {
  const start = Date.parse(clock.dateTime) / 1000;
  const due = Date.parse(clock.dataset.due) / 1000;
  if (Number.isNaN(start) || Number.isNaN(due)) return;
  const words = age(Math.floor(Math.abs(due - now)));
  const text = words ? `${words} ${due < now ? "late" : "left"}` : "due now";
  const state = now >= due ? "late" : due - now <= (due - start) / 4 ? "soon" : "calm";
  // Written only when it differs: screen readers and observers stay undisturbed.
  if (clock.textContent !== text) clock.textContent = text;
  if (clock.dataset.state !== state) clock.dataset.state = state;
}

const tickAll = () => document.querySelectorAll("time[data-clock]").forEach((clock) => tick(clock, Date.now() / 1000));

tickAll();
setInterval(tickAll, 15_000);
document.addEventListener("htmx:load", tickAll);
document.addEventListener("visibilitychange", tickAll);
