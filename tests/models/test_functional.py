"""Graphs against Keras: order, configurations, training, masks, operators; and what is said when a graph is wrong."""

import json

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import lamina

RANDOM = np.random.default_rng(3)


def array(*shape):
    return RANDOM.normal(size=shape).astype("float32")


def two_inputs(k):
    a, b = k.Input((4,), name="a"), k.Input((3,), name="b")
    x = k.layers.Dense(5, activation="relu", name="left")(a)
    y = k.layers.Dense(5, name="right")(b)
    return k.Model([a, b], k.layers.Dense(2, name="out")(k.layers.Concatenate(name="join")([y, x])))


def residual(k):
    inputs = k.Input((4,), name="x")
    hidden = k.layers.Dense(4, activation="tanh", name="first")(inputs)
    return k.Model(inputs, k.layers.Dense(2, name="out")(k.layers.Add(name="sum")([inputs, hidden])))


def shared(k):
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    tower = k.layers.Dense(3, name="tower")
    distance = k.layers.Subtract(name="difference")([tower(a), tower(b)])
    return k.Model([a, b], k.layers.Dense(1, name="out")(distance))


def nested(k):
    inner_input = k.Input((4,), name="inner_x")
    inner = k.Model(inner_input, k.layers.Dense(3, name="inner_dense")(inner_input), name="inner")
    inputs = k.Input((4,), name="x")
    return k.Model(inputs, k.layers.Dense(2, name="out")(k.layers.Add(name="sum")([inner(inputs), inner(inputs)])))


def sequential_inside(k):
    block = k.Sequential([k.Input((4,)), k.layers.Dense(3, name="one"), k.layers.Dense(3, name="two")], name="block")
    inputs = k.Input((4,), name="x")
    return k.Model(inputs, k.layers.Dense(2, name="out")(block(inputs)))


def operators(k):
    x, y = k.Input((4, 6), name="x"), k.Input((4, 6), name="y")
    z = (x + y) * 2.0 - x / (abs(y) + 1.0)
    z = k.ops.concatenate([z[:, 0], -z[:, 1:3, 2]], axis=-1) ** 2
    z = k.ops.relu(z) + k.ops.mean(x, axis=(1, 2), keepdims=False)[:, None]
    z = k.ops.where(z > 1.0, z, 0.1 * z)
    return k.Model([x, y], k.layers.Dense(2, name="out")(k.ops.reshape(z, (-1, 8))))


def activations(k):
    x = k.Input((4,), name="x")
    hidden = k.activations.relu(k.layers.Dense(6, name="dense")(x), negative_slope=0.1)
    hidden = k.activations.gelu(hidden) + k.activations.softmax(hidden) + k.activations.tanh(hidden)
    return k.Model(x, k.layers.Dense(1, name="out")(hidden))


def dictionaries(k):
    inputs = {"first": k.Input((4,), name="first"), "second": k.Input((3,), name="second")}
    joined = k.layers.Concatenate(name="join")([inputs["first"], inputs["second"]])
    outputs = {"p": k.layers.Dense(2, name="p")(joined), "q": k.layers.Dense(1, name="q")(joined)}
    return k.Model(inputs, outputs)


def branches(k):
    x = k.Input((4,), name="x")
    a = k.layers.Dense(3, name="a")(x)
    b = k.layers.Dense(3, name="b")(a)
    c = k.layers.Dense(3, name="c")(x)
    return k.Model(x, [k.layers.Multiply(name="times")([b, c]), k.layers.Average(name="mean")([a, b, c])])


def masked(k):
    tokens = k.Input((5,), dtype="int32", name="tokens")
    x = k.layers.Embedding(7, 4, mask_zero=True, name="embedding")(tokens)
    return k.Model(tokens, k.layers.Dense(2, name="out")(k.layers.LSTM(3, name="lstm")(x)))


MODELS = [
    two_inputs,
    residual,
    shared,
    nested,
    sequential_inside,
    operators,
    activations,
    dictionaries,
    branches,
    masked,
]


def data_for(model):
    rows = 8

    def draw(tensor):
        if "int" in str(tensor.dtype):
            return np.array([[1, 2, 3, 0, 0], [4, 5, 6, 1, 2]] * 4, "int32")
        return array(rows, *tensor.shape[1:])

    by_name = {tensor.name: draw(tensor) for tensor in model.inputs}
    x = by_name if isinstance(model.input, dict) else list(by_name.values())
    y = {name: array(rows, *tensor.shape[1:]) for name, tensor in zip(model.output_names, model.outputs, strict=True)}
    single = len(model.inputs) == 1 and not isinstance(x, dict)
    return (x[0] if single else x), (y if isinstance(model.output, dict) else list(y.values()))


def pair(make):
    keras.utils.clear_session(free_memory=False)
    reference, model = make(keras), make(lamina)
    model.set_weights(reference.get_weights())
    return reference, model


def assert_same_values(received, expected):
    assert jax.tree.structure(received) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(received), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def calls(described):
    """Return the calls of a layer as plain JSON, without arguments that are None."""
    nodes = json.loads(json.dumps(described["inbound_nodes"]))
    for node in nodes:
        node["kwargs"] = {key: value for key, value in node["kwargs"].items() if value is not None}
    return nodes


@pytest.mark.parametrize("make", MODELS)
def test_layers_weights_and_outputs(make):
    reference, model = pair(make)
    assert [layer.name for layer in model.layers] == [layer.name for layer in reference.layers]
    assert [weight.shape for weight in model.weights] == [tuple(weight.shape) for weight in reference.weights]
    assert [tensor.shape for tensor in model.outputs] == [tensor.shape for tensor in reference.outputs]
    x, _ = data_for(reference)
    assert_same_values(model.predict(x, verbose=0), reference.predict(x, verbose=0))


@pytest.mark.parametrize("make", MODELS)
def test_configurations_are_exchanged(make):
    reference, model = pair(make)
    config, expected = model.get_config(), reference.get_config()
    assert config["output_layers"] == expected["output_layers"]
    assert config["input_layers"] == expected["input_layers"]
    # Keras writes the computation of masks into the graph, and counts functions in the order in which they were made.
    if make not in (masked, operators):
        for one, other in zip(config["layers"], expected["layers"], strict=True):
            assert (one["name"], one["class_name"]) == (other["name"], other["class_name"])
            assert calls(one) == calls(other)
    x, _ = data_for(reference)
    for copy in (
        lamina.Model.from_config(reference.get_config()),
        lamina.Model.from_config(json.loads(json.dumps(model.get_config()))),
        keras.Model.from_config(json.loads(json.dumps(model.get_config()))),
    ):
        copy.set_weights(reference.get_weights())
        assert_same_values(copy.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("make", [shared, operators, dictionaries, masked])
def test_twenty_steps_of_training(make):
    reference, model = pair(make)
    x, y = data_for(reference)
    losses = []
    for one in (reference, model):
        one.compile(optimizer="adam", loss="mse")
        history = one.fit(x, y, batch_size=4, epochs=10, shuffle=False, verbose=0)
        losses.append(history.history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4, atol=1e-5)
    for one, other in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_inner_tensors_make_further_models():
    model = residual(lamina)
    features = lamina.Model(model.input, model.get_layer("first").output)
    x = array(3, 4)
    np.testing.assert_allclose(features(x), jnp.tanh(x @ model.get_layer("first").kernel.value), rtol=1e-5)


def test_masks_reach_the_layers_that_use_them():
    _, model = pair(masked)
    tokens = np.array([[1, 2, 3, 0, 0]], "int32")
    before = np.array(model(tokens))
    embedding = np.array(model.get_layer("embedding").embeddings)
    embedding[0] += 5.0  # what stands for padding must not matter
    model.get_layer("embedding").embeddings.assign(embedding)
    np.testing.assert_allclose(model(tokens), before, rtol=1e-6)


def test_any_function_of_arrays():
    x = lamina.Input((3,))
    model = lamina.Model(x, lamina.ops.wrap(lambda x: jnp.sinc(x))(x))
    np.testing.assert_allclose(model(np.ones((1, 3))), np.sinc(np.ones((1, 3))), atol=1e-6)
    with pytest.raises(TypeError, match="can't be written"):
        model.get_config()


def test_registered_functions_are_saved():
    @lamina.saving.register_keras_serializable("test")
    def triple(x):
        return 3 * x

    x = lamina.Input((3,), name="x")
    copy = lamina.Model.from_config(lamina.Model(x, lamina.ops.wrap(triple)(x)).get_config())
    np.testing.assert_array_equal(copy(np.ones((1, 3))), 3 * np.ones((1, 3)))


def test_a_disconnected_graph_names_the_tensor():
    a, b = lamina.Input((3,), name="a"), lamina.Input((3,), name="b")
    with pytest.raises(ValueError, match=r"need the tensor 'b' .* not computed from the inputs \(a\)"):
        lamina.Model(a, lamina.layers.Add()([a, b]))


def test_a_missing_input_is_named():
    model = dictionaries(lamina)
    with pytest.raises(ValueError, match="The input 'second' is missing"):
        model({"first": array(2, 4)})
    with pytest.raises(ValueError, match=r"2 input\(s\) .* but was given 1"):
        two_inputs(lamina)([array(2, 4)])


def test_what_is_no_symbolic_tensor_is_named():
    x = lamina.Input((3,))
    with pytest.raises(ValueError, match="must be symbolic tensors"):
        lamina.Model(x, np.ones(3))
    with pytest.raises(ValueError, match="Two layers of the model are named 'same'"):
        lamina.Model(x, lamina.layers.Dense(1, name="same")(lamina.layers.Dense(1, name="same")(x)))


def test_shapes_that_cannot_be_merged_are_named():
    a, b = lamina.Input((3,)), lamina.Input((4,))
    with pytest.raises(ValueError, match=r"\(None, 3\).*\(None, 4\)|\(3,\).*\(4,\)"):
        lamina.layers.Add()([a, b])


def test_an_unknown_operation_suggests_one():
    config = operators(lamina).get_config()
    config["layers"][2]["class_name"] = "Concatenat"
    config["layers"][2]["module"] = "keras.src.ops.numpy"
    with pytest.raises(ValueError, match="Did you mean 'Concatenate'"):
        lamina.Model.from_config(config)
