import io
import math

import pytest
from rich.console import Console

from lamina.visualization import LineChart

FALLING = {"training": [2.0, 1.0, 0.5, 0.25], "validation": [2.2, 1.4, 1.1, 1.0]}


def _drawn(chart, encoding="utf-8", width=40):
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding), width=width)
    console.print(chart)
    console.file.flush()
    return console.file.buffer.getvalue().decode(encoding).splitlines()


def test_has_title_legend_axes_and_fits():
    lines = _drawn(LineChart(FALLING, title="loss", height=6))
    assert lines[0] == "loss  ── training  ╌╌ validation"
    assert len(lines) == 1 + 6 + 2
    assert max(map(len, lines)) <= 40
    assert lines[1].startswith("3 ┤") and lines[6].startswith("0 ┤")
    assert lines[-1].split() == ["1", "2", "epoch", "4"]


def test_a_falling_curve_falls():
    rows = _drawn(LineChart({"loss": [4.0, 2.0, 0.0]}, height=4), width=30)[1:5]
    curve = [row[row.index("┤" if "┤" in row else "│") + 1 :] for row in rows]
    starts = [len(row) - len(row.lstrip()) for row in curve]
    assert starts[0] == 0 and starts == sorted(set(starts))


def test_plain_characters_where_the_output_is_ascii():
    lines = _drawn(LineChart(FALLING, title="loss"), encoding="ascii")
    assert lines[0] == "loss  * training  o validation"
    assert any("*" in line for line in lines[1:]) and any("o" in line for line in lines[1:-1])


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.5, 0.5], {"0", "1"}),
        ([7.0], {"7", "8"}),
        ([0.9712, 0.9719], {"0.9712", "0.9714", "0.9716", "0.9718", "0.9720"}),
        ([-1.0, 1.0], {"-1.0", "-0.5", "0.0", "0.5", "1.0"}),
        ([0.0, 2e6], {"0", "500000", "1e+06", "1.5e+06", "2e+06"}),
    ],
)
def test_ticks_are_round_numbers_around_the_values(values, labels):
    lines = _drawn(LineChart({"loss": values}))
    assert {line.split()[0] for line in lines[1:-2] if "┤" in line} == labels


def test_values_that_are_not_finite_leave_gaps():
    lines = _drawn(LineChart({"loss": [1.0, math.nan, math.inf, 1.0]}, height=2))
    dots = [character for character in lines[1] + lines[2] if 0x2800 < ord(character) < 0x2900]
    assert len(dots) == 2


def test_a_shorter_series_spans_the_same_steps():
    both = _drawn(LineChart({"every": [0.0] * 10, "second": [1.0] * 5}, height=2))
    upper = both[1].split("┤")[1].rstrip()
    lower = both[2].split("┤")[1].rstrip()
    assert upper.startswith(" ") and len(upper) == len(lower)


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match=r"no finite value to draw in the series \['loss'\]"):
        LineChart({"loss": [math.nan]})
    with pytest.raises(ValueError, match="no finite value"):
        LineChart({})
    with pytest.raises(ValueError, match="height must be at least 2 rows, got 1"):
        LineChart(FALLING, height=1)
