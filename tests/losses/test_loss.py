"""The base class: subclasses, structures of arrays, dtypes, configurations; and what strings stand for."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import lamina
from lamina import losses
from lamina.core.serialization import custom_object_scope
from lamina.dtype_policies import DTypePolicy


class Quartic(losses.Loss):
    def call(self, y_true, y_pred):
        return ((y_true - y_pred) ** 4).mean(axis=-1)


class OfTwo(losses.Loss):
    def call(self, y_true, y_pred):
        return abs(y_true["a"] - y_pred["a"]).mean(axis=-1) + abs(y_true["b"] - y_pred["b"]).mean(axis=-1)


def scaled(y_true, y_pred, factor=1.0):
    return factor * abs(y_true - y_pred).mean(axis=-1)


def test_a_subclass_needs_only_call():
    loss = Quartic()
    assert (loss.name, loss.reduction, loss.dtype) == ("quartic", "sum_over_batch_size", "float32")
    assert float(loss([[1], [2]], [[1.0], [4.0]])) == 8.0
    assert repr(loss) == "<Quartic name=quartic>"
    with pytest.raises(NotImplementedError, match="Loss must define `call"):
        losses.Loss()([1.0], [1.0])


def test_structures_of_arrays_keep_their_structure():
    targets = {"a": np.zeros((2, 3)), "b": np.zeros((2, 1))}
    predictions = {"a": np.ones((2, 3)), "b": np.full((2, 1), 2.0)}
    assert float(OfTwo()(targets, predictions)) == 3.0
    several = losses.LossFunctionWrapper(lambda y_true, y_pred: abs(y_true[0] - y_pred[1]).mean(axis=-1))
    assert float(several([np.zeros((2, 1)), np.zeros((2, 2))], [np.zeros((2, 2)), np.ones((2, 1))])) == 1.0


def test_the_dtype_is_what_is_computed_in():
    y_true, y_pred = np.zeros((2, 1)), np.ones((2, 1))
    assert Quartic(dtype="float16")(y_true, y_pred).dtype == "float16"
    assert Quartic(dtype=DTypePolicy("mixed_bfloat16")).dtype == "bfloat16"
    assert losses.MeanSquaredError()(y_true, jnp.ones((2, 1), "float16")).dtype == "float32"
    assert losses.mean_squared_error([[1, 2]], [[1, 3]]).dtype == "float32"
    assert losses.mean_squared_error(np.ones((1, 2), "float16"), jnp.ones((1, 2), "bfloat16")).dtype == "bfloat16"


def test_class_numbers_stay_whole_in_half_precision():
    scores = np.full((2, 3000), 1e-4, "float32")
    scores[[0, 1], [2049, 257]] = 0.9
    for dtype in ("float16", "bfloat16"):
        loss = losses.SparseCategoricalCrossentropy(dtype=dtype)(np.array([2049, 257]), scores)
        assert float(loss) == pytest.approx(-np.log(0.9 / 1.1999), rel=0.05)


def test_the_configuration_holds_the_dtype_if_one_was_given():
    assert Quartic().get_config() == {"name": "quartic", "reduction": "sum_over_batch_size"}
    config = Quartic(dtype="mixed_float16", reduction=None).get_config()
    assert config == {"name": "quartic", "reduction": None, "dtype": "mixed_float16"}
    assert Quartic.from_config(config).dtype == "float16"


def test_own_losses_travel_by_registered_name():
    with custom_object_scope({"Quartic": Quartic, "scaled": scaled}):
        assert isinstance(losses.get("Quartic"), Quartic)
        assert isinstance(losses.deserialize(losses.serialize(Quartic())), Quartic)
        wrapped = losses.LossFunctionWrapper(scaled, factor=3.0, name="wrapped")
        again = losses.deserialize(
            {**losses.serialize(wrapped), "registered_name": None}, {"LossFunctionWrapper": type(wrapped)}
        )
        assert float(again([[0.0]], [[2.0]])) == 6.0
        assert again.get_config() == wrapped.get_config()
    assert isinstance(losses.deserialize("Quartic", custom_objects={"Quartic": Quartic}), Quartic)


@pytest.mark.parametrize(
    "name", sorted(set(dir(keras.losses)) | {"mse", "MAE", "mape", "msle", "BCE", "bce", "kld", "KLD"})
)
def test_names_stand_for_what_they_stand_for_in_keras(name):
    if name.startswith("_") or name in {"Loss", "get", "serialize", "deserialize"}:
        return
    found = losses.get(name)
    if name.lower().startswith("categoricalgeneralized") or name.startswith("categorical_generalized"):
        assert callable(found)  # which Keras leaves out of its names
        return
    expected = keras.losses.get(name)
    assert getattr(found, "__name__", type(found).__name__) == getattr(expected, "__name__", type(expected).__name__)


def test_get_takes_objects_classes_functions_and_configurations():
    loss = losses.Huber(delta=2.0)
    assert losses.get(loss) is loss
    assert losses.get(None) is None
    assert losses.get(scaled) is scaled
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    assert losses.get({"class_name": "Huber", "config": {"delta": 3.0}}).delta == 3.0
    function = losses.serialize(losses.mean_squared_error)
    assert function == keras.losses.serialize(keras.losses.mean_squared_error)
    assert losses.deserialize(function) is losses.mean_squared_error
    with pytest.raises(ValueError, match="Unknown loss 'mean_square_error'. Did you mean 'mean_squared_error'"):
        losses.get("mean_square_error")
    with pytest.raises(TypeError, match="3 is no loss"):
        losses.get(3)


def test_lists_numpy_and_jax_arrays_are_all_taken():
    for kind in (list, np.asarray, jnp.asarray):
        assert float(losses.MeanSquaredError()(kind([[0.0], [1.0]]), kind([[1.0], [3.0]]))) == 2.5


def test_epsilon_is_that_of_the_settings():
    lamina.config.set_epsilon(1e-3)
    try:
        assert float(losses.binary_crossentropy([[1.0]], [[0.0]])[0]) == pytest.approx(-np.log(1e-3), rel=1e-5)
    finally:
        lamina.config.set_epsilon(1e-7)


def test_a_loss_can_be_vectorised_and_differentiated():
    loss = losses.CategoricalCrossentropy(from_logits=True)
    y_true, y_pred = np.eye(3, dtype="float32")[None].repeat(4, 0), np.zeros((4, 3, 3), "float32")
    assert jax.vmap(jax.grad(loss.__call__, argnums=1))(y_true, y_pred).shape == (4, 3, 3)
