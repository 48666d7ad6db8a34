"""Fashion-MNIST: articles of clothing, 28×28 pixels."""

import gzip
import os

import numpy as np

from lamina.data.download import get_file
from lamina.datasets.reading import SOURCE

Split = tuple[np.ndarray, np.ndarray]


def load_data() -> tuple[Split, Split]:
    """Load 60,000 training and 10,000 test images of ten kinds of clothing.

    The classes are T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag and ankle boot.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: grey levels `uint8` of shape `(rows, 28, 28)`, labels 0 to 9.

    Raises:
        OSError: if a file is not in `~/.keras/datasets/fashion-mnist` and can't be downloaded; says where to put it.
        ValueError: if a file is no IDX file.

    Reference:
        H. Xiao, K. Rasul and R. Vollgraf, 2017, https://arxiv.org/abs/1708.07747, MIT licence.
    """
    return (
        (_images("train-images-idx3-ubyte.gz"), _labels("train-labels-idx1-ubyte.gz")),
        (_images("t10k-images-idx3-ubyte.gz"), _labels("t10k-labels-idx1-ubyte.gz")),
    )


def _images(name: str) -> np.ndarray:
    return _read_idx(name, axes=3)


def _labels(name: str) -> np.ndarray:
    return _read_idx(name, axes=1)


def _read_idx(name: str, axes: int) -> np.ndarray:
    # Keras's documentation gives no checksums for these four.
    path = get_file(name, origin=SOURCE + name, cache_subdir=os.path.join("datasets", "fashion-mnist"))
    with gzip.open(path, "rb") as file:
        start = file.read(4 + 4 * axes)
        head = np.frombuffer(start, ">u4", count=len(start) // 4)
        if len(head) != axes + 1 or head[0] != 0x0800 + axes:
            raise ValueError(f"{path} is no IDX file of bytes with {axes} axes.")
        count = int(np.prod(head[1:], dtype="int64"))
        values = np.frombuffer(file.read(count), np.uint8)
    if len(values) != count:
        raise ValueError(f"{path} is cut off: {len(values):,} bytes of {count:,}.")
    return values.reshape(head[1:].astype(int)).copy()
