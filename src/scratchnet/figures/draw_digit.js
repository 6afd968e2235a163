// Draw a digit. The sheet is the canvas; the image is what handwriting.py makes of it; the bars are the network's answer.
// A photograph comes onto the sheet as the ink that photo.js finds in it.
scratchnet.define("sn-draw-digit", function (root, data) {
  "use strict";
  var sn = scratchnet, el = sn.el, SIDE = sn.SIDE, sheet = data.sheet;
  var slide = data.network.layers ? sn.sliding(data.network) : null;
  var network = slide ? slide.dense : sn.layers(data.network.sizes, sn.numbers(data.network.theta));
  var steps = { box: true, antialias: true, center: true };
  var pen = data.pen, strokes = [], nudge = [0, 0], cursor = [sheet / 2, sheet / 2], shown = [], lent = false, photo = null;
  var stroke = null, hand = null; // the stroke that is being drawn, and which pointer draws it, or KEYBOARD
  var KEYBOARD = "keyboard";
  var figure = { drawing: blank(), image: null, hidden: [], probabilities: null };

  function blank() { return { width: sheet, height: sheet, ink: new Uint8Array(sheet * sheet) }; }

  // --- what there is to see ---------------------------------------------------------------------------------------------

  var HELP = "Drawing pad. Draw with a finger, a pen or a mouse. With the keyboard: arrow keys move, space lowers and lifts the pen.";
  var pad = el("canvas", { "class": "sn-pad", width: sheet, height: sheet, tabindex: "0", role: "application", "aria-label": HELP });
  // The sheet may lie scaled, zoomed or turned on the screen: three of its corners are marked, to ask where they are.
  var corners = [el("span"), el("span"), el("span")]; // top left, top right, bottom left
  var paper = el("div", { "class": "sn-paper" }, pad, corners[0], corners[1], corners[2]);
  var said = el("p", { "class": "sn-said", "aria-live": "polite" });
  var bars = [], units = [];

  function bar(label, list, parent) {
    var fill = el("span"), value = el("td");
    parent.append(el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, el("div", { "class": "sn-bar" }, fill)), value));
    list.push({ fill: fill, value: value });
  }

  var answers = el("table", {}, el("caption", { "class": "sn-hidden" }, "Probability of each digit"));
  for (var digit = 0; digit < 10; digit++) bar(String(digit), bars, answers);
  var inside = el("table", {}, el("caption", { "class": "sn-hidden" }, "Activation of each unit of the last hidden layer"));
  var width = network.length > 1 ? network[network.length - 2].H : 0;
  for (var unit = 0; unit < Math.min(width, 32); unit++) bar(String(unit + 1), units, inside);

  // What each filter finds, a canvas for each: of a network that slides only.
  var found = el("div"), maps = [];
  (slide ? slide.layers : []).forEach(function (layer, index) {
    if (layer.kind !== "Convolution") return;
    var row = el("div", { "class": "sn-maps" }), many = layer.result[0], canvases = [];
    for (var f = 1; f <= many; f++) {
      canvases.push(el("canvas", { role: "img", "aria-label": "What filter " + f + " of layer " + (maps.length + 1) + " finds" }));
    }
    row.append.apply(row, canvases);
    found.append(el("p", {}, "The " + many + " filters of layer " + (maps.length + 1) + ":"), row);
    maps.push({ index: index, layer: layer, canvases: canvases });
  });

  function paintMaps(outputs) { // after ReLU; the strongest answer of a layer is black
    maps.forEach(function (each) {
      var z = outputs[each.index], height = each.layer.result[1], width = each.layer.result[2];
      var most = Math.max.apply(null, z.concat(1e-9));
      each.canvases.forEach(function (canvas, f) {
        var part = z.slice(f * height * width, (f + 1) * height * width);
        var shades = Uint8Array.from(part, function (value) { return 255 * Math.max(value, 0) / most; });
        sn.paint(canvas, { width: width, height: height, ink: shades });
      });
    });
  }

  function button(text, label, action) {
    return el("button", { type: "button", "aria-label": label, onclick: action }, text);
  }

  var FRAMES = [
    ["drawn", "Your drawing", null],
    ["cut", "Cut to its ink", "box"],
    ["scaled", "Scaled to 20 pixels, edges soft", "antialias"],
    ["image", "Centre of mass in the middle", "center"],
  ];
  var strip = {}, captions = {}, onTheWay = [];
  var film = el("div", { "class": "sn-row sn-film" });
  [["picture", "Your picture"], ["paper", "The paper behind"], ["ink", "The ink on it"]].forEach(function (step) {
    var canvas = el("canvas", { role: "img", "aria-label": step[1] }), frame = el("div", { hidden: true }, canvas, el("span", {}, step[1]));
    onTheWay.push({ name: step[0], canvas: canvas, frame: frame });
    film.append(frame);
  });
  FRAMES.forEach(function (frame) {
    var canvas = strip[frame[0]] = el("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": frame[1] });
    var caption = frame[2] ? el("label", {}, el("input", { type: "checkbox", checked: true, onchange: function (event) {
      steps[frame[2]] = event.target.checked;
      update();
    } }), " " + frame[1]) : el("span", {}, frame[1]);
    captions[frame[0]] = caption;
    film.append(el("div", {}, canvas, caption));
  });

  // A file chooser behind each button; the camera's is for machines that are held in a hand.
  function chooser(text, capture) {
    var input = el("input", { type: "file", accept: "image/*", hidden: true, onchange: function () {
      receive(input.files[0]);
      input.value = ""; // the same file may be chosen again
    } });
    if (capture) input.setAttribute("capture", capture);
    return [el("button", { type: "button", "class": capture ? "sn-camera" : null, onclick: function () { input.click(); } }, text), input];
  }
  var library = chooser("Read a photograph"), camera = chooser("Take a photograph", "environment");

  var size = el("input", { type: "range", min: "8", max: "44", step: "1", value: String(pen), oninput: function (event) {
    pen = Number(event.target.value);
  } });
  var choice = el("div", { "class": "sn-samples", role: "group", "aria-label": "Show a sample" });
  data.samples.forEach(function (styles, label) {
    choice.append(button(String(label), "Show a sample of " + label, function () { sample(label); }));
  });

  root.append(
    el("div", { "class": "sn-row" },
      el("div", { "class": "sn-left" }, paper,
        el("div", { "class": "sn-row sn-tools" }, button("Undo", "Undo the last stroke", undo), button("Clear", "Clear the sheet", clear)),
        el("label", {}, "Pen ", size)),
      el("div", { "class": "sn-right" }, said, answers)),
    el("p", {}, "Or let it be drawn:"), choice,
    el("p", {}, "Or bring one on paper: its photograph is read here, in this page, and sent nowhere."),
    el("div", { "class": "sn-tools" }, library[0], library[1], camera[0], camera[1]),
    el("p", {}, el("strong", {}, "What the network gets."), " Switch a step off and see what it was for."), film,
    el("p", {}, "Move the image by a pixel:"),
    el("div", { "class": "sn-tools", role: "group", "aria-label": "Move the image by a pixel" },
      button("←", "Move left", function () { move(-1, 0); }), button("→", "Move right", function () { move(1, 0); }),
      button("↑", "Move up", function () { move(0, -1); }), button("↓", "Move down", function () { move(0, 1); }),
      button("Back", "Move back to the middle", function () { move(-nudge[0], -nudge[1]); })),
    maps.length ? el("details", {}, el("summary", {}, "What the filters find"), found) : "",
    units.length ? el("details", {}, el("summary", {}, "The hidden units"), inside) : ""
  );

  // --- what it does -------------------------------------------------------------------------------------------------------

  function redraw() {
    figure.drawing = photo ? photo.drawing : blank();
    strokes.forEach(function (each) {
      each.points.forEach(function (point, index) {
        var before = each.points[Math.max(index - 1, 0)];
        sn.ink(figure.drawing, before[0], before[1], point[0], point[1], each.pen);
      });
    });
  }

  function begin(by, point) {
    if (lent) clear(); // a sample or a photograph makes way for a drawing
    hand = by;
    stroke = { pen: pen, points: [] };
    strokes.push(stroke);
    extend(point);
  }

  function lift() { stroke = hand = null; }

  function extend(point) {
    var before = stroke.points[stroke.points.length - 1] || point;
    stroke.points.push(point);
    sn.ink(figure.drawing, before[0], before[1], point[0], point[1], stroke.pen);
  }

  function shifted(image) {
    var moved = new Uint8Array(SIDE * SIDE);
    image.forEach(function (value, index) {
      var x = (index % SIDE) + nudge[0], y = Math.floor(index / SIDE) + nudge[1];
      if (x >= 0 && x < SIDE && y >= 0 && y < SIDE) moved[y * SIDE + x] = value;
    });
    return moved;
  }

  function fitted(drawing) { // a part of any shape, shown on a square of paper
    var side = Math.max(drawing.width, drawing.height), square = new Uint8Array(side * side);
    var left = Math.floor((side - drawing.width) / 2), top = Math.floor((side - drawing.height) / 2);
    drawing.ink.forEach(function (value, index) {
      square[(top + Math.floor(index / drawing.width)) * side + left + (index % drawing.width)] = value;
    });
    return { width: side, height: side, ink: square };
  }

  function fill(bar, part, text) {
    bar.fill.style.setProperty("--part", part);
    bar.value.textContent = text;
  }

  function paintPad() {
    sn.paint(pad, fitted(figure.drawing));
    if (document.activeElement !== pad) return;
    var context = pad.getContext("2d");
    context.scale(pad.width / sheet, pad.height / sheet);
    context.strokeStyle = hand === KEYBOARD ? "#b8480b" : "#0072b2";
    context.lineWidth = 2;
    context.beginPath();
    context.arc(cursor[0], cursor[1], Math.max(pen / 2, 4), 0, 2 * Math.PI);
    context.stroke();
  }

  function update() {
    paintPad();
    try {
      var made = sn.prepare(figure.drawing, steps);
      var small = sn.prepare(figure.drawing, { box: false, antialias: true, center: false });
      figure.image = shifted(made.image);
      sn.paint(strip.drawn, { width: SIDE, height: SIDE, ink: small.image });
      sn.paint(strip.cut, fitted(made.cut));
      sn.paint(strip.scaled, fitted(made.scaled));
      sn.paint(strip.image, { width: SIDE, height: SIDE, ink: figure.image });
      var x = Array.from(figure.image, function (value) { return value / 255; });
      if (slide) {
        figure.outputs = slide.forward(x);
        figure.probabilities = sn.softmax(figure.outputs[figure.outputs.length - 1]);
        figure.hidden = figure.outputs[figure.outputs.length - 2];
        paintMaps(figure.outputs);
      } else {
        var pass = sn.forward(network, x);
        figure.probabilities = sn.softmax(pass.logits);
        figure.hidden = pass.cache[pass.cache.length - 1].input;
      }
      var best = sn.argmax(figure.probabilities), most = Math.max.apply(null, figure.hidden) || 1;
      said.replaceChildren("The network reads ", el("strong", {}, String(best)), ", and gives it " + sn.percent(figure.probabilities[best]) + ".");
      if (photo) said.append(" " + photo.notes.join(" "));
      bars.forEach(function (bar, k) { fill(bar, figure.probabilities[k], sn.percent(figure.probabilities[k])); });
      units.forEach(function (bar, h) { fill(bar, figure.hidden[h] / most, sn.show(figure.hidden[h])); });
    } catch (error) {
      figure.image = figure.probabilities = null;
      figure.hidden = [];
      said.textContent = error.message === "Nothing is drawn yet." ? "Draw a digit, large, in the middle of the sheet or anywhere else." : error.message;
      Object.keys(strip).forEach(function (name) { sn.paint(strip[name], { width: SIDE, height: SIDE, ink: new Uint8Array(SIDE * SIDE) }); });
      bars.concat(units).forEach(function (bar) { fill(bar, 0, ""); });
    }
  }

  // Whatever puts another drawing on the sheet ends the stroke that is being drawn: a pen that is still down draws no more.
  function lay(drawn, isLent, found) {
    lift();
    asked++; // a picture that is still on its way comes too late
    strokes = drawn;
    lent = isLent;
    photo = found || null;
    captions.drawn.textContent = photo ? "Taken for the digit" : "Your drawing";
    strip.drawn.setAttribute("aria-label", captions.drawn.textContent);
    onTheWay.forEach(function (step) {
      step.frame.hidden = !photo;
      if (photo) (step.name === "ink" ? sn.paint : sn.paintColors)(step.canvas, photo.steps[step.name]);
    });
    redraw();
    update();
  }

  function sample(digit) {
    var styles = data.samples[digit];
    shown[digit] = shown[digit] === undefined ? 0 : (shown[digit] + 1) % styles.length; // each press another style
    nudge = [0, 0];
    lay(styles[shown[digit]].map(function (points) { return { pen: pen, points: points }; }), true);
  }

  function undo() { lay(strokes.slice(0, -1), false); }
  function clear() { nudge = [0, 0]; lay([], false); }
  function move(x, y) { nudge = [nudge[0] + x, nudge[1] + y]; update(); }

  // --- a picture: chosen, taken, dropped or pasted ---------------------------------------------------------------------------

  var asked = 0; // which picture was asked for last

  function receive(file) {
    if (!file) return;
    var mine = ++asked;
    said.textContent = "Reading the picture …";
    sn.decode(file).then(function (pixels) { if (mine === asked) show(pixels); }, function (error) { if (mine === asked) refuse(error); });
  }

  function refuse(error) {
    clear();
    said.textContent = error.message.charAt(0).toUpperCase() + error.message.slice(1) + (/[.?]$/.test(error.message) ? "" : ".");
  }

  function show(pixels) {
    var found;
    try {
      found = sn.readPhoto(pixels);
    } catch (error) {
      refuse(error);
      return;
    }
    nudge = [0, 0];
    lay([], true, found);
  }

  root.addEventListener("dragover", function (event) {
    if (Array.from(event.dataTransfer.types).indexOf("Files") >= 0) event.preventDefault();
  });
  root.addEventListener("drop", function (event) {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    receive(event.dataTransfer.files[0]);
  });
  root.addEventListener("paste", function (event) { receive(event.clipboardData.files[0]); });

  figure.flush = update; // a test does not wait for the next frame, and lays drawings and pictures on the sheet
  figure.lay = lay;
  figure.show = show;

  // --- finger, pen, mouse, keys --------------------------------------------------------------------------------------------

  // Where on the sheet a pointer is, or null while the sheet is not on the screen.
  function place(event) {
    var at = corners.map(function (corner) { var box = corner.getBoundingClientRect(); return [box.left, box.top]; });
    var across = [at[1][0] - at[0][0], at[1][1] - at[0][1]], down = [at[2][0] - at[0][0], at[2][1] - at[0][1]];
    var x = event.clientX - at[0][0], y = event.clientY - at[0][1], area = across[0] * down[1] - across[1] * down[0];
    return area ? [sheet * (x * down[1] - y * down[0]) / area, sheet * (y * across[0] - x * across[1]) / area] : null;
  }

  pad.addEventListener("pointerdown", function (event) {
    var point = place(event);
    if (!point || event.button > 0 || (stroke && hand !== KEYBOARD)) return; // a second finger draws nothing
    pad.setPointerCapture(event.pointerId);
    begin(event.pointerId, point);
    schedule();
  });
  pad.addEventListener("pointermove", function (event) {
    if (event.pointerId !== hand) return;
    var passed = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    (passed.length ? passed : [event]).map(place).filter(Boolean).forEach(extend);
    schedule();
  });
  ["pointerup", "pointercancel", "lostpointercapture"].forEach(function (name) {
    pad.addEventListener(name, function (event) { if (event.pointerId === hand) lift(); });
  });
  var scheduled = false;
  function schedule() { // reading goes along with drawing, once a frame
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(function () { scheduled = false; update(); });
  }

  var KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pad.addEventListener("keydown", function (event) {
    if (KEYS[event.key]) {
      cursor = cursor.map(function (value, axis) { return Math.min(sheet, Math.max(0, value + 10 * KEYS[event.key][axis])); });
      if (hand === KEYBOARD) extend(cursor);
    } else if (event.key === " ") {
      if (hand === KEYBOARD) lift();
      else if (!stroke) begin(KEYBOARD, cursor);
    } else return;
    event.preventDefault();
    update();
  });
  pad.addEventListener("focus", paintPad);
  pad.addEventListener("blur", function () {
    if (hand === KEYBOARD) lift();
    paintPad();
  });

  sample(4);
  return figure;
});
