// The search box: arrows go through what it found and back into the box, Enter opens, Escape leaves.

export function watchSearch() {
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest?.(".search-box");
    if (!box || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const stops = [box.querySelector("input"), ...box.querySelectorAll(".search-found a")];
      const next = stops.indexOf(event.target) + step;
      if (stops.length < 2 || next < 0 || next >= stops.length) return;
      event.preventDefault();
      stops[next].focus();
    } else if (event.key === "Escape" && event.target.matches(".search-found a")) {
      event.preventDefault();
      box.querySelector("input").focus();
    }
  });
}
