"""Names of layers and variables."""

import re
from collections.abc import Container


def snake_case(name: str) -> str:
    """Return a class name as a default instance name: `Conv2DTranspose` gives `conv2d_transpose`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def automatic_name(cls: type) -> str:
    """Return the name that an instance of `cls` has when the user gives none."""
    return snake_case(cls.__name__).lstrip("_") or "object"


def numbered_name(name: str, counts: dict[str, int]) -> str:
    """As `unique_name`, in the same time however many names there are: `counts` holds the last number of each name."""
    number = counts.get(name, -1) + 1
    while number and f"{name}_{number}" in counts:  # given to a name that ends in a number
        number += 1
    counts[name] = number
    given = f"{name}_{number}" if number else name
    counts.setdefault(given, 0)
    return given


def unique_name(name: str, taken: Container[str]) -> str:
    """Return `name`, or the first of `name_1`, `name_2`, … that is not taken."""
    if name not in taken:
        return name
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
