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
  for (const fault of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(fault, () => say(bars, bars.dataset.fault));
  }
}

// A request behind the page that failed must not look like an answer of nothing.
function say(bars, words) {
  if ([...bars.children].some((bar) => bar.textContent === words)) return;
  const bar = document.createElement("p");
  bar.className = "note toast-bar";
  bar.textContent = words;
  show(bars, bar);
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
