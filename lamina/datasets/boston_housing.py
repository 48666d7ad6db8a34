"""Boston housing: prices in 1978 by the features of 506 neighbourhoods."""

from lamina.datasets.reading import fetched, read_npz
from lamina.datasets.tables import Split, split_rows


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> tuple[Split, Split]:
    """Load 506 rows of 13 features and the median price of a home in thousands of dollars.

    One of the features was made to measure the share of Black residents, on the assumption that it lowers prices; use
    `california_housing` in its place.

    Args:
        path: name in `~/.keras/datasets`.
        test_split: share of the rows for testing, in [0, 1).
        seed: of the order of the rows.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: features `(rows, 13)` and prices `(rows,)`.

    Raises:
        OSError: if the file is not there and can't be downloaded; says where to put it.

    Reference:
        D. Harrison and D. Rubinfeld, 1978, http://lib.stat.cmu.edu/datasets/boston
    """
    x, y = read_npz(fetched("boston_housing.npz", path), "x", "y")
    return split_rows(x, y, test_split, seed)
