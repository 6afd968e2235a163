// A link must meet its target, and the way back the place that was left. What has not been laid out above stands there
// with a guessed height, and all below moves when that is done: a place is brought back until it stays, or the reader
// takes over.
(function () {
  "use strict";
  var STILL = 12; // frames in a row without a move
  var journey = 0, following = false, departures = [];

  // Keep the top of this element that far below the top of the window; where it is now, or where a link wants it.
  function keep(element, top) {
    var mine = ++journey, still = 0, before = null;
    (function step() {
      if (mine !== journey) return;
      var now = element.getBoundingClientRect().top;
      still = now === before ? still + 1 : 0;
      if (still === STILL) return;
      if (!still && top === undefined) element.scrollIntoView({ behavior: "instant" });
      else if (!still) scrollBy({ top: now - top, behavior: "instant" });
      before = element.getBoundingClientRect().top;
      requestAnimationFrame(step);
    })();
  }

  function land() {
    following = false;
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) keep(target);
  }

  ["wheel", "touchstart", "pointerdown", "keydown"].forEach(function (deed) {
    addEventListener(deed, function () { journey++; }, { capture: true, passive: true });
  });
  addEventListener("click", function (event) {
    var link = event.target.closest("a[href*='#']");
    if (!link || link.pathname !== location.pathname) return;
    departures.push({ page: location.href, link: link, top: link.getBoundingClientRect().top });
    following = true;
    requestAnimationFrame(land);
  }, true);
  addEventListener("popstate", function () {
    var last = departures[departures.length - 1];
    if (following || !last || last.page !== location.href) return;
    departures.pop();
    keep(last.link, last.top);
  });
  addEventListener("load", function () { // a page that was left and comes back is where it was: the browser knows
    if (performance.getEntriesByType("navigation")[0].type === "navigate") land();
  });
})();
