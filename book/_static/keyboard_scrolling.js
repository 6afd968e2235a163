// A wide table, formula or listing scrolls in a box of its own. Let the Tab key stop at a box that scrolls, so that it can
// be scrolled with the keyboard, and at no other.
(function () {
  "use strict";
  // Called for a box when it is first laid out, which is when the reader comes near, and whenever its size changes.
  var watch = new ResizeObserver(function (entries) {
    entries.forEach(function (entry) {
      var box = entry.target;
      var scrolls = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible";
      if (scrolls) box.setAttribute("tabindex", "0");
      else box.removeAttribute("tabindex");
    });
  });
  window.addEventListener("load", function () {
    document.querySelectorAll("article :is(pre, table, div.math, .katex-display, .pst-scrollable-table-container)").forEach(function (box) {
      watch.observe(box);
    });
  });
})();
