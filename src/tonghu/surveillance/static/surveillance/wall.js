// The wall of months is wider than a phone, and its newest months stand last: it opens there, the older ones to the left.
for (const wall of document.querySelectorAll(".table-frame > .wall")) {
  wall.parentElement.scrollLeft = wall.parentElement.scrollWidth;
}
