from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jax import lax

import lamina as keras
from lamina import kernels
from lamina.kernels import gru_loop, lstm_loop, native, native_loop

quick = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
CELLS = ["lstm", "gru"]
sizes = {
    "batch": st.sampled_from([1, 2, 7, 16, 17, 33, 40]),
    "steps": st.integers(1, 5),
    "units": st.one_of(st.integers(1, 20), st.sampled_from([31, 32, 33, 48])),
}
options = st.fixed_dictionaries(
    {"mask": st.booleans(), "reverse": st.booleans(), "return_sequences": st.booleans(), "bias": st.booleans()}
)


@pytest.fixture(autouse=True)
def every_loop_is_worth_a_call(monkeypatch):
    monkeypatch.setattr(native_loop, "FEWEST_MULTIPLICATIONS", 1)


def run(cell, mask, *, bias=True, reverse=False, return_sequences=True):
    """Return a function of x, the weights and the states that gives outputs and states."""

    def function(x, kernel, recurrent, offset, *states):
        settings = {"mask": mask, "reverse": reverse, "return_sequences": return_sequences}
        call = kernels.lstm if cell == "lstm" else kernels.gru
        return call(x, kernel, recurrent, offset if bias else None, *states, **settings)

    return function


def arguments_of(random_arrays, cell, batch, steps, units, features=3):
    gates, states, biases = (4, 2, ()) if cell == "lstm" else (3, 1, (2,))
    shapes = [(batch, steps, features), (features, gates * units), (units, gates * units), (*biases, gates * units)]
    x, kernel, recurrent, offset, *states = random_arrays(0, *shapes, *[(batch, units)] * states)
    return x, 0.4 * kernel, recurrent / np.sqrt(units), offset, *states


def mask_of(batch, steps):
    """Some steps of each row, all of the second, none of the first."""
    mask = np.random.default_rng(1).random((batch, steps)) < 0.6
    mask[1:2], mask[0] = True, False
    return jnp.asarray(mask)


def with_gradients(function, order=1):
    """Return results, and gradients for all arguments of a wave over all of them."""

    def loss(*arguments):
        results = function(*arguments)
        return sum(jnp.sum(jnp.sin(leaf + 0.3)) for leaf in jax.tree.leaves(results)), results

    def both(*arguments):
        gradients, results = jax.grad(loss, tuple(range(len(arguments))), has_aux=True)(*arguments)
        return results, gradients

    return both if order == 1 else with_gradients(lambda *arguments: both(*arguments)[1], order - 1)


def calls(function, *arguments):
    """Return how often the compiled program calls the loops of the extension."""
    text = jax.jit(lambda *arguments: function(*arguments)).lower(*arguments).as_text()
    return text.count("@lamina_lstm") + text.count("@lamina_gru")


@pytest.mark.parametrize("cell", CELLS)
@quick
@given(**sizes, options=options)
def test_values_and_gradients(beside_lax, each_level, assert_close, random_arrays, cell, batch, steps, units, options):
    arguments = arguments_of(random_arrays, cell, batch, steps, units)
    mask = mask_of(batch, steps) if options["mask"] else None
    function = with_gradients(run(cell, **{**options, "mask": mask}))
    assert calls(function, *arguments) == 2
    both = beside_lax(function)
    for actual, expected in each_level(both, *arguments):
        assert_close(actual, expected, 1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_wide_and_long_loop(beside_lax, each_level, assert_close, random_arrays, cell):
    arguments = arguments_of(random_arrays, cell, 37, 60, 130)
    function = with_gradients(run(cell, mask_of(37, 60)))
    both = beside_lax(function)
    for actual, expected in each_level(both, *arguments):
        assert_close(actual, expected, 3e-5)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_second_order(beside_lax, assert_close, random_arrays, cell, masked):
    arguments = arguments_of(random_arrays, cell, 5, 4, 6)
    function = with_gradients(run(cell, mask_of(5, 4) if masked else None, reverse=masked), order=2)
    both = beside_lax(function)
    assert_close(*both(*arguments), 2e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_with_checkpoints_and_in_loops(beside_lax, assert_close, random_arrays, cell):
    arguments = arguments_of(random_arrays, cell, 5, 4, 6, features=6)
    function = run(cell, mask_of(5, 4))

    def stack(x, *others):
        def layer(x, _):
            return jax.checkpoint(function)(x, *others)[0], None

        return lax.scan(layer, x, None, 3)[0]

    both = beside_lax(with_gradients(stack))
    assert_close(*both(*arguments), 2e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("cell", CELLS)
def test_what_is_not_finite_passes_through(beside_lax, each_level, random_arrays, cell, value):
    x, *others = arguments_of(random_arrays, cell, 18, 4, 5)
    x = x.at[3, 1, 0].set(value).at[5].set(1e30).at[6].set(-1e30)
    function = run(cell, None)
    both = beside_lax(function)
    for actual, expected in each_level(both, x, *others):
        for one, other in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)  # NaN equals NaN
        assert np.isnan(actual[0][3, 1:]).any() == np.isnan(value)


def test_hyperbolic_tangent(each_level):
    """As the gates of an LSTM without a state show it, against float64."""
    x = np.concatenate([np.geomspace(1e-45, 3e38, 20_000), np.linspace(0, 12, 40_000), [0, np.inf, np.nan]])
    x = np.concatenate([x, -x, np.zeros(-2 * x.size % 64)]).astype(np.float32)
    kernel, state = jnp.zeros((16, 64)), jnp.zeros((x.size // 64, 16))
    loop = jax.jit(
        lambda u: lstm_loop._loop.bind(
            kernel, kernel[0], u, state, state, reverse=False, outputs=False, for_gradient=True
        )
    )
    expected = np.tanh(x.astype(np.float64))
    tiny = abs(x) < np.finfo(np.float32).tiny  # which XLA's threads take for zero
    for _, _, a, _ in each_level(loop, x.reshape(1, -1, 64)):
        a = np.ravel(a)
        np.testing.assert_allclose(a[~tiny], expected[~tiny], rtol=6 * 2.0**-24)  # NaN equals NaN
        assert ((a[tiny] == x[tiny]) | (a[tiny] == 0)).all()
        assert np.nanmax(abs(a)) == 1
        assert (abs(a[abs(x) > 9.1]) == 1).all()
        assert (np.sign(a) == np.sign(x))[~tiny & ~np.isnan(x)].all()


@pytest.mark.parametrize("cell", CELLS)
def test_a_row_does_not_depend_on_the_others(each_level, random_arrays, cell):
    _, _, recurrent, *_, h = arguments_of(random_arrays, cell, 40, 5, 19)
    u = random_arrays(1, (5, 40, recurrent.shape[1]))[0]
    mask = mask_of(40, 5).T[..., None]

    def loop(u, h, mask):
        if cell == "lstm":
            return lstm_loop.lstm_loop(u, recurrent, recurrent[0], h, h, mask, True, False)
        return gru_loop.gru_loop(u, recurrent, recurrent[1], recurrent[0, :19], h, mask, True, False)

    def first(rows, u, h, mask):
        return with_gradients(lambda u, h: loop(u, h, mask[:, :rows]))(u[:, :rows], h[:rows])

    program = jax.jit(first, static_argnums=0)
    for whole in each_level(lambda *arguments: program(40, *arguments), u, h, mask):
        for rows in (1, 7, 25):
            part = program(rows, u, h, mask)
            for one, other in zip(jax.tree.leaves(part), jax.tree.leaves(whole), strict=True):
                np.testing.assert_array_equal(one, other[:, :rows] if other.ndim == 3 else other[:rows])


@pytest.mark.parametrize("cell", CELLS)
def test_programs_of_several_threads(random_arrays, cell):
    program = jax.jit(with_gradients(run(cell, None)))
    x, *others = arguments_of(random_arrays, cell, 40, 6, 33)
    inputs = [x * scale for scale in (0.5, 1, 2, 3)]
    expected = [jax.tree.leaves(program(x, *others)) for x in inputs]
    with ThreadPoolExecutor(4) as threads:
        for actual, other in zip(threads.map(lambda x: program(x, *others), inputs * 5), expected * 5):
            for one, two in zip(jax.tree.leaves(actual), other, strict=True):
                np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("which", ["data", "mask", "weights"])
@pytest.mark.parametrize("cell", CELLS)
def test_vmap(beside_lax, assert_close, random_arrays, cell, which):
    arguments = arguments_of(random_arrays, cell, 3, 4, 5)
    mask = mask_of(3, 4)
    axes: list = [0 if which == "weights" else None] * 4
    if which == "data":
        arguments = [jnp.stack([one, 2 * one], 1) for one in arguments[:1]] + list(arguments[1:])
        axes = [1, None, None, None]
    elif which == "weights":
        arguments = [*arguments[:1], *(jnp.stack([one, 2 * one]) for one in arguments[1:4]), *arguments[4:]]
        axes[0] = None
    axes += [None] * (len(arguments) - 4)
    masks = jnp.stack([mask, ~mask])
    many = jax.vmap(
        lambda mask, *arguments: with_gradients(run(cell, mask))(*arguments), (0 if which == "mask" else None, *axes)
    )
    program = lambda *arguments: many(masks if which == "mask" else mask, *arguments)
    assert calls(program, *arguments) == (0 if which == "weights" else 2)
    both = beside_lax(program)
    assert_close(*both(*arguments), 2e-5)


def test_without_the_extension(assert_close, random_arrays, lose_the_extension):
    arguments = arguments_of(random_arrays, "lstm", 4, 3, 5)
    function = with_gradients(run("lstm", None))
    expected = jax.jit(function)(*arguments)
    lose_the_extension()
    assert calls(function, *arguments) == 0
    assert_close(jax.jit(lambda *arguments: function(*arguments))(*arguments), expected, 1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_types(random_arrays, cell):
    arguments = arguments_of(random_arrays, cell, 4, 3, 5)
    function = with_gradients(run(cell, None))
    halves = [one.astype(jnp.bfloat16) for one in arguments]
    assert calls(function, *halves) == 2  # the loop itself is computed in float32
    assert {leaf.dtype.name for leaf in jax.tree.leaves(function(*halves))} == {"bfloat16"}
    with jax.enable_x64(True):
        doubles = [jnp.asarray(np.asarray(one, np.float64)) for one in arguments]
        assert calls(function, *doubles) == 0


@pytest.mark.parametrize("cell", CELLS)
def test_without_jit(assert_close, random_arrays, cell):
    arguments = arguments_of(random_arrays, cell, 2, 3, 4)
    function = run(cell, None)
    expected = jax.jit(function)(*arguments)
    with jax.disable_jit():
        assert_close(function(*arguments), expected, 1e-6)


def test_small_and_large_loops_are_left_to_xla(monkeypatch):
    monkeypatch.undo()

    def called(*shapes):
        return calls(kernels.lstm, *map(jnp.ones, shapes), None, *[jnp.zeros((shapes[0][0], shapes[2][0]))] * 2)

    assert called((1, 5, 3), (3, 8), (2, 8)) == 0
    assert called((1, 20, 3), (3, 32), (8, 32)) == 1
    assert called((2, 3, 2), (2, 1024), (256, 1024)) == 1
    assert called((2, 3, 2), (2, 1028), (257, 1028)) == 0


def test_predictions_keep_nothing(random_arrays):
    arguments = arguments_of(random_arrays, "lstm", 4, 6, 5)
    text = str(jax.make_jaxpr(run("lstm", None))(*arguments))
    assert "for_gradient=False" in text
    assert "for_gradient=True" in str(jax.make_jaxpr(with_gradients(run("lstm", None)))(*arguments))


def test_exported_programs_hold_no_calls(assert_close, random_arrays):
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.LSTM(5), keras.layers.Dense(1)])
    x = random_arrays(0, (6, 4, 3))[0]
    program = jax.jit(lambda x: model(x))
    assert calls(program, x) == 1
    exported = jax.export.export(program)(x)
    assert "lamina_" not in exported.mlir_module()
    assert_close(exported.call(x), program(x), 1e-5)
    rows = jax.ShapeDtypeStruct(jax.export.symbolic_shape("rows, 4, 3"), jnp.float32)
    assert "lamina_" not in jax.export.export(program)(rows).mlir_module()


S, STATE, WRONG, MASK = jnp.ones((3, 2, 4)), jnp.ones((2, 4)), jnp.ones((2, 5)), jnp.ones((3, 2, 1), bool)
U4, KERNEL4, U3, KERNEL3, A2 = (jnp.ones(shape) for shape in ((3, 2, 16), (4, 16), (3, 2, 12), (4, 12), (3, 2, 8)))
HANDLERS = {
    "lamina_lstm": ([KERNEL4, U4[0, 0], U4, STATE, STATE, MASK], [STATE, STATE, S, U4, S], [0, 1, 1]),
    "lamina_lstm_backward": ([KERNEL4, STATE, U4, S, STATE, STATE, MASK, S], [U4, STATE, STATE], [0, 1, 1]),
    "lamina_gru": ([KERNEL3, U3[0, 0], STATE[0], U3, STATE, MASK], [STATE, S, A2, S, S], [0, 1, 1]),
    "lamina_gru_backward": ([KERNEL3, A2, S, S, S, STATE, MASK, S], [U3, U3, STATE], [0, 1, 1]),
}


@pytest.mark.parametrize("target", HANDLERS)
def test_handlers_refuse_what_does_not_fit(target):
    """They rely on nobody: sizes are checked before memory is touched."""

    def call(operands, results, options):
        shapes = [jax.ShapeDtypeStruct(one.shape, one.dtype) for one in results]
        program = jax.jit(lambda *operands: jax.ffi.ffi_call(target, shapes)(*operands, options=np.array(options)))
        return jax.block_until_ready(program(*operands))

    def replaced(arrays, place, array):
        return [*arrays[:place], array, *arrays[place + 1 :]]

    assert native.available(target)
    operands, results, options = HANDLERS[target]
    call(operands, results, options)
    cases = [(operands[1:], results, options), ([*operands, STATE], results, options)]
    cases += [(operands, results[:-1], options), (operands, [*results, STATE], options)]
    cases += [(operands, results, options[:-1])]
    for place, operand in enumerate(operands):
        cases += [(replaced(operands, place, array), results, options) for array in (WRONG, operand.astype("int32"))]
    cases += [(operands, replaced(results, place, WRONG), options) for place in range(len(results))]
    for case in cases:
        with pytest.raises(jax.errors.JaxRuntimeError, match=f"{target}: the shapes do not fit"):
            call(*case)
