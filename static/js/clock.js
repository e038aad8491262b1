/* Keeps the clock of a verdict going, in the words of crm/words.py (clock_words, clock_state).
 *
 *   <time data-clock datetime="2026-11-20T16:00:00Z" data-due="2026-11-23T10:00:00Z" data-from="2026-11-23T00:00:00Z"
 *     data-to="2026-11-24T00:00:00Z" data-day="Mon 10:00" data-state="calm">due Mon 10:00</time>
 *
 * Hours are counted from data-from to data-to; before it says "due Mon 10:00", after "late since Mon 10:00".
 * data-state: calm, soon (the last quarter of the time given, while hours are counted), late.
 */
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

export function age(seconds) {
  if (seconds < MINUTE) return "";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  return seconds < 2 * DAY ? `${Math.floor(seconds / HOUR)} h` : `${Math.floor(seconds / DAY)} d`;
}

const seconds = (moment) => Date.parse(moment) / 1000;

function counted(due, now) {
  const words = age(Math.floor(Math.abs(due - now)));
  return words ? `${words} ${due < now ? "late" : "left"}` : "due now";
}

function tick(clock, now) {
  const { due: dueAt, from, to, day } = clock.dataset;
  const [start, due] = [seconds(clock.dateTime), seconds(dueAt)];
  if (Number.isNaN(start) || Number.isNaN(due)) return;
  const isAhead = now < seconds(from);
  const text = isAhead ? `due ${day}` : now < seconds(to) ? counted(due, now) : `late since ${day}`;
  const state = now >= due ? "late" : !isAhead && due - now <= (due - start) / 4 ? "soon" : "calm";
  // Written only when it differs: screen readers and observers stay undisturbed.
  if (clock.textContent !== text) clock.textContent = text;
  if (clock.dataset.state !== state) clock.dataset.state = state;
}

const tickAll = () => document.querySelectorAll("time[data-clock]").forEach((clock) => tick(clock, Date.now() / 1000));

tickAll();
setInterval(tickAll, 15_000);
document.addEventListener("htmx:load", tickAll);
document.addEventListener("visibilitychange", tickAll);
