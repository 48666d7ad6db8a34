"""`plot_model` and `model_to_dot`: a model as a picture, without Graphviz."""

from __future__ import annotations

import dataclasses
import os
from html import escape
from pathlib import Path
from typing import Any

from lamina.visualization.diagram import Diagram, Shown, diagram_of
from lamina.visualization.diagram_dot import dot
from lamina.visualization.diagram_svg import DIRECTIONS, SPLINES, svg

_FORMATS = (".svg", ".html", ".png", ".pdf", ".dot")


def plot_model(
    model: Any,
    to_file: str | os.PathLike | None = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    *,
    show_parameters: bool = False,
) -> ModelPicture:
    """Draw a model: its layers as cards and the tensors between them as lines. Graphviz is not needed.

    Args:
        model: a built `Sequential`, Functional or subclassed model. Of the last, only the layers are known.
        to_file: the file to write; its extension says how: ".svg", ".html" (nested models can be opened and closed),
            ".dot", or ".png" and ".pdf", which need cairosvg (`pip install 'lamina[plot]'`). None writes nothing.
        show_shapes: whether to show the shapes of inputs and outputs.
        show_dtype: whether to show the dtypes of outputs.
        show_layer_names: whether to show the names of layers.
        rankdir: where the data flow: "TB" (from top to bottom), "LR" (from left to right), "BT" or "RL".
        expand_nested: whether to draw the layers of models within the model, in frames.
        dpi: pixels to the inch of a PNG.
        show_layer_activations: whether to show activation functions.
        show_trainable: whether to show which layers are trained.
        splines: lines with right angles ("ortho"), "curved" (or "spline"), or straight ("polyline" or "line").
        show_parameters: whether to show how many weights each layer has.

    Returns:
        The picture, which a notebook shows.

    Raises:
        ValueError: if the model is not built, or an argument is out of range.
        ImportError: for ".png" and ".pdf" without cairosvg.

    Example:
        >>> model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(2, activation="relu")])
        >>> picture = lamina.utils.plot_model(model, None, show_shapes=True)
        >>> picture.to_svg()[:4]
        '<svg'
    """
    shown = Shown(
        shapes=show_shapes,
        dtype=show_dtype,
        layer_names=show_layer_names,
        expand_nested=expand_nested,
        layer_activations=show_layer_activations,
        trainable=show_trainable,
        parameters=show_parameters,
    )
    picture = ModelPicture(model, shown, rankdir, dpi, splines)
    if to_file is not None:
        picture.write(to_file)
    return picture


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    *,
    show_parameters: bool = False,
) -> ModelPicture:
    """Return a model as a graph in the DOT language; neither pydot nor Graphviz is needed.

    Args:
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi: as for `plot_model`.
        subgraph: whether the text describes a cluster, to be put into another graph.
        show_layer_activations, show_trainable, splines, show_parameters: as for `plot_model`.

    Returns:
        An object whose `to_string()` is the text, and which `write(path)` saves as ".dot", ".svg" and other files.

    Example:
        >>> model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(2, name="out")])
        >>> '"out (Dense)"' in lamina.utils.model_to_dot(model).to_string()
        True
    """
    shown = Shown(
        shapes=show_shapes,
        dtype=show_dtype,
        layer_names=show_layer_names,
        expand_nested=expand_nested,
        layer_activations=show_layer_activations,
        trainable=show_trainable,
        parameters=show_parameters,
    )
    return ModelPicture(model, shown, rankdir, dpi, splines, subgraph)


class ModelPicture:
    """A model as a picture, made at once, so that later changes of the model don't change it.

    Args:
        model: a built model.
        shown: what the cards say.
        rankdir, dpi, splines: as for `plot_model`.
        subgraph: as for `model_to_dot`.
    """

    def __init__(
        self,
        model: Any,
        shown: Shown,
        rankdir: str = "TB",
        dpi: int = 200,
        splines: str = "ortho",
        subgraph: bool = False,
    ) -> None:
        _check(rankdir, DIRECTIONS, "rankdir")
        _check(splines, SPLINES, "splines")
        if isinstance(dpi, bool) or not isinstance(dpi, int | float) or not 1 <= dpi <= 2400:
            raise ValueError(f"dpi must be a number from 1 to 2400, got {dpi!r}.")
        self._diagram = diagram_of(model, shown)
        self._other: Diagram | None = None
        if any(getattr(layer, "layers", None) for layer in model.layers):
            self._other = diagram_of(model, dataclasses.replace(shown, expand_nested=not shown.expand_nested))
        self._expanded = shown.expand_nested
        self._rankdir, self._dpi, self._splines, self._subgraph = rankdir, dpi, splines, subgraph

    def to_string(self) -> str:
        """Return the text in DOT."""
        return dot(self._diagram, self._rankdir, self._splines, int(self._dpi), self._subgraph)

    def to_svg(self) -> str:
        """Return the text of an SVG file."""
        return svg(self._diagram, self._rankdir, self._splines)

    def to_html(self) -> str:
        """Return the text of a web page that stands alone; nested models open and close without a script."""
        return _PAGE.format(title=escape(self._diagram.name), body=self.html_body())

    def html_body(self) -> str:
        """Return what `to_html` has in its body, for a page of others."""
        if self._other is None:
            return f'<div class="lamina-picture">{self.to_svg()}</div>'
        pictures = [self.to_svg(), svg(self._other, self._rankdir, self._splines)]
        folded, opened = reversed(pictures) if self._expanded else pictures
        return _FOLDING.format(checked="checked" if self._expanded else "", folded=folded, opened=opened)

    def write(self, path: str | os.PathLike) -> None:
        """Write a file; its extension says which kind.

        Args:
            path: ends in ".svg", ".html", ".png", ".pdf" or ".dot".
        """
        path = Path(path)
        kind = path.suffix.lower()
        if kind not in _FORMATS:
            raise ValueError(f"A model is drawn as {', '.join(_FORMATS)}; got the file {os.fspath(path)!r}.")
        if kind in (".png", ".pdf"):
            path.write_bytes(self._rendered(kind))
        else:
            text = {".svg": self.to_svg, ".html": self.to_html, ".dot": self.to_string}[kind]()
            path.write_text(text, encoding="utf-8")

    def _rendered(self, kind: str) -> bytes:
        try:
            import cairosvg  # pyright: ignore[reportMissingImports]  (an extra)
        except (ImportError, OSError) as error:  # OSError: the package is there, the library cairo is not
            raise ImportError(
                f"Drawing a model as {kind} needs cairosvg (pip install 'lamina[plot]') and the library cairo: "
                f"{error}. Without it, write '.svg' or '.html', which any browser shows."
            ) from error
        draw: Any = cairosvg.svg2png if kind == ".png" else cairosvg.svg2pdf
        options = {"background_color": "white"} if kind == ".png" else {}
        return draw(bytestring=self.to_svg().encode(), scale=self._dpi / 96, **options)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def __str__(self) -> str:
        return self.to_string()


def _check(value: str, known: tuple[str, ...], name: str) -> None:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}.")


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 2rem; font: 15px/1.5 system-ui, sans-serif; background: #f8fafc; color: #0f172a; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #0f172a; color: #e2e8f0; }} }}
h1 {{ font-size: 1.25rem; font-weight: 600; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""

_FOLDING = """<div class="lamina-picture">
<style>
.lamina-picture .opened, .lamina-picture:has(input:checked) .folded {{ display: none; }}
.lamina-picture:has(input:checked) .opened {{ display: block; }}
</style>
<label><input type="checkbox" {checked}> Show the layers of nested models</label>
<div class="folded">{folded}</div>
<div class="opened">{opened}</div>
</div>"""
