import io

import numpy as np
import pytest
from rich.console import Console

from lamina.visualization import Picture

DIAGONAL = np.eye(4)


def _drawn(picture, encoding="utf-8", **settings):
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding), width=80, **settings)
    console.print(picture, end="")
    console.file.flush()
    return console.file.buffer.getvalue().decode(encoding)


def test_half_blocks_without_colour():
    assert _drawn(Picture(DIAGONAL, width=4)) == "▀▄  \n  ▀▄\n"


def test_plain_shades_where_the_output_is_ascii():
    assert _drawn(Picture(np.array([[0.0, 1.0], [0.0, 1.0]]), width=2), encoding="ascii") == " @\n"


def test_every_pixel_has_its_shade_with_colour():
    drawn = _drawn(
        Picture(np.array([[0, 16], [8, 0]]), width=2), force_terminal=True, color_system="truecolor", no_color=False
    )
    assert drawn.count("▀") == 2
    assert "38;2;0;0;0;48;2;128;128;128" in drawn and "38;2;255;255;255;48;2;0;0;0" in drawn


def test_red_green_and_blue():
    red_above_blue = np.array([[[255, 0, 0]], [[0, 0, 255]]], dtype="uint8")
    drawn = _drawn(Picture(red_above_blue, width=1), force_terminal=True, color_system="truecolor", no_color=False)
    assert "38;2;255;0;0;48;2;0;0;255" in drawn


def test_no_color_is_respected():
    drawn = _drawn(Picture(DIAGONAL, width=4), force_terminal=True, color_system="truecolor", no_color=True)
    assert drawn == "▀▄  \n  ▀▄\n"


def test_enlarging_keeps_the_proportions_and_the_range():
    lines = _drawn(Picture(np.full((8, 8), 3), vmin=0, vmax=3)).splitlines()
    assert lines == ["█" * 16] * 8
    assert _drawn(Picture(np.ones((8, 8)))).splitlines() == [" " * 16] * 8  # all alike: nothing stands out
    assert len(_drawn(Picture(np.eye(100, 50), width=20)).splitlines()) == 20


@pytest.mark.parametrize("shape", [(8,), (2, 8, 8), (8, 8, 2), (0, 8), (1, 8, 8, 1)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected an image of shape .* received \("):
        Picture(np.zeros(shape))


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="NaN or infinite"):
        Picture(np.array([[np.nan]]))
