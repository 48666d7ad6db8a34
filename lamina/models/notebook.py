"""A model in a notebook: the table of its layers and, if it is built, its picture."""

from __future__ import annotations

from html import escape
from typing import Any

from lamina.models.summary import summary_table
from lamina.visualization.diagram import Shown
from lamina.visualization.plot_model import ModelPicture

_MOST_IN_A_PICTURE = 150  # layers; a picture of more is many screens long


def model_html(model: Any) -> str:
    """Return HTML that shows a model: its layers in a table, and behind a fold its picture."""
    titles, rows, totals = summary_table(model)
    head, body = _row("th", titles), "\n".join(_row("td", row) for row in rows)
    parts = [
        f"<div><strong>Model: {escape(model.name)}</strong></div>",
        f"<table><thead>{head}</thead>\n<tbody>\n{body}\n</tbody></table>",
        *(f"<div>{escape(line)}</div>" for line in totals),
    ]
    if model.built and len(rows) <= _MOST_IN_A_PICTURE:
        shown = Shown(shapes=True, layer_names=True, layer_activations=True, parameters=True)
        picture = ModelPicture(model, shown).html_body()
        parts.append(f"<details><summary>Picture</summary>{picture}</details>")
    return "\n".join(parts)


def _row(tag: str, cells: list[str]) -> str:
    sides = ("left", "left", "right", "right")
    inside = (f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>' for side, cell in zip(sides, cells))
    return f"<tr>{''.join(inside)}</tr>"
