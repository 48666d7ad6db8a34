"""CIFAR-10: colour photographs of ten kinds of things, 32×32 pixels."""

import numpy as np

from lamina.datasets.cifar import Split, arranged, folder_of, read_batch


def load_data() -> tuple[Split, Split]:
    """Load 50,000 training and 10,000 test images of ten classes.

    The classes are airplane, automobile, bird, cat, deer, dog, frog, horse, ship and truck. Without a network, put the
    unpacked folder `cifar-10-batches-py` into `~/.keras/datasets`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: `uint8` images of shape `(rows, 32, 32, 3)` (or `(rows, 3, 32, 32)` with
        `channels_first`), labels of shape `(rows, 1)`.

    Raises:
        OSError: if the data are not there and can't be downloaded.
        ValueError: if a file is not what it should be.

    Reference:
        A. Krizhevsky, 2009, https://www.cs.toronto.edu/~kriz/cifar.html
    """
    folder = folder_of("cifar-10-batches-py", "cifar-10-python.tar.gz")
    batches = [read_batch(folder / f"data_batch_{number}", "labels") for number in range(1, 6)]
    train = np.concatenate([images for images, _ in batches]), np.concatenate([labels for _, labels in batches])
    return arranged(train, read_batch(folder / "test_batch", "labels"))
