// Draws the compiled Vega specifications of a page. Vega is fetched only where there is a chart; its expressions run
// through the interpreter, since the content security policy allows no evaluated text.

export function watchCharts() {
  const places = () => document.querySelectorAll("[data-chart]");
  if (places().length) drawAll(places());
  document.addEventListener("htmx:afterSettle", () => drawAll([...places()].filter((each) => !each.firstChild)));
  document.addEventListener("tonghu:theme", () => drawAll(places()));
  addEventListener("beforeprint", () => onPaper(places(), PAPER));
  addEventListener("afterprint", () => onPaper(places(), ""));
}

// The width between the margins of A4, so that words are as large in print as those around them.
const PAPER = "660px";

// Printing waits for nothing but what is ready at once: the module was fetched with the first chart.
function onPaper(places, width) {
  for (const place of places) {
    place.style.width = width;
    drawn?.draw(place, width ? drawn.paper : undefined);
  }
}

let drawn;

async function drawAll(places) {
  if (!places.length) return;
  drawn ??= await import("./vega-draw.js");
  for (const place of places) await drawn.draw(place);
}
