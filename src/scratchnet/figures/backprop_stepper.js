// Backprop stepper. One walk computes every number, forward and back; a step shows as much of it as one line of NumPy makes.
scratchnet.define("sn-backprop-stepper", function (root, data) {
  "use strict";
  var sn = scratchnet, el = sn.el, svg = sn.svg, H = 1e-6; // H: the nudge, as in chapter 6
  var figure = { theta: [], x: [], y: 0, step: 8, shown: 8, pass: {}, missing: null, chosen: 0, nudged: null };

  // --- forward and back -------------------------------------------------------------------------------------------------

  function outer(a, b) { return [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]]; }
  function throughW(W, dz) { return [W[0] * dz[0] + W[1] * dz[1], W[2] * dz[0] + W[3] * dz[1]]; } // dz Wᵀ: two paths, one sum

  function loss(s, y) { // the larger score taken out first, as sn.cross_entropy does
    var most = Math.max(s[0], s[1]);
    return sn.crossEntropy([s[0] - most, s[1] - most], y);
  }

  function walk(theta, x, y) {
    var layers = sn.layers(data.sizes, theta), pass = { x: x };
    pass.z = sn.linear(x, layers[0]);
    pass.a = sn.relu(pass.z);
    pass.s = sn.linear(pass.a, layers[1]);
    pass.p = sn.softmax(pass.s);
    pass.loss = [loss(pass.s, y)];
    pass.ds = pass.p.map(function (p, k) { return p - (k === y ? 1 : 0); });
    pass.dW2 = outer(pass.a, pass.ds);
    pass.db2 = pass.ds;
    pass.da = throughW(layers[1].W, pass.ds);
    pass.dz = pass.da.map(function (da, h) { return da * (pass.z[h] > 0 ? 1 : 0); });
    pass.dW1 = outer(x, pass.dz);
    pass.db1 = pass.dz;
    pass.dx = throughW(layers[0].W, pass.dz);
    return pass;
  }

  // θ and x in one row: the numbers that can be chosen. Their gradients are in the same order.
  function numbers() { return figure.theta.concat(figure.x); }
  function gradient(pass) { return pass.dW1.concat(pass.db1, pass.dW2, pass.db2, pass.dx); }

  // The central difference of chapter 6, for one of them; and for both sides of it, which units are on.
  figure.central = function (index) {
    function at(nudge) {
      var all = numbers();
      all[index] += nudge;
      var pass = walk(all.slice(0, 12), all.slice(12), figure.y);
      return { loss: pass.loss[0], on: pass.z.map(function (z) { return z > 0; }).join() };
    }
    var above = at(H), below = at(-H);
    return { above: above, below: below, here: at(0), slope: (above.loss - below.loss) / (2 * H) };
  };

  // --- how numbers and formulas are written -----------------------------------------------------------------------------

  var RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹", LOWERED = "₁₂";

  function brief(value) { return short(value, 0); } // for the graph
  function short(value, digits) { // three digits, or a power of ten where they would not do
    var size = Math.abs(value), parts;
    if (size >= 1e6 || (size > 0 && size < 0.001)) {
      parts = value.toExponential(digits === 0 ? 0 : 1).replace("+", "").split("e");
      return minus(parts[0]) + "·10" + parts[1].replace("-", "⁻").replace(/\d/g, function (digit) { return RAISED[digit]; });
    }
    return minus(String(size < 1000 ? Number(value.toPrecision(3)) : Math.round(value)));
  }
  function three(value) { return short(value); } // for map, which hands over more than the value
  function minus(text) { return text.replace(/^-/, "−"); }
  function factor(value) { return value < 0 ? "(" + short(value) + ")" : short(value); }
  function times(local, upstream) { return factor(local) + "·" + factor(upstream); }
  function plus(bias) { return (bias < 0 ? " − " : " + ") + short(Math.abs(bias)); }

  // On paper every gradient is a multiple of what the wrong class gets: q for the first image, r for the second.
  function inUnits(value) {
    var unit = figure.pass.p[1 - figure.y], many = value / unit, rounded = Number(many.toPrecision(3));
    if (!unit || !value || Math.abs(many - rounded) > 1e-9 * Math.abs(many)) return "";
    return " = " + (rounded === 1 ? "" : rounded === -1 ? "−" : short(rounded)) + letter();
  }
  function letter() { return figure.y === 0 ? "q" : "r"; }

  // "dz_h = da_h [z_h > 0]", with letters in italics and what follows _ lowered.
  function math(text) {
    var line = el("span", { "class": "sn-math" });
    text.split(/(_\{[^}]*\}|_.|relu|softmax|log|[A-Za-zℓ]+)/).forEach(function (part) {
      if (part[0] === "_") line.append(el("sub", {}, part.replace(/[_{}]/g, "")));
      else if (/^(relu|softmax|log)$/.test(part)) line.append(part);
      else if (/[A-Za-zℓ]/.test(part)) line.append(el("i", {}, part));
      else line.append(part);
    });
    return line;
  }

  // --- the steps: a line of NumPy, its formula, its numbers, what it means ------------------------------------------------

  function W(layer, i) { return figure.theta[6 * (layer - 1) + i]; }
  function b(layer, i) { return figure.theta[6 * (layer - 1) + 4 + i]; }
  function both(line) { return function (pass) { return [line(0, pass), line(1, pass)]; }; }
  function result(value) { return " = " + short(value) + inUnits(value); }

  function sums(out, x, layer) { // forward through W and b
    return both(function (i, pass) {
      return out + "_" + (i + 1) + " = " + times(pass[x][0], W(layer, i)) + " + " + times(pass[x][1], W(layer, 2 + i)) + plus(b(layer, i)) + " = " + short(pass[out][i]);
    });
  }
  function paths(out, layer, upstream) { // back through W
    return both(function (i, pass) {
      return out + "_" + (i + 1) + " = " + times(W(layer, 2 * i), pass[upstream][0]) + " + " + times(W(layer, 2 * i + 1), pass[upstream][1]) + result(pass[out][i]);
    });
  }
  function products(out, written, local, upstream) { // one path each
    return both(function (i, pass) { return written + "_" + (i + 1) + " = " + times(local(i, pass), upstream ? pass[upstream][i] : 1) + result(pass[out][i]); });
  }
  function table(out, written, x, upstream) { // the gradients of W
    return function (pass) {
      return pass[out].map(function (value, i) {
        var row = i >> 1, column = i & 1;
        return written + "_{" + (row + 1) + (column + 1) + "} = " + times(pass[x][row], pass[upstream][column]) + result(value);
      });
    };
  }
  function price(pass) { // p and the loss
    var y = figure.y, right = pass.p[y], p = pass.p.map(three);
    if (pass.p[1 - y]) p[1 - y] += " = " + letter();
    var loss = right === 0 ? "s_" + (2 - y) + " − s_" + (y + 1) : "−log " + (right > 0.999 ? "p_" + (y + 1) : short(right));
    return ["p_1 = " + p[0] + ",  p_2 = " + p[1], "ℓ = " + loss + " = " + short(pass.loss[0])];
  }
  function one() { return 1; }
  function mask(h, pass) { return pass.z[h] > 0 ? 1 : 0; }

  function off(sentence, otherwise) { // of the units whose z is negative
    return function (pass) {
      var asleep = [0, 1].filter(function (h) { return pass.z[h] < 0; });
      if (!asleep.length) return otherwise;
      return sentence.replace("@", asleep.length > 1 ? "Both units are off" : "Unit " + (asleep[0] + 1) + " is off");
    };
  }
  function verdict(pass) {
    var right = pass.p[figure.y], loss = short(pass.loss[0]);
    return right ? "The right class gets " + sn.percent(right) + ": the loss is " + loss + ". Who is to blame?"
      : "The right class gets a probability that rounds to 0. Taken from the scores, the loss is still a number: " + loss + ".";
  }
  function handover(pass) {
    return pass.ds.some(Boolean) ? "The walk back begins with 1, and the loss hands p − y down: it would fall if the right score rose and the other fell."
      : "The network is so sure that p − y rounds to 0. From here on nothing comes back.";
  }

  // makes: the arrays of this step. formula, rows (the formula with its numbers) and words: text, or a function of the walk.
  var STEPS = [
    { makes: [], rows: [], words: "Inputs, weights and biases are all there is. Press Next: the hidden units add up." },
    { makes: ["z"], formula: "z_h = x_1 (W_1)_{1h} + x_2 (W_1)_{2h} + (b_1)_h", rows: sums("z", "x", 1),
      words: "Each hidden unit adds up the inputs, each times its weight, and the bias." },
    { makes: ["a"], formula: "a_h = relu(z_h)",
      rows: both(function (h, pass) { return "a_" + (h + 1) + " = relu(" + short(pass.z[h]) + ") = " + short(pass.a[h]); }),
      words: off("ReLU makes negative sums 0. @.", "ReLU leaves what is not negative as it is.") },
    { makes: ["s"], formula: "s_k = a_1 (W_2)_{1k} + a_2 (W_2)_{2k} + (b_2)_k", rows: sums("s", "a", 2),
      words: "The second layer does the same with the activations. Out come the scores of the two classes." },
    { makes: ["p", "loss"], formula: function () { return "p = softmax(s),  ℓ = −log p_" + (figure.y + 1); }, rows: price, words: verdict },
    { makes: ["ds"], back: true, formula: "ds_k = p_k − y_k", rows: products("ds", "ds", function (k, pass) { return pass.ds[k]; }), words: handover },
    { makes: ["dW2"], back: true, formula: "(dW_2)_{hk} = a_h ds_k", rows: table("dW2", "(dW_2)", "a", "ds"),
      words: "For a weight, the local derivative is what it is multiplied by: an activation. Times what arrives." },
    { makes: ["db2"], back: true, formula: "(db_2)_k = ds_k", rows: products("db2", "(db_2)", one, "ds"),
      words: "A bias is multiplied by 1. It gets what arrives." },
    { makes: ["da"], back: true, formula: "da_h = (W_2)_{h1} ds_1 + (W_2)_{h2} ds_2", rows: paths("da", 2, "ds"),
      words: "Both scores use each activation. Multiply along each arrow, and add where two arrows meet." },
    { makes: ["dz"], back: true, formula: "dz_h = da_h [z_h > 0]", rows: products("dz", "dz", mask, "da"),
      words: off("@: nothing gets past ReLU there.", "Where z is positive, ReLU hands down what arrives.") },
    { makes: ["dW1"], back: true, formula: "(dW_1)_{dh} = x_d dz_h", rows: table("dW1", "(dW_1)", "x", "dz"),
      words: "The second layer over again: the input, times what arrives." },
    { makes: ["db1"], back: true, formula: "(db_1)_h = dz_h", rows: products("db1", "(db_1)", one, "dz"),
      words: "And a bias gets what arrives. These were all twelve parameters, in one walk." },
    { makes: ["dx"], back: true, formula: "dx_d = (W_1)_{d1} dz_1 + (W_1)_{d2} dz_2", rows: paths("dx", 1, "dz"),
      words: "Inputs, too: two paths, two products, one sum. Is it all right? Choose a number below and nudge it." },
  ];
  var LAST = STEPS.length - 1;

  function stepOf(name) { return STEPS.findIndex(function (step) { return step.makes.indexOf(name) >= 0; }); }

  // --- the graph ----------------------------------------------------------------------------------------------------------

  var WIDE = 310, HIGH = 450, COLUMN = [64, 246], LEVEL = { x: 428, z: 300, a: 224, s: 96, loss: 22 }, BOX = [32, 20];
  var graph = svg("svg", { viewBox: "0 0 " + WIDE + " " + HIGH, role: "img" });
  var lines = svg("g"), parts = []; // a part is a function that draws what it shows of a walk, up to a step
  graph.append(lines);

  function text(x, y, kind, anchor) { return svg("text", { x: x, y: y, "class": kind, "text-anchor": anchor || "middle" }); }
  function where(name, i) { return name === "loss" ? [WIDE / 2, LEVEL.loss] : [COLUMN[i], LEVEL[name]]; }
  function side(i) { return i ? 1 : -1; }
  function between(from, to, part) { return [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])]; }

  function touch(group, index) { // one of the numbers to choose; with the keyboard, in the list below
    group.classList.add("sn-choice");
    group.addEventListener("click", function () { choose(index); });
  }

  // Two lines beside an arrow or on it: its factor, and what that multiplies; or its weight, and the gradient of that.
  function label(at, anchor, index, width) {
    var wide = width || 60, middle = at[0] + (anchor === "end" ? -25 : anchor === "start" ? 25 : 0);
    var part = { upper: text(at[0], at[1] - 3, "", anchor), lower: text(at[0], at[1] + 13, "", anchor) };
    part.group = svg("g", { "class": "sn-label" }, svg("rect", { x: middle - wide / 2, y: at[1] - 20, width: wide, height: 40, rx: 6 }), part.upper, part.lower);
    if (index !== undefined) touch(part.group, index);
    graph.append(part.group);
    return part;
  }

  function write(part, upper, lower, lit) { // upper and lower: what it says and of which kind it is
    part.upper.textContent = upper[0];
    part.upper.setAttribute("class", "sn-" + upper[1]);
    part.lower.textContent = lower[0];
    part.lower.setAttribute("class", "sn-" + lower[1]);
    part.group.classList.toggle("sn-lit", lit);
  }

  function head(tip, u, v) { // of an arrow that points along (u, v)
    var x = tip[0] - 9 * u, y = tip[1] - 9 * v;
    return "M" + tip.join(" ") + "L" + (x - 4 * v) + " " + (y + 4 * u) + "L" + (x + 4 * v) + " " + (y - 4 * u) + "Z";
  }

  // An arrow between two boxes. gap: from where to where it makes room for what is written on it.
  function arrow(from, to, gap) {
    var length = Math.hypot(to[0] - from[0], to[1] - from[1]), u = (to[0] - from[0]) / length, v = (to[1] - from[1]) / length;
    var room = Math.min(BOX[0] / Math.abs(u), BOX[1] / Math.abs(v)) + 2;
    function at(distance) { return between(from, to, distance / length); }
    function stroke(start, end) { return "M" + at(start).join(" ") + "L" + at(end).join(" "); }
    return drawn(gap ? stroke(room, gap[0]) + stroke(gap[1], length - room) : stroke(room, length - room),
      head(at(length - room), u, v), head(at(room), -u, -v));
  }

  function drawn(shaft, up, down) {
    var group = svg("g", { "class": "sn-arrow" }, svg("path", { "class": "sn-shaft", d: shaft }), svg("path", { "class": "sn-up", d: up }), svg("path", { "class": "sn-down", d: down }));
    lines.append(group);
    return group;
  }

  // What an arrow shows. spec: `forward`, the step that lights it, and `below`, what it then multiplies; `back`, for each
  // step that lights it on the way back, its local derivative; `upstream`, what arrives; `rest`, what stands on it
  // otherwise; `gradient`, the array that has its own; `index`, its place among the numbers to choose.
  function link(group, part, spec) {
    parts.push(function (pass, step) {
      var forward = step === spec.forward, local = spec.back[step] && spec.back[step](pass), below = forward && spec.below && spec.below(pass);
      var reached = spec.gradient && step >= stepOf(spec.gradient), rest = spec.rest();
      group.classList.toggle("sn-lit", forward || Boolean(local));
      group.classList.toggle("sn-back", Boolean(local));
      if (local) write(part, [brief(local[0]) + " ×", local[1]], [brief(spec.upstream(pass)), "gradient"], true);
      else if (below) write(part, [rest[0] + " ×", rest[1]], [brief(below[0]), below[1]], false);
      else write(part, rest, [reached ? brief(pass[spec.gradient][spec.entry]) : "", "gradient"], false);
      part.group.classList.toggle("sn-chosen", spec.index !== undefined && spec.index === figure.chosen);
    });
  }

  function weight(layer, from, to) {
    var low = layer === 1 ? "x" : "a", high = layer === 1 ? "z" : "s", entry = 2 * from + to, index = 6 * (layer - 1) + entry;
    var start = where(low, from), end = where(high, to), back = {};
    function source(pass) { return [pass[low][from], layer === 1 ? "data" : "activation"]; }
    function own() { return [brief(figure.theta[index]), "parameter"]; }
    back[stepOf("dW" + layer)] = source;
    back[stepOf("d" + low)] = function () { return [figure.theta[index], "parameter"]; };
    var part = from === to ? label([start[0] + 7 * side(from), end[1] + 79], from ? "start" : "end", index) : label(between(start, end, 0.33), "middle", index);
    link(arrow(start, end, from !== to && [47, 98]), part, {
      forward: stepOf(high), below: source, back: back, upstream: function (pass) { return pass["d" + high][to]; },
      rest: own, gradient: "dW" + layer, entry: entry, index: index,
    });
  }

  function bias(layer, i) { // comes in from outside, round a corner
    var high = layer === 1 ? "z" : "s", at = where(high, i), out = side(i), x = at[0] + 47 * out, tip = at[0] + (BOX[0] + 2) * out;
    var index = 6 * (layer - 1) + 4 + i, back = {};
    back[stepOf("db" + layer)] = function () { return [1, "plain"]; };
    link(drawn("M" + x + " " + (at[1] + 20) + "V" + at[1] + "H" + tip, head([tip, at[1]], -out, 0), head([x, at[1] + 20], 0, 1)),
      label([at[0] + 38 * out, at[1] + 43], "middle", index, 50), {
        forward: stepOf(high), back: back, upstream: function (pass) { return pass["d" + high][i]; },
        rest: function () { return [(figure.theta[index] < 0 ? "" : "+") + brief(figure.theta[index]), "parameter"]; },
        gradient: "db" + layer, entry: i, index: index,
      });
  }

  function bend(i) {
    var start = where("z", i), end = where("a", i), back = {};
    back[stepOf("dz")] = function (pass) { return [mask(i, pass), "plain"]; };
    link(arrow(start, end), label([start[0] + 9 * side(i), (start[1] + end[1]) / 2], i ? "start" : "end"), {
      forward: stepOf("a"), back: back, upstream: function (pass) { return pass.da[i]; }, rest: function () { return ["relu", "quiet"]; },
    });
  }

  function blame(i) { // from a score to the loss
    var start = where("s", i), end = where("loss", 0), back = {};
    back[stepOf("ds")] = function (pass) { return [pass.ds[i], "plain"]; };
    link(arrow(start, end), label([start[0] - 7 * side(i), start[1] - 44], "middle", undefined, 66), {
      forward: stepOf("loss"), back: back, upstream: function () { return 1; },
      rest: function () { return [i === figure.y ? "right class" : "", "quiet"]; },
    });
  }

  function node(name, i) {
    var at = where(name, i), index = name === "x" ? 12 + i : undefined, own = name === "loss" ? "s" : name;
    var value = text(at[0], at[1] - 3, "sn-" + (name === "x" ? "data" : "activation")), slope = text(at[0], at[1] + 13, "sn-gradient");
    var title = text(at[0] + (BOX[0] + 5) * (name === "loss" ? 1 : -side(i)), at[1] + 5, "sn-plain", i ? "end" : "start");
    title.textContent = name === "loss" ? "loss" : name + LOWERED[i];
    var group = svg("g", { "class": "sn-node" }, svg("rect", { x: at[0] - BOX[0], y: at[1] - BOX[1], width: 2 * BOX[0], height: 2 * BOX[1], rx: 14 }), title, value, slope);
    if (index !== undefined) touch(group, index);
    graph.append(group);
    parts.push(function (pass, step) {
      var back = stepOf("d" + own), forward = stepOf(name), known = step >= forward; // x from the beginning
      value.textContent = known ? brief(pass[name][i]) : "";
      slope.textContent = step < back ? "" : name === "loss" ? "1" : brief(pass["d" + name][i]);
      group.classList.toggle("sn-lit", step === forward || step === back);
      group.classList.toggle("sn-back", step === back);
      group.classList.toggle("sn-chosen", index !== undefined && index === figure.chosen);
    });
  }

  [1, 2].forEach(function (layer) {
    [0, 1].forEach(function (from) { [0, 1].forEach(function (to) { weight(layer, from, to); }); });
    [0, 1].forEach(function (i) { bias(layer, i); });
  });
  [0, 1].forEach(function (i) { bend(i); blame(i); });
  ["x", "z", "a", "s"].forEach(function (name) { [0, 1].forEach(function (i) { node(name, i); }); });
  node("loss", 0);

  // --- words, code, controls ------------------------------------------------------------------------------------------------

  function button(text, action) { return el("button", { type: "button", onclick: action }, text); }

  var previous = button("Previous", function () { go(figure.shown - 1); }), next = button("Next", function () { go(figure.shown + 1); });
  next.className = "sn-next";
  var again = button("Start", function () { go(0); }), end = button("End", function () { go(LAST); });
  var place = el("strong"), words = el("span"), equations = el("div", { "class": "sn-equations" });
  var said = el("div", { "class": "sn-said", "aria-live": "polite" }, el("p", {}, place, " ", words), equations);
  var notice = el("p", { "class": "sn-notice", "aria-live": "polite" });

  var code = [data.forward, data.backward].map(function (rows, back) {
    var block = el("pre", { "class": back ? "sn-code sn-walk" : "sn-code" });
    rows.forEach(function (row) { block.append(el("code", {}, row)); });
    return block;
  });
  // The step a line of code belongs to: `P` and `loss` share one.
  function lineStep(back, row) { return back ? 5 + row : Math.min(row + 1, 4); }

  function nameOf(index) { // as NumPy has it, and what it is in the graph
    if (index >= 12) return ["X[0, " + (index - 12) + "]", "the input x" + LOWERED[index - 12]];
    var layer = index < 6 ? 1 : 2, i = index % 6, from = layer === 1 ? "x" : "a", to = layer === 1 ? "z" : "s";
    if (i >= 4) return ["b" + layer + "[" + (i - 4) + "]", "the bias of " + to + LOWERED[i - 4]];
    return ["W" + layer + "[" + (i >> 1) + ", " + (i & 1) + "]", from + LOWERED[i >> 1] + " to " + to + LOWERED[i & 1]];
  }

  var choice = el("select", { "aria-label": "Number to change or to nudge", onchange: function () { choose(Number(choice.value)); } });
  for (var index = 0; index < 14; index++) choice.append(el("option", { value: String(index) }, nameOf(index).join(", ")));
  var input = el("input", { type: "number", step: "0.5", oninput: function () { change(input.value); } });
  var outcome = el("p", { "class": "sn-outcome", "aria-live": "polite" });
  function move(amount) {
    change(String(Number((numbers()[figure.chosen] + amount).toPrecision(15))));
    input.value = numbers()[figure.chosen];
  }
  var less = el("button", { type: "button", "aria-label": "Less by 0.5", onclick: function () { move(-0.5); } }, "−");
  var more = el("button", { type: "button", "aria-label": "More by 0.5", onclick: function () { move(0.5); } }, "+");

  root.append(
    el("p", {}, el("strong", {}, "Who is to blame for the loss?"), " Press Next and follow the blame down: each lit arrow shows a local derivative × what arrives from above."),
    el("div", { "class": "sn-row" },
      el("div", { "class": "sn-left" }, graph),
      el("div", { "class": "sn-right" },
        el("div", { "class": "sn-tools", role: "group", "aria-label": "Steps" }, again, previous, next, end),
        notice, said, code[0], code[1],
        el("p", { "class": "sn-note" }, "In a box: a value, and its gradient in purple. On an arrow: a weight, and its gradient; from outside come the biases. An array is a row: Z1 holds z₁ and z₂, and Z2 holds s₁ and s₂. One image, so N is 1. Numbers are shown rounded."))),
    el("p", {}, el("strong", {}, "Change a number, or test its gradient."), " Choose it in the list, or touch it in the graph."),
    el("div", { "class": "sn-tools" }, choice, el("div", { "class": "sn-number" }, less, input, more), button("Nudge it and compare", nudge)),
    outcome,
    el("div", { "class": "sn-tools", role: "group", "aria-label": "The numbers of the start" },
      el("span", {}, "All numbers as at first:"), button("first image", function () { take(0); }), button("second image", function () { take(1); }))
  );

  // --- what it does -----------------------------------------------------------------------------------------------------------

  function say(node, text) { if (node.textContent !== text) node.textContent = text; }

  // Everything the controls do ends here. state: theta (12), x (2), y and step, each of them optional.
  figure.set = function (state) {
    ["theta", "x"].forEach(function (name) { if (state[name]) figure[name] = state[name].slice(); });
    ["y", "step"].forEach(function (name) { if (state[name] !== undefined) figure[name] = state[name]; });
    figure.pass = walk(figure.theta, figure.x, figure.y);
    figure.missing = overflow();
    figure.nudged = null;
    update();
  };

  function overflow() { // the first array with a number that float64 cannot hold
    var names = [].concat.apply([], STEPS.map(function (step) { return step.makes; }));
    return names.find(function (name) { return !figure.pass[name].every(Number.isFinite); }) || null;
  }

  function update() {
    var most = figure.missing ? stepOf(figure.missing) - 1 : LAST, step = figure.shown = Math.min(figure.step, most), now = STEPS[step];
    parts.forEach(function (part) { part(figure.pass, step); });
    say(place, step ? (now.back ? "Back" : "Forward") + ", step " + step + " of " + LAST + "." : "The start.");
    say(words, made(now.words));
    var rows = [].concat(made(now.formula) || [], made(now.rows)), written = rows.join("\n");
    if (written !== equations.dataset.written) { // a screen reader hears changes only
      equations.dataset.written = written;
      equations.replaceChildren.apply(equations, rows.map(function (row) { return el("div", {}, math(row)); }));
    }
    code.forEach(function (block, back) {
      block.classList.toggle("sn-now", Boolean(now.back) === Boolean(back));
      Array.from(block.children).forEach(function (line, row) {
        var lit = lineStep(back, row) === step;
        line.classList.toggle("sn-lit", lit);
        line.classList.toggle("sn-later", lineStep(back, row) > step);
        if (lit) line.setAttribute("aria-current", "step");
        else line.removeAttribute("aria-current");
      });
    });
    [[again, step === 0], [previous, step === 0], [next, step === most], [end, step === most]].forEach(function (pair) {
      pair[0].setAttribute("aria-disabled", String(pair[1])); // not disabled: the focus stays where it was
    });
    graph.setAttribute("aria-label", described(step));
    say(notice, warning());
  }

  function made(thing) { return typeof thing === "function" ? thing(figure.pass) : thing; }

  function described(step) {
    var known = STEPS.slice(1, step + 1).reduce(function (names, each) { return names.concat(each.makes); }, []);
    return "The network as a graph, from inputs x " + figure.x.map(three).join(" and ") + " at the bottom to the loss at the top. "
      + known.map(function (name) { return name + " " + figure.pass[name].map(three).join(", "); }).join("; ");
  }

  function warning() {
    if (figure.missing) {
      return "Overflow: in " + figure.missing + " a number would be beyond 1.8·10³⁰⁸, the most that float64 holds. The walk ends before it. Choose a smaller number, or go back to an image below.";
    }
    var kinks = [0, 1].filter(function (h) { return figure.pass.z[h] === 0; });
    if (!kinks.length || figure.shown < 1) return "";
    return kinks.map(function (h) { return "z" + LOWERED[h]; }).join(" and ") + (kinks.length > 1 ? " are" : " is")
      + " exactly 0, on ReLU’s kink. There is no derivative there; the book takes 0 for it.";
  }

  function go(step) {
    var most = figure.missing ? stepOf(figure.missing) - 1 : LAST;
    figure.set({ step: Math.max(0, Math.min(step, most)) });
  }

  function choose(index) {
    figure.chosen = index;
    figure.nudged = null;
    choice.value = String(index);
    input.value = numbers()[index];
    input.setAttribute("aria-label", "Value of " + nameOf(index).join(", "));
    input.removeAttribute("aria-invalid");
    say(outcome, "");
    update();
  }

  function change(value) {
    var before = figure.missing ? null : figure.pass.loss[0], all = numbers(), name = nameOf(figure.chosen)[0];
    var valid = value !== "" && Number.isFinite(Number(value));
    input.setAttribute("aria-invalid", String(!valid));
    if (!valid) return say(outcome, name + " needs a number. Until you type one, it stays at " + short(all[figure.chosen]) + ".");
    all[figure.chosen] = Number(value);
    figure.set({ theta: all.slice(0, 12), x: all.slice(12) });
    say(outcome, figure.missing || before === null ? "" : name + " is " + short(all[figure.chosen]) + ": the loss went from " + short(before) + " to " + short(figure.pass.loss[0]) + ".");
  }

  function begin(which) {
    figure.set({ theta: data.theta, x: data.images[which].x, y: data.images[which].y });
    choose(figure.chosen);
  }

  function take(which) {
    begin(which);
    say(outcome, "x is (" + figure.x.map(three).join(", ") + "), and the " + ["first", "second"][figure.y] + " class is right: the loss is " + short(figure.pass.loss[0]) + ".");
  }

  function nudge() {
    var found = figure.central(figure.chosen), slope = found.slope, walked = gradient(figure.pass)[figure.chosen];
    if (figure.missing || !Number.isFinite(slope)) return say(outcome, "There is an overflow, so there is nothing to compare.");
    figure.nudged = { slope: slope, gradient: walked };
    var apart = Math.abs(slope - walked), same = apart <= 1e-8 || apart <= 1e-6 * Math.abs(walked);
    say(outcome, "Nudge " + nameOf(figure.chosen)[0] + " up and down by h = 0.000001: the loss is " + long(found.above.loss) + " and " + long(found.below.loss)
      + ". Their difference, over 2h: " + six(slope) + ". The walk back says " + six(walked) + ". " + (same ? "They agree." : why(found)));
  }

  function long(value) { return value < 1000 ? minus(value.toFixed(9)) : six(value); }
  function six(value) { return minus(String(Number(value.toPrecision(6)))); }

  function why(found) { // nudging and the walk back disagree
    var value = numbers()[figure.chosen];
    if (value + H === value) return "A nudge so small changes nothing in a number as large as this.";
    if (found.above.on !== found.below.on) {
      return "A kink of ReLU lies within the nudge: above, the loss changes at a rate of " + short((found.above.loss - found.here.loss) / H) + ", below at "
        + short((found.here.loss - found.below.loss) / H) + ". The difference gives their mean; the walk back knows only where z stands.";
    }
    return "They differ: with numbers as large as these, rounding and the bend of the loss spoil the difference.";
  }

  begin(0);
  return figure;
});
