// One chart: its specification, the colours of the theme, a picture in SVG.
import "../vendor/vega.min.js";
import { expressionInterpreter } from "../vendor/vega-interpreter.js";

const views = new WeakMap();

export async function draw(place, on = screen) {
  const said = document.getElementById(place.dataset.chart).textContent;
  const specification = JSON.parse(on === screen ? inTheme(said) : said);
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
export const paper = (name) => INK[name] ?? screen(name);

// A specification names the colours of paper (components.charts.SERIES and what is late); the screen has its own for each.
const OURS = { "#1d5fa8": "--series-1", "#d99000": "--series-2", "#6aa5a9": "--series-3", "#8c4a2f": "--series-4", "#9aa5b1": "--series-5", "#4b3f72": "--series-6", "#b3261e": "--block", "#6b7a8c": "--ink-3" };
const inTheme = (said) => said.replace(/#[0-9a-f]{6}\b/g, (colour) => (OURS[colour] ? screen(OURS[colour]) : colour));

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
