// Descent. The loss is a bowl, L(w) = ½ wᵀCw; a step goes against the gradient of a few examples, w ← w − ηg, or along
// what momentum or Adam make of it.
scratchnet.define("sn-descent", function (root, data, element) {
  "use strict";
  var sn = scratchnet, el = sn.el, svg = sn.svg, C = data.C, N = data.noise.length, R = data.reach;
  var low = data.curvatures[0], high = data.curvatures[1], limit = 2 / high;
  var orders = Uint8Array.from(atob(data.orders), function (letter) { return letter.charCodeAt(0); }); // epoch after epoch
  var next = 0, timer = null; // where in `orders` the next batch begins
  var figure = { path: [data.start.slice()], rate: data.rates.first, batch: N, loss: null, lost: false, rule: data.optimizers[0], kept: 0.9, memory: null };

  // --- the arithmetic -----------------------------------------------------------------------------------------------------

  function gradient(w) { return [C[0][0] * w[0] + C[0][1] * w[1], C[1][0] * w[0] + C[1][1] * w[1]]; }

  function loss(w) {
    var g = gradient(w);
    return (w[0] * g[0] + w[1] * g[1]) / 2;
  }

  // The gradient of the next B examples alone: Cw, and the mean of what each of them adds.
  function estimate(w) {
    var g = gradient(w), B = figure.batch, sum = [0, 0];
    for (var n = next; n < next + B; n++) {
      sum[0] += data.noise[orders[n]][0];
      sum[1] += data.noise[orders[n]][1];
    }
    next = (next + B) % orders.length;
    return [g[0] + sum[0] / B, g[1] + sum[1] / B];
  }

  // What a step remembers. Plain descent uses nothing of it, momentum v, and Adam the rest.
  function forget() { figure.memory = { v: [0, 0], mean: [0, 0], square: [0, 0], steps: 0 }; }

  function both(make) { return [make(0), make(1)]; }

  // For each rule: what η is multiplied by in a step, and what is remembered afterwards. As in optimizers.py.
  var RULES = {
    SGD: function (g, memory) { return [g, memory]; },
    Momentum: function (g, memory) {
      var v = both(function (i) { return figure.kept * memory.v[i] + g[i]; });
      return [v, Object.assign({}, memory, { v: v })];
    },
    Adam: function (g, memory) {
      var beta1 = figure.kept, beta2 = 0.999, t = memory.steps + 1;
      var mean = both(function (i) { return beta1 * memory.mean[i] + (1 - beta1) * g[i]; });
      var square = both(function (i) { return beta2 * memory.square[i] + (1 - beta2) * g[i] * g[i]; });
      var direction = both(function (i) {
        return mean[i] / (1 - Math.pow(beta1, t)) / (Math.sqrt(square[i] / (1 - Math.pow(beta2, t))) + 1e-8);
      });
      return [direction, Object.assign({}, memory, { mean: mean, square: square, steps: t })];
    }
  };

  // Where a step leads from w with the gradient g, and what is remembered then.
  function along(w, g) {
    var made = RULES[figure.rule](g, figure.memory);
    return { w: both(function (i) { return w[i] - figure.rate * made[0][i]; }), memory: made[1] };
  }

  function here() { return figure.path[figure.path.length - 1]; }

  function step() {
    if (figure.lost) return;
    var made = along(here(), estimate(here()));
    figure.path.push(made.w);
    figure.memory = made.memory;
    figure.lost = Math.max(Math.abs(here()[0]), Math.abs(here()[1])) > 1000 * R; // for good, and long before Infinity
  }

  function restart(w) {
    stop();
    figure.path = [w];
    figure.lost = false;
    next = 0;
    forget();
  }

  // --- what there is to see -----------------------------------------------------------------------------------------------

  var LEFT = 30, TOP = 8, SIDE = 282, SCALE = SIDE / (2 * R);
  function px(w) { return [SCALE * w[0], -SCALE * w[1]]; }

  var field = svg("rect", { "class": "sn-field", x: LEFT, y: TOP, width: SIDE, height: SIDE });
  var trail = svg("path", { "class": "sn-path" }), dots = svg("path", { "class": "sn-dots" });
  var arrow = svg("path", { "class": "sn-arrow" }), head = svg("path", { "class": "sn-head" }), walker = svg("circle", { "class": "sn-walker", r: 5.5 });
  var inside = svg("svg", { "class": "sn-inside", x: LEFT, y: TOP, width: SIDE, height: SIDE, viewBox: [-SIDE / 2, -SIDE / 2, SIDE, SIDE].join(" ") });
  data.levels.forEach(function (level) {
    inside.append(svg("ellipse", { "class": "sn-contour", rx: SCALE * Math.sqrt(2 * level / high), ry: SCALE * Math.sqrt(2 * level / low), transform: "rotate(" + -data.angle + ")" }));
  });
  inside.append(svg("path", { "class": "sn-minimum", d: "M-6 0H6M0 -6V6" }), trail, dots, arrow, head, walker);
  var picture = svg("svg", { "class": "sn-picture", viewBox: "0 0 316 326", role: "img" }, field, inside);
  [-2 / 3, 0, 2 / 3].forEach(function (part) {
    var text = sn.show(part * R, Number.isInteger(2 * R / 3) ? 0 : 2), middle = SIDE / 2;
    picture.append(
      svg("text", { x: LEFT + middle * (1 + part), y: TOP + SIDE + 17, "text-anchor": "middle" }, text),
      svg("text", { x: LEFT - 7, y: TOP + middle * (1 - part) + 5, "text-anchor": "end" }, text));
  });
  picture.append(
    svg("text", { x: LEFT + SIDE * 0.67, y: TOP + SIDE + 30, "text-anchor": "middle" }, "w₁"),
    svg("text", { x: LEFT - 7, y: TOP + SIDE * 0.35, "text-anchor": "end" }, "w₂"));

  var HELP = "Where the path starts: arrow keys move it. With a mouse or a finger, click on the picture.";
  var pad = el("div", { "class": "sn-pad", tabindex: "0", role: "application", "aria-label": HELP }, picture);
  var said = el("p", { "class": "sn-said", "aria-live": "polite" });
  var rateText = el("strong", {}), keptText = el("strong", {}), factors = [el("td"), el("td")], factor = el("th", { scope: "col" });

  var rate = el("input", { type: "range", min: String(data.rates.tick), max: String(data.rates.most), step: String(data.rates.tick), value: String(figure.rate), oninput: function () {
    figure.rate = Number(rate.value);
    update();
  } });
  var keptName = el("span", {}), kept = el("input", { type: "range", min: "0", max: "0.95", step: "0.05", value: String(figure.kept), oninput: function () {
    figure.kept = Number(kept.value);
    update();
  } });
  var keptLabel = el("label", {}, keptName, " = ", keptText, kept);
  var group = "sn-descent-" + Array.from(document.querySelectorAll("sn-descent")).indexOf(element); // one for each figure of a page
  var choice = el("fieldset", {}, el("legend", {}, "Examples a step, the batch size B"));
  data.batches.forEach(function (B) {
    choice.append(el("label", {}, el("input", { type: "radio", name: group, checked: B === N, onchange: function () {
      figure.batch = B;
      next = Math.ceil(next / N) * N % orders.length; // an epoch begins
      update();
    } }), B === N ? " all " + N : " " + B));
  });

  // A rule of its own begins with nothing remembered, from where the path is. Momentum is stable at higher rates than plain descent.
  var NAMES = { SGD: " plain", Momentum: " momentum", Adam: " Adam" }, rules = el("fieldset", {}, el("legend", {}, "The rule of a step"));
  data.optimizers.forEach(function (rule) {
    rules.append(el("label", {}, el("input", { type: "radio", name: group + "-rule", checked: rule === figure.rule, onchange: function () {
      figure.rule = rule;
      forget();
      reach();
      update();
    } }), NAMES[rule]));
  });
  var settings = data.optimizers.length > 1 ? [rules] : [], remembers = data.optimizers.some(function (rule) { return rule !== "SGD"; });

  function reach() {
    rate.max = String(figure.rule === "SGD" ? data.rates.most : 2 * data.rates.most);
    figure.rate = Number(rate.value);
  }

  function button(text, action) { return el("button", { type: "button", onclick: action }, text); }
  var RUN = "Run " + data.run + " steps", runner = button(RUN, function () { if (timer) stop(); else run(); update(); });

  var table = el("table", {},
    el("caption", {}, "What a step does to the distance from the minimum"),
    el("tr", {}, el("th", { scope: "col" }, "direction"), el("th", { scope: "col" }, "λ"), factor),
    el("tr", {}, el("th", { scope: "row" }, "across the valley"), el("td", {}, short(high)), factors[0]),
    el("tr", {}, el("th", { scope: "row" }, "along its floor"), el("td", {}, short(low)), factors[1]));
  root.append(
    el("p", {}, el("strong", {}, "Press Run."), " Then raise the rate and press Reset and Run: when does the path get to the cross faster, and when does it fly apart?"),
    el("div", { "class": "sn-row" },
      el("div", { "class": "sn-left" }, pad),
      el("div", { "class": "sn-right" },
        el("div", { "class": "sn-tools" }, runner,
          button("Step", function () { stop(); step(); update(); }),
          button("Reset", function () { restart(figure.path[0]); update(); })),
        said,
        ...settings, el("label", {}, "Learning rate η = ", rateText, rate), ...(remembers ? [keptLabel] : []), choice, table)),
    el("p", { "class": "sn-note" }, "Orange: the path, and its point now. Purple, dashed: the next step, were it made with the gradient of all " + N +
      " examples. The cross: the minimum. Tap or click on the picture, or use the arrow keys in it, to start elsewhere.")
  );

  // --- what it says -------------------------------------------------------------------------------------------------------

  // Three digits that count: 1,230 or 0.0123.
  function short(value) {
    if (value !== 0 && Math.abs(value) < 1e-6) return "less than a millionth";
    return value.toLocaleString("en-GB", { maximumSignificantDigits: 3 });
  }

  function at(w) { return "(" + sn.show(w[0]) + ", " + sn.show(w[1]) + ")"; }

  function taken() {
    var steps = figure.path.length - 1;
    return steps + (steps === 1 ? " step" : " steps");
  }

  function outside(w) { return Math.max(Math.abs(w[0]), Math.abs(w[1])) > R; }

  function maximum() { return ["2/λ", el("sub", {}, "max"), " = " + short(limit)]; }

  // How far w is from the floor of the valley, the line through the minimum in the flattest direction.
  function aside(w) { return Math.abs(Math.cos(data.angle * Math.PI / 180) * w[0] + Math.sin(data.angle * Math.PI / 180) * w[1]); }

  // By what the distance in a direction shrinks each step, once momentum has had some: the larger root of z² − (1 + μ − ηλ)z + μ.
  function inTheLongRun(lambda) {
    var b = 1 + figure.kept - figure.rate * lambda, inside = b * b / 4 - figure.kept;
    return inside < 0 ? Math.sqrt(figure.kept) : Math.abs(b) / 2 + Math.sqrt(inside);
  }

  function cloud() {
    return ["A step sees " + (figure.batch === 1 ? "one example" : figure.batch + " examples") + " of " + N + ": the path ends as a cloud around the minimum. A smaller rate makes the cloud smaller."];
  }

  function verdictOfMomentum() {
    var highest = 2 * (1 + figure.kept) / high, bound = ["2(1 + μ)/λ", el("sub", {}, "max"), " = " + short(highest)];
    var swings = function (lambda) { return figure.rate * lambda > Math.pow(1 - Math.sqrt(figure.kept), 2); };
    if (figure.lost) return ["The path has flown apart: the rate was above ", ...bound, ". Reset, and lower it."];
    if (figure.rate > highest + 1e-9) return ["The rate is above ", ...bound, ": each swing is wider than the last, and the path flies apart."];
    if (figure.batch < N) return cloud();
    if (figure.kept > 0 && swings(low)) return ["The path swings along both axes, and both swings shrink alike: by √μ = " + sn.show(Math.sqrt(figure.kept)) + " a step, whatever the curvature is."];
    if (swings(high)) return ["The path swings across the valley, and rolls along its floor without a swing."];
    return ["The path rolls without a swing, and gathers speed where slopes agree."];
  }

  function verdictOfAdam() {
    if (figure.batch < N) return cloud();
    return ["Each parameter has a scale of its own, so the first step is as long in w₁ as in w₂, whatever the slopes are. The valley is slanted, and no scale of w₁ or w₂ can straighten it."];
  }

  function verdict(w) {
    if (figure.rule === "Momentum") return verdictOfMomentum();
    if (figure.rule === "Adam") return verdictOfAdam();
    var reach = figure.rate * high, noisy = figure.batch < N, far = Math.hypot(w[0], w[1]);
    if (figure.lost) return ["The path has flown apart, for each step overshot by more than it gained: the rate was above ", ...maximum(), ". Reset, and lower it."];
    if (!noisy && far === 0) return ["This is the minimum: the gradient is zero, and no step leads away."];
    if (!noisy && aside(w) < 1e-9 * far) {
      if (reach > 2) return ["The rate is above ", ...maximum(), ", but the path is on the floor of the valley. The smallest step aside would grow."];
      return ["The path is on the floor of the valley, where no step overshoots."];
    }
    if (Math.abs(reach - 2) < 1e-9) return ["The rate is ", ...maximum(), ": each step overshoots by as much as it gained, back and forth for ever."];
    if (reach > 2) return ["The rate is above ", ...maximum(), ": each step overshoots by more than it gained, and the path flies apart."];
    if (noisy) return cloud();
    if (reach > 1) return ["Each step overshoots across the valley, and still comes nearer."];
    return ["No step overshoots: fast across the valley, slow along its floor."];
  }

  function update() {
    var steps = figure.path.length - 1, w = here();
    figure.loss = loss(w);
    said.replaceChildren(steps ? "After " + taken() + " the loss is " : "At the start, " + at(w) + ", the loss is ",
      el("strong", {}, short(figure.loss)), ". ", ...(steps ? verdict(w) : []), outside(w) && !figure.lost ? " It has left the picture." : "");
    rateText.textContent = String(figure.rate);
    rate.setAttribute("aria-valuetext", String(figure.rate));
    [high, low].forEach(function (lambda, i) {
      factors[i].textContent = sn.show(figure.rule === "SGD" ? 1 - figure.rate * lambda : inTheLongRun(lambda));
    });
    factor.textContent = figure.rule === "SGD" ? "factor 1 − ηλ" : "factor in the long run";
    table.hidden = figure.rule === "Adam";
    keptLabel.hidden = figure.rule === "SGD";
    keptName.textContent = figure.rule === "Adam" ? "Kept of the average gradient, β₁" : "Kept of the velocity, μ";
    keptText.textContent = String(figure.kept);
    kept.setAttribute("aria-valuetext", String(figure.kept));
    runner.textContent = timer ? "Pause" : RUN;
    said.setAttribute("aria-live", timer ? "off" : "polite"); // forty steps are announced once
    draw(w);
  }

  function draw(w) {
    var points = figure.path.map(function (point) { return px(point).map(function (value) { return value.toFixed(1); }).join(" "); });
    trail.setAttribute("d", "M" + points.join("L"));
    dots.setAttribute("d", points.map(function (point) { return "M" + point + "h0"; }).join(""));
    var now = px(w), tip = px(along(w, gradient(w)).w), dx = tip[0] - now[0], dy = tip[1] - now[1], length = Math.hypot(dx, dy);
    walker.setAttribute("cx", now[0]);
    walker.setAttribute("cy", now[1]);
    var seen = length > 1 && !figure.lost, barb = Math.min(9, length / 2) / (length || 1), x = barb * dx, y = barb * dy;
    arrow.setAttribute("d", seen ? "M" + now + "L" + tip : "M0 0");
    head.setAttribute("d", seen ? "M" + [tip[0] - x - y / 2, tip[1] - y + x / 2] + "L" + tip + "L" + [tip[0] - x + y / 2, tip[1] - y - x / 2] : "M0 0");
    picture.setAttribute("aria-label", "The contours of a long narrow valley, and a path from " + at(figure.path[0]) + " in " + taken() + " to " + at(w) + ". The minimum is at (0, 0).");
  }

  // --- what it does -------------------------------------------------------------------------------------------------------

  function run() {
    var left = data.run;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      while (left--) step();
      return;
    }
    timer = setInterval(function () {
      step();
      if (--left === 0 || figure.lost || !root.isConnected) stop();
      update();
    }, 60);
  }

  function stop() {
    clearInterval(timer);
    timer = null;
  }

  function begin(w) {
    restart(w.map(function (value) { return Math.round(100 * Math.min(R, Math.max(-R, value))) / 100; }));
    update();
  }

  picture.addEventListener("click", function (event) {
    var box = field.getBoundingClientRect();
    begin([R * (2 * (event.clientX - box.left) / box.width - 1), R * (1 - 2 * (event.clientY - box.top) / box.height)]);
  });

  var KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  pad.addEventListener("keydown", function (event) {
    var to = KEYS[event.key], from = figure.path[0];
    if (!to) return;
    event.preventDefault();
    begin([from[0] + to[0] * R / 30, from[1] + to[1] * R / 30]);
  });

  forget();
  reach();
  update();
  return figure;
});
