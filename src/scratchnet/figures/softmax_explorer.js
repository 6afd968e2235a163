// Softmax and cross-entropy. The state is the logits and the true class; all else follows from them in update().
scratchnet.define("sn-softmax-explorer", function (root, data, element) {
  "use strict";
  var sn = scratchnet, el = sn.el, svg = sn.svg, judged = data.y !== null;
  var LIMIT = 10000, SHIFT = 1000, REACH = 5; // no logit beyond ±LIMIT; a slider goes REACH to each side, or as far as needed
  var figure = { logits: [], y: null, probabilities: [], loss: null, gradient: [], written: null, stable: null };
  var group = "sn-true-" + Array.from(document.querySelectorAll(element.localName)).indexOf(element); // one choice a figure
  var middle = 0; // of the sliders: it moves along when 1000 is added

  // --- words and numbers ------------------------------------------------------------------------------------------------

  var RAISED = { "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹" };

  function short(value) { // three decimals, or a power of ten where they would not do
    var size = Math.abs(value);
    if (value === 0) return "0";
    if (!Number.isFinite(value) || (size >= 0.0005 && size < 9999.5)) return sn.show(value, 3);
    var parts = value.toExponential(1).replace("e+", "e").split("e");
    return parts[0].replace("-", "−") + "·10" + parts[1].replace(/./g, function (sign) { return RAISED[sign]; });
  }

  function whole(value) { return String(value).replace("-", "−"); } // a logit, as it was set

  function say(node, text) { if (node.textContent !== text) node.textContent = text; } // a screen reader hears changes only

  // --- what there is to see ---------------------------------------------------------------------------------------------

  function button(text, action) { return el("button", { type: "button", onclick: action }, text); }

  // One class: radio, slider and number; then its probability as a bar, the truth as a mark, p − y as the way between.
  var rows = data.logits.map(function (_, k) {
    var row = {
      slider: el("input", { type: "range", step: "0.1", "aria-label": "Logit of class " + k, oninput: function () { set(k, row.slider); } }),
      number: el("input", {
        type: "number", step: "0.1", min: -LIMIT, max: LIMIT, "aria-label": "Logit of class " + k + ", as a number",
        oninput: function () { set(k, row.number); }, onchange: function () { calm(); row.number.value = figure.logits[k]; },
      }),
      bar: svg("rect", { "class": "sn-p", x: 4, y: 3, height: 13, rx: 2 }),
      truth: judged && svg("line", { "class": "sn-truth", y1: 0, y2: 28 }),
      gap: judged && svg("line", { "class": "sn-gap", y1: 23, y2: 23 }),
      p: el("span"), gradient: judged && el("span", { "class": "sn-slope" }),
    };
    row.radio = judged && el("input", {
      type: "radio", name: group, "aria-label": "Class " + k + " is the true class", onchange: function () { figure.y = k; update(); },
    });
    row.picture = svg("svg", { viewBox: judged ? "0 0 208 28" : "0 0 208 19", role: "img" },
      svg("rect", { "class": "sn-track", x: 4, y: 3, width: 200, height: 13, rx: 2 }), row.bar, row.gap || null, row.truth || null);
    row.whole = el("div", { "class": "sn-class" },
      el("div", { "class": "sn-set" }, el(judged ? "label" : "span", { "class": "sn-name" }, row.radio || null, " class " + k), row.slider, row.number),
      el("div", { "class": "sn-get" }, row.picture, row.p, row.gradient || null));
    return row;
  });

  var said = el("p", { "class": "sn-said", "aria-live": "polite" });
  var complaint = el("p", { "class": "sn-complaint", role: "status" });
  var verdict = el("p", { "aria-live": "polite" });

  // The price of one guess, as chapter 4 draws it: −ln p over p, and a dot where we are.
  var WIDE = 200, HIGH = 110, MOST = 5.5;
  function across(p) { return 34 + WIDE * p; }
  function down(loss) { return 14 + HIGH * (1 - Math.min(loss, MOST) / MOST); }
  var dot = svg("circle", { r: 5 }), beyond = svg("text", { x: 42, y: 36 }), drop = svg("path", { "class": "sn-drop" }), line = [];
  for (var step = 0; step <= 100; step++) line.push(across(Math.exp(-MOST * (1 - step / 100))).toFixed(1) + " " + down(MOST * (1 - step / 100)).toFixed(1));
  var curve = svg("svg", { "class": "sn-curve", viewBox: "0 0 244 164", role: "img" },
    svg("path", { "class": "sn-axes", d: "M34 8V124H238" }), drop, svg("path", { "class": "sn-price", d: "M" + line.join("L") }), dot,
    svg("text", { x: 28, y: 128, "text-anchor": "end" }, "0"), svg("text", { x: 28, y: down(5) + 4, "text-anchor": "end" }, "5"),
    svg("text", { x: 42, y: 18 }, "loss in nats"), beyond,
    svg("text", { x: 34, y: 141, "text-anchor": "middle" }, "0"), svg("text", { x: 234, y: 141, "text-anchor": "middle" }, "1"),
    svg("text", { x: 134, y: 157, "text-anchor": "middle" }, "p of the true class"));

  // The two forms, side by side.
  function form(title, head) {
    var table = el("table", {}, el("caption", {}, title), el("tr", {}, el("td"), el("th", { scope: "col" }, head), el("th", { scope: "col" }, "p")));
    var cells = data.logits.concat("sum").map(function (_, k) {
      var pair = [el("td"), el("td")];
      table.append(el("tr", {}, el("th", { scope: "row" }, k < rows.length ? "class " + k : "sum"), pair[0], pair[1]));
      return pair;
    });
    return { table: table, cells: cells };
  }
  var written = form("As written", "exp(z)"), stable = form("Largest logit m taken out", "exp(z − m)");

  var more = button("Add 1000", function () { shift(SHIFT); }), less = button("Subtract 1000", function () { shift(-SHIFT); });
  root.append(
    el("p", {}, el("strong", {}, "Drag a slider."), judged
      ? " The other classes pay for what one gains. Make a wrong class the favourite: what does it cost?"
      : " The other classes pay for what one gains. Then press “Add 1000”."),
    el("div", { "class": "sn-classes", role: "group", "aria-label": judged ? "Logits, and which class is true" : "Logits" }));
  root.lastChild.append(el("div", { "class": "sn-class sn-heads", "aria-hidden": "true" },
    el("div", { "class": "sn-set" }, el("span", { "class": "sn-name" }, judged ? "true class" : ""), "logit z"),
    el("div", { "class": "sn-get" }, el("span", { "class": "sn-space" }), el("span", {}, "p"), judged ? el("span", { "class": "sn-slope" }, "p − y") : null)));
  rows.forEach(function (row) { root.lastChild.append(row.whole); });
  root.append(complaint);
  if (judged) root.append(
    el("p", { "class": "sn-note" }, "The bar is p, what the model says. The upright mark is y, what is true: 1 for the true class, 0 for the others. The thin line between the two is p\u00a0−\u00a0y."),
    el("div", { "class": "sn-row" }, said, curve));
  root.append(
    el("p", {}, el("strong", {}, "The same logits, all moved by 1000."), " On paper no probability changes. And in a computer?"),
    el("div", { "class": "sn-buttons" }, more, less, button("Reset", start)),
    el("div", { "class": "sn-row sn-forms" }, written.table, stable.table), verdict);

  // --- what it does -------------------------------------------------------------------------------------------------------

  function set(k, input) {
    var value = Number(input.value), fits = input.value !== "" && Math.abs(value) <= LIMIT;
    calm();
    if (!fits) {
      rows[k].number.setAttribute("aria-invalid", "true");
      say(complaint, "The logit of class " + k + " must be a number from −10,000 to 10,000. Until then it stays at " + whole(figure.logits[k]) + ".");
      return;
    }
    say(complaint, "");
    figure.logits[k] = decimals(value);
    if (input === rows[k].number) fit();
    update(input);
  }

  function decimals(value) { return Number(value.toFixed(4)) + 0; } // so that 1000 more and 1000 less is no change; + 0: never −0

  function shift(by) {
    middle += by;
    figure.logits = figure.logits.map(function (z) { return decimals(z + by); });
    calm();
    say(complaint, "");
    fit();
    update();
  }

  function start() {
    figure.logits = data.logits.slice();
    figure.y = data.y;
    middle = 0;
    calm();
    say(complaint, "");
    fit();
    update();
  }

  function calm() {
    rows.forEach(function (row) { row.number.setAttribute("aria-invalid", "false"); });
  }

  function fit() { // every slider can show its logit
    var reach = figure.logits.reduce(function (most, z) { return Math.max(most, Math.ceil(Math.abs(z - middle))); }, REACH);
    rows.forEach(function (row) { row.slider.min = middle - reach; row.slider.max = middle + reach; });
  }

  function total(values) { return values.reduce(function (a, b) { return a + b; }, 0); }

  function compute() {
    var z = figure.logits, m = Math.max.apply(null, z);
    function divided(e) { // Infinity/Infinity and 0/0 have no value
      var sum = total(e);
      return { exponentials: e, sum: sum, probabilities: e.map(function (value) { return Number.isNaN(value / sum) ? null : value / sum; }) };
    }
    figure.written = divided(z.map(Math.exp));
    figure.stable = divided(z.map(function (value) { return Math.exp(value - m); }));
    figure.probabilities = sn.softmax(z);
    figure.loss = judged ? sn.crossEntropy(z, figure.y) : null;
    figure.gradient = judged ? figure.probabilities.map(function (p, k) { return p - (k === figure.y); }) : [];
  }

  function judge() { // what became of the form as written
    var e = figure.written, most = whole(Math.max.apply(null, figure.logits));
    var wrong = e.probabilities.some(function (p, k) { return p === null || Math.abs(p - figure.probabilities[k]) > 1e-6; });
    if (!wrong) return "Both forms give the same probabilities; m is the largest logit, " + most + ".";
    var stays = " With the largest logit, m\u00a0=\u00a0" + most + ", taken out first, the largest exponential is exp(0) = 1: that form does not notice.";
    if (e.exponentials.indexOf(Infinity) >= 0) return "exp(" + most + ") is larger than any float: ∞/\u2060∞ has no value." + stays;
    if (e.sum === Infinity) return "Each exponential is a float, but their sum is larger than any: a number divided by ∞ is 0, and these “probabilities” sum to 0." + stays;
    if (e.sum === 0) return "exp(" + most + ") is nearer to 0 than to any other float and becomes 0: 0/0 has no value." + stays;
    return "exp(" + most + ") is so near to 0 that a float keeps only its first digits: as written, the probabilities are wrong, and nothing tells." + stays;
  }

  function fill(form, numbers) {
    var lost = numbers.probabilities.indexOf(null) >= 0;
    form.cells.forEach(function (pair, k) {
      var all = k === rows.length, p = numbers.probabilities[k];
      if (all) p = lost ? null : total(numbers.probabilities);
      say(pair[0], short(all ? numbers.sum : numbers.exponentials[k]));
      say(pair[1], p === null ? "no value" : short(p));
    });
  }

  function update(source) {
    compute();
    rows.forEach(function (row, k) {
      var p = figure.probabilities[k], text = "Class " + k + ": probability " + short(p);
      if (row.slider !== source) row.slider.value = figure.logits[k];
      if (row.number !== source) row.number.value = figure.logits[k];
      row.bar.setAttribute("width", 200 * p);
      say(row.p, short(p));
      if (judged) {
        var y = Number(k === figure.y), gradient = figure.gradient[k];
        row.radio.checked = Boolean(y);
        row.truth.setAttribute("x1", 4 + 200 * y);
        row.truth.setAttribute("x2", 4 + 200 * y);
        row.gap.setAttribute("x1", 4 + 200 * y);
        row.gap.setAttribute("x2", 4 + 200 * p);
        say(row.gradient, short(gradient));
        text += ", truth " + y + ", p − y " + short(gradient);
      }
      row.picture.setAttribute("aria-label", text);
    });
    if (judged) tell();
    fill(written, figure.written);
    fill(stable, figure.stable);
    say(verdict, judge());
    more.disabled = Math.max.apply(null, figure.logits) + SHIFT > LIMIT;
    less.disabled = Math.min.apply(null, figure.logits) - SHIFT < -LIMIT;
  }

  function tell() {
    var y = figure.y, p = figure.probabilities[y], loss = short(figure.loss), slope = figure.gradient[y];
    var price = p > 0 ? "The loss, −ln\u00a0p, is " + loss + " nats."
      : "That probability is rounded to 0; computed from the logits, the loss is still " + loss + " nats.";
    var push = slope === 0 ? "Its p\u00a0−\u00a0y is rounded to 0: hardly anything is left to learn here."
      : "p\u00a0−\u00a0y is negative for class " + y + " alone: raise its logit, or lower another one, and the loss falls.";
    say(said, "Class " + y + " is true and gets p\u00a0=\u00a0" + short(p) + ". " + price + " " + push);
    dot.setAttribute("cx", across(p));
    dot.setAttribute("cy", down(figure.loss));
    dot.style.visibility = figure.loss > MOST ? "hidden" : "";
    say(beyond, figure.loss > MOST ? "↑ at " + loss : "");
    drop.setAttribute("d", "M" + across(p) + " 124V" + down(figure.loss) + "H34");
    curve.setAttribute("aria-label", "The loss falls from no limit at p = 0 to 0 at p = 1. Now p is " + short(p) + " and the loss " + loss
      + (figure.loss > MOST ? ", far above the top of this drawing." : "."));
  }

  start();
  return figure;
});
