/* A chart from JSON, in the colours of the theme; its table stays on the page.
 *
 *   <div class="chart" data-chart="waves-data" role="img" aria-label="New opportunities a week"></div>
 *   {{ option|json_script:"waves-data" }}
 *   <details class="chart-table"><summary>Show as table</summary> <table>…</table></details>
 *
 * The JSON is an ECharts option. "var(--stage-mql)" stands for a colour of static/css/tokens.css, at any depth.
 * A point with `href` opens it. ECharts is fetched only where a chart is; tooltips are drawn on the canvas, since the
 * page allows no inline styles.
 */
const charts = new Map();
const address = document.querySelector("meta[name=echarts]")?.content;
let library;

const load = () => (library ??= import(address));

function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = name;
  probe.hidden = true;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function resolve(value, seen) {
  if (typeof value === "string" && value.startsWith("var(--")) {
    if (!seen.has(value)) seen.set(value, colour(value));
    return seen.get(value);
  }
  if (Array.isArray(value)) return value.map((item) => resolve(item, seen));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, seen)]));
  return value;
}

const AXIS = {
  axisLine: { lineStyle: { color: "var(--t-line-strong)" } },
  axisTick: { show: false },
  axisLabel: { color: "var(--t-ink-2)", fontSize: 12, hideOverlap: true },
  splitLine: { lineStyle: { color: "var(--t-line)" } },
  nameTextStyle: { color: "var(--t-ink-2)" },
};
const FRAME = {
  color: ["var(--t-brand)", "var(--side-marketing)", "var(--side-sales)", "var(--side-waiting)", "var(--stage-customer)", "var(--stage-lost)"],
  grid: { left: 8, right: 16, top: 28, bottom: 8, containLabel: true },
  legend: { textStyle: { color: "var(--t-ink-2)" }, icon: "roundRect", itemWidth: 10, itemHeight: 10, right: 0, top: 0 },
  tooltip: {
    trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: "shadow", shadowStyle: { color: "rgba(128,128,128,.10)" } },
    backgroundColor: "var(--t-surface)", borderColor: "var(--t-line-strong)", textStyle: { color: "var(--t-ink)", fontSize: 12 },
  },
};

const asList = (value) => (Array.isArray(value) ? value : [value]);
const axes = (given, fallback) => (given === undefined ? undefined : asList(given).map((axis) => ({ ...fallback, ...axis })));

function optionFor(element) {
  const given = JSON.parse(document.getElementById(element.dataset.chart).textContent);
  const option = {
    ...FRAME,
    ...given,
    grid: { ...FRAME.grid, ...given.grid },
    tooltip: { ...FRAME.tooltip, ...given.tooltip, renderMode: "richText" },
    legend: asList(given.series ?? []).length > 1 || given.legend ? { ...FRAME.legend, ...given.legend } : undefined,
    xAxis: axes(given.xAxis, { ...AXIS, splitLine: { show: false } }),
    yAxis: axes(given.yAxis, AXIS),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, ...given.textStyle },
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches && (given.animation ?? true),
  };
  return resolve(option, new Map());
}

async function draw(element) {
  const { init } = await load();
  if (!element.isConnected || charts.has(element)) return;
  const chart = init(element, null, { renderer: "canvas" });
  chart.setOption(optionFor(element));
  chart.on("click", ({ data }) => { if (data?.href) location.assign(data.href); });
  charts.set(element, chart);
  sizes.observe(element);
}

const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => charts.get(target)?.resize()));

function drawAll() {
  for (const element of document.querySelectorAll("[data-chart]")) {
    if (!charts.has(element)) draw(element).catch(() => { element.hidden = true; });
  }
}

document.addEventListener("htmx:beforeCleanupElement", ({ target }) => {
  charts.get(target)?.dispose();
  charts.delete(target);
});
document.addEventListener("htmx:load", drawAll);
document.addEventListener("tandem:theme", () => charts.forEach((chart, element) => chart.setOption(optionFor(element), true)));
drawAll();
