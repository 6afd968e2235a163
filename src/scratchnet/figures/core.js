// What every figure of the book shares: the arithmetic of the chapters, and the few things a figure does to its page.
// A figure's own script follows this one and calls scratchnet.define(name, build).
(function () {
  "use strict";
  // A page may show several figures, and each brings this script along. (A heading of this name is an element of window.)
  if (window.scratchnet && window.scratchnet.define) return;

  // --- numbers ---------------------------------------------------------------------------------------------------------

  // Arrays travel as float32 in base64, low byte first.
  function numbers(text) {
    var bytes = Uint8Array.from(atob(text), function (letter) { return letter.charCodeAt(0); });
    return Array.from(new Float32Array(bytes.buffer));
  }

  // θ cut into layers, W row by row and then b: the layout of sn.Parameters.
  function layers(sizes, theta) {
    var start = 0;
    return sizes.slice(1).map(function (H, index) {
      var D = sizes[index], middle = start + D * H, end = middle + H;
      var layer = { D: D, H: H, W: theta.slice(start, middle), b: theta.slice(middle, end) };
      start = end;
      return layer;
    });
  }

  // z = xW + b, for one example.
  function linear(x, layer) {
    var z = layer.b.slice();
    for (var d = 0; d < layer.D; d++) {
      if (x[d] === 0) continue;
      for (var h = 0; h < layer.H; h++) z[h] += x[d] * layer.W[d * layer.H + h];
    }
    return z;
  }

  function relu(z) { return z.map(function (value) { return Math.max(value, 0); }); }

  // log Σ exp(z), with the largest taken out first: exp never overflows.
  function logSumExp(z) {
    var most = Math.max.apply(null, z);
    return most + Math.log(z.reduce(function (sum, value) { return sum + Math.exp(value - most); }, 0));
  }

  function softmax(z) {
    var most = Math.max.apply(null, z);
    var e = z.map(function (value) { return Math.exp(value - most); });
    var sum = e.reduce(function (a, b) { return a + b; }, 0);
    return e.map(function (value) { return value / sum; });
  }

  function crossEntropy(z, y) { // of the shifted logits, as the module does it: large logits cost no digits
    var most = Math.max.apply(null, z);
    return logSumExp(z.map(function (value) { return value - most; })) - (z[y] - most);
  }

  // The forward pass for one example: what goes into each layer, its z, and the logits.
  function forward(network, x) {
    var cache = [], a = x, z;
    network.forEach(function (layer, index) {
      z = linear(a, layer);
      cache.push({ input: a, z: z });
      if (index < network.length - 1) a = relu(z);
    });
    return { logits: z, cache: cache };
  }

  function argmax(values) { return values.indexOf(Math.max.apply(null, values)); }

  // --- a drawing made into an image: handwriting.py, step by step, in whole numbers as there ------------------------------

  var SIDE = 28, BOX = 20;

  function nearest(numerator, denominator) { return Math.floor((2 * numerator + denominator) / (2 * denominator)); }

  // A drawing is {width, height, ink}: a Uint8Array, row by row, 0 for paper and 255 for ink.
  function cutToInk(drawing) {
    var top = Infinity, bottom = -1, left = Infinity, right = -1;
    drawing.ink.forEach(function (value, index) {
      if (!value) return;
      var y = Math.floor(index / drawing.width), x = index % drawing.width;
      top = Math.min(top, y); bottom = Math.max(bottom, y); left = Math.min(left, x); right = Math.max(right, x);
    });
    var width = right - left + 1, height = bottom - top + 1, ink = new Uint8Array(width * height);
    for (var y = 0; y < height; y++) {
      var from = (top + y) * drawing.width + left;
      ink.set(drawing.ink.subarray(from, from + width), y * width);
    }
    return { width: width, height: height, ink: ink };
  }

  // For each new pixel along one side, the old ones it covers and their shares, which sum to `old`.
  function shares(old, fresh, antialias) {
    var rows = [];
    for (var n = 0; n < fresh; n++) {
      var begin = n * old, row = [];
      for (var k = Math.floor(begin / fresh); k < old && k * fresh < begin + old; k++) {
        var pixel = k * fresh, share;
        if (antialias) share = Math.min(begin + old, pixel + fresh) - Math.max(begin, pixel);
        else share = pixel <= begin + old / 2 && begin + old / 2 < pixel + fresh ? old : 0;
        if (share > 0) row.push([k, share]);
      }
      rows.push(row);
    }
    return rows;
  }

  function scaleTo(drawing, longer, antialias) {
    var most = Math.max(drawing.width, drawing.height);
    var width = Math.max(1, nearest(drawing.width * longer, most)), height = Math.max(1, nearest(drawing.height * longer, most));
    var across = shares(drawing.width, width, antialias), down = shares(drawing.height, height, antialias);
    var ink = new Uint8Array(width * height);
    down.forEach(function (rows, y) {
      across.forEach(function (columns, x) {
        var sum = 0;
        rows.forEach(function (row) {
          columns.forEach(function (column) { sum += row[1] * column[1] * drawing.ink[row[0] * drawing.width + column[0]]; });
        });
        ink[y * width + x] = nearest(sum, drawing.width * drawing.height);
      });
    });
    return { width: width, height: height, ink: ink };
  }

  // Where n rows (or columns) with this much ink each begin in the image.
  function corner(ink, center) {
    var n = ink.length, sum = 0, moment = 0;
    if (!center) return Math.floor((SIDE - n) / 2);
    ink.forEach(function (value, index) { sum += value; moment += value * (2 * index + 1); });
    return Math.min(Math.max(Math.ceil((SIDE * sum - moment) / (2 * sum)), 0), SIDE - n);
  }

  function alongRows(drawing) {
    var sums = new Array(drawing.height).fill(0);
    drawing.ink.forEach(function (value, index) { sums[Math.floor(index / drawing.width)] += value; });
    return sums;
  }

  function alongColumns(drawing) {
    var sums = new Array(drawing.width).fill(0);
    drawing.ink.forEach(function (value, index) { sums[index % drawing.width] += value; });
    return sums;
  }

  // The three steps, each of which can be left out; and what each of them made, for the film strip.
  function prepare(drawing, steps) {
    if (!drawing.ink.some(Boolean)) throw new Error("Nothing is drawn yet.");
    var cut = steps.box ? cutToInk(drawing) : drawing;
    var scaled = scaleTo(cut, steps.box ? BOX : SIDE, steps.antialias);
    if (!scaled.ink.some(Boolean)) throw new Error("No ink is left at this size. Draw larger, or with a thicker pen.");
    var placed = steps.center ? cutToInk(scaled) : scaled;
    var image = new Uint8Array(SIDE * SIDE);
    var top = corner(alongRows(placed), steps.center), left = corner(alongColumns(placed), steps.center);
    for (var y = 0; y < placed.height; y++) {
      image.set(placed.ink.subarray(y * placed.width, (y + 1) * placed.width), (top + y) * SIDE + left);
    }
    return { cut: cut, scaled: scaled, image: image };
  }

  // Ink for one stretch of a round pen, as sn.render: a pixel has ink when its middle is at most half a pen from the line.
  function ink(drawing, x0, y0, x1, y1, pen) {
    var dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy || 1;
    var top = Math.max(0, Math.floor(Math.min(y0, y1) - pen / 2)), bottom = Math.min(drawing.height, Math.ceil(Math.max(y0, y1) + pen / 2));
    var left = Math.max(0, Math.floor(Math.min(x0, x1) - pen / 2)), right = Math.min(drawing.width, Math.ceil(Math.max(x0, x1) + pen / 2));
    for (var row = top; row < bottom; row++) {
      for (var column = left; column < right; column++) {
        var y = row + 0.5 - y0, x = column + 0.5 - x0;
        var t = Math.min(1, Math.max(0, (x * dx + y * dy) / length));
        var square = (x - t * dx) * (x - t * dx) + (y - t * dy) * (y - t * dy);
        if (square <= (pen * pen) / 4) drawing.ink[row * drawing.width + column] = 255;
      }
    }
  }

  // --- the page --------------------------------------------------------------------------------------------------------

  function make(space, tag, attributes, children) {
    var node = space ? document.createElementNS(space, tag) : document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) {
      var value = attributes[name];
      if (name.slice(0, 2) === "on") node.addEventListener(name.slice(2), value);
      else if (name in node && !space && typeof value !== "string") node[name] = value;
      else if (value !== undefined && value !== null) node.setAttribute(name, value);
    });
    children.forEach(function (child) { if (child !== null && child !== undefined) node.append(child); });
    return node;
  }

  function el(tag, attributes) { return make(null, tag, attributes, Array.prototype.slice.call(arguments, 2)); }

  function svg(tag, attributes) {
    return make("http://www.w3.org/2000/svg", tag, attributes, Array.prototype.slice.call(arguments, 2));
  }

  // Ink on white paper, in the dark too, like every picture of the book.
  function paint(canvas, drawing) {
    canvas.width = drawing.width;
    canvas.height = drawing.height;
    var context = canvas.getContext("2d"), picture = context.createImageData(drawing.width, drawing.height);
    drawing.ink.forEach(function (value, index) {
      picture.data.fill(255 - value, 4 * index, 4 * index + 3);
      picture.data[4 * index + 3] = 255;
    });
    context.putImageData(picture, 0, 0);
  }

  // A number for a reader: never NaN, and a true minus sign.
  function show(value, digits) {
    if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "not a number";
    return value.toFixed(digits === undefined ? 2 : digits).replace(/^-(?=.*[1-9])/, "−").replace(/^-/, "");
  }

  function percent(part) { // nothing is called certain that is not
    if (part > 0.999 && part < 1) return ">\u00a099.9\u00a0%";
    if (part < 0.001 && part > 0) return "<\u00a00.1\u00a0%";
    return show(100 * part, part === 0 || part === 1 ? 0 : 1) + "\u00a0%";
  }

  // Turn every element of this name into a live figure when it comes within a screen of the reader. The static one inside
  // it stays for print.
  function define(name, build) {
    if (customElements.get(name)) { // a second one on this page: when it began, the parser had not reached its numbers
      document.querySelectorAll(name).forEach(function (element) { element.connectedCallback(); });
      return;
    }
    var near = new IntersectionObserver(function (entries) {
      entries.filter(function (entry) { return entry.isIntersecting; }).forEach(function (entry) {
        near.unobserve(entry.target);
        entry.target.wake();
      });
    }, { rootMargin: "100% 0px" });
    customElements.define(name, class extends HTMLElement {
      connectedCallback() { near.observe(this); }
      wake() {
        var numbers = this.querySelector("script[type='application/json']");
        if (this.figure || !numbers) return;
        var data = JSON.parse(numbers.textContent), live = el("div", { "class": "sn-live" });
        this.figure = build(live, data, this) || {};
        this.append(live);
        this.classList.add("sn-awake");
      }
    });
  }

  window.scratchnet = {
    numbers: numbers, layers: layers, linear: linear, relu: relu, softmax: softmax, logSumExp: logSumExp,
    crossEntropy: crossEntropy, forward: forward, argmax: argmax, prepare: prepare, ink: ink, SIDE: SIDE,
    el: el, svg: svg, paint: paint, show: show, percent: percent, define: define,
  };
})();
