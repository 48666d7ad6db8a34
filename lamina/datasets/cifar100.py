"""CIFAR-100: colour photographs of a hundred kinds of things, 32×32 pixels."""

from lamina.datasets.cifar import Split, arranged, folder_of, read_batch


def load_data(label_mode: str = "fine") -> tuple[Split, Split]:
    """Load 50,000 training and 10,000 test images of a hundred classes in twenty groups.

    Without a network, put the unpacked folder `cifar-100-python` into `~/.keras/datasets`.

    Args:
        label_mode: "fine" for the hundred classes, "coarse" for the twenty groups.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: `uint8` images of shape `(rows, 32, 32, 3)` (or `(rows, 3, 32, 32)` with
        `channels_first`), labels of shape `(rows, 1)`.

    Raises:
        OSError: if the data are not there and can't be downloaded.
        ValueError: for another mode, or if a file is not what it should be.

    Reference:
        A. Krizhevsky, 2009, https://www.cs.toronto.edu/~kriz/cifar.html
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"label_mode must be 'fine' or 'coarse', got {label_mode!r}.")
    folder = folder_of("cifar-100-python", "cifar-100-python.tar.gz")
    key = f"{label_mode}_labels"
    return arranged(read_batch(folder / "train", key), read_batch(folder / "test", key))
