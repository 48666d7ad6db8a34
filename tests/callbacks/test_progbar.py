import logging

import numpy as np
import pytest

import lamina
from lamina.layers import Dense
from lamina.utils import Progbar


def test_numbers_are_averaged_by_steps(capsys):
    bar = Progbar(4, stateful_metrics=["rate"])
    bar.update(1, [("loss", 4.0), ("rate", 0.5)])
    bar.update(3, [("loss", 1.0), ("rate", 0.25)])
    bar.add(1, [("loss", 2.0), ("rate", 0.125)])
    line = capsys.readouterr().out
    assert line.startswith("4/4 0s ")
    assert line.endswith("/step - loss: 2.0000 - rate: 0.1250\n")


def test_unknown_length_and_silence(capsys):
    bar = Progbar(None, unit_name="file", verbose=2)
    bar.update(2)
    assert capsys.readouterr().out == ""
    bar.update(3, finalize=True)
    assert capsys.readouterr().out.startswith("3/? ")
    Progbar(2, verbose=0).update(2)
    assert capsys.readouterr().out == ""


def test_errors():
    with pytest.raises(ValueError, match="not both"):
        Progbar(2, stateful_metrics=["a"], stateless_metrics=["b"])
    with pytest.raises(ValueError, match="verbose must be 0, 1 or 2, got 3"):
        Progbar(2, verbose=3)


def test_progress_goes_to_the_log_if_asked(capsys, caplog):
    model = lamina.Sequential([lamina.Input((2,)), Dense(1)])
    model.compile("sgd", "mse")
    lamina.utils.disable_interactive_logging()
    try:
        assert not lamina.config.is_interactive_logging_enabled()
        with caplog.at_level(logging.INFO, "lamina"):
            model.fit(np.ones((4, 2)), np.ones((4, 1)))
    finally:
        lamina.config.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert any("loss:" in record.message for record in caplog.records)
