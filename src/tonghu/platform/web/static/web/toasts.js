// Undo instead of "are you sure": a bar at the foot that offers it for a while. Without scripts it stands on the page.

const SECONDS = 10;

export function watchToasts() {
  const bars = document.getElementById("toasts");
  const move = () => {
    for (const bar of document.querySelectorAll(".messages [data-toast]")) {
      bar.classList.add("toast-bar");
      show(bars, bar);
    }
  };
  move();
  document.addEventListener("htmx:afterSettle", move);
}

function show(bars, bar) {
  bars.append(bar);
  let left = SECONDS;
  const timer = setInterval(() => {
    if (bar.matches(":hover, :focus-within")) return; // whoever is about to press it has time
    left -= 1;
    if (left <= 0) {
      clearInterval(timer);
      bar.remove();
    }
  }, 1000);
}
