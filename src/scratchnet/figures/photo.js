// A photograph of a digit made into an image: photo.py, step by step, in whole numbers as there, to the same bytes.
// It follows core.js, and adds scratchnet.decode, scratchnet.readPhoto and scratchnet.paintColors.
(function () {
  "use strict";
  var sn = window.scratchnet, STEPS = { box: true, antialias: true, center: true }, NOTHING = "no digit was found in the picture";

  // --- windows: planes of whole numbers, row by row -----------------------------------------------------------------------

  // A plane after `along` was done to each of its rows; to each of its columns; to the columns and then to the rows.
  function eachRow(plane, width, height, along) { return lines(plane, width, 1, height, width, along); }
  function eachColumn(plane, width, height, along) { return lines(plane, height, width, width, 1, along); }
  function both(plane, width, height, along) { return eachRow(eachColumn(plane, width, height, along), width, height, along); }

  function lines(plane, n, step, many, apart, along) {
    var line = new Int32Array(n), fresh = new Int32Array(plane.length);
    for (var i = 0; i < many; i++) {
      for (var k = 0; k < n; k++) line[k] = plane[i * apart + k * step];
      var made = along(line);
      for (k = 0; k < n; k++) fresh[i * apart + k * step] = made[k];
    }
    return fresh;
  }

  // At each pixel the sum within reach of it, a square; the edge is repeated outwards.
  function boxSum(plane, width, height, reach) {
    return both(plane, width, height, function (line) {
      var n = line.length, sum = 0, out = new Int32Array(n);
      function at(k) { return line[Math.min(Math.max(k, 0), n - 1)]; }
      for (var k = -reach; k < reach; k++) sum += at(k);
      for (k = 0; k < n; k++) {
        sum += at(k + reach);
        out[k] = sum;
        sum -= at(k - reach);
      }
      return out;
    });
  }

  // At each pixel the greatest value within reach of it. The queue holds the places where it may still be, values falling.
  function greatest(plane, width, height, reach) {
    return both(plane, width, height, function (line) {
      var n = line.length, out = new Int32Array(n), queue = new Int32Array(n), first = 0, last = 0;
      for (var k = 0; k < n + reach; k++) {
        if (k < n) {
          while (last > first && line[queue[last - 1]] <= line[k]) last--;
          queue[last++] = k;
        }
        if (k < reach) continue;
        if (queue[first] < k - 2 * reach) first++;
        out[k - reach] = line[queue[first]];
      }
      return out;
    });
  }

  function least(plane, width, height, reach) {
    function negative(some) { return some.map(function (value) { return -value; }); }
    return negative(greatest(negative(plane), width, height, reach));
  }

  // --- from pixels to the digit -----------------------------------------------------------------------------------------

  var LONGEST = 512, SHORTEST = 256; // pixels, along the longer side of a picture that is looked at
  var DARKEST = 32; // of 255: paper darker than this counts as this dark
  var FAINT = 20; // per cent of the paper's light: ink that takes away less of it gets a note

  // Pixels {width, height, data} on white, {width, height, planes}: red, green and blue. A larger picture is cut into squares of
  // k × k pixels, of which each becomes one, their mean; in a small one each pixel becomes a square.
  function toSize(pixels) {
    var longer = Math.max(pixels.width, pixels.height), k = Math.ceil(longer / LONGEST), times = Math.max(1, Math.floor(SHORTEST / longer));
    var columns = Math.ceil(pixels.width / k), rows = Math.ceil(pixels.height / k), width = columns * times, height = rows * times;
    var totals = [0, 1, 2].map(function () { return new Float64Array(columns * rows); });
    for (var y = 0, i = 0; y < pixels.height; y++) {
      for (var x = 0; x < pixels.width; x++, i += 4) {
        var square = Math.floor(y / k) * columns + Math.floor(x / k), opacity = pixels.data[i + 3];
        for (var color = 0; color < 3; color++) totals[color][square] += 255 * 255 - opacity * (255 - pixels.data[i + color]);
      }
    }
    var planes = totals.map(function (total) {
      var plane = new Int32Array(width * height);
      for (var y = 0; y < height; y++) {
        var down = Math.floor(y / times), high = Math.min(k, pixels.height - k * down);
        for (var x = 0; x < width; x++) {
          var across = Math.floor(x / times), area = 255 * high * Math.min(k, pixels.width - k * across);
          plane[y * width + x] = Math.floor((2 * total[down * columns + across] + area) / (2 * area));
        }
      }
      return plane;
    });
    return { width: width, height: height, planes: planes };
  }

  // Where a pixel differs much from the mean of its surroundings, it is ink; cubes let the large differences decide.
  function inkIsLight(picture) {
    var reach = Math.floor(Math.max(picture.width, picture.height) / 8), size = (2 * reach + 1) * (2 * reach + 1), skewness = 0;
    var gray = picture.planes[0].map(function (value, i) { return value + picture.planes[1][i] + picture.planes[2][i]; });
    boxSum(gray, picture.width, picture.height, reach).forEach(function (sum, i) {
      var apart = gray[i] - Math.floor(sum / size);
      skewness += apart * apart * apart;
    });
    return skewness > 0;
  }

  function inverted(picture) {
    var planes = picture.planes.map(function (plane) { return plane.map(function (value) { return 255 - value; }); });
    return { width: picture.width, height: picture.height, planes: planes };
  }

  // What the picture would show without its dark ink, and the ink: the part of the paper's light that is missing, 0 to 255.
  function paperAndInk(picture) {
    var width = picture.width, height = picture.height, reach = Math.floor(Math.max(width, height) / 8), ink = new Uint8Array(width * height);
    var planes = picture.planes.map(function (plane) {
      var smooth = boxSum(plane, width, height, 1), closed = least(greatest(smooth, width, height, reach), width, height, reach);
      return carriedOutwards(closed, width, height, reach).map(function (value, i) {
        var paper = Math.max(value, smooth[i]);
        ink[i] = Math.max(ink[i], Math.floor(255 * (paper - smooth[i]) / Math.max(paper, 9 * DARKEST)));
        return Math.floor(paper / 9);
      });
    });
    return { paper: { width: width, height: height, planes: planes }, ink: { width: width, height: height, ink: ink } };
  }

  // Near the edges no lighter than the straight line that carries on what paper does further inside.
  function carriedOutwards(plane, width, height, reach) {
    return both(plane, width, height, function (line) {
      var last = line.length - 1, n = Math.min(reach, Math.floor(last / 2)), out = line.slice();
      for (var k = 0; k < n; k++) {
        out[k] = Math.min(out[k], 2 * line[n] - line[2 * n - k]);
        out[last - k] = Math.min(out[last - k], 2 * line[last - n] - line[last - 2 * n + k]);
      }
      return out;
    });
  }

  // What hangs together where `mask` holds, corners included, in the order of first pixels; and the number of it at each pixel.
  function things(drawing, mask) {
    var ink = drawing.ink, width = drawing.width, height = drawing.height, label = new Int32Array(ink.length).fill(-1), found = [];
    ink.forEach(function (value, start) {
      if (!mask(value) || label[start] >= 0) return;
      var thing = { count: 0, weight: 0, top: height, left: width, bottom: 0, right: 0 }, queue = [start];
      label[start] = found.length;
      while (queue.length) {
        var at = queue.pop(), x = at % width, y = (at - x) / width;
        thing.count++;
        thing.weight += ink[at];
        thing.top = Math.min(thing.top, y);
        thing.left = Math.min(thing.left, x);
        thing.bottom = Math.max(thing.bottom, y + 1);
        thing.right = Math.max(thing.right, x + 1);
        for (var v = Math.max(y - 1, 0); v < Math.min(y + 2, height); v++) {
          for (var u = Math.max(x - 1, 0); u < Math.min(x + 2, width); u++) {
            var next = v * width + u;
            if (label[next] >= 0 || !mask(ink[next])) continue;
            label[next] = found.length;
            queue.push(next);
          }
        }
      }
      thing.size = Math.max(thing.bottom - thing.top, thing.right - thing.left);
      thing.edge = thing.top === 0 || thing.left === 0 || thing.bottom === height || thing.right === width;
      found.push(thing);
    });
    return { label: label, found: found };
  }

  function above(threshold) { return function (value) { return value > threshold; }; }

  // The number that parts whole numbers, 0 to 255, best in two: at most that, and above (Otsu, 1979).
  function parting(values) {
    var count = new Array(256).fill(0), N = values.length, S = 0, n = 0, s = 0, most = -1, best;
    values.forEach(function (value) { count[value]++; S += value; });
    for (var t = 0; t < 255; t++) {
      n += count[t];
      s += count[t] * t;
      var apart = n * S - N * s, between = apart * apart / Math.max(n * (N - n), 1);
      if (between > most) {
        most = between;
        best = t;
      }
    }
    return best;
  }

  // The digit as a drawing, 255 where it is, and whether it touches the edge; adds to what was said. `whole` refuses a
  // digit that touches the edge.
  function choose(drawing, said, whole) {
    var longer = Math.max(drawing.width, drawing.height), order = drawing.ink.slice().sort();
    var low = order[Math.floor(order.length / 16)], quarter = order[Math.floor(order.length / 4)];
    var faint = quarter + Math.max(6 * (quarter - low), 10), maybe = things(drawing, above(faint));
    if (!maybe.found.length) throw new Error(NOTHING + ": all is paper. Is it blank, or the ink too faint?");
    var most = maybe.found.reduce(function (size, thing) { return Math.max(size, thing.size); }, 0);
    var large = drawing.ink.filter(function (value, i) { return maybe.label[i] >= 0 && 8 * maybe.found[maybe.label[i]].size >= most; });
    var threshold = parting(large), dark = large.filter(above(threshold)), sum = dark.reduce(function (sum, value) { return sum + value; }, 0);
    var all = things(drawing, above(Math.max(faint, Math.min(threshold, Math.floor(5 * sum / (8 * dark.length)))))), found = all.found;
    var inside = found.filter(function (thing) { return !thing.edge && 24 * thing.size >= longer; });
    var candidates = whole || inside.length ? inside : found.filter(function (thing) { return thing.edge && 4 * thing.size >= longer; });
    if (!candidates.length) throw new Error(NOTHING + ": there are specks only. Come closer, or cut the picture to the digit");
    var main = candidates.reduce(function (best, thing) { return thing.weight > best.weight ? thing : best; });
    var digit = together(found.filter(function (thing) { return 100 * thing.count >= main.count && thing.edge === main.edge; }), main);
    if (main.edge) said.push("The digit touches the edge of the picture: is all of it there?");
    var more = inside.filter(function (thing) { return !digit.has(thing) && 5 * thing.weight >= main.weight; });
    if (more.length) said.push("There is more than one thing in the picture: the heaviest was taken for the digit.");
    if (10 * main.size < longer) said.push("The digit is small: come closer, or cut the picture to it.");
    var ink = Uint8Array.from(all.label, function (name) { return digit.has(found[name]) ? 255 : 0; });
    return { width: drawing.width, height: drawing.height, ink: ink, edge: main.edge };
  }

  // The main thing and the pieces of it, among those that may join: a bar apart, a line with a gap.
  function together(join, main) {
    var pieces = new Set([main]), box = Object.assign({}, main), near = Math.floor(main.size / 8), more;
    function isPiece(thing) {
      var close = thing.top <= box.bottom + near && thing.bottom >= box.top - near && thing.left <= box.right + near && thing.right >= box.left - near;
      var beside = thing.left >= box.right || thing.right <= box.left;
      return close && !(beside && 2 * (thing.bottom - thing.top) > main.size) && !pieces.has(thing);
    }
    do {
      more = join.filter(isPiece);
      more.forEach(function (thing) {
        pieces.add(thing);
        box = {
          top: Math.min(box.top, thing.top), left: Math.min(box.left, thing.left),
          bottom: Math.max(box.bottom, thing.bottom), right: Math.max(box.right, thing.right),
        };
      });
    } while (more.length);
    return pieces;
  }

  var THICK = 5, THIN = 12, RULE = 60; // a digit's size is to its line as this, or less: thick; or more: thin, and a rule

  // Refuses what is no line of a pen; else adds to what was said how far the ink stands out, and how thick it is.
  function weigh(digit, ink, light, said) {
    var box = sn.prepare(digit, STEPS).cut, size = Math.max(box.width, box.height), line = thickness(box), sum = 0, count = 0;
    digit.ink.forEach(function (value, i) {
      if (!value) return;
      sum += ink[i];
      count++;
    });
    var part = Math.floor(100 * sum / (255 * count));
    if (2 * line > size || THICK * line > size && part < FAINT) throw new Error(NOTHING + ": there is a blot or a shadow, and no line");
    if (digit.edge && RULE * line < size) throw new Error(NOTHING + ": there are only rules or creases, from edge to edge");
    said.push("The ink is " + (light ? "lighter" : "darker") + " than what is around it, by " + part + " %.");
    if (part < FAINT) said.push("That is faint: see whether all of the line was found.");
    if (THICK * line > size) said.push("The line is very thick: use a thinner pen, or write larger.");
  }

  // A digit with its line made thicker where it is thin, on as much more paper; adds to what was said.
  function thickened(digit, said) {
    var box = sn.prepare(digit, STEPS).cut, size = Math.max(box.width, box.height), line = thickness(box);
    var reach = Math.floor((size - THIN * line + THIN) / (2 * THIN));
    if (reach <= 0) return digit;
    said.push("The line is thin, and was made thicker.");
    var width = digit.width + 2 * reach, height = digit.height + 2 * reach, ink = new Uint8Array(width * height);
    for (var y = 0; y < digit.height; y++) {
      ink.set(digit.ink.subarray(y * digit.width, (y + 1) * digit.width), (y + reach) * width + reach);
    }
    return { width: width, height: height, ink: Uint8Array.from(greatest(ink, width, height, reach)) };
  }

  // How thick a line is: the median, over its pixels, of the shorter of the runs across and down.
  function thickness(drawing) {
    function runs(line) {
      for (var start = 0, out = new Int32Array(line.length), end; start < line.length; start = end + 1) {
        for (end = start; line[end]; end++);
        out.fill(end - start, start, end);
      }
      return out;
    }
    var down = eachColumn(drawing.ink, drawing.width, drawing.height, runs);
    var shorter = eachRow(drawing.ink, drawing.width, drawing.height, runs).map(function (run, i) { return Math.min(run, down[i]); });
    var some = shorter.filter(Boolean).sort();
    return some[Math.floor(some.length / 2)];
  }

  // What sn.read_photo does for pixels {width, height, data}: red, green, blue and opacity, the right way up. `steps` are the
  // pictures on the way, and `drawing` is what scratchnet.prepare made the image of.
  function readPhoto(pixels) {
    var said = [], i = 3;
    while (i < pixels.data.length && pixels.data[i] === 255) i += 4;
    if (i < pixels.data.length) said.push("The picture is transparent in places, and was laid on white.");
    var picture = toSize(pixels), light = inkIsLight(picture);
    try {
      return readAs(light, picture, said, false);
    } catch (error) {
      said.push("In what is " + (light ? "lighter" : "darker") + " than its surroundings, of which there is less, no digit was found.");
      try { return readAs(!light, picture, said, true); } catch (second) { throw error; }
    }
  }

  // What a picture shows if its ink is light, or dark. What is said is added to a copy of `before`.
  function readAs(light, picture, before, whole) {
    var said = before.slice(), found = paperAndInk(light ? inverted(picture) : picture);
    var digit = choose(found.ink, said, whole);
    weigh(digit, found.ink.ink, light, said);
    var drawing = thickened(digit, said);
    var steps = { picture: picture, paper: light ? inverted(found.paper) : found.paper, ink: found.ink, digit: digit };
    return { image: sn.prepare(drawing, STEPS).image, drawing: drawing, steps: steps, notes: said };
  }

  // --- from a file to pixels: what the browser makes of it ------------------------------------------------------------------

  var MOST = 4096 * 4096; // pixels that a canvas may have everywhere

  // Turned by its EXIF tag, in the colours of the screen, 8 bits each, and made smaller if it is larger than a canvas may
  // be. A canvas holds colours multiplied by their opacity, so what shines through loses a few of its bits.
  function decode(file) {
    return Promise.resolve().then(function () {
      return createImageBitmap(file, { imageOrientation: "from-image" }); // which very old browsers do not know
    }).then(function (bitmap) {
      var scale = Math.min(1, Math.sqrt(MOST / (bitmap.width * bitmap.height)));
      var width = Math.max(1, Math.floor(scale * bitmap.width)), height = Math.max(1, Math.floor(scale * bitmap.height));
      var context = sn.el("canvas", { width: width, height: height }).getContext("2d", { willReadFrequently: true });
      context.drawImage(bitmap, 0, 0, width, height);
      bitmap.close();
      return context.getImageData(0, 0, width, height);
    }).catch(function () {
      throw new Error("this file is no picture that the browser can read: save it as PNG or JPEG");
    });
  }

  // A picture in its colours, {width, height, planes}: red, green and blue.
  function paintColors(canvas, picture) {
    canvas.width = picture.width;
    canvas.height = picture.height;
    var context = canvas.getContext("2d"), pixels = context.createImageData(picture.width, picture.height);
    pixels.data.fill(255);
    picture.planes.forEach(function (plane, color) {
      plane.forEach(function (value, i) { pixels.data[4 * i + color] = value; });
    });
    context.putImageData(pixels, 0, 0);
  }

  sn.decode = decode;
  sn.readPhoto = readPhoto;
  sn.paintColors = paintColors;
})();
