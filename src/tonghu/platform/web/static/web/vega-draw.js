// One chart: its specification, the colours of the theme, a picture in SVG.
import "../vendor/vega.min.js";
import { expressionInterpreter } from "../vendor/vega-interpreter.js";

const views = new WeakMap();

export async function draw(place) {
  const specification = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const { vega } = globalThis;
  views.get(place)?.finalize();
  const runtime = vega.parse(specification, theme(), { ast: true });
  const view = new vega.View(runtime, { renderer: "svg", container: place, hover: false, tooltip: title, expr: expressionInterpreter });
  views.set(place, view);
  await view.runAsync();
}

function theme() {
  const said = getComputedStyle(document.documentElement);
  const token = (name) => said.getPropertyValue(name).trim();
  const font = said.getPropertyValue("--sans").trim();
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
