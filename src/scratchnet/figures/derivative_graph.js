// Derivative graph. An expression is parsed into nodes; a step shows one node more, forward, and then hands its gradient down.
scratchnet.define("sn-derivative-graph", function (root, data) {
  "use strict";
  var sn = scratchnet, el = sn.el, svg = sn.svg, MOST = 24; // nodes that can still be drawn
  var VARIABLES = Object.keys(data.values), FUNCTIONS = ["relu", "exp", "log", "tanh"];
  var figure = { values: Object.assign({}, data.values), text: data.expressions[0], step: 0, nodes: [], error: "" };

  // --- the rules: a value, and the slope for each input -----------------------------------------------------------------

  var RULES = {
    "+": { value: function (x, y) { return x + y; }, slopes: function () { return [1, 1]; } },
    "-": { value: function (x, y) { return x - y; }, slopes: function () { return [1, -1]; } },
    "*": { value: function (x, y) { return x * y; }, slopes: function (z, x, y) { return [y, x]; } },
    "/": { value: function (x, y) { return x / y; }, slopes: function (z, x, y) { return [1 / y, -z / y]; } },
    neg: { value: function (x) { return -x; }, slopes: function () { return [-1]; } },
    relu: { value: function (x) { return Math.max(x, 0); }, slopes: function (z, x) { return [x > 0 ? 1 : 0]; } },
    exp: { value: Math.exp, slopes: function (z) { return [z]; } },
    log: { value: Math.log, slopes: function (z, x) { return [1 / x]; } },
    tanh: { value: Math.tanh, slopes: function (z) { return [1 - z * z]; } },
  };

  // --- from text to nodes -----------------------------------------------------------------------------------------------

  // sum: product (± product)*; product: factor (*/ factor)*; factor: −factor, number, variable, function(sum) or (sum).
  function parse(text) {
    var tokens = text.match(/\d+\.?\d*|\.\d+|[A-Za-z]+|[^\sA-Za-z\d.]|\./g) || [], at = 0, nodes = [], leaves = {};
    function fail(sentence) { throw new Error(sentence); }
    function add(kind, inputs, value) {
      if (nodes.length === MOST) fail("This makes more than " + MOST + " nodes. Take a shorter expression.");
      var depth = 1 + Math.max.apply(null, [0].concat(inputs.map(function (i) { return nodes[i].depth; })));
      return nodes.push({ kind: kind, inputs: inputs, constant: value, depth: depth }) - 1;
    }
    function pairs(signs, part) {
      var left = part();
      while (signs.indexOf(tokens[at]) >= 0) {
        var sign = tokens[at++];
        left = add(sign, [left, part()]);
      }
      return left;
    }
    function sum() { return pairs(["+", "-"], product); }
    function product() { return pairs(["*", "/"], factor); }
    function inBrackets() {
      if (tokens[at] !== "(") fail("A bracket ( is missing" + (tokens[at] ? " before " + tokens[at] : " at the end") + ".");
      at++;
      var inside = sum();
      if (tokens[at] !== ")") fail("A bracket ) is missing.");
      at++;
      return inside;
    }
    function factor() {
      var token = tokens[at];
      if (token === undefined) fail("Something is missing at the end.");
      if (token === "-") { at++; return add("neg", [factor()]); }
      if (token === "(") return inBrackets();
      at++;
      if (/^[\d.]/.test(token) && Number.isFinite(Number(token))) return add("constant", [], Number(token));
      if (VARIABLES.indexOf(token) >= 0) {
        if (leaves[token] === undefined) leaves[token] = add(token, []); // one node, however often it is used
        return leaves[token];
      }
      if (FUNCTIONS.indexOf(token) >= 0) return add(token, [inBrackets()]);
      fail("“" + token + "” has no rule here. There are x, w, b, numbers, + − * /, and " + FUNCTIONS.join(", ") + ".");
    }
    sum();
    if (at < tokens.length) fail("After the expression stands “" + tokens[at] + "”, which does not fit.");
    return nodes;
  }

  // --- forward and back: all of it at once; a step shows a part ----------------------------------------------------------

  function walk() {
    var nodes = figure.nodes, count = 0;
    nodes.forEach(function (node) {
      var inputs = node.inputs.map(function (i) { return nodes[i].value; });
      if (node.kind === "constant") node.value = node.constant;
      else if (!node.inputs.length) node.value = figure.values[node.kind];
      else {
        node.value = RULES[node.kind].value.apply(null, inputs);
        node.slopes = RULES[node.kind].slopes.apply(null, [node.value].concat(inputs));
      }
      node.name = node.inputs.length ? "u" + String(++count) : node.kind === "constant" ? brief(node.value) : node.kind;
      node.gradient = null;
    });
    figure.forward = inner(nodes);
    // the deepest first: by then a node has heard from all that use it
    figure.backward = figure.forward.slice().sort(function (a, b) { return nodes[b].depth - nodes[a].depth; });
    nodes.forEach(function (node) { node.shares = []; });
    nodes[nodes.length - 1].gradient = 1;
    figure.backward.forEach(function (at, step) {
      var node = nodes[at];
      node.inputs.forEach(function (input, place) {
        var share = node.gradient * node.slopes[place];
        nodes[input].gradient = (nodes[input].gradient || 0) + share;
        nodes[input].shares.push({ step: figure.forward.length + 1 + step, share: share });
      });
    });
    figure.last = 2 * figure.forward.length;
  }
  function inner(nodes) { return nodes.map(function (_, i) { return i; }).filter(function (i) { return nodes[i].inputs.length; }); }

  // What has arrived at a node when this step is done: null before anything has.
  function gradientAt(at, step) {
    var node = figure.nodes[at], shares = node.shares.filter(function (each) { return each.step <= step; });
    if (at === figure.nodes.length - 1) return step >= figure.forward.length ? 1 : null;
    return shares.length ? shares.reduce(function (sum, each) { return sum + each.share; }, 0) : null;
  }
  function known(at, step) { return !figure.nodes[at].inputs.length || figure.forward.indexOf(at) < step; }

  // --- words ------------------------------------------------------------------------------------------------------------

  var LOWERED = "₀₁₂₃₄₅₆₇₈₉";
  function brief(value) {
    if (!Number.isFinite(value)) return sn.show(value);
    var size = Math.abs(value), text = size && (size < 0.001 || size >= 1e5) ? value.toExponential(1).replace("+", "") : String(Number(value.toPrecision(3)));
    return text.replace(/-/g, "−");
  }
  function factor(value) { return value < 0 ? "(" + brief(value) + ")" : brief(value); }
  function nameOf(at) { return figure.nodes[at].name.replace(/\d+$/, function (digits) { return /^u/.test(figure.nodes[at].name) ? digits.replace(/\d/g, function (d) { return LOWERED[d]; }) : digits; }); }
  function written(node, show) { // "w · x", with names or with numbers
    var parts = node.inputs.map(show);
    if (node.kind === "neg") return "−" + parts[0];
    if (parts.length === 1) return node.kind + "(" + parts[0].replace(/^\((.*)\)$/, "$1") + ")";
    return parts.join({ "+": " + ", "-": " − ", "*": " · ", "/": " / " }[node.kind]);
  }
  function number(i) { return factor(figure.nodes[i].value); }

  function sentence(step) {
    var count = figure.forward.length;
    if (figure.error) return figure.error;
    if (!count) return "This is a leaf alone: its gradient is 1. Take it into an expression.";
    if (step === 0) return "The leaves are all there is. Press Next.";
    if (step <= count) {
      var made = figure.nodes[figure.forward[step - 1]], at = figure.forward[step - 1];
      return nameOf(at) + " = " + written(made, nameOf) + " = " + written(made, number) + " = " + brief(made.value) + "."
        + (step === count ? " This is the end. Its gradient is 1, and the walk back begins." : "");
    }
    var from = figure.backward[step - count - 1], node = figure.nodes[from];
    return "At " + nameOf(from) + " has arrived " + brief(node.gradient) + ". It hands down " + node.inputs.map(function (input, place) {
      return factor(node.gradient) + " · " + factor(node.slopes[place]) + " = " + brief(node.gradient * node.slopes[place]) + " to " + nameOf(input);
    }).join(", and ") + "." + (figure.nodes[node.inputs[0]].shares.length > 1 || (node.inputs[1] !== undefined && figure.nodes[node.inputs[1]].shares.length > 1) ? " Where several parts arrive they are added." : "");
  }

  // --- the drawing ------------------------------------------------------------------------------------------------------

  var WIDTH = 340, ROW = 74, BOX = 46;
  var drawing = svg("svg", { role: "img" });

  function draw() {
    var nodes = figure.nodes, step = figure.step, rows = {}, count = figure.forward.length;
    var deepest = nodes.length ? nodes[nodes.length - 1].depth : 1;
    nodes.forEach(function (node, i) { (rows[node.depth] = rows[node.depth] || []).push(i); });
    function place(i) {
      var row = rows[nodes[i].depth], part = WIDTH / row.length;
      return { x: part * (row.indexOf(i) + 0.5), y: ROW * (deepest - nodes[i].depth) + 30, half: Math.min(part - 6, 92) / 2 };
    }
    var lit = step === 0 ? -1 : step <= count ? figure.forward[step - 1] : figure.backward[step - count - 1];
    drawing.setAttribute("viewBox", "0 0 " + WIDTH + " " + (ROW * (deepest - 1) + 60));
    drawing.replaceChildren();
    nodes.forEach(function (node, i) {
      var end = place(i);
      node.inputs.forEach(function (input, n) {
        var start = place(input), bend = node.inputs[0] === node.inputs[1] ? 12 * (2 * n - 1) : 0, middle = (start.x + end.x) / 2 + bend;
        drawing.append(svg("path", {
          "class": "sn-edge" + (i === lit ? step > count ? " sn-back" : " sn-lit" : ""),
          d: "M" + start.x + " " + (start.y - BOX / 2) + "Q" + middle + " " + ((start.y + end.y) / 2) + " " + end.x + " " + (end.y + BOX / 2),
        }));
      });
    });
    nodes.forEach(function (node, i) {
      var at = place(i), gradient = node.kind === "constant" ? null : gradientAt(i, step), shown = known(i, step);
      var kind = node.inputs.length ? "sn-activation" : node.kind === "constant" ? "sn-quiet" : "sn-parameter";
      var box = svg("g", { "class": "sn-node" + (i === lit ? step > count ? " sn-back" : " sn-lit" : "") },
        svg("rect", { x: at.x - at.half, y: at.y - BOX / 2, width: 2 * at.half, height: BOX, rx: 8 }));
      box.append(svg("text", { x: at.x, y: at.y - 6, "text-anchor": "middle", "class": kind },
        (node.kind === "constant" ? "" : nameOf(i) + " = ") + (shown ? brief(node.value) : "?")));
      if (gradient !== null) box.append(svg("text", { x: at.x, y: at.y + 14, "text-anchor": "middle", "class": "sn-gradient" }, brief(gradient)));
      drawing.append(box);
    });
    drawing.setAttribute("aria-label", "The graph, leaves at the bottom. " + nodes.map(function (node, i) {
      var gradient = gradientAt(i, step);
      return nameOf(i) + (node.inputs.length ? " = " + written(node, nameOf) : "") + (known(i, step) ? ", value " + brief(node.value) : "")
        + (gradient === null || node.kind === "constant" ? "" : ", gradient " + brief(gradient));
    }).join("; "));
  }

  // --- controls ---------------------------------------------------------------------------------------------------------

  function button(text, action) { return el("button", { type: "button", onclick: action }, text); }
  var again = button("Start", function () { go(0); }), previous = button("Previous", function () { go(figure.step - 1); });
  var next = button("Next", function () { go(figure.step + 1); }), end = button("End", function () { go(figure.last); });
  next.className = "sn-next";
  var said = el("p", { "class": "sn-said", "aria-live": "polite" }), place = el("strong"), words = el("span");
  said.append(place, " ", words);
  var choice = el("select", { "aria-label": "An expression to begin with", onchange: function () { figure.set({ text: choice.value, step: 0 }); } });
  data.expressions.forEach(function (text) { choice.append(el("option", { value: text }, text)); });
  var typed = el("input", { type: "text", spellcheck: "false", autocomplete: "off", "aria-label": "The expression, in x, w and b", oninput: function () { figure.set({ text: typed.value, step: 0 }); } });
  var sliders = el("div", { "class": "sn-sliders" }), slider = {}, output = {};
  VARIABLES.forEach(function (name) {
    slider[name] = el("input", { type: "range", min: String(-data.limit), max: String(data.limit), step: "0.5", "aria-label": name, oninput: function () {
      var values = {};
      values[name] = Number(slider[name].value);
      figure.set({ values: values });
    } });
    output[name] = el("output");
    sliders.append(el("label", {}, name + " = ", output[name], slider[name]));
  });

  root.append(
    el("p", {}, el("strong", {}, "A program that writes itself down."), " Choose an expression or type your own, and press Next: forward it makes nodes, and then it hands gradients down."),
    el("div", { "class": "sn-tools" }, choice, typed),
    sliders,
    el("div", { "class": "sn-tools", role: "group", "aria-label": "Steps" }, again, previous, next, end),
    said, drawing,
    el("p", { "class": "sn-note" }, "In a box: a name and a value, and below them in purple what has arrived there, the gradient. Numbers are shown rounded."));

  function say(node, text) { if (node.textContent !== text) node.textContent = text; }
  function go(step) { figure.set({ step: step }); }

  // Everything the controls do ends here. state: text, values and step, each of them optional.
  figure.set = function (state) {
    Object.assign(figure.values, state.values || {});
    if (state.text !== undefined) figure.text = state.text;
    if (state.step !== undefined) figure.step = state.step;
    figure.error = "";
    try {
      figure.nodes = parse(figure.text);
    } catch (problem) {
      figure.error = problem.message;
      figure.nodes = [];
    }
    if (figure.nodes.length) walk();
    else { figure.forward = figure.backward = []; figure.last = 0; }
    figure.step = Math.max(0, Math.min(figure.step, figure.last));
    update();
  };

  function update() {
    var count = figure.forward.length, step = figure.step;
    if (typed.value !== figure.text) typed.value = figure.text;
    if (data.expressions.indexOf(figure.text) >= 0) choice.value = figure.text;
    typed.setAttribute("aria-invalid", String(Boolean(figure.error)));
    VARIABLES.forEach(function (name) {
      slider[name].value = figure.values[name];
      say(output[name], brief(figure.values[name]));
      slider[name].setAttribute("aria-valuetext", name + " = " + brief(figure.values[name]));
    });
    say(place, figure.error ? "Not yet." : step === 0 ? "The start." : step <= count ? "Forward, step " + step + " of " + count + "." : "Back, step " + (step - count) + " of " + count + ".");
    say(words, sentence(step));
    [[again, step === 0], [previous, step === 0], [next, step === figure.last], [end, step === figure.last]].forEach(function (pair) {
      pair[0].setAttribute("aria-disabled", String(pair[1])); // not disabled: the focus stays where it was
    });
    draw();
  }

  figure.set({});
  return figure;
});
