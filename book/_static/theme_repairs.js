// What the theme's scripts leave undone for whoever reads with a keyboard or on a phone.
(function () {
  "use strict";
  var opener = null; // the button that opened the menu or the contents

  document.querySelectorAll(".toggle-button").forEach(function (button) { // all are "Toggle hidden content"
    button.setAttribute("aria-label", button.parentElement.textContent.trim());
  });

  addEventListener("click", function (event) {
    var button = event.target.closest("button"), link = event.target.closest("a"), panel = link && link.closest("dialog");
    if (link && link.closest(".highlight-link")) { // its address is a script, which the policy of the page forbids
      event.preventDefault();
      SphinxHighlight.hideSearchWords();
    }
    if (panel && link.hash && link.pathname === location.pathname) { // the page has moved behind the contents
      opener = null;
      panel.close();
    }
    if (!button) return;
    if (button.matches(".primary-toggle, .secondary-toggle")) opener = button;
    requestAnimationFrame(function () {
      var current = button === opener && document.querySelector("dialog[open] a.current");
      if (current) current.scrollIntoView({ block: "center" });
      if (document.activeElement === document.body) button.focus({ preventScroll: true }); // a press took it away
    });
  }, true); // before the theme's own, which let nothing pass
  addEventListener("close", function () { if (opener) opener.focus({ preventScroll: true }); }, true);
})();
