"""Automatic differentiation: a program that writes down what was computed, and walks back through what it wrote.

A `Node` is an array that remembers how it was made. NumPy's own functions, called on nodes, return nodes, so a formula
is differentiated as it stands. All that has to be known in advance is in `RULES`: for each function, what it hands down
to each of its inputs. For the rest, chapter 6 is enough: multiply along a path, and add over paths.
Source: chapter "autodiff".
"""

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from scratchnet.parameters import Layer, Parameters
from scratchnet.types import FloatArray, IntArray

__all__ = ["RULES", "Node", "automatic_gradient", "grad", "primitive", "walk_back"]

# The remedy where a program writes into an array, whose old numbers would be needed on the way back.
WRITTEN = "nothing is written into where a node is computed with: make a new array, as in Z = Z - m for Z -= m"

# The remedy where the gradient that is returned, a plain array, would not know what it was made of.
FOREIGN = (
    "f uses a node that is none of its arguments, and what is returned would forget it. Hand it to f as an argument; "
    "a gradient inside of another gradient is not known here"
)


def _no_other_kind(x: Any) -> None:
    """Refuse NumPy's matrices, whose * is a product of matrices, and masked arrays, which hide entries.

    What is computed with one of them is one too, so it is met here whether it was an argument or stood beside a node.
    """
    if isinstance(x, np.matrix | np.ma.MaskedArray):
        how = "x.filled(0), or what else should stand where it is masked" if np.ma.isMA(x) else "np.asarray(x)"
        raise TypeError(f"the rules hold for plain arrays, not for {type(x).__name__}. For such an x, take {how}")


class Node(NDArrayOperatorsMixin):
    """An array, `value`, that remembers how it was made: by calling `function` with `inputs` and `options`.

    Some of the inputs are nodes, its `parents`; the others are plain arrays, numbers, or an index. A node that was not
    computed has no function and no inputs, and is called a leaf. Operators, slices, and the functions of NumPy that
    stand in `RULES` take nodes and return nodes. A comparison returns a plain array, because it does not change with
    small nudges, and so does the truth of a node in a condition. Any other function of NumPy raises
    NotImplementedError, which names it. A plain array that is an input is kept, not copied: leave it as it is until the
    walk back has passed.
    """

    def __init__(self, value: Any, function: Any = None, inputs: Any = (), options: Any = None) -> None:
        _no_other_kind(value)
        self.value: Any = np.asarray(value)  # a number becomes an array too, so that rules can ask for its shape
        if function is None and self.value.dtype.kind in "iub":
            self.value = self.value.astype(float)  # its gradient is seldom made of whole numbers
        self.function, self.inputs, self.options = function, inputs, options or {}
        self.parents = [each for each in inputs if isinstance(each, Node)]
        self.depth: int = 1 + max((parent.depth for parent in self.parents), default=0)  # more than that of any parent

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Record an operator or a function that works entry by entry."""
        if method != "__call__":
            _refuse(ufunc, f"as np.{ufunc.__name__}.{method}")
        arrays = (np.asarray(each) if isinstance(each, list | tuple) else each for each in inputs)
        return record(ufunc, tuple(arrays), options)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        """Record any other function of NumPy."""
        if function in NAMED and len(inputs) > 2:
            _refuse(function, "with a third argument that is not named")
        if function is np.dot and not all(np.ndim(plain(each)) in (1, 2) for each in inputs):
            _refuse(function, "where it is no product of matrices")  # NumPy's dot scales by a number, and turns axes
        return record(function, inputs, options)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse to become a plain array, because that would forget how it was made."""
        raise TypeError("a node cannot become a plain array or number: its derivative would be lost. Take node.value")

    __float__ = __int__ = __index__ = __array__

    __hash__ = object.__hash__  # `walk_back` looks nodes up, but the mixin's == has taken their hash away

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        """Refuse to change, because the rules of what was made of this node need its old numbers on the way back."""
        raise TypeError(WRITTEN)

    shape = property(lambda self: np.shape(self.value))
    ndim = property(lambda self: np.ndim(self.value))
    size = property(lambda self: np.size(self.value))
    dtype = property(lambda self: self.value.dtype)
    T = property(lambda self: np.transpose(self))

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __iter__(self) -> Iterator["Node"]:
        return (self[at] for at in range(len(self)))

    def __getitem__(self, index: Any) -> "Node":
        return record(picked, (self, index), {})

    def __repr__(self) -> str:
        return f"Node({self.value!r})"

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        """Return what np.sum returns."""
        return np.sum(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        """Return what np.mean returns."""
        return np.mean(self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Any:
        """Return what np.max returns."""
        return np.max(self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Any:
        """Return what np.reshape returns."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)


def record(function: Any, inputs: Any, options: dict[str, Any]) -> Any:
    """Return function(*inputs, **options) as a node that knows how it was made.

    This is the way forward. Each call makes one more node, whatever loops and conditions have led to it. Where no input
    is a node, or the function is one of `STEPS`, the result is a plain array. Raises NotImplementedError where there is
    no rule, and TypeError where the result should be written into an array that is there already.
    """
    out = options.pop("out", None)
    outs = out if isinstance(out, tuple) else (out,)
    if any(each is not None and each is not NOWHERE for each in outs):
        raise TypeError(WRITTEN)
    if function not in RULES and function not in STEPS:
        _refuse(function)
    for name in (name for name, given in options.items() if isinstance(given, Node)):
        _refuse(function, f"with a node as {name}=")
    value = function(*map(plain, inputs), **options)
    asked = [at for at, each in enumerate(inputs) if isinstance(each, Node)]
    if function in STEPS or not asked:
        return value
    for at in asked:
        if at >= len(RULES[function]):
            _refuse(function, f"for its input number {at + 1}")
    for name in options.keys() - {"axis", "axes", "keepdims", "shape"}:
        _refuse(function, f"with {name}=")
    return Node(value, function, inputs, options)


def plain(x: Any) -> Any:
    """Return the array in a node, and anything else as it is."""
    return x.value if isinstance(x, Node) else x


def walk_back(end: Node) -> dict[Node, FloatArray]:
    """Return the gradient of the number `end` with respect to each node that it was made of, in the shape of the node.

    Nodes are visited from the end to the leaves, each after all its users. So every gradient has received all its parts
    before it is handed on.
    """
    arrived = {end: np.ones_like(end.value)}
    for node in users_first(end):
        values = [plain(each) for each in node.inputs]
        rules = RULES.get(node.function, ())  # a leaf has none
        for each, rule in zip(node.inputs, rules, strict=False):
            if isinstance(each, Node):
                dx = rule(arrived[node], node.value, *values, **node.options)
                dx = folded(dx, each.shape, node.shape)
                if each in arrived:  # another path has come here before
                    dx = arrived[each] + dx
                arrived[each] = dx
    return arrived


def users_first(end: Node) -> list[Node]:
    """Return the end and all nodes that it was made of, each after all its users."""
    found: dict[Node, bool] = {}
    waiting = [end]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found[node] = True
            waiting += node.parents
    return sorted(found, key=lambda node: -node.depth)  # a user is deeper than what it uses


def folded(dx: FloatArray, shape: tuple[int, ...], stretched_to: tuple[int, ...]) -> FloatArray:
    """Return dx, added up until it has the shape given.

    Broadcasting used one number at several places on the way forward, so on the way back the gradients of these places
    are added. What was stretched had the shape of the result, `stretched_to`. A dx of any other shape, such as a
    Jacobian that nothing was multiplied by, comes from a wrong rule.
    """
    came = np.shape(dx)
    if came == shape:
        return dx
    new = len(came) - len(shape)
    if came != stretched_to or new < 0 or any(size not in (1, came[new + at]) for at, size in enumerate(shape)):
        raise ValueError(f"a rule handed down an array of shape {came} to an input of shape {shape}")
    dx = dx.sum(axis=tuple(range(new))) if new else dx
    ones = tuple(at for at, size in enumerate(shape) if size != dx.shape[at])
    return dx.sum(axis=ones, keepdims=True) if ones else dx


def stretched(dz: FloatArray, x: FloatArray, axis: Any, keepdims: bool) -> FloatArray:
    """Return dz, the upstream gradient of a sum of x along `axis`, copied to every entry of x that was in the sum."""
    if axis is not None and not keepdims:
        dz = np.expand_dims(dz, axis)
    return np.broadcast_to(dz, x.shape)


def shared(dz: FloatArray, z: FloatArray, x: FloatArray, axis: Any, keepdims: bool) -> FloatArray:
    """Return dz, the upstream gradient of z, the maximum of x along `axis`: the largest entries share it equally."""
    largest = x == stretched(z, x, axis, keepdims)
    return stretched(dz, x, axis, keepdims) * largest / largest.sum(axis=axis, keepdims=True)


def matrix(x: FloatArray) -> FloatArray:
    """Return x, or refuse what is no matrix, because the rule for products holds for two matrices only."""
    if np.ndim(x) != 2:
        raise ValueError(f"a product is differentiated for two matrices, and here is an array of shape {np.shape(x)}")
    return x


def picked(x: FloatArray, index: Any) -> FloatArray:
    """Return x[index], as a function, so that it can have a rule."""
    return x[index]


def put_back(dz: FloatArray, x: FloatArray, index: Any) -> FloatArray:
    """Return dz, put back into the places of x that were picked, and zero elsewhere.

    A place that was picked twice gets the sum of both parts, which `dx[index] += dz` would not do.
    """
    dx = np.zeros_like(x)
    np.add.at(dx, index, dz)
    return dx


# For z = function(x, y) and its upstream gradient dz, the first rule returns what is handed down to x, and the second
# what is handed down to y. Where x = y, max(x, y) has no derivative. Its rules then give everything to y, so that
# np.maximum(Z, 0) hands nothing down to Z at 0, as `relu_backward` does.
# fmt: off
RULES: dict[Any, tuple[Callable[..., Any], ...]] = {
    np.add:       (lambda dz, z, x, y: dz,                          lambda dz, z, x, y: dz),
    np.subtract:  (lambda dz, z, x, y: dz,                          lambda dz, z, x, y: -dz),
    np.multiply:  (lambda dz, z, x, y: dz * y,                      lambda dz, z, x, y: dz * x),
    np.divide:    (lambda dz, z, x, y: dz / y,                      lambda dz, z, x, y: -dz * z / y),
    np.matmul:    (lambda dz, z, x, y: dz @ matrix(y).T,            lambda dz, z, x, y: matrix(x).T @ dz),
    np.maximum:   (lambda dz, z, x, y: dz * (x > y),                lambda dz, z, x, y: dz * (y >= x)),
    np.power:     (lambda dz, z, x, n: dz * n * x ** (n - (n != 0)),),

    np.positive:  (lambda dz, z, x: dz,),
    np.negative:  (lambda dz, z, x: -dz,),
    np.exp:       (lambda dz, z, x: dz * z,),
    np.log:       (lambda dz, z, x: dz / x,),
    np.tanh:      (lambda dz, z, x: dz * (1 - z * z),),
    np.sqrt:      (lambda dz, z, x: dz / (2 * z),),

    np.sum:       (lambda dz, z, x, axis=None, keepdims=False: stretched(dz, x, axis, keepdims),),
    np.mean:      (lambda dz, z, x, axis=None, keepdims=False: stretched(dz, x, axis, keepdims) * (z.size / x.size),),
    np.max:       (lambda dz, z, x, axis=None, keepdims=False: shared(dz, z, x, axis, keepdims),),

    np.reshape:   (lambda dz, z, x, shape: dz.reshape(x.shape),),
    np.transpose: (lambda dz, z, x, axes=None: dz.T if axes is None else np.moveaxis(dz, range(dz.ndim), axes),),
    picked:       (lambda dz, z, x, index: put_back(dz, x, index),),
}
# fmt: on
RULES[np.dot] = RULES[np.matmul]
# These functions do not change with small nudges, except where they jump and have no derivative. So nothing is ever
# handed down through them, and they return plain arrays.
STEPS = {np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.sign, np.argmax}
STEPS |= {np.shape, np.ndim, np.size}  # nor do these
# What a third argument means to NumPy here, a dtype or an order, no rule knows.
NAMED = {np.sum, np.mean, np.max, np.reshape}


class Nowhere(Node):
    """What the module's own rules are given as `out` where they are called on nodes.

    Their checks refuse nodes, but with an `out` nothing is checked. `record` ignores this one, and makes a new node.
    """

    def reshape(self, *shape: Any) -> Any:
        """Return this object itself, which stands for an array of any shape."""
        return self


NOWHERE: Any = Nowhere(np.zeros(0))


def primitive(function: Callable[..., Any], *rules: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as one that takes nodes, with rules of your own: one for each input, in the form of `RULES`.

    An example is `primitive(np.sinh, lambda dz, z, x: dz * np.cosh(x))`. Where no argument is a node, the function is
    called as it is. A function of NumPy can afterwards be called on nodes by its own name as well. Neither the function
    nor a rule may write into what it is given, because others use these arrays too: make new ones.
    """
    RULES[function] = rules

    def known(*inputs: Any, **options: Any) -> Any:
        if any(isinstance(each, Node) for each in (*inputs, *options.values())):
            return record(function, inputs, options)
        return function(*inputs, **options)

    return known


def grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that computes the gradient of f, a number, with respect to each of its arguments.

    `grad(f)(x)` is an array in the shape of x. `grad(f)(x, y, …)` is a tuple with an array for each argument, in the
    shape of the argument. f is called once, on nodes, and may use loops, conditions and functions of its own. The
    arguments are not changed. Raises ValueError where f does not return one number or an argument holds no real
    numbers; NotImplementedError where f uses a function that has no rule; and TypeError where f writes into a node or
    makes a plain array of it.
    """

    def gradient(*arguments: Any) -> Any:
        leaves = [Node(_numbers(each)) for each in arguments]
        end = f(*leaves)
        if (shape := np.shape(plain(end))) != ():
            said = f"f must return one number, not an array of shape {shape}"
            raise ValueError(f"{said}. Return its sum or its mean")
        if (kind := np.asarray(plain(end)).dtype.kind) not in "fiub":
            raise ValueError(f"f must return one real number, not {'a complex one' if kind == 'c' else repr(end)}")
        arrived = walk_back(end) if isinstance(end, Node) else {}
        if any(node.function is None for node in arrived.keys() - set(leaves)):
            raise NotImplementedError(FOREIGN)
        found = []
        for leaf in leaves:  # where f does not depend on an argument, nothing arrives, and the gradient is zero
            zero = np.zeros_like(leaf.value)
            found.append(np.array(arrived.get(leaf, zero), zero.dtype))
        return found[0] if len(found) == 1 else tuple(found)

    return gradient


def automatic_gradient(
    params: Parameters,
    X: FloatArray,
    y: IntArray,
    rng: np.random.Generator | None = None,
) -> Parameters:
    """Return the gradient of the mean cross-entropy of a batch, found from the layers' `forward` and no `backward`.

    X (N, D) are the inputs and y (N,) their labels; the gradient is laid out as `params`. It can take the place of the
    network's own: pass `gradient=automatic_gradient` to `fit` or to `check_gradients`. Layers that slide write into
    arrays, so each of them is one `primitive`, with the rule that was derived for it. rng: a generator for layers that
    draw. X and y are not checked. Raises NotImplementedError for a layer that uses a function without a rule.
    """

    def loss(*arrays: Node) -> Any:
        Z: Any = X
        given: Any = iter(arrays)
        for kind, layer in params.network:
            nodes = Layer(**{name: next(given) for name in vars(layer)})
            Z, _ = kind.forward(nodes, Z, rng, NOWHERE)
        shifted = Z - Z.max(axis=1, keepdims=True)
        right = shifted[np.arange(len(y)), y]
        return np.mean(np.log(np.sum(np.exp(shifted), axis=1)) - right)

    every = [array for layer in params.layers for array in vars(layer).values()]
    found = grad(loss)(*every)
    grads = Parameters(params.kinds, params.theta.dtype)
    grads.theta = np.concatenate([each.ravel() for each in found])
    return grads


def _numbers(x: Any) -> FloatArray:
    """Return an argument as an array of floating-point numbers, or refuse it."""
    if isinstance(x, Node):
        raise NotImplementedError("a gradient of a gradient is not known here. Nudge the gradient, as in chapter 8")
    _no_other_kind(x)
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"an argument must hold real numbers, not {type(x).__name__} of dtype {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(float)


def _refuse(function: Any, how: str = "") -> NoReturn:
    """Raise NotImplementedError for a function; `how` says in which use of it there is no rule."""
    known = ", ".join(sorted(each.__name__ for each in RULES if hasattr(np, each.__name__)))
    raise NotImplementedError(
        f"{function.__name__} has no rule{' ' + how if how else ''}, so it cannot be differentiated. Write it with "
        f"functions that have one ({known}), or bring a rule: sn.primitive(function, rule for x, …)"
    )
