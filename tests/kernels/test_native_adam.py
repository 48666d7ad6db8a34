import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jax import lax

import lamina as keras
from lamina.core.functional import pure
from lamina.kernels import adam, adam_step, native

quick = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
SHARES = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
BIG = (adam.FEWEST_ELEMENTS + 5,)


@pytest.fixture
def any_size(monkeypatch):
    """Let the extension take few elements as well."""
    monkeypatch.setattr(adam, "FEWEST_ELEMENTS", 1)


@pytest.fixture
def operands(random_arrays):
    def make(*shape):
        gradient, mean, square, variable = random_arrays(0, shape, shape, shape, shape)
        return gradient, mean, square**2, variable, jnp.float32(0.01)

    return make


def step(*arrays, **shares):
    return adam_step(*arrays, **{**SHARES, **shares})


def plain(*arrays, **shares):
    return adam._plain(*arrays, **{**SHARES, **shares})


def both(*arrays, **shares):
    return step(*arrays, **shares), plain(*arrays, **shares)


def calls(function, *arguments):
    """Return how often the compiled program calls the extension's step."""
    return jax.jit(lambda *arguments: function(*arguments)).lower(*arguments).as_text().count("@lamina_adam")


@quick
@given(
    shape=st.one_of(
        st.lists(st.integers(1, 9), max_size=3), st.sampled_from([(2**14,), (2**14 + 1,), (130, 257), (3, 1 << 14)])
    ),
    beta_1=st.floats(0, 0.99),
    beta_2=st.floats(0, 0.999),
    epsilon=st.floats(1e-8, 1),
)
def test_the_plain_form(any_size, each_level, assert_close, operands, shape, beta_1, beta_2, epsilon):
    shares = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    arrays = operands(*shape)
    assert calls(lambda *arrays: step(*arrays, **shares), *arrays) == 1
    for actual, expected in each_level(jax.jit(lambda *arrays: both(*arrays, **shares)), *arrays):
        for one, other in zip(actual, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, 1e-30, 0.0])
def test_any_gradient(each_level, operands, value):
    gradient, mean, square, variable, rate = operands(*BIG)
    gradient, mean, square = gradient.at[-1].set(value), mean.at[-1].set(0), square.at[-1].set(0)
    for actual, expected in each_level(jax.jit(both), gradient, mean, square, variable, rate):
        for one, other in zip(actual, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-6, atol=2e-6)
        assert np.isfinite(actual[2][:-1]).all()


def test_the_same_every_time(each_level, operands):
    arrays = operands(1000, 300)
    program = jax.jit(step)
    for results in each_level(program, *arrays):
        jax.tree.map(np.testing.assert_array_equal, results, program(*arrays))


def test_in_place_in_loops_and_choices(operands):
    """The arrays of a training state are changed where they lie: nothing of their shape is copied in the loop."""
    gradient, *state, rate = operands(300, 301)

    def body(index, state):
        def new(state):
            return step(gradient * index, *state, rate)

        return lax.cond(jnp.isfinite(state[0][0, 0]), new, lambda state: state, state)

    program = jax.jit(lambda count, state: lax.fori_loop(0, count, body, state), donate_argnums=1)
    text = program.lower(3, state).compile().as_text()
    assert "lamina_adam" in text
    assert not [line for line in text.splitlines() if "f32[300,301]" in line and " copy(" in line]


def test_operands_stay_as_they_are(operands):
    arrays = operands(*BIG)
    before = [np.array(array) for array in arrays]
    step(*arrays)  # without jit
    jax.block_until_ready(jax.jit(step)(*arrays))
    for one, other in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_derivatives_and_batches_are_those_of_the_plain_form(assert_close, operands):
    arrays = operands(*BIG)

    def loss(function):
        return jax.jit(jax.grad(lambda *arrays: sum(jnp.sum(jnp.sin(one)) for one in function(*arrays)), (0, 1, 3, 4)))

    assert_close(loss(step)(*arrays), loss(plain)(*arrays), 2e-5)
    stacked = [jnp.stack([array, array + 1]) for array in arrays]
    assert_close(jax.jit(jax.vmap(step))(*stacked), jax.jit(jax.vmap(plain))(*stacked), 2e-6)


def test_what_stays_with_xla(operands, lose_the_extension):
    gradient, mean, square, variable, rate = arrays = operands(*BIG)
    assert calls(step, *arrays) == 1
    assert calls(step, *operands(1000)) == 0
    assert calls(step, *(array.astype(jnp.bfloat16) for array in arrays)) == 0
    assert calls(step, gradient, mean, square, variable, jnp.full(BIG, 0.1)) == 0
    assert calls(lambda share, *arrays: step(*arrays, beta_1=share), 0.9, *arrays) == 0
    rows = jax.ShapeDtypeStruct(jax.export.symbolic_shape("rows"), jnp.float32)
    for shape in (jax.ShapeDtypeStruct(BIG, jnp.float32), rows):
        exported = jax.export.export(jax.jit(step))(*[shape] * 4, jax.ShapeDtypeStruct((), jnp.float32))
        assert "@lamina_" not in exported.mlir_module()
    lose_the_extension()
    assert calls(step, *arrays) == 0


@pytest.mark.parametrize(
    "name, arguments",
    [("Adam", {}), ("AdamW", {"weight_decay": 0.1}), ("Adam", {"gradient_accumulation_steps": 2, "clipnorm": 1.0})],
)
def test_trajectories_of_keras(assert_close, random_arrays, name, arguments):
    oracle = pytest.importorskip("keras")
    start, *gradients = random_arrays(0, *[(200, 201)] * 5)
    theirs = oracle.Variable(np.asarray(start))
    optimizer = getattr(oracle.optimizers, name)(0.05, **arguments)
    for gradient in gradients:
        optimizer.apply([gradient], [theirs])
    ours = keras.Variable(np.asarray(start), name="weight")
    optimizer = getattr(keras.optimizers, name)(0.05, **arguments)
    optimizer.build([ours])
    variables = {variable.path: variable for variable in [ours, *optimizer.variables]}
    apply = pure(lambda gradient: optimizer.apply([gradient], [ours]), variables)
    values = {path: variable.value for path, variable in variables.items()}
    program = jax.jit(lambda values, gradient: apply(values, gradient)[1].values)
    assert calls(program, values, start) == 1
    for gradient in gradients:
        values = program(values, gradient)
    assert_close(values[ours.path], np.asarray(theirs.value), 2e-6)
    for gradient in gradients:  # without jit
        optimizer.apply([gradient], [ours])
    assert_close(ours.value, values[ours.path], 1e-6)


def test_amsgrad_stays_with_xla(random_arrays):
    weight, gradient = (keras.Variable(array) for array in random_arrays(0, BIG, BIG))
    optimizer = keras.optimizers.Adam(amsgrad=True)
    optimizer.build([weight])
    values = [variable.value for variable in optimizer.variables]
    assert calls(optimizer.stateless_apply, values, [gradient.value], [weight.value]) == 0


X, WRONG, RATE = jnp.ones((3, 4)), jnp.ones((4, 3)), jnp.float32(0.1)


def test_the_handler_refuses_what_does_not_fit():
    """It relies on nobody: sizes are checked before memory is touched."""

    def call(operands, results, options):
        shapes = [jax.ShapeDtypeStruct(one.shape, one.dtype) for one in results]
        program = jax.jit(
            lambda *operands: jax.ffi.ffi_call("lamina_adam", shapes)(*operands, options=np.array(options, np.int64))
        )
        return jax.block_until_ready(program(*operands))

    assert native.available("lamina_adam")
    operands, results, options = [X, X, X, X, RATE], [X, X, X], [0, 0, 0]
    call(operands, results, options)
    cases = [(operands[1:], results, options), ([*operands, X], results, options), ([], results, options)]
    cases += [(operands, results[1:], options), (operands, [*results, X], options), (operands, results, options[1:])]
    cases += [([*operands[:place], WRONG, *operands[place + 1 :]], results, options) for place in range(5)]
    cases += [([*operands[:place], WRONG.astype(int), *operands[place + 1 :]], results, options) for place in range(5)]
    cases += [(operands, [*results[:place], WRONG, *results[place + 1 :]], options) for place in range(3)]
    for case in cases:
        with pytest.raises(jax.errors.JaxRuntimeError, match="lamina_adam: the shapes do not fit"):
            call(*case)
