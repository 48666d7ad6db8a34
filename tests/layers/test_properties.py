"""What holds for every layer, whatever its arguments: checked over the cases of the oracle suite and at random."""

import json

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lamina
from lamina import layers
from lamina.core.symbolic import KerasTensor

from .cases import ALL
from .oracle import QUICK, arrays_for

# Abstract, an alias, an entry, or run by RNN in the oracle suite.
NOT_ALONE = {"Layer", "InputSpec", "Input", "InputLayer", "Wrapper", "StackedRNNCells"}
# Random, or on the host: compared with Keras in test_image_layers.py and test_lookup.py.
OF_IMAGES_AND_TEXT = {
    "CenterCrop", "Discretization", "IntegerLookup", "Pipeline", "RandomBrightness", "RandomContrast", "RandomCrop",
    "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "Resizing", "StringLookup", "TextVectorization",
}  # fmt: skip


def first_of_each_class():
    """Return one case for each class of layers: the properties do not depend on numbers."""
    found = {}
    for one in ALL:
        found.setdefault(one.name.split("(")[0], one)
    return list(found.values())


def test_every_layer_has_cases():
    tested = " ".join(one.name for one in ALL)
    classes = {value.__name__ for name in layers.__all__ if isinstance(value := getattr(layers, name), type)}
    classes = {name.replace("Grouped", "Group") for name in classes} - NOT_ALONE - OF_IMAGES_AND_TEXT
    assert sorted(name for name in classes if f"{name}(" not in tested and f"{name}," not in tested) == []


def test_public_functions_give_layers_called_on_their_inputs():
    a, b = np.array([[1.0, 5.0]]), np.array([[3.0, 4.0]])
    expected = {
        "add": [[4.0, 9.0]],
        "average": [[2.0, 4.5]],
        "multiply": [[3.0, 20.0]],
        "maximum": [[3.0, 5.0]],
        "minimum": [[1.0, 4.0]],
        "subtract": [[-2.0, 1.0]],
        "concatenate": [[1.0, 5.0, 3.0, 4.0]],
        "dot": [[23.0]],
    }
    for name, result in expected.items():
        assert getattr(layers, name)([a, b]).tolist() == result


@pytest.mark.parametrize("one", first_of_each_class(), ids=lambda one: one.name.split("(")[0])
class TestEveryLayer:
    def test_the_inferred_shape_is_the_real_one(self, one):
        layer, inputs = one.make(layers), arrays_for(one.inputs)
        symbolic = jax.tree.map(lambda array: KerasTensor((None, *array.shape[1:]), array.dtype), inputs)
        arguments = symbolic if one.spread else [symbolic]
        spec = layer.compute_output_spec(*arguments)
        assert not layer.built
        outputs = jax.eval_shape(lambda x: layer(*x) if one.spread else layer(x), inputs)
        described = jax.tree.leaves(spec, is_leaf=lambda leaf: isinstance(leaf, KerasTensor))
        for tensor, array in zip(described, jax.tree.leaves(outputs), strict=True):
            assert tensor.shape == (None, *array.shape[1:])
            assert tensor.dtype == array.dtype.name

    def test_the_configuration_makes_the_same_layer(self, one):
        if not one.in_config:
            pytest.skip("a Python lambda can't be described")
        layer = one.make(layers)
        described = layers.serialize(layer)
        again = layers.deserialize(json.loads(json.dumps(described)))
        assert type(again) is type(layer)
        assert json.dumps(layers.serialize(again)) == json.dumps(described)

    def test_every_weight_has_a_path_of_its_own(self, one):
        layer, inputs = one.make(layers), arrays_for(one.inputs)
        jax.eval_shape(lambda x: layer(*x) if one.spread else layer(x), inputs)
        paths = [variable.path for variable in layer.variables]
        assert len(set(paths)) == len(paths)
        assert all(path.startswith(f"{layer.name}/") for path in paths)

    def test_an_argument_that_does_not_exist_is_refused(self, one):
        kind = type(one.make(layers))
        with pytest.raises((ValueError, TypeError), match="no_such_argument"):
            kind(**kind_arguments(one), no_such_argument=1)

    def test_gradients_are_finite_where_inputs_are_zero(self, one):
        layer = one.make(layers)
        inputs = jax.tree.map(lambda array: np.zeros_like(array), arrays_for(one.inputs))
        if not all(array.dtype.kind == "f" for array in jax.tree.leaves(inputs)):
            pytest.skip("inputs are whole numbers")

        def total(x):
            outputs = layer(*x) if one.spread else layer(x)
            return sum(output.sum() for output in jax.tree.leaves(outputs)), outputs

        for array in jax.tree.leaves(jax.jit(jax.grad(total, has_aux=True), compiler_options=QUICK)(inputs)):
            assert np.all(np.isfinite(array))


def kind_arguments(one):
    """Return the constructor's arguments of a case's layer."""
    import inspect

    layer = one.make(layers)
    parameters = inspect.signature(type(layer).__init__).parameters.values()
    required = [parameter.name for parameter in parameters if parameter.default is parameter.empty][1:]
    return {name: getattr(layer, name, getattr(layer, "forward_layer", None)) for name in required if name != "kwargs"}


sizes = st.integers(1, 9)


@settings(max_examples=25, deadline=None)
@given(
    height=sizes,
    width=sizes,
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(["valid", "same"]),
    first=st.booleans(),
)
def test_shapes_of_convolutions_and_poolings(height, width, kernel, strides, padding, first):
    """The size that the textbooks give, or an error that names the window and the input."""
    format_ = "channels_first" if first else "channels_last"
    shape = (2, 3, height, width) if first else (2, height, width, 3)
    fits = padding == "same" or (height >= kernel[0] and width >= kernel[1])
    if padding == "same":
        expected = [-(-size // stride) for size, stride in zip((height, width), strides, strict=True)]
    else:
        taps = zip((height, width), kernel, strides, strict=True)
        expected = [(size - window) // stride + 1 for size, window, stride in taps]
    options = {"strides": strides, "padding": padding, "data_format": format_}
    for layer, channels in ((layers.Conv2D(4, kernel, **options), 4), (layers.MaxPooling2D(kernel, **options), 3)):
        if fits:
            result = (None, channels, *expected) if first else (None, *expected, channels)
            assert layer.compute_output_shape((None, *shape[1:])) == result
        else:
            with pytest.raises(ValueError, match=f"'{layer.name}'.*does not fit"):
                layer.compute_output_shape((None, *shape[1:]))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(1, 4), st.integers(1, 4))
def test_dense_on_any_shape_and_of_another_width(shape, width, other):
    layer = layers.Dense(3, name="head")
    assert layer.compute_output_shape((None, *shape, width)) == (None, *shape, 3)
    layer.build((None, *shape, width))
    wrong = np.ones((2, *shape, other))
    if other == width:
        assert layer(wrong).shape == (2, *shape, 3)
    else:
        with pytest.raises(ValueError, match=f"'head'.*axis -1 has size {width}, received shape"):
            layer(wrong)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_reshape_and_permute_keep_all_numbers(shape, data):
    x = np.arange(2 * np.prod(shape), dtype="float32").reshape(2, *shape)
    order = data.draw(st.permutations(range(1, len(shape) + 1)))
    expected = x.transpose(0, *order)
    target = list(expected.shape[1:])
    target[data.draw(st.integers(0, len(target) - 1))] = -1
    np.testing.assert_array_equal(layers.Permute(order)(x), expected)
    np.testing.assert_array_equal(layers.Reshape(target)(expected.reshape(2, -1)), expected)
    np.testing.assert_array_equal(layers.Flatten()(x), x.reshape(2, -1))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3), st.integers(0, 3), st.integers(1, 6))
def test_cropping_undoes_padding(before, after, steps):
    x = np.arange(2.0 * steps).reshape(1, steps, 2)
    padded = layers.ZeroPadding1D((before, after))(x)
    assert padded.shape == (1, steps + before + after, 2)
    np.testing.assert_array_equal(layers.Cropping1D((before, after))(padded), x)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 4), st.booleans(), st.booleans(), st.booleans())
def test_steps_behind_a_sequence_change_nothing(length, backwards, sequences, zeros):
    """A masked sequence gives what the sequence without its padding gives."""
    layer = layers.LSTM(
        3, return_sequences=sequences, zero_output_for_mask=zeros, kernel_initializer="ones", go_backwards=backwards
    )
    x = np.random.default_rng(length).normal(size=(1, 4, 2)).astype("float32")
    both = lambda x: (layer(x, mask=np.arange(4)[None] < length), layer(x[:, :length]))
    masked, short = jax.jit(both, compiler_options=QUICK)(x)
    if sequences:
        masked = masked[:, 4 - length :] if backwards else masked[:, :length]
        np.testing.assert_allclose(masked, short, rtol=1e-5, atol=1e-6)
    elif not (zeros and not backwards and length < 4):
        np.testing.assert_allclose(masked, short, rtol=1e-5, atol=1e-6)


def test_initial_values_differ_between_layers_and_not_between_runs():
    lamina.utils.set_random_seed(7)
    one, other = layers.Dense(4), layers.Dense(4)
    first = [layer.build((None, 3)) or layer.get_weights()[0] for layer in (one, other)]
    lamina.utils.set_random_seed(7)
    again = [layer.build((None, 3)) or layer.get_weights()[0] for layer in (layers.Dense(4), layers.Dense(4))]
    assert np.any(first[0] != first[1])
    np.testing.assert_array_equal(first, again)


def test_the_projections_of_attention_start_from_different_weights():
    layer = layers.MultiHeadAttention(2, 4, kernel_initializer=lamina.initializers.GlorotUniform())
    layer.build((None, 3, 8), (None, 3, 8))
    assert np.any(layer.query_dense.kernel.numpy() != layer.key_dense.kernel.numpy())


def test_reshape_of_a_length_that_is_not_known():
    assert layers.Reshape((-1, 2)).compute_output_shape((None, None, 3)) == (None, None, 2)
    assert layers.Reshape((-1, 2))(lamina.Input((None, 4))).shape == (None, None, 2)
