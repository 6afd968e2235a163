// Decision regions. A network of two inputs, H hidden units and two classes learns points in the plane, by the formulas
// of the book: θ ← θ − η∇L, with the gradient of all points. Every region is cut out of the plane exactly.
scratchnet.define("sn-decision-regions", function (root, data, element) {
  "use strict";
  var sn = scratchnet, el = sn.el, svg = sn.svg, PER_TICK = 10, TOO_LARGE = 1e6;
  var figure = { units: 1, seed: data.seed, rate: data.rate, theta: [], points: [], steps: 0, loss: null, right: 0, lost: false, on: [], regions: 0 };
  var chosen = 1, before = null, timer = null; // the class of the next point; the loss when training was last pressed
  var cursor = data.window.map(function (ends) { return (ends[0] + ends[1]) / 2; });
  var placed = []; // where the numbers of the units stand

  // --- the arithmetic -----------------------------------------------------------------------------------------------------

  function network() { return sn.layers([2, figure.units, 2], figure.theta); }

  function begin() { // He's start, from a seed: 5H + 2 numbers each
    var size = 5 * figure.units + 2, all = sn.numbers(data.starts[figure.units - 1]);
    stop();
    figure.theta = all.slice(size * figure.seed, size * (figure.seed + 1));
    figure.steps = 0;
    figure.lost = false;
    before = null;
  }

  // ∇L, laid out as θ: W₁ row by row, b₁, W₂ row by row, b₂. Forward and back through the network, one point at a time.
  function gradient(theta) {
    var H = figure.units, N = figure.points.length, layers = network(), W2 = layers[1].W, grads = theta.map(function () { return 0; });
    figure.points.forEach(function (point) {
      var pass = sn.forward(layers, point.x), z = pass.cache[0].z, a = pass.cache[1].input;
      var dlogits = sn.softmax(pass.logits).map(function (p, k) { return (p - (k === point.y ? 1 : 0)) / N; });
      for (var h = 0; h < H; h++) {
        var dz = z[h] > 0 ? W2[2 * h] * dlogits[0] + W2[2 * h + 1] * dlogits[1] : 0; // ReLU's mask
        grads[h] += point.x[0] * dz;
        grads[H + h] += point.x[1] * dz;
        grads[2 * H + h] += dz;
        grads[3 * H + 2 * h] += a[h] * dlogits[0];
        grads[3 * H + 2 * h + 1] += a[h] * dlogits[1];
      }
      grads[5 * H] += dlogits[0];
      grads[5 * H + 1] += dlogits[1];
    });
    return grads;
  }

  function step() {
    if (figure.lost || !figure.points.length) return;
    var grads = gradient(figure.theta);
    figure.theta = figure.theta.map(function (value, index) { return value - figure.rate * grads[index]; });
    figure.steps += 1;
    figure.lost = figure.theta.some(function (value) { return Math.abs(value) > TOO_LARGE; }); // long before Infinity
  }

  // How well it does, and which units are off for every point.
  function judge() {
    var layers = network(), on = new Array(figure.units).fill(0), N = figure.points.length;
    figure.loss = figure.right = 0;
    figure.points.forEach(function (point) {
      var pass = sn.forward(layers, point.x);
      figure.loss += sn.crossEntropy(pass.logits, point.y) / N;
      if (sn.argmax(pass.logits) === point.y) figure.right += 1;
      pass.cache[0].z.forEach(function (z, h) { if (z > 0) on[h] += 1; });
    });
    if (!N) figure.loss = null;
    figure.on = on;
  }

  function within(value, low, high) { return Math.min(high, Math.max(low, value)); }

  // --- the plane, cut along straight lines --------------------------------------------------------------------------------

  // The part of a convex polygon where f ≥ 0, for an f that is linear on it. Where its edge crosses f = 0 goes to `crossings`.
  function cut(polygon, f, crossings) {
    var part = [], values = polygon.map(f);
    polygon.forEach(function (corner, index) {
      var other = (index + 1) % polygon.length, a = values[index], b = values[other], t = a / (a - b);
      if (a >= 0) part.push(corner);
      if ((a < 0) === (b < 0)) return;
      var point = [corner[0] + t * (polygon[other][0] - corner[0]), corner[1] + t * (polygon[other][1] - corner[1])];
      part.push(point);
      if (crossings) crossings.push(point);
    });
    return part;
  }

  function seen(polygon) { return area(polygon) > 1e-9 * area(frame); }

  function area(polygon) {
    return polygon.reduce(function (sum, p, index) {
      var q = polygon[(index + 1) % polygon.length];
      return sum + (p[0] * q[1] - q[0] * p[1]) / 2;
    }, 0);
  }

  // The cells in which no unit changes between on and off, each with its formula for the margin of class 1 over class 0.
  function cells(frame, units) {
    var last = network()[1], bias = last.b[1] - last.b[0];
    var all = [{ polygon: frame, on: [] }];
    units.forEach(function (z, h) {
      all = all.flatMap(function (cell) {
        return [
          { polygon: cut(cell.polygon, z), on: cell.on.concat(h) },
          { polygon: cut(cell.polygon, function (x) { return -z(x); }), on: cell.on },
        ];
      }).filter(function (cell) { return seen(cell.polygon); });
    });
    all.forEach(function (cell) {
      cell.margin = function (x) {
        return cell.on.reduce(function (sum, h) { return sum + units[h](x) * (last.W[2 * h + 1] - last.W[2 * h]); }, bias);
      };
    });
    return all;
  }

  // z of each hidden unit, as a function of a point.
  function scores() {
    var layer = network()[0];
    return layer.b.map(function (b, h) {
      return function (x) { return x[0] * layer.W[h] + x[1] * layer.W[layer.H + h] + b; };
    });
  }

  // --- what there is to see -----------------------------------------------------------------------------------------------

  var LEFT = 38, TOP = 8, WIDE = 272, HIGH = 207, across = data.window[0], up = data.window[1];
  var scale = [WIDE / (across[1] - across[0]), -HIGH / (up[1] - up[0])];
  var frame = [[across[0], up[0]], [across[1], up[0]], [across[1], up[1]], [across[0], up[1]]];
  function px(x) { return [(scale[0] * (x[0] - across[0])).toFixed(2), (scale[1] * (x[1] - up[1])).toFixed(2)]; }
  function outline(polygon) { return "M" + polygon.map(function (x) { return px(x).join(" "); }).join("L") + "Z"; }

  var field = svg("rect", { "class": "sn-field", x: LEFT, y: TOP, width: WIDE, height: HIGH });
  var region = svg("path", { "class": "sn-region" }), border = svg("path", { "class": "sn-border" }), lines = svg("g");
  var rims = svg("path", { "class": "sn-rim" }), holes = svg("path", { "class": "sn-hole" }), squares = svg("path", { "class": "sn-square" });
  var cross = svg("path", { "class": "sn-cross" });
  var inside = svg("svg", { "class": "sn-inside", x: LEFT, y: TOP, width: WIDE, height: HIGH, viewBox: "0 0 " + WIDE + " " + HIGH },
    region, border, rims, holes, squares, lines, cross);
  var picture = svg("svg", { "class": "sn-picture", viewBox: "0 0 316 252", role: "img" }, field, inside);
  function whole(value) { return String(value).replace("-", "−"); }
  data.ticks[0].forEach(function (x) {
    picture.append(svg("text", { x: LEFT + scale[0] * (x - across[0]), y: TOP + HIGH + 17, "text-anchor": "middle" }, whole(x)));
  });
  data.ticks[1].forEach(function (x) {
    picture.append(svg("text", { x: LEFT - 7, y: TOP + scale[1] * (x - up[1]) + 5, "text-anchor": "end" }, whole(x)));
  });
  picture.append(
    svg("text", { x: LEFT + WIDE / 2, y: TOP + HIGH + 33, "text-anchor": "middle" }, "x₁"),
    svg("text", { x: 2, y: TOP + 13 }, "x₂"));

  var HELP = "Points. Arrow keys move a cursor; 0 or 1 adds a point of that class there, and so do Enter and space for the chosen class. With a mouse or a finger, click on the picture.";
  var pad = el("div", { "class": "sn-pad", tabindex: "0", role: "application", "aria-label": HELP }, picture);
  var said = el("p", { "class": "sn-said", "aria-live": "polite" }), counted = el("p", { "class": "sn-note" });
  var where = el("span", { "class": "sn-hidden", "aria-live": "polite" });

  function button(text, action) { return el("button", { type: "button", onclick: action }, text); }
  function redo() { begin(); update(); }

  var group = "sn-class-" + Array.from(document.querySelectorAll("sn-decision-regions")).indexOf(element); // one choice a figure
  var classes = el("fieldset", {}, el("legend", {}, "A click adds a point of"));
  ["○ class 0", "■ class 1"].forEach(function (name, k) {
    classes.append(el("label", {}, el("input", { type: "radio", name: group, checked: k === chosen, onchange: function () { chosen = k; } }), name));
  });
  var sets = el("div", { "class": "sn-tools", role: "group", "aria-label": "Points" });
  data.sets.forEach(function (set) { sets.append(button(set.name, function () { load(set); redo(); })); });
  sets.append(
    button("No points", function () { figure.points = []; redo(); }),
    button("Remove the last", function () { stop(); before = null; figure.points.pop(); update(); }));

  var TRAIN = "Train " + data.steps + " steps", trainer = button(TRAIN, function () { if (timer) stop(); else train(); update(); });
  var unitsText = el("strong", {}), seedText = el("span");
  var units = el("input", { type: "range", min: "1", max: String(data.starts.length), step: "1", value: "1", oninput: function () {
    figure.units = Number(units.value);
    redo();
  } });
  var rate = el("select", { onchange: function () { figure.rate = Number(rate.value); update(); } });
  data.rates.forEach(function (value) { rate.append(el("option", { value: String(value), selected: value === data.rate }, String(value))); });

  root.append(
    el("p", {}, el("strong", {}, "Press Train."), " One hidden unit draws one straight border. Then give it three, or eight."),
    el("div", { "class": "sn-row" },
      el("div", { "class": "sn-left" }, pad, where, counted),
      el("div", { "class": "sn-right" },
        el("div", { "class": "sn-tools" }, trainer, button("Reset", redo)), said,
        el("label", {}, "Hidden units H = ", unitsText, units),
        el("div", { "class": "sn-tools" }, button("Another start", function () {
          figure.seed = (figure.seed + 1) % data.seeds;
          redo();
        }), seedText),
        el("label", { "class": "sn-rate" }, "Learning rate η ", rate), classes, sets)),
    el("p", { "class": "sn-note" }, "Blue: where the answer is class 1. Green, dashed: the line of each hidden unit, with a tick to the side where it is on.")
  );

  // --- what it says -------------------------------------------------------------------------------------------------------

  function short(value) { return value < 1e-6 ? "less than a millionth" : value.toLocaleString("en-GB", { maximumSignificantDigits: 3 }); }

  function listed(numbers) {
    return numbers.length < 2 ? String(numbers) : numbers.slice(0, -1).join(", ") + " and " + numbers[numbers.length - 1];
  }

  function remark() {
    var N = figure.points.length, off = [];
    figure.on.forEach(function (count, h) { if (!count) off.push(h + 1); });
    if (before !== null && !timer && figure.loss > 1.001 * before) return " The loss rose: the steps are too long.";
    if (off.length === figure.units) return " No unit is on for any point, so no gradient reaches them. Try another start" + (figure.steps ? ", or a smaller rate." : ".");
    if (off.length) return " " + (off.length > 1 ? "Units " + listed(off) + " are" : "Unit " + off[0] + " is") + " off for every point, and no gradient reaches " + (off.length > 1 ? "them." : "it.");
    if (figure.units === 1 && figure.steps && figure.right < N) return " One unit has one straight border to give.";
    return "";
  }

  function verdict() {
    var N = figure.points.length;
    if (!N) return ["There is nothing to learn yet. Tap or click on the picture to add points, or press 0 or 1 in it."];
    if (figure.lost) return ["After " + figure.steps + " steps a weight is beyond a million: the steps are too long, and the training has flown apart. Reset, and take a smaller rate."];
    return [
      figure.steps ? "After " + figure.steps + " steps the loss is " : "Before training the loss is ", el("strong", {}, short(figure.loss)), ", and ",
      el("strong", {}, figure.right + " of " + N), N === 1 ? " point is right." : " points are right.", remark()];
  }

  function update() {
    judge();
    draw();
    said.replaceChildren(...verdict());
    said.setAttribute("aria-live", timer ? "off" : "polite"); // two hundred steps are announced once
    unitsText.textContent = String(figure.units);
    seedText.textContent = "seed " + figure.seed;
    trainer.textContent = timer ? "Pause" : TRAIN;
    var drawn = lines.querySelectorAll(".sn-line").length;
    counted.textContent = (drawn ? drawn + (drawn > 1 ? " lines cut" : " line cuts") : "No line cuts") + " the picture" +
      (drawn ? " into " + figure.regions + " regions. In each" : ". In all of it") + " the network is one linear formula.";
    picture.setAttribute("aria-label", figure.points.length + " points of two classes, the regions a network of " + figure.units + " hidden " +
      (figure.units === 1 ? "unit" : "units") + " gives them, and the line of each unit. " + figure.right + " points lie in the region of their class.");
  }

  function draw() {
    var units = scores(), all = cells(frame, units), parts = [], edges = [];
    all.forEach(function (cell) {
      var crossings = [], part = cut(cell.polygon, cell.margin, crossings);
      if (!seen(part) || !cell.polygon.some(function (x) { return cell.margin(x) > 0; })) return; // class 0 wins a tie
      parts.push(outline(part));
      if (crossings.length === 2) edges.push("M" + px(crossings[0]) + "L" + px(crossings[1]));
    });
    figure.regions = all.length;
    region.setAttribute("d", parts.join("") || "M0 0");
    border.setAttribute("d", edges.join("") || "M0 0");
    lines.replaceChildren();
    placed = [];
    units.forEach(drawUnit);
    var spots = [[], []];
    figure.points.forEach(function (point) { spots[point.y].push("M" + px(point.x) + "h0"); });
    rims.setAttribute("d", spots[0].join("") || "M0 0");
    holes.setAttribute("d", spots[0].join("") || "M0 0");
    squares.setAttribute("d", spots[1].join("") || "M0 0");
    var at = px(cursor).map(Number);
    cross.setAttribute("d", "M" + (at[0] - 9) + " " + at[1] + "h18M" + at[0] + " " + (at[1] - 9) + "v18");
  }

  // The line of a unit, and near its end a tick to the side where the unit is on, with its number; further along the line
  // where another number is in the way.
  function drawUnit(z, h) {
    var ends = [];
    cut(frame, z, ends);
    if (ends.length < 2) return; // it does not pass through the picture
    var from = px(ends[0]).map(Number), to = px(ends[1]).map(Number);
    var toward = [(z([1, 0]) - z([0, 0])) / scale[0], (z([0, 1]) - z([0, 0])) / scale[1]], length = Math.hypot(toward[0], toward[1]) || 1;
    var x = toward[0] / length, y = toward[1] / length;
    var places = [0.12, 0.24, 0.36, 0.64, 0.76, 0.88].map(function (part) {
      var foot = [0, 1].map(function (k) { return (1 - part) * from[k] + part * to[k]; });
      return { foot: foot, number: [within(foot[0] + 17 * x, 6, WIDE - 6), within(foot[1] + 17 * y + 4.5, 12, HIGH - 3)] };
    });
    var place = places.find(function (one) {
      return placed.every(function (other) { return Math.hypot(one.number[0] - other[0], one.number[1] - other[1]) > 15; });
    }) || places[0];
    placed.push(place.number);
    lines.append(
      svg("path", { "class": "sn-line", d: "M" + from + "L" + to }),
      svg("path", { "class": "sn-tick", d: "M" + place.foot + "l" + [9 * x, 9 * y] }),
      svg("text", { "class": "sn-number", x: place.number[0], y: place.number[1], "text-anchor": "middle" }, String(h + 1)));
  }

  // --- what it does -------------------------------------------------------------------------------------------------------

  function load(set) {
    figure.points = set.X.map(function (x, n) { return { x: x, y: set.y[n] }; });
  }

  function train() {
    var left = data.steps;
    before = figure.loss;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      while (left--) step();
      return;
    }
    timer = setInterval(function () {
      for (var k = 0; k < PER_TICK; k++) step();
      left -= PER_TICK;
      if (left <= 0 || figure.lost || !root.isConnected) stop();
      update();
    }, 50);
  }

  function stop() {
    clearInterval(timer);
    timer = null;
  }

  function add(x, y) {
    stop();
    before = null;
    x = x.map(function (value, axis) {
      return Math.round(1000 * within(value, data.window[axis][0], data.window[axis][1])) / 1000;
    });
    if (figure.points.length < data.most) figure.points.push({ x: x, y: y });
    else where.textContent = data.most + " points are enough: remove some.";
    update();
  }

  picture.addEventListener("click", function (event) {
    var box = field.getBoundingClientRect();
    cursor = [across[0] + (across[1] - across[0]) * (event.clientX - box.left) / box.width, up[1] - (up[1] - up[0]) * (event.clientY - box.top) / box.height];
    add(cursor, chosen);
  });

  var KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  pad.addEventListener("keydown", function (event) {
    var to = KEYS[event.key], y = { "0": 0, "1": 1, " ": chosen, Enter: chosen }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !to && y === undefined) return;
    event.preventDefault();
    if (!to) add(cursor, y);
    else {
      cursor = cursor.map(function (value, axis) {
        var ends = data.window[axis];
        return within(value + to[axis] * (ends[1] - ends[0]) / 40, ends[0], ends[1]);
      });
      where.textContent = sn.show(cursor[0]) + ", " + sn.show(cursor[1]);
      draw();
    }
  });

  load(data.sets[0]);
  redo();
  return figure;
});
