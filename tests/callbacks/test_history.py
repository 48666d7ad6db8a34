import copy
import pickle

import pytest

import lamina
from lamina.callbacks import History


def history(**curves):
    found = History()
    found.history.update(curves)
    found.epoch = list(range(max(map(len, curves.values()), default=0)))
    return found


@pytest.mark.parametrize(
    "name, message",
    [
        ("acc", r"Write history.history\['accuracy'\]"),
        ("val_loss", "no 'val_loss'. Names with val_ need validation data"),
        ("los", "Did you mean 'loss'"),
    ],
)
def test_a_missing_name_says_which_there_are(name, message):
    with pytest.raises(KeyError, match=message):
        history(loss=[1.0], accuracy=[0.5]).history[name]


def test_the_history_itself_is_no_dictionary():
    with pytest.raises(TypeError, match=r"history.history\['loss'\]"):
        history(loss=[1.0])["loss"]


def test_the_curves_are_a_plain_dictionary_elsewhere():
    curves = history(loss=[1.0]).history
    assert curves == {"loss": [1.0]}
    assert type(copy.deepcopy(curves)) is dict and pickle.loads(pickle.dumps(curves)) == curves


def test_a_table():
    frame = history(loss=[1.0, 0.5, 0.2], val_loss=[0.3]).to_frame()
    assert list(frame.columns) == ["loss", "val_loss"] and list(frame.index) == [1, 2, 3]
    assert frame["loss"].tolist() == [1.0, 0.5, 0.2]
    assert frame["val_loss"].isna().tolist() == [True, True, False]


def test_a_plot_goes_to_the_terminal_or_a_file(capsys, tmp_path):
    assert history(loss=[1.0, 0.5]).plot() is None
    assert "loss" in capsys.readouterr().out
    figure = history(loss=[1.0, 0.5]).plot(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG") and len(figure.axes) == 1
    with pytest.raises(ValueError, match="the history is empty"):
        lamina.callbacks.History().plot()
