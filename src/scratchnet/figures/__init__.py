"""The interactive figures: outputs of cells that carry all they need, and run the formulas and the weights of the book.

`draw_digit(params)` in the last line of a cell shows a figure, on the built page, in a page opened from a folder, in
JupyterLab and in Colab. Inside each stands a static picture of the same numbers, for print and where no script runs.
A figure is a Python wrapper and a script of the same name; `core.js` holds what all of them share, and `photo.js` how
`draw_digit` reads a photograph.
"""

from scratchnet.figures.backprop_stepper import backprop_stepper
from scratchnet.figures.decision_regions import decision_regions
from scratchnet.figures.derivative_graph import derivative_graph
from scratchnet.figures.descent import descent
from scratchnet.figures.draw_digit import draw_digit
from scratchnet.figures.figure import Figure
from scratchnet.figures.inside_a_neuron import inside_a_neuron
from scratchnet.figures.softmax_explorer import softmax_explorer

__all__ = [
    "Figure",
    "backprop_stepper",
    "decision_regions",
    "derivative_graph",
    "draw_digit",
    "descent",
    "inside_a_neuron",
    "softmax_explorer",
]
