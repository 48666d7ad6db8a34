import keras
import numpy as np
import pytest

import lamina
from lamina.layers import Dense, Dropout

X = np.random.default_rng(0).random((6, 4), dtype="float32")


def stack():
    return lamina.Sequential([lamina.Input((4,)), Dense(5, activation="relu"), Dense(2)], name="net")


def graph():
    inputs = lamina.Input((4,), name="x")
    shared = Dense(4, name="shared")
    return lamina.Model(inputs, Dense(2, name="out")(shared(shared(inputs)) + inputs[:, :1]), name="net")


@pytest.mark.parametrize("make", [stack, graph])
def test_a_clone_has_the_same_architecture_and_its_own_weights(make):
    model = make()
    clone = lamina.models.clone_model(model)
    assert clone.get_config() == model.get_config()
    assert not np.array_equal(clone(X), model(X))
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(X), model(X))
    assert not {id(layer) for layer in clone.layers} & {id(layer) for layer in model.layers}


@pytest.mark.parametrize("make", [stack, graph])
def test_a_clone_function_makes_the_layers(make):
    def wider(layer):
        config = layer.get_config()
        return Dropout(0.5, name=layer.name) if layer.name == "shared" else type(layer).from_config(config)

    clone = lamina.models.clone_model(make(), clone_function=wider)
    assert (make is graph) == any(isinstance(layer, Dropout) for layer in clone.layers)


def test_new_inputs():
    clone = lamina.models.clone_model(graph(), input_tensors=lamina.Input((4,), name="other"))
    assert clone.inputs[0].name == "other"
    clone = lamina.models.clone_model(stack(), input_tensors=lamina.Input((9,)))
    assert clone.input_shape == (None, 9)


def test_inside_of_nested_models():
    model = lamina.Sequential([lamina.Input((4,)), lamina.Sequential([Dense(3, name="deep")], name="inner")])
    seen = []

    def note(layer):
        seen.append(layer.name)
        return type(layer).from_config(layer.get_config())

    lamina.models.clone_model(model, clone_function=note, recursive=True)
    assert seen == ["deep"]


def test_wrong_arguments():
    with pytest.raises(ValueError, match="call_function is for Functional"):
        lamina.models.clone_model(stack(), call_function=lambda layer, x: layer(x))
    with pytest.raises(ValueError, match="must return a layer"):
        lamina.models.clone_model(stack(), clone_function=lambda layer: 3)
    with pytest.raises(ValueError, match="does not know the argument 'deep'"):
        lamina.models.clone_model(stack(), deep=True)


@pytest.mark.parametrize("make", [stack, graph])
def test_json_round_trip(make):
    model = make()
    again = lamina.models.model_from_json(model.to_json())
    assert again.get_config() == model.get_config()


def test_json_is_exchanged_with_keras():
    model = stack()
    theirs = keras.models.model_from_json(model.to_json())
    theirs.set_weights(model.get_weights())
    np.testing.assert_allclose(theirs.predict(X, verbose=0), model(X), rtol=1e-5, atol=1e-6)
    again = lamina.models.model_from_json(theirs.to_json())
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]


def test_text_that_describes_no_model():
    with pytest.raises(ValueError, match="no JSON text"):
        lamina.models.model_from_json("{")
    with pytest.raises(ValueError, match="describes no model"):
        lamina.models.model_from_json('{"a": 1}')
