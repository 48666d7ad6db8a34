"""California housing: prices in 1990 by the features of 20,640 districts."""

from lamina.datasets.reading import fetched, read_npz
from lamina.datasets.tables import Split, split_rows

_SMALL = 600


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[Split, Split]:
    """Load 20,640 rows of 8 features and the median price of a home in dollars.

    The features are longitude, latitude, age, rooms, bedrooms, population, households and median income.

    Args:
        version: "large" for all rows, "small" for the first 600.
        path: name in `~/.keras/datasets`.
        test_split: share of the rows for testing, in [0, 1).
        seed: of the order of the rows.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: features `(rows, 8)` and prices `(rows,)`.

    Raises:
        OSError: if the file is not there and can't be downloaded; says where to put it.
        ValueError: for another version.

    Reference:
        R. Pace and R. Barry, 1997, https://www.dcc.fc.up.pt/~ltorgo/Regression/cal_housing.html
    """
    if version not in ("large", "small"):
        raise ValueError(f"version must be 'large' or 'small', got {version!r}.")
    x, y = read_npz(fetched("california_housing.npz", path), "x", "y")
    if version == "small":
        x, y = x[:_SMALL], y[:_SMALL]
    return split_rows(x, y, test_split, seed)
