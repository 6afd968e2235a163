// Keep the target of a link at the top of the window, and on the way back the link where it was. What is above may not
// have been laid out yet: it has a guessed height, and everything below moves when its height becomes known. So the page
// is scrolled again until the target no longer moves, or the reader does something.
(function () {
  "use strict";
  var STILL = 12; // the target has arrived when it has not moved for so many frames
  var journey = 0, following = false, departures = [];

  // Keep the element at this distance from the top of the window. Without a distance, scroll to it as a link would.
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
    if (!target) return;
    // Most browsers open the folds around a target by themselves; older ones do not.
    for (var fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    keep(target.matches("details > section") ? target.parentElement : target); // a fold begins with its title
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
  addEventListener("load", function () { // after going back or reloading, the browser itself restores the place
    if (performance.getEntriesByType("navigation")[0].type === "navigate") land();
  });
})();
