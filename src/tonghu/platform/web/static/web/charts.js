// Draws the compiled Vega specifications of a page. Vega is fetched only where there is a chart; its expressions run
// through the interpreter, since the content security policy allows no evaluated text.

export function watchCharts() {
  const places = () => document.querySelectorAll("[data-chart]");
  if (places().length) drawAll(places());
  document.addEventListener("htmx:afterSettle", () => drawAll([...places()].filter((each) => !each.firstChild)));
  document.addEventListener("tonghu:theme", () => drawAll(places()));
}

async function drawAll(places) {
  if (!places.length) return;
  const { draw } = await import("./vega-draw.js");
  for (const place of places) await draw(place);
}
