"""MNIST: handwritten digits, 28×28 pixels."""

import numpy as np

from lamina.datasets.reading import fetched, read_npz

Split = tuple[np.ndarray, np.ndarray]


def load_data(path: str = "mnist.npz") -> tuple[Split, Split]:
    """Load 60,000 training and 10,000 test images of handwritten digits.

    Without a network, put `mnist.npz` into `~/.keras/datasets` by hand. (`lamina.datasets.digits` needs no download.)

    Args:
        path: name in `~/.keras/datasets`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: grey levels `uint8` of shape `(rows, 28, 28)`, labels 0 to 9.

    Raises:
        OSError: if the file is not there and can't be downloaded; says where to put it.

    Reference:
        Y. LeCun and C. Cortes, http://yann.lecun.com/exdb/mnist/, CC BY-SA 3.0.
    """
    x_train, y_train, x_test, y_test = read_npz(fetched("mnist.npz", path), "x_train", "y_train", "x_test", "y_test")
    return (x_train, y_train), (x_test, y_test)
