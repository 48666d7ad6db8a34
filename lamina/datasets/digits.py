"""Handwritten digits, 8×8 pixels: the data set that ships inside the package, so that it needs no download."""

from importlib import resources

import numpy as np

Split = tuple[np.ndarray, np.ndarray]


def load_data() -> tuple[Split, Split]:
    """Load 1,797 handwritten digits, small enough to train on in seconds and without the internet.

    The shapes follow `keras.datasets.mnist.load_data`, at 8×8 pixels. The rows come in an order drawn once and stored
    with the data: 1,437 for training, the other 360 for testing. The same people wrote digits of both parts, so the
    test measures new digits of known hands.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all of dtype `uint8`:
        images of shape `(rows, 8, 8)` with grey levels from 0 (paper) to 16 (ink), and labels of shape `(rows,)`
        from 0 to 9. The arrays are new at every call, so they may be changed.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, x_test.shape, x_train.dtype
        ((1437, 8, 8), (360, 8, 8), dtype('uint8'))

    Reference:
        E. Alpaydin and C. Kaynak, 1998, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository,
        https://doi.org/10.24432/C50P49, licensed CC BY 4.0; the copy that scikit-learn distributes as `load_digits`.
    """
    file = resources.files("lamina.datasets").joinpath("files", "digits.npz")
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
