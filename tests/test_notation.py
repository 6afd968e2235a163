"""The notation page says what the code does: its examples are run, and its names exist."""

import doctest
import inspect
import re
from pathlib import Path

import numpy as np

import scratchnet as sn

PAGE = Path(__file__).parents[1] / "book" / "notation.md"


def test_every_example_of_the_page_gives_what_the_page_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(examples, out=said.append)
    assert result.attempted >= 15
    assert result.failed == 0, "".join(said)


def test_every_rule_of_the_page_is_spelt_as_in_the_code() -> None:
    rules = re.findall(r"`(\w+)\(([\w, ]+)\)` +\| `(\w+)\(([\w, ]+)\)`", PAGE.read_text(encoding="utf-8"))
    assert len(rules) == 9
    for forward, takes, backward, takes_back in rules:
        for name, arguments in ((forward, takes), (backward, takes_back)):
            taken = inspect.signature(getattr(sn, name)).parameters.values()
            assert [each.name for each in taken if each.default is each.empty] == arguments.split(", "), name


def test_every_array_of_the_page_has_the_shape_the_page_gives_it() -> None:
    sizes = {"N": 3, "D": 5, "H": 4, "K": 2}
    X, y = np.ones((3, 5)), np.array([0, 1, 1])
    layer = sn.initialize((5, 4, 2), np.random.default_rng(0), dtype=np.float64).layers[0]
    Z = sn.linear(X, layer.W, layer.b)
    P = sn.softmax(np.ones((3, 2)))
    Y = P - 3 * sn.cross_entropy_backward(np.ones((3, 2)), y)
    arrays = {"X": X, "y": y, "Y": Y, "W": layer.W, "b": layer.b, "Z": Z, "A": sn.relu(Z), "P": P}
    said = re.findall(r"^\| \$(\w)\\ \((.+?)\)\$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in said] == list(arrays)
    for name, shape in said:
        assert arrays[name].shape == tuple(sizes[letter] for letter in re.findall(r"\w", shape)), name


def test_no_letter_of_the_page_stands_for_two_things() -> None:
    sizes_and_arrays, _ = PAGE.read_text(encoding="utf-8").split("## Gradients")
    letters = re.findall(r"^\| \$(\\?\w+)", sizes_and_arrays, re.MULTILINE)
    assert {"N", "B", "M", "Q", "P", "L", r"\theta"} <= set(letters)
    assert len(letters) == len(set(letters))


def test_the_book_s_network_has_as_many_layers_and_parameters_as_the_page_says() -> None:
    page, params = PAGE.read_text(encoding="utf-8"), sn.initialize((784, 10, 10), np.random.default_rng(0))
    assert f"| $M$ | layers: {len(params.layers)} in the book's network" in page
    assert f"| $Q$ | parameters, all weights and biases together: {params.theta.size:,} |" in page
