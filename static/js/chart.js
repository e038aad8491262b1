/* A chart from JSON, in the colours of the theme; its table stays on the page.
 *
 *   <figure class="chart-card">
 *     <figcaption data-chart-actions></figcaption>                    gets the buttons PNG and CSV
 *     <div class="chart" data-chart="waves-option" data-chart-title="New opportunities a week" role="img" aria-label="…"></div>
 *     {{ option|json_script:"waves-option" }}
 *     <details class="chart-table"><summary>Show as table</summary> <table>…</table></details>
 *   </figure>
 *
 * The JSON is an ECharts option. "var(--stage-mql)" stands for a colour of static/css/tokens.css, alone or in a
 * color-mix(), at any depth. `told`
 * beside it ({unit, currency, names, texts}) writes axes and tooltips in words (funnel/pages/charts.py). A point with `href`
 * opens it. ECharts is fetched only where a chart is; tooltips are drawn on the canvas, since the page allows no inline
 * styles. On paper charts are light and as wide as the page.
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
  return value.startsWith("rgb") ? value : inRgb(value);
}

/* ECharts reads no oklab() and no color-mix(): the canvas tells what they are. */
function inRgb(value) {
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  pen.fillStyle = value;
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${alpha / 255})`;
}

function resolve(value, seen) {
  if (typeof value === "string" && /^(var|color-mix)\(/.test(value)) {
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
  legend: { textStyle: { color: "var(--t-ink-2)" }, inactiveColor: "var(--t-line-strong)", icon: "roundRect", itemWidth: 10, itemHeight: 10, right: 0, top: 0, type: "scroll" },
  tooltip: {
    trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: "shadow", shadowStyle: { color: "rgba(128,128,128,.10)" }, lineStyle: { color: "var(--t-line-strong)" } },
    backgroundColor: "var(--t-surface)", borderColor: "var(--t-line-strong)", textStyle: { color: "var(--t-ink)", fontSize: 12 },
  },
};
const NARROW = 480;
const ROW = 30;

const asList = (value) => (Array.isArray(value) ? value : [value]);
const axes = (given, fallback) => (given === undefined ? undefined : asList(given).map((axis) => merged(fallback, axis)));
const merged = (fallback, given) => ({ ...fallback, ...given, axisLabel: { ...fallback.axisLabel, ...given.axisLabel } });
const isHorizontal = (option) => asList(option.yAxis ?? {})[0].type === "category";

/* Figures of an axis in the words of its unit: "38 %", "14 d", "€12K". */
function axisWords({ unit, currency }) {
  const round = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
  const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const coins = currency && new Intl.NumberFormat("en", { style: "currency", currency, notation: "compact", maximumFractionDigits: 1 });
  const say = {
    ratio: (value) => `${round.format(value * 100)} %`,
    days: (value) => `${round.format(value)} d`,
    hours: (value) => `${round.format(value)} h`,
    money: (value) => (coins ? coins.format(value) : short.format(value)),
  }[unit] ?? ((value) => (Math.abs(value) < 10_000 ? round : short).format(value));
  return (value) => say(value).replace("-", "−").replace("K", "k").replace("M", "m");
}

/* One line a series, in the words of the table: "MQL 24". */
function tooltipWords({ names, texts }) {
  return (points) => {
    const [{ dataIndex, name }] = points;
    const lines = names.flatMap((series, index) => {
      const text = texts[dataIndex]?.[index];
      const marker = points.find(({ seriesName }) => seriesName === series)?.marker;
      return text && marker ? [`${marker}${names.length > 1 ? `${series}  ` : ""}${text}`] : [];
    });
    return [name, ...lines].join("\n");
  };
}

/* Axes and tooltips in words; long names get room where they are, and end in … where there is none. */
function inWords({ told, ...option }, width) {
  if (!told) return option;
  const words = { axisLabel: { formatter: axisWords(told) } };
  const horizontal = isHorizontal(option);
  const names = horizontal ? { axisLabel: { width: width < NARROW ? 104 : 210, overflow: "truncate", interval: 0 } } : {};
  return {
    ...option,
    xAxis: axes(option.xAxis, horizontal ? words : names),
    yAxis: axes(option.yAxis, horizontal ? names : words),
    tooltip: { ...option.tooltip, formatter: tooltipWords(told) },
    legend: told.names.length > 1 ? { ...option.legend, data: told.names } : option.legend,
  };
}

const hasMarks = (option) => asList(option.series ?? []).some(({ markLine }) => markLine);
const hasLines = (option) => asList(option.series ?? []).some(({ type }) => type === "line");

function optionFor(element) {
  const read = JSON.parse(document.getElementById(element.dataset.chart).textContent);
  const given = inWords(read, element.clientWidth);
  const names = new Set(asList(given.series ?? []).map(({ name }) => name).filter(Boolean));
  const legend = names.size > 1 || given.legend ? { ...FRAME.legend, ...given.legend } : undefined;
  // A legend and the labels of marks each have a line of their own above the chart.
  const top = 8 + (legend ? 24 : 0) + (hasMarks(given) ? 22 : 0);
  const pointer = hasLines(given) ? { type: "line" } : {};
  const option = {
    ...FRAME,
    ...given,
    grid: { ...FRAME.grid, top, ...(isHorizontal(given) ? { right: 30 } : {}), ...given.grid },
    tooltip: { ...FRAME.tooltip, axisPointer: { ...FRAME.tooltip.axisPointer, ...pointer }, ...given.tooltip, renderMode: "richText" },
    legend,
    xAxis: axes(given.xAxis, { ...AXIS, splitLine: isHorizontal(given) ? AXIS.splitLine : { show: false } }),
    yAxis: axes(given.yAxis, { ...AXIS, splitLine: isHorizontal(given) ? { show: false } : AXIS.splitLine }),
    series: asList(given.series ?? []).map((one) => (one.type === "bar" ? { barMaxWidth: 34, ...one } : one)),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, ...given.textStyle },
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches && !element.hasAttribute("data-still") && (given.animation ?? true),
  };
  return resolve(option, new Map());
}

/* Lying bars need a line each. */
function stretch(element) {
  const option = JSON.parse(document.getElementById(element.dataset.chart).textContent);
  if (!isHorizontal(option)) return;
  const bars = option.series?.some(({ stack }) => stack) ? 1 : Math.max(1, option.series?.length ?? 1);
  element.style.height = `${60 + asList(option.yAxis)[0].data.length * Math.max(ROW, 8 + 16 * bars)}px`;
}

async function draw(element) {
  stretch(element);
  const { init } = await load();
  if (!element.isConnected || charts.has(element)) return;
  const chart = init(element, null, { renderer: "canvas" });
  chart.setOption(optionFor(element));
  chart.on("click", ({ data }) => { if (data?.href) location.assign(data.href); });
  charts.set(element, chart);
  sizes.observe(element);
  offerFiles(element);
  element.dataset.drawn = "";
}

const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => charts.get(target)?.resize()));

/* Files of a chart: the picture as one sees it, with its heading, and its numbers. */
function offerFiles(element) {
  const actions = element.closest("figure, .card")?.querySelector("[data-chart-actions]");
  if (!actions || actions.childElementCount) return;
  const title = element.dataset.chartTitle;
  for (const [kind, words, make] of [["PNG", `Save “${title}” as a picture`, picture], ["CSV", `Save the numbers of “${title}”`, numbers]]) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn btn-bare btn-sm", textContent: kind, title: words, ariaLabel: words });
    button.addEventListener("click", async () => save(await make(element), `${fileName(element)}.${kind.toLowerCase()}`));
    actions.append(button);
  }
}

const fileName = (element) => `${document.title.split(" · ")[0]}-${element.dataset.chartTitle}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");

async function picture(element) {
  const scale = 2;
  const drawn = new Image();
  drawn.src = charts.get(element).getDataURL({ pixelRatio: scale, backgroundColor: colour("var(--t-surface)") });
  await drawn.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: drawn.width + 40 * scale, height: drawn.height + 84 * scale });
  const pen = canvas.getContext("2d");
  const { fontFamily } = getComputedStyle(document.body);
  const write = (text, size, ink, y) => Object.assign(pen, { font: `${size * scale}px ${fontFamily}`, fillStyle: colour(ink) }).fillText(text, 20 * scale, y);
  pen.fillStyle = colour("var(--t-surface)");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  write(element.dataset.chartTitle, 17, "var(--t-ink)", 32 * scale);
  pen.drawImage(drawn, 20 * scale, 48 * scale);
  write(document.querySelector("[data-asked]")?.dataset.asked ?? location.host, 11.5, "var(--t-ink-2)", canvas.height - 14 * scale);
  return new Promise((done) => { canvas.toBlob(done, "image/png"); });
}

function numbers(element) {
  const { told, ...option } = JSON.parse(document.getElementById(element.dataset.chart).textContent);
  const axis = asList(isHorizontal(option) ? option.yAxis : option.xAxis)[0];
  const names = told?.names ?? option.series.map(({ name }) => name);
  const valueOf = (name, index) => option.series.filter((one) => one.name === name).map(({ data }) => data[index]?.value ?? data[index]).find((value) => typeof value === "number") ?? "";
  // A text that begins like a formula would be computed by a spreadsheet.
  const quoted = (text) => `"${String(text).replace(/^(?=[=+@-])/, typeof text === "number" ? "" : "'").replaceAll('"', '""')}"`;
  const lines = [[axis.name ?? "", ...names], ...axis.data.map((category, index) => [category, ...names.map((name) => valueOf(name, index))])];
  return new Blob([lines.map((cells) => cells.map(quoted).join(",")).join("\r\n")], { type: "text/csv" });
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function drawAll() {
  for (const element of document.querySelectorAll("[data-chart]")) {
    if (!charts.has(element)) draw(element).catch(() => { element.hidden = true; });
  }
}

const drawAgain = () => charts.forEach((chart, element) => chart.setOption(optionFor(element), true));

document.addEventListener("htmx:beforeCleanupElement", ({ target }) => {
  charts.get(target)?.dispose();
  charts.delete(target);
});
document.addEventListener("htmx:load", drawAll);
document.addEventListener("tandem:theme", drawAgain);

const PAPER = 660;
addEventListener("beforeprint", () => {
  document.documentElement.dataset.paper = "";
  charts.forEach((chart, element) => {
    chart.setOption({ ...optionFor(element), animation: false }, true);
    chart.resize({ width: Math.min(PAPER, element.clientWidth) });
  });
});
addEventListener("afterprint", () => {
  delete document.documentElement.dataset.paper;
  drawAgain();
  charts.forEach((chart) => chart.resize());
});
drawAll();
