"""scratchnet: a neural network that reads handwritten digits, with nothing hidden.

The modules, in reading order, are the chapters of the book: data, layers, activations, losses, network, gradcheck,
parameters, optimizers, training, metrics, storage, handwriting, photo, strokes, augment, dropout, convolution,
autodiff; kinds says what a layer is. Importing the package imports NumPy and nothing heavier.
"""

from scratchnet import plots
from scratchnet.activations import ReLU, Tanh, relu, relu_backward, softmax, softmax_backward, tanh, tanh_backward
from scratchnet.augment import distort
from scratchnet.autodiff import Node, automatic_gradient, grad, primitive
from scratchnet.convolution import (
    Convolution,
    MaxPool,
    MeanPool,
    conv2d,
    conv2d_backward,
    max_pool,
    max_pool_backward,
    mean_pool,
    mean_pool_backward,
)
from scratchnet.data import Digits, minibatches, normalize, read_digits, train_dev_split
from scratchnet.dropout import Dropout, dropout, dropout_backward
from scratchnet.gradcheck import check_gradients, numerical_gradient, relative_error
from scratchnet.handwriting import prepare
from scratchnet.kinds import Kind
from scratchnet.layers import Linear, linear, linear_backward
from scratchnet.losses import cross_entropy, cross_entropy_backward
from scratchnet.metrics import accuracy, accuracy_interval, calibration, confusion_matrix, mcnemar
from scratchnet.network import backward, forward, predict, predict_proba
from scratchnet.optimizers import SGD, AdaGrad, Adam, AdamW, Momentum, RMSProp, cosine
from scratchnet.parameters import Layer, Parameters, initialize
from scratchnet.photo import Photo, read_photo
from scratchnet.source import source
from scratchnet.storage import StorageError, load, save
from scratchnet.strokes import STROKES, render
from scratchnet.training import DivergedError, History, evaluate, fit

__version__ = "0.1.0"

__all__ = [
    "AdaGrad",
    "Adam",
    "AdamW",
    "Convolution",
    "Digits",
    "DivergedError",
    "Dropout",
    "History",
    "Kind",
    "Layer",
    "Linear",
    "MaxPool",
    "MeanPool",
    "Momentum",
    "Node",
    "Parameters",
    "Photo",
    "RMSProp",
    "ReLU",
    "SGD",
    "STROKES",
    "StorageError",
    "Tanh",
    "accuracy",
    "accuracy_interval",
    "automatic_gradient",
    "backward",
    "calibration",
    "check_gradients",
    "confusion_matrix",
    "conv2d",
    "conv2d_backward",
    "cosine",
    "cross_entropy",
    "cross_entropy_backward",
    "distort",
    "dropout",
    "dropout_backward",
    "evaluate",
    "fit",
    "forward",
    "grad",
    "initialize",
    "linear",
    "linear_backward",
    "load",
    "max_pool",
    "max_pool_backward",
    "mcnemar",
    "mean_pool",
    "mean_pool_backward",
    "minibatches",
    "normalize",
    "numerical_gradient",
    "plots",
    "predict",
    "predict_proba",
    "prepare",
    "primitive",
    "read_digits",
    "read_photo",
    "relative_error",
    "relu",
    "relu_backward",
    "render",
    "save",
    "softmax",
    "softmax_backward",
    "source",
    "tanh",
    "tanh_backward",
    "train_dev_split",
]
