// A network that slides, for one image: the rules of convolution.py and the layers that call them, without the way back.
(function () {
  "use strict";
  if (scratchnet.sliding) return;

  // An image is its numbers channel by channel, each row by row, as in a row of the module's batches.
  function conv2d(x, layer) {
    var F = layer.result[0], height = layer.result[1], width = layer.result[2], z = new Array(F * height * width);
    var C = layer.image[0], H = layer.image[1], W = layer.image[2], size = layer.size;
    for (var f = 0; f < F; f++) {
      for (var i = 0; i < height; i++) {
        for (var j = 0; j < width; j++) {
          var sum = layer.b[f], top = i * layer.stride - layer.padding, left = j * layer.stride - layer.padding;
          for (var c = 0; c < C; c++) {
            for (var u = Math.max(0, -top); u < size && top + u < H; u++) {
              for (var v = Math.max(0, -left); v < size && left + v < W; v++) {
                sum += layer.W[((f * C + c) * size + u) * size + v] * x[(c * H + top + u) * W + left + v];
              }
            }
          }
          z[(f * height + i) * width + j] = sum;
        }
      }
    }
    return z;
  }

  function maxPool(x, layer) {
    var C = layer.image[0], H = layer.image[1], W = layer.image[2], size = layer.size, pooled = [];
    for (var c = 0; c < C; c++) {
      for (var i = 0; i < H; i += size) {
        for (var j = 0; j < W; j += size) {
          var most = -Infinity;
          for (var u = 0; u < size; u++) {
            for (var v = 0; v < size; v++) most = Math.max(most, x[(c * H + i + u) * W + j + v]);
          }
          pooled.push(most);
        }
      }
    }
    return pooled;
  }

  var RULES = { Convolution: conv2d, MaxPool: maxPool, Linear: scratchnet.linear, ReLU: function (x) { return scratchnet.relu(x); } };

  // The layers, each with its settings and its part of θ. `forward` returns what comes out of each.
  scratchnet.sliding = function (network) {
    var theta = scratchnet.numbers(network.theta), start = 0;
    function take(count) { return theta.slice(start, (start += count)); }
    network.layers.forEach(function (layer) {
      if (layer.kind === "Linear") { layer.W = take(layer.D * layer.H); layer.b = take(layer.H); }
      if (layer.kind === "Convolution") { layer.W = take(layer.filters * layer.image[0] * layer.size * layer.size); layer.b = take(layer.filters); }
    });
    return {
      layers: network.layers,
      dense: network.layers.filter(function (layer) { return layer.kind === "Linear"; }),
      forward: function (x) {
        return network.layers.map(function (layer) { return (x = RULES[layer.kind](x, layer)); });
      },
    };
  };
})();
