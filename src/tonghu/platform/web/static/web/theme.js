// Before the first paint: the theme that the reader chose, else the system's. Classic script, so that it blocks.
(function () {
  const root = document.documentElement;
  const chosen = root.dataset.themeChoice;
  const dark = chosen === "dark" || (chosen === "system" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.bsTheme = dark ? "dark" : "light";
})();
