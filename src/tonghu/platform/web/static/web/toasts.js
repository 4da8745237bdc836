// Undo instead of "are you sure": a bar at the foot that offers it for as long as the server takes it.

const SECONDS = 10;

export function watchToasts() {
  const bars = document.getElementById("toasts");
  const move = () => {
    for (const bar of document.querySelectorAll("template[data-toast]")) {
      const shown = bar.content.firstElementChild.cloneNode(true);
      bar.remove();
      show(bars, shown);
    }
  };
  move();
  document.addEventListener("htmx:afterSettle", move);
}

function show(bars, bar) {
  bars.append(bar);
  bar.querySelector("[data-dismiss]")?.addEventListener("click", () => bar.remove());
  let left = SECONDS;
  const timer = setInterval(() => {
    if (bar.matches(":hover, :focus-within")) return; // whoever is about to press it has time
    left -= 1;
    if (left <= 0 || !bar.isConnected) {
      clearInterval(timer);
      bar.remove();
    }
  }, 1000);
}
