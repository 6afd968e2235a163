// Repair the theme's scripts for readers with a keyboard, a screen reader or a phone.
(function () {
  "use strict";
  var opener = null; // the button that opened the menu or the contents

  addEventListener("click", function (event) {
    var button = event.target.closest("button"), link = event.target.closest("a"), panel = link && link.closest("dialog");
    if (link && link.closest(".highlight-link")) { // the link runs a script, which the policy of the page forbids
      event.preventDefault();
      SphinxHighlight.hideSearchWords();
    }
    if (panel && link.hash && link.pathname === location.pathname) { // the page has scrolled to the target behind the open contents: close them
      opener = null;
      panel.close();
    }
    if (!button) return;
    if (button.matches(".primary-toggle, .secondary-toggle")) opener = button;
    requestAnimationFrame(function () {
      var current = button === opener && document.querySelector("dialog[open] a.current");
      if (current) current.scrollIntoView({ block: "center" });
      if (document.activeElement === document.body) button.focus({ preventScroll: true }); // the theme's scripts lose the focus of a button that was pressed
    });
  }, true); // in the capture phase, because the theme's own listeners stop the event
  addEventListener("close", function () { if (opener) opener.focus({ preventScroll: true }); }, true);
})();
