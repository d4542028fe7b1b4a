// data_visualization blocks as inline SVG: line, bar, area and pie.

import { freshId, h, svg } from "./dom.js";

const HEIGHT = 220;
const WIDEST = 620;
const NARROWEST = 240;
const LETTER = 6.4; // a digit or letter of the 11 px labels, in pixels, on average
const MARGIN = { top: 22, right: 14, bottom: 24 };
const NAME_ROOM = 16; // for the name below the axis

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const figure = (value) => number.format(value).replace("-", "−");
const colour = (index) => `var(--series-${(index % 6) + 1})`;

/** A round distance between ticks, so that about `count` of them cover `span`. */
function niceStep(span, count) {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) * power;
}

/** Round ticks around all values. Bars and areas stand on zero, so zero is among them; so do short lines. */
export function ticks(values) {
  let low = Math.min(0, ...values);
  let high = Math.max(0, ...values);
  if (low === high) high = 1;
  // Counts have no halves.
  const step = Math.max(niceStep(high - low, 4), values.every(Number.isInteger) ? 1 : 0);
  low = Math.floor(low / step) * step;
  high = Math.ceil(high / step) * step;
  const count = Math.round((high - low) / step);
  return Array.from({ length: count + 1 }, (_, index) => Number((low + index * step).toFixed(10)));
}

function frame(chart, width) {
  const categories = chart.axis_config?.categories ?? chart.series[0].data.map((point) => point.label);
  const all = chart.series.flatMap((series) => series.data.map((point) => point.value)).filter(Number.isFinite);
  const marks = ticks(all);
  const left = 12 + LETTER * Math.max(...marks.map((mark) => figure(mark).length));
  const inner = width - left - MARGIN.right;
  const slot = inner / Math.max(1, categories.length);
  const bottom = HEIGHT - MARGIN.bottom - (chart.axis_config?.x_label ? NAME_ROOM : 0);
  const [low, high] = [marks[0], marks.at(-1)];
  return {
    categories, marks, width, left, slot, bottom,
    x: (index) => left + slot * (index + 0.5),
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - MARGIN.top),
  };
}

function axes(area, config = {}) {
  const lines = area.marks.map((mark) => svg("g", {},
    svg("line", {
      class: mark === 0 ? "zero" : "grid", x1: area.left, x2: area.width - MARGIN.right, y1: area.y(mark), y2: area.y(mark),
    }),
    svg("text", { x: area.left - 6, y: area.y(mark) + 4, "text-anchor": "end" }, figure(mark))));
  const longest = Math.max(...area.categories.map((name) => name.length)) * LETTER + 10;
  const every = Math.max(1, Math.ceil(longest / area.slot));
  // Counted from the end, so that the newest always has its label.
  const shown = area.categories.map((name, index) => [name, index])
    .filter(([, index]) => (area.categories.length - 1 - index) % every === 0);
  const names = shown.map(([name, index]) =>
    svg("text", { x: area.x(index), y: area.bottom + 16, "text-anchor": "middle" }, name));
  const name = (words, at) => words && svg("text", { class: "axis-name", ...at }, words);
  return svg("g", { class: "axes", "aria-hidden": "true" }, ...lines, ...names,
    name(config.x_label, { x: (area.left + area.width) / 2, y: HEIGHT - 6, "text-anchor": "middle" }),
    name(config.y_label, { x: 2, y: 11 }));
}

/** [index of the category, value] of every point of a series that has one. */
function points(series, area) {
  return series.data.filter((point) => Number.isFinite(point.value) && area.categories.includes(point.label))
    .map((point) => [area.categories.indexOf(point.label), point.value, point.label]);
}

const hover = (series, label, value) => svg("title", {}, `${series.name}, ${label}: ${figure(value)}`);
const valueText = (x, y, value) => svg("text", { class: "value", x, y, "text-anchor": "middle" }, figure(value));

function bars(chart, area) {
  const width = Math.min(44, (area.slot * 0.72) / chart.series.length);
  const roomy = chart.series.length === 1 && area.slot > 24;
  return chart.series.flatMap((series, order) => points(series, area).flatMap(([index, value, label]) => {
    const middle = area.x(index) + (order - (chart.series.length - 1) / 2) * width;
    const [top, base] = [Math.min(area.y(value), area.y(0)), Math.max(area.y(value), area.y(0))];
    const bar = svg("rect", {
      class: "bar", x: middle - width / 2 + 1, width: Math.max(2, width - 2), y: top, height: base - top,
      rx: 2, fill: colour(order),
    }, hover(series, label, value));
    return roomy ? [bar, valueText(middle, value < 0 ? base + 12 : top - 5, value)] : [bar];
  }));
}

function lines(chart, area) {
  const roomy = chart.series.length === 1 && area.slot > 30;
  return chart.series.flatMap((series, order) => {
    const dots = points(series, area);
    const at = dots.map(([index, value]) => `${area.x(index)},${area.y(value)}`);
    const drawn = [];
    if (chart.type === "area" && dots.length) {
      const [first, last] = [area.x(dots[0][0]), area.x(dots.at(-1)[0])];
      const outline = `${first},${area.y(0)} ${at.join(" ")} ${last},${area.y(0)}`;
      drawn.push(svg("polygon", { class: "area", points: outline, fill: colour(order) }));
    }
    const stroke = { points: at.join(" "), stroke: colour(order) };
    drawn.push(svg("polyline", { class: `line-series dash-${order % 3}`, ...stroke }));
    for (const [place, [index, value, label]] of dots.entries()) {
      const dot = { cx: area.x(index), cy: area.y(value), r: 4, fill: colour(order) };
      drawn.push(svg("circle", dot, hover(series, label, value)));
      // Below a valley, where no line passes.
      const around = [dots[place - 1], dots[place + 1]].filter(Boolean).map(([, other]) => other);
      const valley = around.every((other) => other > value) && around.length > 0;
      if (roomy) drawn.push(valueText(area.x(index), area.y(value) + (valley ? 17 : -9), value));
    }
    return drawn;
  });
}

function slice(from, to, radius, middle) {
  const at = (share) => {
    const angle = share * 2 * Math.PI - Math.PI / 2;
    return `${middle + radius * Math.cos(angle)} ${middle + radius * Math.sin(angle)}`;
  };
  return `M${middle} ${middle} L${at(from)} A${radius} ${radius} 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(to)} Z`;
}

const sumOf = (chart) => chart.segments.reduce((sum, segment) => sum + segment.value, 0) || 1;

function pie(chart) {
  const total = sumOf(chart);
  let from = 0;
  return chart.segments.filter((segment) => segment.value > 0).map((segment) => {
    const to = from + segment.value / total;
    const fill = colour(chart.segments.indexOf(segment));
    // An arc from a point to itself draws nothing: a whole pie is a circle.
    const node = to - from > 0.9999
      ? svg("circle", { cx: 80, cy: 80, r: 74, fill })
      : svg("path", { class: "slice", d: slice(from, to, 74, 80), fill });
    node.append(svg("title", {}, `${segment.label}: ${figure(segment.value)}`));
    from = to;
    return node;
  });
}

/** All figures in words, for those who cannot see the drawing. */
function description(chart) {
  if (chart.type === "pie") {
    return chart.segments.map((segment) => `${segment.label}: ${figure(segment.value)}`).join("; ");
  }
  return chart.series.map((series) => {
    const figures = series.data.filter((point) => Number.isFinite(point.value));
    return `${series.name}: ${figures.map((point) => `${point.label} ${figure(point.value)}`).join(", ")}`;
  }).join("; ");
}

function legend(chart) {
  if (chart.type !== "pie" && chart.series.length < 2) return null;
  const share = (value) => Math.round((value / sumOf(chart)) * 100);
  const names = chart.type === "pie"
    ? chart.segments.map(({ label, value }) => `${label}: ${figure(value)} (${share(value)}%)`)
    : chart.series.map((series) => series.name);
  return h("ul", { class: "legend", "aria-hidden": "true" },
    ...names.map((name, index) => h("li", { class: `key-${(index % 6) + 1}` }, name)));
}

function draw(title, chart, width) {
  const round = chart.type === "pie";
  const area = round ? null : frame(chart, width);
  const ids = [freshId("chart"), freshId("chart")];
  const plot = chart.type === "bar" ? bars : lines;
  const drawing = round ? pie(chart) : [axes(area, chart.axis_config), ...plot(chart, area)];
  return svg("svg", {
    role: "img", class: "drawing", viewBox: round ? "0 0 160 160" : `0 0 ${width} ${HEIGHT}`,
    width: round ? 160 : width, height: round ? 160 : HEIGHT, "aria-labelledby": ids[0], "aria-describedby": ids[1],
  }, svg("title", { id: ids[0] }, title), svg("desc", { id: ids[1] }, description(chart)), ...drawing);
}

/** A data_visualization block. It is drawn again when its room changes, so that its letters keep their size. */
export function dataVisualization(block) {
  const stage = h("div", { class: "stage" });
  const paint = (width) => stage.replaceChildren(draw(block.title, block.chart, width));
  paint(WIDEST);
  let drawn = WIDEST;
  new ResizeObserver(([entry]) => {
    const width = Math.round(Math.max(NARROWEST, Math.min(WIDEST, entry.contentRect.width)));
    if (width === drawn || entry.contentRect.width === 0) return;
    drawn = width;
    paint(width);
  }).observe(stage);
  return h("figure", { class: `chart chart-${block.chart.type}` },
    h("figcaption", {}, block.title), h("div", { class: "chart-body" }, stage, legend(block.chart)));
}
