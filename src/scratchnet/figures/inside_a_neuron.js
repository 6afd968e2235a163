// Inside a neuron. The state is a unit, an image, a stop of the training and a bias; all else follows from them in update().
scratchnet.define("sn-inside-a-neuron", function (root, data, element) {
  "use strict";
  var sn = scratchnet, el = sn.el, svg = sn.svg, SIDE = sn.SIDE, D = SIDE * SIDE;
  var STEPS = 32767, FOR = [84, 39, 136], AGAINST = [179, 88, 6]; // as inside_a_neuron.py
  var H = data.limits[0].length, last = data.stops.length - 1;
  var images = bytes(data.images), weights = new Int16Array(bytes(data.weights).buffer);
  var group = "sn-neuron-" + Array.from(document.querySelectorAll(element.localName)).indexOf(element); // its own choices
  var figure = {
    unit: data.unit, image: 0, stop: last, bias: 0,
    x: [], w: [], products: [], inkFor: 0, inkAgainst: 0, sum: 0, z: 0, a: 0,
  };

  function bytes(text) { return Uint8Array.from(atob(text), function (letter) { return letter.charCodeAt(0); }); }

  // --- the numbers --------------------------------------------------------------------------------------------------------

  function pixelsOf(image) { return Array.from(images.subarray(image * D, (image + 1) * D), function (value) { return value / 255; }); }

  function weightsOf(stop, unit) { // they travel in whole steps of the largest
    var from = (stop * H + unit) * D, limit = data.limits[stop][unit];
    return Array.from(weights.subarray(from, from + D), function (steps) { return steps * limit / STEPS; });
  }

  function total(values) { return values.reduce(function (a, b) { return a + b; }, 0); }

  function times(x, w) { return x.map(function (value, d) { return value * w[d]; }); }

  function trained() { return data.biases[figure.stop][figure.unit]; }

  function compute() {
    figure.x = pixelsOf(figure.image);
    figure.w = weightsOf(figure.stop, figure.unit);
    figure.products = times(figure.x, figure.w);
    figure.inkFor = total(figure.products.filter(function (value) { return value > 0; }));
    figure.inkAgainst = total(figure.products.filter(function (value) { return value < 0; }));
    figure.sum = total(figure.products);
    figure.z = figure.sum + figure.bias;
    figure.a = Math.max(figure.z, 0);
  }

  // How far the bias goes: far enough to silence the unit, or to wake it, for every image.
  function reach() {
    var sums = data.labels.map(function (_, image) { return Math.abs(total(times(pixelsOf(image), figure.w))); });
    return Math.ceil(Math.max.apply(null, sums.concat(Math.abs(trained()))) + 0.5);
  }

  // --- what there is to see ---------------------------------------------------------------------------------------------

  function choice(title, kind, names, spoken, action) {
    var box = el("div", { "class": "sn-chips", role: "radiogroup", "aria-label": title }, el("span", {}, title)), radios = [];
    names.forEach(function (name, index) {
      var radio = el("input", { type: "radio", name: group + kind, "aria-label": spoken(index), onchange: function () { action(index); } });
      radios.push(radio);
      box.append(el("label", {}, radio, " " + name));
    });
    return { box: box, radios: radios };
  }
  var units = choice("Hidden unit", "unit", data.limits[0].map(function (_, h) { return String(h); }),
    function (h) { return "Unit " + h; }, function (h) { figure.unit = h; begin(); });
  var pictures = choice("Image", "image", data.labels.map(String),
    function (n) { return "Image " + (n + 1) + ", a " + data.labels[n]; }, function (n) { figure.image = n; update(); });

  var when = el("output"), epochs = el("input", {
    type: "range", min: 0, max: last, step: 1, "aria-label": "Weights in the course of training",
    oninput: function () { figure.stop = Number(epochs.value); begin(); },
  });

  var ZOOM = 8, GAP = 4; // screen pixels for a pixel of the image; pixels of the image between two maps
  var maps = el("canvas", { width: (3 * SIDE + 2 * GAP) * ZOOM, height: SIDE * ZOOM, role: "img" });
  var scale = el("p", { "class": "sn-note" });

  var bias = el("input", { type: "range", step: "0.05", "aria-label": "Bias of the unit", oninput: function () {
    figure.bias = Number(bias.value);
    update();
  } });
  var back = el("button", { type: "button", onclick: begin }, "Trained bias");
  var said = el("p", { "aria-live": "polite" });

  var table = el("table", {}, el("caption", { "class": "sn-hidden" }, "What adds up in the unit"));
  var bars = ["ink for it", "ink against it", "bias b", "z", "a = relu(z)"].map(function (name, index) {
    var bar = { fill: svg("rect", { "class": "sn-bar-" + index, y: 2, height: 14 }), zero: svg("line", { y1: 0, y2: 18 }), value: el("td") };
    table.append(el("tr", {}, el("th", { scope: "row" }, name),
      el("td", {}, svg("svg", { viewBox: "0 0 200 18", preserveAspectRatio: "none", "aria-hidden": "true" }, bar.fill, bar.zero)), bar.value));
    return bar;
  });

  root.append(
    el("p", {}, el("strong", {}, "Choose a unit and an image."), " Ink on purple weights counts for the unit, ink on orange ones against it. "
      + (last ? "Then go back to the start, and watch the weights form." : "Then move the bias until the unit goes off.")),
    units.box, pictures.box);
  if (last) root.append(el("label", { "class": "sn-slide" }, el("span", {}, "Weights ", when), epochs));
  root.append(
    el("div", { "class": "sn-maps" }, maps, el("div", {}, el("span", {}, "image"), el("span", {}, "× weights"), el("span", {}, "= products"))),
    scale, table,
    el("div", { "class": "sn-slide" }, el("label", {}, el("span", {}, "Bias b"), bias), back),
    said);

  // --- what it does -------------------------------------------------------------------------------------------------------

  function begin() { // another unit, or another stop, comes with a bias of its own
    figure.bias = trained();
    update();
  }

  function signed(value, limit) {
    var part = value / (limit || 1), full = part > 0 ? FOR : AGAINST;
    return full.map(function (end) { return Math.floor(255.5 + Math.abs(part) * (end - 255)); });
  }

  function paint(limit, strongest) {
    var context = maps.getContext("2d");
    context.clearRect(0, 0, maps.width, maps.height);
    var ink = function (value) { var shade = Math.round(255 - 255 * value); return [shade, shade, shade]; };
    var color = function (value) { return signed(value, limit); };
    [[figure.x, ink], [figure.w, color], [figure.products, color]].forEach(function (map, index) {
      var left = index * (SIDE + GAP) * ZOOM;
      map[0].forEach(function (value, d) {
        context.fillStyle = "rgb(" + map[1](value).join(",") + ")";
        context.fillRect(left + (d % SIDE) * ZOOM, Math.floor(d / SIDE) * ZOOM, ZOOM, ZOOM);
      });
      context.strokeStyle = "#8a8a8a";
      context.lineWidth = 2;
      context.strokeRect(left + 1, 1, SIDE * ZOOM - 2, SIDE * ZOOM - 2);
      if (strongest < 0) return;
      [["#fff", 4], ["#000", 2]].forEach(function (frame) { // the pixel that counts most, seen on dark and on light
        context.strokeStyle = frame[0];
        context.lineWidth = frame[1];
        context.strokeRect(left + (strongest % SIDE) * ZOOM - 1, Math.floor(strongest / SIDE) * ZOOM - 1, ZOOM + 2, ZOOM + 2);
      });
    });
  }

  function draw(bar, from, to, value, low, high) {
    function place(v) { return 200 * (v - low) / (high - low); }
    bar.fill.setAttribute("x", Math.min(place(from), place(to)));
    bar.fill.setAttribute("width", Math.abs(place(to) - place(from)));
    bar.zero.setAttribute("x1", place(0));
    bar.zero.setAttribute("x2", place(0));
    bar.value.textContent = sn.show(value);
  }

  function update() {
    compute();
    var far = reach(), limit = Math.max.apply(null, data.limits.map(function (limits) { return limits[figure.unit]; }));
    var low = Math.min(0, figure.sum - far), high = Math.max(figure.inkFor, figure.sum + far);
    var sizes = figure.products.map(Math.abs), strongest = Math.max.apply(null, sizes) > 0 ? sn.argmax(sizes) : -1;
    units.radios[figure.unit].checked = true;
    pictures.radios[figure.image].checked = true;
    epochs.value = figure.stop;
    epochs.setAttribute("aria-valuetext", data.stops[figure.stop]);
    when.textContent = data.stops[figure.stop];
    bias.min = -far;
    bias.max = far;
    bias.value = figure.bias;
    bias.setAttribute("aria-valuetext", sn.show(figure.bias));
    back.disabled = figure.bias === trained();
    paint(limit, strongest);
    maps.setAttribute("aria-label", "Three maps of 28 by 28 pixels: the image, a " + data.labels[figure.image] + "; the weights of unit " + figure.unit
      + " " + data.stops[figure.stop] + ", purple above zero and orange below; and their products, which are white where there is no ink.");
    scale.textContent = "White is 0, full purple " + sn.show(limit) + ", full orange " + sn.show(-limit)
      + (strongest < 0 ? "." : ". Framed: the pixel that counts most, " + sn.show(figure.x[strongest]) + " × " + sn.show(figure.w[strongest]) + " = " + sn.show(figure.products[strongest]) + ".");
    var middle = figure.inkFor + figure.inkAgainst;
    draw(bars[0], 0, figure.inkFor, figure.inkFor, low, high);
    draw(bars[1], figure.inkFor, middle, figure.inkAgainst, low, high);
    draw(bars[2], figure.sum, figure.z, figure.bias, low, high);
    draw(bars[3], 0, figure.z, figure.z, low, high);
    draw(bars[4], 0, figure.a, figure.a, low, high);
    said.textContent = (figure.z > 0
      ? "z is positive, and ReLU passes it on: for this " + data.labels[figure.image] + " the activation of unit " + figure.unit + " is " + sn.show(figure.a) + "."
      : "z is not positive, and ReLU makes it 0: for this " + data.labels[figure.image] + " unit " + figure.unit + " is off.")
      + " It is off for every bias up to " + sn.show(-figure.sum) + ", and on above.";
  }

  begin();
  return figure;
});
