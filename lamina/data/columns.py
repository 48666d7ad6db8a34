"""Names of a table's columns: what a model was trained on must come back in the same order."""

from __future__ import annotations

from typing import Any


def column_names(data: Any) -> list[str] | None:
    """Return the names of a table's columns; None for what is no table, or has columns without names."""
    if isinstance(data, list | tuple | dict) or not (hasattr(data, "columns") and hasattr(data, "dtypes")):
        return None
    names = list(data.columns)
    return names if all(isinstance(name, str) for name in names) else None


def check_columns(known: list[str] | None, data: Any, what: str) -> None:
    """Compare the columns of a table with those that the model was trained on.

    Args:
        known: names of those columns, or None if it was not trained on a table.
        data: what came; only a table with named columns is looked at.
        what: the argument's name, for messages.

    Raises:
        ValueError: if the names or their order differ.
    """
    names = column_names(data)
    if known is None or names is None or names == known:
        return
    missing = [name for name in known if name not in names]
    unknown = [name for name in names if name not in known]
    if missing or unknown:
        parts = [("lacks", missing), ("has in their place", unknown)] if missing else [("has beside them", unknown)]
        told = " and ".join(f"{verb} {_listed(found)}" for verb, found in parts if found)
    else:
        place = next(index for index, (name, other) in enumerate(zip(known, names)) if name != other)
        told = f"has them in another order (column {place} is {names[place]!r} and was {known[place]!r})"
    raise ValueError(
        f"{what} is a table whose columns are not those that the model was trained on: it {told}. "
        f"Pass {what}[columns] with the columns of the training data, or {what}.to_numpy() if you mean it."
    )


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:5]) + (f", … ({len(names)} in all)" if len(names) > 5 else "")
