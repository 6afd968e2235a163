// What scrolls in its own box (a wide table, formula or listing) must be reachable from the keyboard; what does not
// scroll should not be a stop on the way. And a verdict or any other output of one line is a sentence: it may wrap.
(function () {
  "use strict";
  function mark() {
    document.querySelectorAll(".cell_output pre").forEach(function (output) {
      if (!output.textContent.trim().includes("\n")) output.classList.add("sentence");
    });
    document.querySelectorAll("article :is(pre, table, div.math, .katex-display, .pst-scrollable-table-container)").forEach(function (box) {
      var scrolls = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible";
      if (scrolls) box.setAttribute("tabindex", "0");
      else box.removeAttribute("tabindex");
    });
  }
  var waiting = 0;
  window.addEventListener("load", mark);
  window.addEventListener("resize", function () { clearTimeout(waiting); waiting = setTimeout(mark, 200); });
  document.addEventListener("click", function () { setTimeout(mark, 50); }); // a solution may have been unfolded
})();
