// One chart: its specification, the colours of the theme, a picture in SVG.
import "../vendor/vega.min.js";
import { expressionInterpreter } from "../vendor/vega-interpreter.js";

const views = new WeakMap();

export async function draw(place, on = screen) {
  const specification = JSON.parse(inTheme(document.getElementById(place.dataset.chart).textContent, on));
  const { vega } = globalThis;
  views.get(place)?.finalize();
  const runtime = vega.parse(specification, theme(on), { ast: true });
  const view = new vega.View(runtime, { renderer: "svg", container: place, hover: false, tooltip: title, expr: expressionInterpreter });
  views.set(place, view);
  await view.runAsync();
}

const screen = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
// Paper is white whatever the theme, and its style sheet is not in force yet when the charts are drawn for it.
const INK = { "--ink": "#000", "--ink-2": "#333", "--ink-3": "#555", "--line": "#ccc", "--line-2": "#666" };
export const paper = (name) => INK[name] ?? (name.startsWith("--series-") ? SERIES[name.slice(-1) - 1] : screen(name));

// Series have one set of colours in the specification (components.charts.SERIES); the theme has its own for each.
const SERIES = ["#1d5fa8", "#d99000", "#6aa5a9", "#8c4a2f", "#9aa5b1", "#4b3f72"];
const inTheme = (said, token) => SERIES.reduce((text, colour, n) => text.replaceAll(colour, token(`--series-${n + 1}`)), said);

function theme(token) {
  const font = token("--sans");
  const words = { labelFont: font, titleFont: font, labelColor: token("--ink-2"), titleColor: token("--ink-2"), labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" };
  return {
    background: "transparent",
    axis: { ...words, domainColor: token("--line-2"), gridColor: token("--line"), tickColor: token("--line-2") },
    legend: words,
    header: words,
    text: { font, fill: token("--ink"), fontSize: 12 },
    rule: { stroke: token("--ink-3") },
  };
}

// The browser's own tooltip: no style of Vega's, which the policy would refuse.
function title(_handler, _event, _item, value) {
  const words = value && typeof value === "object" ? Object.entries(value).map(([name, said]) => `${name}: ${said}`).join("\n") : (value ?? "");
  this.element ??= _handler.element?.();
  if (_handler.element?.()) _handler.element().title = words;
}
