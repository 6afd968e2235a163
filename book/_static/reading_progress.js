// Show how far each chapter has been read: a bar below it in the table of contents. It is stored in this browser alone.
(function () {
  "use strict";
  var article = document.querySelector("article.bd-article");
  var KEY = "scratchnet-read", furthest = {};
  try { furthest = JSON.parse(localStorage.getItem(KEY)) || {}; } catch (error) { /* without storage, nothing is remembered */ }

  function name(address) { return new URL(address, location.href).pathname.split("/").pop(); }

  function show(link) {
    var part = furthest[name(link.href)] || 0;
    if (!part) return;
    var mark = link.querySelector(".read");
    if (!mark) {
      mark = document.createElement("span");
      mark.className = "read";
      mark.append(document.createElement("span"));
      link.append(mark);
    }
    mark.style.setProperty("--read", part);
    mark.firstChild.textContent = part === 1 ? " (read)" : " (read to " + Math.round(100 * part) + " %)";
  }

  function note() {
    var box = article.getBoundingClientRect();
    var part = Math.min(1, Math.max(0, (innerHeight - box.top) / box.height));
    if (part > 0.97) part = 1;
    if (part <= (furthest[name(location.href)] || 0) || scrollY < 100) return;
    furthest[name(location.href)] = Math.round(part * 100) / 100;
    try { localStorage.setItem(KEY, JSON.stringify(furthest)); } catch (error) { /* shown on this page, but not remembered */ }
    document.querySelectorAll("nav.bd-docs-nav li.current > a.current").forEach(show);
  }

  var waiting = false;
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("nav.bd-docs-nav li a").forEach(show);
    if (!article || !document.querySelector("nav.bd-docs-nav li.current > a.current")) return;
    addEventListener("scroll", function () {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(function () { waiting = false; note(); });
    }, { passive: true });
  });
})();
