"""Writes lamina/datasets/files/digits.npz, the handwritten digits that ship with lamina, from scikit-learn's copy.

Run it from the repository's root: `python tools/make_digits.py`. The same input gives the same bytes.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[1] / "lamina" / "datasets" / "files" / "digits.npz"
TEST_ROWS = 360
SEED = 1998


def shuffled_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels in an order drawn once, so that any slice is a fair sample of the whole."""
    digits = load_digits()
    # RandomState's stream is frozen for good (NEP 19), so another NumPy draws the same order.
    order = np.random.RandomState(SEED).permutation(len(digits.target))
    return digits.images[order].astype("uint8"), digits.target[order].astype("uint8")


def main() -> None:
    images, labels = shuffled_digits()
    np.savez_compressed(
        TARGET,
        x_train=images[:-TEST_ROWS],
        y_train=labels[:-TEST_ROWS],
        x_test=images[-TEST_ROWS:],
        y_test=labels[-TEST_ROWS:],
    )
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
