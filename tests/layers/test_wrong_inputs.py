"""Every layer on inputs that may not suit it: it computes, or says in words of its own what it was given and takes."""

import jax
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.core.symbolic import KerasTensor, is_symbolic

from .oracle import arrays_for
from .test_properties import first_of_each_class

HAVE_NO_CHECK = "Lambda"  # runs the user's function


def tensors_of(one):
    return jax.tree.map(lambda array: KerasTensor((None, *array.shape[1:]), array.dtype), arrays_for(one.inputs))


def variations(one):
    """Yield the inputs of a case, each with one shape changed: an axis more, less, larger or of a size not known."""
    leaves, structure = jax.tree.flatten(tensors_of(one), is_leaf=is_symbolic)
    for index in sorted({0, len(leaves) - 1}):
        leaf, shape = leaves[index], leaves[index].shape
        shapes = [shape[:-1], (*shape, 2)]
        for axis in sorted({1, len(shape) - 1}):
            shapes += [(*shape[:axis], size, *shape[axis + 1 :]) for size in (shape[axis] + 1, None)]
        for changed in shapes:
            others = [*leaves[:index], KerasTensor(changed, leaf.dtype), *leaves[index + 1 :]]
            inputs = jax.tree.unflatten(structure, others)
            yield inputs if one.spread else [inputs]
    yield from ([leaves[0]], [[leaves[0]]], [[leaves[0]] * 2], [[leaves[0]] * 4])


def refusal(layer, arguments):
    """Return what the layer says about its inputs, if it refuses them."""
    try:
        layer.compute_output_spec(*arguments)
    except (ValueError, TypeError) as error:
        return "\n".join([str(error), *getattr(error, "__notes__", [])])
    return None


@pytest.mark.parametrize("one", first_of_each_class(), ids=lambda one: one.name.split("(")[0])
def test_refusals_name_the_layer_and_the_shapes(one):
    if one.name.startswith(HAVE_NO_CHECK):
        pytest.skip("the error is that of the user's function")
    built = one.make(layers)
    built(*tensors_of(one)) if one.spread else built(tensors_of(one))
    for arguments in variations(one):
        tensors = jax.tree.leaves(arguments, is_leaf=is_symbolic)
        shapes = [str(shape) for tensor in tensors for shape in (tensor.shape, tensor.shape[1:])]
        for layer in (one.make(layers), built):
            said = refusal(layer, arguments)
            if said is not None:
                assert f"'{layer.name}'" in said, shapes
                assert any(shape in said for shape in shapes), said
                assert "997" not in said, said
                assert "3988" not in said, said


@pytest.mark.parametrize("one", first_of_each_class(), ids=lambda one: one.name.split("(")[0])
def test_weights_of_another_size_are_never_stretched(one):
    """A layer whose weights were made for the last axis of its first input refuses another size of it."""
    layer, inputs = one.make(layers), tensors_of(one)
    arguments = inputs if one.spread else [inputs]
    layer(*arguments)
    first, *rest = jax.tree.leaves(arguments, is_leaf=is_symbolic)
    grown = KerasTensor((*first.shape[:-1], first.shape[-1] + 1), first.dtype)
    wider = jax.tree.unflatten(jax.tree.structure(arguments, is_leaf=is_symbolic), [grown, *rest])
    fresh = one.make(layers)
    try:
        fresh(*wider)
    except ValueError:
        return  # a size that is not the layer's own, but must be that of another input
    same = [variable.shape for variable in layer.variables] == [variable.shape for variable in fresh.variables]
    assert same or refusal(layer, wider) is not None


@pytest.mark.parametrize(
    ("layer", "first", "second", "message"),
    [
        (
            layers.Add(),
            [(2, 3), (2, 3)],
            [(2, 3), (2, 4)],
            r"'add' \(Add\) can't be called on inputs of shapes \[\(2, 3\), \(2, 4\)\]: add got incompatible shapes.*"
            r"It was built for \[\(2, 3\), \(2, 3\)\]\. Input shape: a list of arrays of one shape",
        ),
        (
            layers.Concatenate(),
            [(2, 3, 1), (2, 3, 1)],
            [(2, 3, 1), (2, 4, 1)],
            r"'concatenate' .*\(2, 4, 1\)\]: Cannot concatenate arrays",
        ),
        (layers.Dot(1), [(2, 3), (2, 3)], [(2, 3), (2, 4)], r"'dot' .*\(2, 4\)\]: A product .* of one size, got"),
        (layers.Subtract(), [(2, 3), (2, 3)], [(2, 3)], r"'subtract' .* on inputs of shapes \[\(2, 3\)\]\. It was"),
        (
            layers.EinsumDense("abc,cd->abd", (None, 4)),
            (2, 3, 5),
            (2, 3, 6),
            r"'einsum_dense': expected an input whose axis -1 has size 5, received shape \(2, 3, 6\)",
        ),
        (layers.Dense(2), (2, 3), [(2, 3)], r"'dense' takes an array, received a list of one, of shape \(2, 3\)"),
        (layers.Conv1D(2, 1), (2, 3, 4), [(2, 3, 4)] * 2, r"'conv1d' takes 1 input but received 2, of shapes \(2, 3"),
    ],
)
def test_a_second_call_on_other_shapes(layer, first, second, message):
    make = lambda shapes: arrays_for(shapes)
    layer(make(first))
    with pytest.raises(ValueError, match=message) as caught:
        layer(make(second))
    assert "Traced" not in str(caught.value)


def test_the_error_of_the_library_is_the_cause():
    layer = layers.Add()
    layer([np.ones((2, 3)), np.ones((2, 3))])
    with pytest.raises(ValueError, match="'add'") as caught:
        layer([np.ones((2, 3)), np.ones((2, 4))])
    assert isinstance(caught.value.__cause__, TypeError)


def test_the_error_of_a_users_function_stays_as_it_is():
    layer = layers.Lambda(lambda x: x @ np.ones((4, 2)))
    with pytest.raises(TypeError, match="contracting dimensions") as caught:
        layer(np.ones((2, 3)))
    assert any("in layer 'lambda'" in note for note in caught.value.__notes__)


def test_a_fixed_shape_from_sizes_that_are_not_known():
    assert layers.Reshape((24,))(lamina.Input((None, 4))).shape == (None, 24)
    with pytest.raises(ValueError, match="has 20 numbers"):
        layers.Reshape((24,))(np.ones((2, 5, 4)))
