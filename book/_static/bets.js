// Bets: the reader enters a number, a choice or a few words, and then sees what followed from it. What settles a bet within
// its own section is covered until then. Guesses are kept in this browser alone, and stand beside the results at the end of
// the chapter. Without this script everything is open.
(function () {
  "use strict";
  var KEY = "scratchnet-bets", page = location.pathname.split("/").pop().replace(/\.html$/, ""), kept = {};

  function load() {
    try { kept = JSON.parse(localStorage.getItem(KEY)) || {}; } catch (error) { /* what this page knows has to do */ }
    return kept;
  }

  // Another tab may have placed bets in the meantime: read before every change.
  function keep(change) {
    change(load());
    try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch (error) { /* remembered as long as the page is open */ }
  }

  function el(tag, attributes) {
    var node = document.createElement(tag);
    Object.keys(attributes).forEach(function (name) {
      if (name.slice(0, 2) === "on") node.addEventListener(name.slice(2), attributes[name]);
      else if (attributes[name] !== null) node.setAttribute(name, attributes[name]);
    });
    node.append.apply(node, Array.prototype.slice.call(arguments, 2));
    return node;
  }

  function button(words, kind, press) {
    return el("button", { type: kind === "first" ? "submit" : "button", class: "bet-button " + kind, onclick: press }, words);
  }

  function Bet(box) {
    this.box = box;
    this.number = box.dataset.bet;
    this.blanks = JSON.parse(box.dataset.blanks);
    this.settled = document.getElementById("bet-" + this.number + "-result");
    this.covered = this.toCover();
    this.place = el("div", { class: "bet-place d-print-none" });
    box.append(this.place);
  }

  // From the first cell or the first words that settle the bet to the end of the section: thoughts before them stay in sight.
  Bet.prototype.toCover = function () {
    var after = [], settled = this.settled;
    for (var node = this.box.nextElementSibling; node; node = node.nextElementSibling) after.push(node);
    if (!after.some(function (one) { return one.contains(settled); })) return [];
    while (!after[0].matches(".cell") && !after[0].contains(settled)) after.shift();
    return after;
  };

  Bet.prototype.cover = function (covers) {
    this.covered.forEach(function (node) {
      node.classList.toggle("bet-covered", covers);
      if (covers) node.setAttribute("hidden", "until-found"); // the browser's own search still finds what stands there
      else node.removeAttribute("hidden");
    });
  };

  Bet.prototype.entry = function () { return (load()[page] || {})[this.number] || null; };

  // A guess that does not fit the blanks is from before the question was changed.
  Bet.prototype.guess = function () {
    var entry = this.entry(), blanks = this.blanks;
    var fits = entry && entry.answer && entry.answer.length === blanks.length && blanks.every(function (blank, n) {
      return blank.kind !== "choice" || blank.choices.indexOf(entry.answer[n]) >= 0;
    });
    return fits ? entry.answer : null;
  };

  Bet.prototype.inWords = function () {
    var blanks = this.blanks;
    return this.guess().map(function (said, n) {
      return (blanks[n].label ? blanks[n].label + ": " : "") + said + (blanks[n].unit ? " " + blanks[n].unit : "");
    }).join("; ");
  };

  Bet.prototype.write = function (entry) {
    var number = this.number;
    keep(function (all) {
      all[page] = all[page] || {};
      all[page][number] = Object.assign(entry, { at: Date.now() });
    });
    this.show(true);
    showResults();
  };

  Bet.prototype.show = function (focus) {
    var entry = this.entry(), guess = this.guess();
    this.cover(!guess && !(entry && entry.skipped) && !kept.open);
    this.place.replaceChildren(guess ? this.placed() : entry && entry.skipped ? this.passed() : this.form());
    if (focus) this.place.firstChild.focus({ preventScroll: true });
  };

  Bet.prototype.placed = function () {
    var later = this.settled && !this.covered.length ? " The answer comes later in this chapter." : "";
    return el("p", { class: "bet-line", tabindex: -1 }, "Your bet: ", el("strong", {}, this.inWords()), "." + later + " ",
      button("Change it", "quiet", this.ask.bind(this)));
  };

  Bet.prototype.passed = function () {
    return el("p", { class: "bet-line", tabindex: -1 }, "You read on without a bet. ", button("Bet after all", "quiet", this.ask.bind(this)));
  };

  // Once uncovered it stays so: the form comes back alone.
  Bet.prototype.ask = function () {
    this.place.replaceChildren(this.form());
    this.place.querySelector("input").focus();
  };

  Bet.prototype.form = function () {
    var bet = this, guess = this.guess() || [];
    var said = el("p", { class: "bet-line", role: "status" }, this.isCovered() ? "The answer is covered until then." : "");
    var form = el("form", { class: "bet-form", novalidate: "" });
    this.blanks.forEach(function (blank, n) { form.append(bet.field(blank, bet.nameOf(n), guess[n])); });
    form.append(this.buttons(), said);
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var answers = bet.blanks.map(function (blank, n) { return bet.read(form, blank, n); }), empty = answers.indexOf("");
      if (empty < 0) return bet.write({ answer: answers });
      said.textContent = bet.blanks[empty].kind === "number" ? "Write a number first; a rough guess will do." : "Say first what you think; a rough guess will do.";
      form.querySelectorAll(".bet-blank")[empty].querySelector("input").focus();
    });
    return form;
  };

  Bet.prototype.buttons = function () {
    var bet = this, row = el("p", { class: "bet-buttons" }, button("Place the bet", "first"));
    if (this.isCovered()) {
      row.append(button("Read on without a bet", "quiet", function () { bet.write({ skipped: true }); }),
        button("Leave all bets open", "quiet", function () { coverAll(false, bet); }));
    } else if (kept.open && this.covered.length) {
      row.append(button("Cover answers until I have bet", "quiet", function () { coverAll(true, bet); }));
    }
    return row;
  };

  Bet.prototype.isCovered = function () { return this.covered.some(function (node) { return node.matches(".bet-covered"); }); };

  Bet.prototype.nameOf = function (n) { return "bet-" + this.number + "-" + n; };

  Bet.prototype.field = function (blank, id, said) {
    var label = blank.label || "Your bet";
    if (blank.kind === "choice") {
      return el.apply(null, ["fieldset", { class: "bet-blank" }, el("legend", {}, label)].concat(blank.choices.map(function (choice) {
        return el("label", {}, el("input", { type: "radio", name: id, value: choice, checked: choice === said ? "" : null }), " " + choice);
      })));
    }
    var number = blank.kind === "number";
    // A number gets the keyboard for text, because the one for numbers has no minus sign on an iPhone.
    return el("p", { class: "bet-blank " + blank.kind }, el("label", { for: id }, label),
      el("input", { id: id, name: id, type: "text", autocomplete: "off", value: said || "", maxlength: number ? 20 : 200 }),
      blank.unit ? el("span", {}, blank.unit) : "");
  };

  // What was entered, or nothing.
  Bet.prototype.read = function (form, blank, n) {
    var said = (new FormData(form).get(this.nameOf(n)) || "").trim();
    return blank.kind !== "number" || /\d/.test(said) ? said : "";
  };

  var bets = [];

  function coverAll(covers, from) {
    keep(function (all) { all.open = !covers; });
    bets.forEach(function (bet) { bet.show(false); });
    from.place.querySelector("button, input").focus({ preventScroll: true });
  }

  // At the end, before the exercises: each guess beside what came out.
  function showResults() {
    var old = document.getElementById("your-bets"), placed = bets.filter(function (bet) { return bet.guess(); });
    if (old) old.remove();
    if (!placed.length) return;
    var list = el("ol", {});
    placed.forEach(function (bet) {
      var question = bet.box.querySelector("p").cloneNode(true);
      question.querySelector("strong").remove();
      list.append(el("li", {}, question, el("p", {}, el("b", {}, "Your bet"), el("span", {}, bet.inWords())),
        bet.settled ? el("p", {}, el("b", {}, "What came out"), el("span", {}, bet.box.dataset.result + " ",
          el("a", { href: "#" + bet.settled.id, "aria-label": "Where bet " + bet.number + " is settled" }, "(there)"))) : ""));
    });
    var shown = el("section", { id: "your-bets", class: "d-print-none" }, el("h2", {}, "Your bets"), list);
    var exercises = document.getElementById("exercises");
    if (exercises) exercises.before(shown);
    else document.querySelector("article section").append(shown);
  }

  // Whoever follows a link, or searches the page, is shown what they look for; the bet may still be placed.
  function uncoverFor(target) {
    bets.forEach(function (bet) {
      if (!target || !bet.isCovered() || !bet.covered.some(function (node) { return node.contains(target); })) return;
      bet.cover(false);
      bet.place.replaceChildren(bet.form());
    });
  }

  function named(hash) { return hash ? document.getElementById(decodeURIComponent(hash.slice(1))) : null; }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("article div.bet[data-blanks]").forEach(function (box) { bets.push(new Bet(box)); });
    bets.forEach(function (bet) { bet.show(false); });
    showResults();
    uncoverFor(named(location.hash));
    addEventListener("hashchange", function () { uncoverFor(named(location.hash)); });
    addEventListener("click", function (event) {
      var link = event.target.closest("a[href*='#']");
      if (link && link.pathname === location.pathname) uncoverFor(named(link.hash));
    }, true);
    addEventListener("beforematch", function (event) { uncoverFor(event.target); }, true);
    addEventListener("storage", function (event) {
      if (event.key !== KEY) return;
      bets.forEach(function (bet) { if (!bet.place.contains(document.activeElement)) bet.show(false); });
      showResults();
    });
  });
})();
