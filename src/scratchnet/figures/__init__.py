"""The interactive figures: outputs of cells that carry all they need, and run the formulas and the weights of the book.

`draw_digit(params)` in the last line of a cell shows a figure, on the built page, in a page opened from a folder, in
JupyterLab and in Colab. Inside each stands a static picture of the same numbers, for print and where no script runs.
A figure is a Python wrapper and a script of the same name; `core.js` holds what all of them share.
"""

from scratchnet.figures.draw_digit import draw_digit
from scratchnet.figures.figure import Figure

__all__ = ["Figure", "draw_digit"]
