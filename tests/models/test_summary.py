import numpy as np
import pytest

import lamina
from lamina.layers import LSTM, Conv2D, Dense, Flatten


def text_of(model, **kwargs):
    lines = []
    model.summary(print_fn=lines.append, **kwargs)
    return "\n".join(lines)


def stack():
    return lamina.Sequential(
        [lamina.Input((8, 8, 3)), Conv2D(4, 3, name="conv"), Flatten(), Dense(10, name="top")], name="net"
    )


def test_a_table_of_layers_and_totals():
    text = text_of(stack())
    assert "Model: 'net'" in text
    for part in ("conv (Conv2D)", "(None, 6, 6, 4)", "112", "flatten (Flatten)", "(None, 144)", "1,450"):
        assert part in text
    assert "Total parameters: 1,562 (6.10 KB)" in text


def test_operations_are_those_of_the_formulas():
    lines = text_of(stack()).splitlines()
    conv = next(line for line in lines if "conv" in line)
    assert f"{6 * 6 * 4 * (2 * 3 * 3 * 3 + 1):,}" in conv  # a product and a sum for each tap, one sum for the bias
    top = next(line for line in lines if "top" in line)
    assert f"{10 * (2 * 144 + 1):,}" in top


def test_every_step_of_a_loop_counts():
    def operations(steps):
        model = lamina.Sequential([lamina.Input((steps, 4)), LSTM(8)])
        row = next(line for line in text_of(model).splitlines() if "lstm" in line)
        return int(row.split("│")[-2].replace(",", ""))

    assert operations(20) > 1.8 * operations(10)


def test_an_unbuilt_model_says_so():
    text = text_of(lamina.Sequential([Dense(3)]))
    assert "not built" in text
    assert "Input(shape)" in text


def test_the_optimizer_counts_once_it_is_built():
    model = stack()
    model.compile("adam", "mse")
    assert "Optimizer" not in text_of(model)
    model.fit(np.ones((2, 8, 8, 3)), np.ones((2, 10)), verbose=0)
    assert "Optimizer: 3,126" in text_of(model)  # two slots for each weight, the step count and the learning rate


def test_nested_layers_and_trainable_column():
    inner = lamina.Sequential([Dense(4, name="deep")], name="inner")
    model = lamina.Sequential([lamina.Input((3,)), inner, Dense(2, name="top", trainable=False)])
    assert "deep" not in text_of(model)
    text = text_of(model, expand_nested=True, show_trainable=True)
    assert "deep (Dense)" in text
    assert "Trainable" in text
    assert next(line for line in text.splitlines() if "top" in line).rstrip("│ ").endswith("no")


def test_a_range_of_layers():
    text = text_of(stack(), layer_range=("flatten", "top"))
    assert "conv (Conv2D)" not in text
    assert "top (Dense)" in text
    with pytest.raises(ValueError, match="matches no layers"):
        text_of(stack(), layer_range=("nothing", "top"))


def test_width():
    assert max(map(len, text_of(stack(), line_length=60).splitlines())) <= 60
    with pytest.raises(ValueError, match="positions must hold 4"):
        text_of(stack(), positions=[0.5])
