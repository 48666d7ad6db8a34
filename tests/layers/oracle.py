"""One layer in Keras and in lamina, with the same weights and inputs, compared in everything that can be observed."""

import contextlib
import dataclasses
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
import keras
import numpy as np

import lamina
from lamina.core.functional import pure

# Programs run once, so the time to compile them is all that counts; they are too small to be split among threads.
QUICK = {"xla_backend_optimization_level": 0, "xla_cpu_parallel_codegen_split_count": 1}


@dataclasses.dataclass
class Case:
    """A layer and what it is given.

    Attributes:
        name: for the test's id.
        make: `namespace -> layer`, where the namespace is `keras.layers` or `lamina.layers`.
        inputs: structure of shapes (random floats are drawn) and arrays.
        call: further arguments of the call.
        spread: whether `inputs` are several arguments instead of one.
        random: whether training is random, so that only inference is compared.
        tolerance: largest error, relative to the largest number of an array.
        positive: whether inputs are positive.
        in_config: whether the configuration can be described.
        initial: whether the first values of the weights are compared: they must come from constants.
    """

    name: str
    make: Callable[[Any], Any]
    inputs: Any
    call: dict[str, Any] = dataclasses.field(default_factory=dict)
    spread: bool = False
    random: bool = False
    tolerance: float = 2e-5
    positive: bool = False
    in_config: bool = True
    initial: bool = False


def case(layer: str, inputs: Any, *args: Any, call: dict[str, Any] | None = None, **options: Any) -> Case:
    """Return a case of `layer(*args, **options)`; options that `Case` has are its own."""
    own = {
        key: options.pop(key)
        for key in ("spread", "random", "tolerance", "positive", "in_config", "initial")
        if key in options
    }
    described = [*map(repr, args), *(f"{key}={value!r}" for key, value in options.items()), *(call or {})]
    return Case(
        f"{layer}({', '.join(described)})",
        lambda namespace: getattr(namespace, layer)(*args, **options),
        inputs,
        call or {},
        **own,
    )


def cases(layer: str, inputs: Any, *args: Any, vary: dict[str, list[Any]], **options: Any) -> list[Case]:
    """Return a case for each combination of the options in `vary`."""
    return [
        case(layer, inputs, *args, **options, **dict(zip(vary, values, strict=True)))
        for values in itertools.product(*vary.values())
    ]


def with_all_parts(layer: str, parts: str, inputs: Any, *args: Any, **options: Any) -> Case:
    """Return a case whose weights, named in `parts`, have initializers, regularizers and constraints of their own."""
    for index, part in enumerate(parts.split()):
        options[f"{part}_initializer"] = ("ones", "zeros")[index % 2]
        options[f"{part}_regularizer"] = ("l1", "l2")[index % 2]
        options[f"{part}_constraint"] = ("non_neg", "unit_norm", "max_norm")[index % 3]
    return case(layer, inputs, *args, initial=True, **options)


def nested(name: str, make: Callable[[Any], Any], inputs: Any, **options: Any) -> Case:
    """Return a case of a layer that is made of others: `make(namespace)` makes it."""
    return Case(name, make, inputs, **options)


def mask_of(*lengths: int, size: int = 5) -> np.ndarray:
    """Return a mask of sequences that have these lengths."""
    return np.arange(size) < np.asarray(lengths)[:, None]


def arrays_for(inputs: Any, seed: int = 0, positive: bool = False) -> Any:
    """Draw floats where `inputs` holds shapes."""
    generator = np.random.default_rng(seed)

    def fill(leaf: Any) -> np.ndarray:
        if not isinstance(leaf, tuple):
            return leaf
        drawn = generator.normal(size=leaf).astype("float32")
        return np.abs(drawn) if positive else drawn

    return jax.tree.map(fill, inputs, is_leaf=lambda leaf: isinstance(leaf, tuple))


def compare(one: Case) -> None:
    """Raise an AssertionError where lamina's layer differs from Keras's."""
    inputs = arrays_for(one.inputs, positive=one.positive)
    with quick_initializers():
        ours, theirs = one.make(lamina.layers), one.make(keras.layers)
        compare_shapes(ours, theirs, inputs, one)
    if one.initial:
        for own, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(own, other)
    compare_weights(ours, theirs)
    compare_numbers(ours, theirs, inputs, one)
    if one.in_config:
        compare_configs(ours, theirs)


@contextlib.contextmanager
def quick_initializers() -> Iterator[None]:
    """Let Keras begin with zeros: it would compile a program to draw each weight, which is replaced anyway."""

    def zeros(self: Any, shape: tuple[int, ...], dtype: Any = None, **_: Any) -> Any:
        return np.zeros(shape, dtype or "float32")

    with contextlib.ExitStack() as stack:
        for cls in (
            keras.initializers.VarianceScaling,
            keras.initializers.RandomUniform,
            keras.initializers.Orthogonal,
        ):
            stack.enter_context(mock.patch.object(cls, "__call__", zeros))
        yield


def compare_shapes(ours: Any, theirs: Any, inputs: Any, one: Case) -> None:
    """Build both by symbolic calls and compare the shapes and dtypes of what comes out."""

    def symbolic(kind: Callable[..., Any]) -> Any:
        return jax.tree.map(lambda array: kind(shape=array.shape[1:], dtype=array.dtype.name), inputs)

    static = {key: value for key, value in one.call.items() if value is True and key != "return_attention_scores"}
    is_symbolic = lambda leaf: isinstance(leaf, keras.KerasTensor | lamina.core.symbolic.KerasTensor)
    our_outputs = jax.tree.leaves(_call(ours, one, symbolic(lamina.layers.Input), static), is_leaf=is_symbolic)
    their_outputs = jax.tree.leaves(_call(theirs, one, symbolic(keras.Input), static), is_leaf=is_symbolic)
    assert [str(output.dtype) for output in our_outputs] == [str(output.dtype) for output in their_outputs]
    for own, other in zip(our_outputs, their_outputs, strict=True):  # lamina may know sizes that Keras does not
        known = [mine if size is None else size for mine, size in zip(own.shape, other.shape, strict=True)]
        assert list(own.shape) == known


def compare_weights(ours: Any, theirs: Any, seed: int = 1) -> None:
    """Compare what describes the weights, then give both the same random ones."""
    described, expected = (
        [
            (weight.name, tuple(weight.shape), weight.dtype, weight.trainable, *_kinds(weight))
            for weight in layer.weights
        ]
        for layer in (ours, theirs)
    )
    assert described == expected
    generator = np.random.default_rng(seed)
    values = []
    for weight in ours.weights:
        value = generator.normal(size=weight.shape) * 0.5
        if any(word in weight.name for word in ("variance", "stddev")):
            value = np.abs(value) + 0.5
        values.append(value.astype(weight.dtype))
    ours.set_weights(values)
    theirs.set_weights(values)
    if values and hasattr(theirs, "finalize_state"):
        theirs.finalize_state()  # Normalization computes with a copy of its weights


def _kinds(weight: Any) -> tuple[str, ...]:
    return tuple(type(part).__name__ for part in (weight.regularizer, weight.constraint))


def compare_numbers(ours: Any, theirs: Any, inputs: Any, one: Case) -> None:
    """Compare outputs, masks, state after training, and gradients of inputs and weights."""
    trainable = [weight.numpy() for weight in ours.trainable_weights]
    rest = [weight.numpy() for weight in ours.non_trainable_weights]
    observe_ours, observe_theirs = _observer(ours, one), _observer(theirs, one)
    both = jax.jit(lambda *given: (observe_ours(*given), observe_theirs(*given)), compiler_options=QUICK)
    mine, expected = both(trainable, rest, inputs)
    for what in sorted(set(mine) & set(expected)):
        own, other = jax.tree.leaves(mine[what]), jax.tree.leaves(expected[what])
        assert len(own) == len(other), what
        for array, reference in zip(own, other, strict=True):
            assert array.shape == reference.shape, what
            assert array.dtype == reference.dtype, what
            close(array, reference, one.tolerance, what)
    if "mask" in one.call:
        own_mask = jax.tree.leaves(jax.jit(lambda x: ours.call_with_mask(x, **one.call)[1])(inputs))
        their_mask = jax.tree.leaves(theirs.compute_mask(inputs, one.call["mask"]))
        assert len(own_mask) == len(their_mask)
        for array, reference in zip(own_mask, their_mask, strict=True):
            np.testing.assert_array_equal(array, reference)


def close(array: Any, reference: Any, tolerance: float, what: str) -> None:
    """Compare two arrays, allowing an error in proportion to the largest number."""
    array, reference = (
        np.asarray(value.astype("float32") if value.dtype == "bfloat16" else value) for value in (array, reference)
    )
    scale = max(1.0, float(np.max(np.abs(reference), initial=0))) if reference.dtype.kind == "f" else 0
    np.testing.assert_allclose(array, reference, rtol=tolerance, atol=tolerance * scale, err_msg=what)


def _observer(layer: Any, one: Case) -> Callable[[list[Any], list[Any], Any], dict[str, Any]]:
    """Return a function of (trainable weights, other weights, inputs) that gives all there is to compare."""
    parameters = inspect.signature(layer.call).parameters
    call = {key: value for key, value in one.call.items() if key in parameters}
    variables = [*layer.trainable_weights, *layer.non_trainable_weights]

    def run(values: list[Any], inputs: Any, training: bool) -> tuple[Any, list[Any]]:
        if "training" in parameters:
            call["training"] = training
        return _stateless(layer, one, variables, values, inputs, call)

    def weighted(trainable: list[Any], floats: list[Any], rest: list[Any], inputs: Any) -> tuple[Any, tuple]:
        outputs, values = run([*trainable, *rest], _merge(inputs, floats), not one.random)
        total = jnp.float32(0)
        for index, leaf in enumerate(jax.tree.leaves(outputs)):
            if jnp.issubdtype(leaf.dtype, jnp.floating):
                weights = np.random.default_rng(index).normal(size=leaf.shape).astype("float32")
                total += jnp.sum(weights * leaf.astype("float32"))
        return total, (outputs, values[len(trainable) :])

    def observe(trainable: list[Any], rest: list[Any], inputs: Any) -> dict[str, Any]:
        gradient = jax.grad(weighted, argnums=(0, 1), has_aux=True)
        (of_weights, of_inputs), (outputs, state) = gradient(trainable, _floats(inputs), rest, inputs)
        observed = {"outputs in training": outputs, "state": state}
        observed |= {"gradients of weights": of_weights, "gradients of inputs": of_inputs}
        if "training" in parameters and not one.random:
            observed["outputs"] = run([*trainable, *rest], inputs, False)[0]
        return observed

    return observe


def _call(layer: Any, one: Case, inputs: Any, call: dict[str, Any]) -> Any:
    return layer(*inputs, **call) if one.spread else layer(inputs, **call)


def _stateless(
    layer: Any, one: Case, variables: list[Any], values: list[Any], inputs: Any, call: dict[str, Any]
) -> Any:
    """Call a layer with values for its variables; return the outputs and the values afterwards."""
    if isinstance(layer, keras.layers.Layer):
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
            outputs = _call(layer, one, inputs, call)
        new = (scope.get_current_value(variable) for variable in variables)
        return outputs, [
            value if new_value is None else new_value for value, new_value in zip(values, new, strict=True)
        ]
    named = {str(index): variable for index, variable in enumerate(layer.variables)}
    order = [next(key for key, one in named.items() if one is variable) for variable in variables]
    bound = {key: variable.value for key, variable in named.items()} | dict(zip(order, values, strict=True))
    outputs, effects = pure(lambda: _call(layer, one, inputs, call), named)(bound)
    return outputs, [effects.values[key] for key in order]


def _floats(inputs: Any) -> list[Any]:
    return [leaf for leaf in jax.tree.leaves(inputs) if jnp.issubdtype(leaf.dtype, jnp.floating)]


def _merge(inputs: Any, floats: list[Any]) -> Any:
    left = iter(floats)
    return jax.tree.map(lambda leaf: next(left) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf, inputs)


def compare_configs(ours: Any, theirs: Any) -> None:
    """Compare what the configurations mean, and exchange them both ways."""
    own, other = ours.get_config(), theirs.get_config()
    assert meaning(own) == meaning(other)
    assert meaning(type(ours).from_config(other).get_config()) == meaning(other)
    assert meaning(type(theirs).from_config(_plain(own)).get_config()) == meaning(other)


def meaning(config: Any) -> Any:
    """Return a configuration without what says nothing: names that are counted up, None, how it was built."""
    if isinstance(config, dict):
        silent = ("name", "build_config", "registered_name", "shared_object_id")
        pairs = {key: meaning(value) for key, value in config.items() if key not in silent}
        return {key: value for key, value in pairs.items() if value is not None and value != {}}
    if isinstance(config, list | tuple):
        return [meaning(item) for item in config]
    return float(np.float32(config)) if isinstance(config, float) else config


def _plain(config: Any) -> Any:
    """Return a configuration as it is after it went through a file: sequences are lists."""
    if isinstance(config, dict):
        return {key: _plain(value) for key, value in config.items()}
    return [_plain(item) for item in config] if isinstance(config, list | tuple) else config
