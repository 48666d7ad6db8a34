"""Where warnings stand: in the user's line, whatever lies between it and what warns."""

import linecache
import warnings

import jax
import numpy as np
import pytest

import lamina
from lamina import layers


def of_logits():
    model = lamina.Sequential([lamina.Input((2,)), layers.Dense(1)])
    model.compile("sgd", lamina.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    model.fit(np.ones((4, 2)), np.array([0, 1, 0, 1]), verbose=0)  # here


def of_one_class():
    jax.jit(lambda x: lamina.activations.softmax(x))(np.ones((2, 1)))  # here


def of_a_name_of_a_metric():
    stop = lamina.callbacks.EarlyStopping("val_los")
    model = lamina.Sequential([lamina.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0, callbacks=[stop])  # here


def of_an_old_argument():
    layers.Embedding(3, 2, input_length=4)  # here


@pytest.mark.parametrize("mistake", [of_logits, of_one_class, of_a_name_of_a_metric, of_an_old_argument])
def test_warnings_stand_in_the_users_line(mistake):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        mistake()
    assert told and {one.filename for one in told} == {__file__}
    assert all("# here" in linecache.getline(one.filename, one.lineno) for one in told)
