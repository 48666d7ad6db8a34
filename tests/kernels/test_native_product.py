import itertools
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jax import lax

import lamina as keras
from lamina import kernels
from lamina.kernels import native, native_product
from lamina.kernels.native_product import affine, matmul
from lamina.models.cost import operations_per_row

quick = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
FLAGS = list(itertools.product([False, True], repeat=2))
sizes = st.one_of(st.integers(1, 70), st.sampled_from([96, 97, 128, 257, 300]))


@pytest.fixture(autouse=True)
def every_product_is_worth_a_call(monkeypatch):
    for limit in ("FEWEST_MULTIPLICATIONS", "FEWEST_TRANSPOSED", "FEWEST_ROWS"):
        monkeypatch.setattr(native_product, limit, 1)


def operands(stack, m, n, k, transpose_a=False, transpose_b=False, seed=0):
    random = np.random.default_rng(seed)
    a = random.standard_normal((*stack, *((k, m) if transpose_a else (m, k)))).astype(np.float32)
    b = random.standard_normal((*stack, *((n, k) if transpose_b else (k, n)))).astype(np.float32)
    return jnp.asarray(a), jnp.asarray(b)


def exact(a, b, transpose_a=False, transpose_b=False):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return (np.swapaxes(a, -1, -2) if transpose_a else a) @ (np.swapaxes(b, -1, -2) if transpose_b else b)


def calls(function, *arguments):
    """Return how often the compiled program calls the extension."""
    return jax.jit(lambda *arguments: function(*arguments)).lower(*arguments).as_text().count("@lamina_product")


def product(flags):
    return lambda a, b: matmul(a, b, transpose_a=flags[0], transpose_b=flags[1])


def both(function, *arguments):
    """Return what `function` gives with the extension, and with plain `jax.lax`."""

    def plain(*arguments):
        with kernels.reference_kernels():
            return function(*arguments)

    return jax.jit(lambda *arguments: (function(*arguments), plain(*arguments)))(*arguments)


@quick
@given(stack=st.sampled_from([(), (3,), (2, 2), (1, 5)]), m=sizes, n=sizes, k=sizes, flags=st.sampled_from(FLAGS))
def test_values(level, stack, m, n, k, flags):
    a, b = operands(stack, m, n, k, *flags)
    actual = np.asarray(matmul(a, b, transpose_a=flags[0], transpose_b=flags[1]))
    # The error of sums in any order is bounded by the sums of absolute values.
    bound = exact(abs(a), abs(b), *flags) * 2.0**-23 * (k + 1)
    assert actual.dtype == np.float32
    assert (abs(actual - exact(a, b, *flags)) <= bound).all()


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize(
    ("m", "n", "k"),
    [
        (1, 40, 30),
        (40, 1, 30),
        (40, 30, 1),
        (1, 1, 1),
        (13, 33, 600),
        (200, 2, 2),
        (1024, 64, 257),
        (9, 20, 5000),
        (200, 70, 512),
        (512, 100, 40),
        (128, 515, 400),  # a few rows, for which panels of b are packed one after the other
        (45, 1030, 270),
    ],
)
def test_edges(level, assert_close, flags, m, n, k):
    a, b = operands((), m, n, k, *flags)
    assert calls(product(flags), a, b) == 1
    assert_close(product(flags)(a, b), jnp.asarray(exact(a, b, *flags), jnp.float32), 1e-5)


@pytest.mark.parametrize(("m", "n", "k"), [(0, 3, 2), (3, 0, 2), (3, 2, 0)])
def test_empty_products_are_left_to_xla(m, n, k):
    a, b = operands((2,), m, n, k)
    assert calls(matmul, a, b) == 0
    assert (matmul(a, b) == jnp.zeros((2, m, n))).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32"])
def test_other_types_are_left_to_xla(dtype):
    a, b = (one.astype(dtype) for one in operands((), 30, 20, 10))
    assert calls(matmul, a, b) == 0
    assert matmul(a, b).dtype == dtype


def test_small_products_are_left_to_xla(monkeypatch):
    monkeypatch.undo()
    a, b = operands((), 32, 256, 64)
    assert calls(matmul, a, b) == 0
    a, b = operands((), 512, 256, 128)
    assert calls(matmul, a, b) == 1
    a, b = operands((), 16, 512, 512)  # large, but of few rows
    assert calls(matmul, a, b) == 0
    assert calls(product((False, True)), a, b) == 0
    a, b = operands((), 32, 512, 512)
    assert calls(matmul, a, b) == calls(product((False, True)), a, b) == 1
    assert calls(matmul, *operands((16,), 16, 256, 128)) == 1  # rows of all matrices together
    a, b = operands((), 32, 512, 96, transpose_a=True)
    assert calls(product((True, False)), a, b) == 1


def test_same_result_each_time(level):
    a, b = operands((), 300, 200, 700)
    first, *others = (np.asarray(jax.jit(lambda a, b: matmul(a, b))(a, b)) for _ in range(4))
    for other in others:
        np.testing.assert_array_equal(first, other)


def test_programs_of_several_threads():
    run = jax.jit(lambda a, b: matmul(jnp.tanh(matmul(a, b)), b, transpose_b=True))
    pairs = [operands((), 200, 130, 2100, seed=seed) for seed in range(4)]
    expected = [np.asarray(run(a, b)) for a, b in pairs]
    with ThreadPoolExecutor(4) as threads:
        for actual, other in zip(threads.map(lambda pair: np.asarray(run(*pair)), pairs * 10), expected * 10):
            np.testing.assert_array_equal(actual, other)


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("stack", [(), (3,)])
def test_gradients_of_first_and_second_order(assert_close, stack, flags):
    a, b = operands(stack, 21, 34, 17, *flags)

    def loss(a, b):
        return jnp.sum(jnp.sin(product(flags)(a, b)))

    def slope(a, b):
        return sum(jnp.sum(part**2) for part in jax.grad(loss, (0, 1))(a, b))

    assert_close(*both(jax.grad(loss, (0, 1)), a, b), 2e-5)
    assert_close(*both(jax.grad(slope, (0, 1)), a, b), 2e-5)
    # Neither takes a transposed copy.
    program = str(jax.make_jaxpr(jax.grad(loss, (0, 1)))(a, b))
    assert program.count("lamina_product") == 3
    assert "transpose[" not in program


@pytest.mark.parametrize("flags", FLAGS)
def test_forward_mode(assert_close, flags):
    a, b = operands((2,), 21, 34, 17, *flags)
    assert_close(*both(lambda a, b: jax.jvp(product(flags), (a, b), (jnp.cos(a), jnp.sin(b))), a, b), 2e-5)
    assert calls(lambda a, b: jax.jvp(product(flags), (a, b), (a, b)), a, b) == 3


def test_hessian(assert_close):
    a, b = operands((), 3, 4, 5)
    assert_close(*both(jax.hessian(lambda a, b: jnp.sum(jnp.sin(matmul(a, b))), (0, 1)), a, b), 2e-5)


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("stack", [(), (2,)])
def test_vmap_of_any_axes(assert_close, stack, flags):
    a, b = operands((4, *stack), 5, 6, 7, *flags)
    axes = [None, *range(a.ndim)]

    def batched(a, b):
        return [
            jax.vmap(product(flags), (axis_a, axis_b))(
                a[0] if axis_a is None else jnp.moveaxis(a, 0, axis_a),
                b[0] if axis_b is None else jnp.moveaxis(b, 0, axis_b),
            )
            for axis_a, axis_b in itertools.product(axes, axes)
            if (axis_a, axis_b) != (None, None)
        ]

    assert calls(batched, a, b) == len(axes) ** 2 - 1
    assert_close(*both(batched, a, b), 1e-5)


def test_vmap_in_vmap_and_gradients_of_it(assert_close):
    a, b = operands((3, 4), 5, 6, 7)
    inner = jax.vmap(matmul, (0, None))
    outer = jax.vmap(lambda a, b: inner(a, b[0]))
    assert_close(*both(jax.grad(lambda a, b: jnp.sum(jnp.sin(outer(a, b))), (0, 1)), a, b), 2e-5)


def test_in_loops(assert_close):
    a, b = operands((), 40, 40, 40)
    b = b / 10

    def scanned(a, b):
        return lax.scan(lambda state, _: (jnp.tanh(matmul(state, b)), matmul(state, b, transpose_b=True)), a, None, 5)

    def repeated(a, b):
        return lax.fori_loop(0, 5, lambda _, state: jnp.tanh(matmul(state, b)), a)

    assert_close(*both(lambda a, b: (scanned(a, b), repeated(a, b)), a, b), 2e-5)
    assert_close(*both(jax.grad(lambda a, b: jnp.sum(scanned(a, b)[1] ** 2), (0, 1)), a, b), 5e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_passes_through(level, value):
    a, b = operands((), 50, 40, 30)
    a = a.at[3, 4].set(value).at[7].set(0)
    b = b.at[5, 6].set(value)
    actual, expected = both(matmul, a, b)
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    np.testing.assert_array_equal(np.isinf(actual), np.isinf(expected))
    assert np.isnan(actual[7, 6])  # 0 × infinity


def test_without_jit(assert_close):
    a, b = operands((), 30, 20, 10)
    with jax.disable_jit():
        assert_close(matmul(a, b), jnp.asarray(exact(a, b), jnp.float32), 1e-5)


def test_without_the_extension(assert_close, lose_the_extension):
    a, b = operands((), 40, 30, 20)
    expected = matmul(a, b)
    lose_the_extension()
    assert calls(matmul, a, b) == 0
    assert_close(jax.jit(lambda a, b: matmul(a, b))(a, b), expected, 1e-5)


def test_any_failure_to_load_means_none(monkeypatch):
    def fail(name):
        raise OSError(name)

    monkeypatch.setattr(native.importlib, "import_module", fail)
    assert native._handlers.__wrapped__() == frozenset()


def test_a_mesh_means_plain_products():
    a, b = operands((), 40, 30, 20)
    mesh = jax.make_mesh((1,), ("rows",), axis_types=(jax.sharding.AxisType.Auto,))
    spec = jax.sharding.PartitionSpec
    divided = jax.shard_map(matmul, mesh=mesh, in_specs=(spec("rows"), spec()), out_specs=spec("rows"))
    assert calls(divided, a, b) == 0
    with jax.set_mesh(mesh):
        assert calls(matmul, a, b) == 0


@pytest.mark.parametrize("context", [kernels.reference_kernels, kernels.portable_kernels])
def test_contexts_without_calls(context):
    a, b = operands((), 40, 30, 20)
    with context():
        assert "lamina_product" not in str(jax.make_jaxpr(lambda a, b: matmul(a, b))(a, b))
    assert "lamina_product" in str(jax.make_jaxpr(lambda a, b: matmul(a, b))(a, b))


def test_exported_programs_hold_no_calls(assert_close):
    model = keras.Sequential([keras.Input((40,)), keras.layers.Dense(30, "relu"), keras.layers.Dense(20)])
    x = operands((), 50, 1, 40)[0]
    run = jax.jit(lambda x: model(x))
    assert run.lower(x).as_text().count("@lamina_product") == 2
    exported = jax.export.export(run)(x)
    assert "lamina_product" not in exported.mlir_module()
    assert_close(exported.call(x), run(x), 1e-5)
    rows = jax.ShapeDtypeStruct(jax.export.symbolic_shape("rows, 40"), jnp.float32)
    assert "lamina_product" not in jax.export.export(run)(rows).mlir_module()


def test_count_of_operations_is_that_of_plain_programs():
    model = keras.Sequential([keras.Input((40, 30)), keras.layers.Dense(20, use_bias=False)])
    assert operations_per_row(model, model.inputs[0]) == 2 * 40 * 30 * 20


@quick
@given(m=sizes, n=sizes, k=st.one_of(sizes, st.just(2500)), with_bias=st.booleans(), rectified=st.booleans())
def test_bias_and_rectifier_belong_to_the_product(level, m, n, k, with_bias, rectified):
    a, b = operands((), m, n, k)
    bias = operands((), 1, n, n, seed=1)[0][0] if with_bias else None
    # Neither the columns' nor the rows' cuts are missed or met twice, in sums in parts as well.
    expected = matmul(a, b) if bias is None else matmul(a, b) + bias
    actual = affine(a, b, bias, rectified=rectified)
    np.testing.assert_array_equal(actual, kernels.relu(expected) if rectified else expected)
    program = jax.jit(lambda a, b: affine(a, b, bias, rectified=rectified)).lower(a, b).as_text()
    assert program.count("@lamina_product") == 1
    assert "stablehlo.add" not in program
    assert "stablehlo.compare" not in program


def test_rectifier_and_what_is_not_finite(level):
    a = jnp.asarray([[1.0], [np.nan], [np.inf], [-np.inf], [1e-30]], jnp.float32)
    b = jnp.asarray([[1.0, -1.0, 0.0, -1e-30]], jnp.float32)
    bias = jnp.asarray([0.0, 0.0, np.nan, -0.0], jnp.float32)
    actual, expected = both(lambda *arguments: affine(*arguments, rectified=True), a, b, bias)
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(np.signbit(actual), np.signbit(expected))
    assert actual[0, 1] == 0
    assert np.isnan(actual[1]).all()
    assert actual[2, 0] == np.inf


def call(result, *operands, options=(0, 0, 1)):
    """Call the handler as no primitive does."""
    shape = jax.ShapeDtypeStruct(result, jnp.float32)
    options = np.array(options, np.int64)
    return jax.jit(lambda *operands: jax.ffi.ffi_call("lamina_product", shape)(*operands, options=options))(*operands)


def test_calls_of_other_shapes_are_refused():
    a, b, bias = jnp.ones((4, 5)), jnp.ones((5, 6)), jnp.ones(6)
    assert native.available("lamina_product")
    assert call((4, 6), a, b, bias).shape == (4, 6)
    bad_bias = "takes a bias for each column"
    for expected, operands, options in (
        (bad_bias, (a, b, jnp.ones(5)), (0, 0, 1)),
        (bad_bias, (a, b, jnp.ones((1, 6))), (0, 0, 1)),
        (bad_bias, (a, b, bias.astype("int32")), (0, 0, 0)),
        ("do not fit", (a, b.T, bias), (0, 0, 1)),
        ("do not fit", (a[:3], b, bias), (0, 0, 1)),
        ("do not fit", (a, b[:, :5], bias), (0, 0, 1)),
        ("do not fit", (a, b[None], bias), (0, 0, 1)),
        ("do not fit", (a.T, b, bias), (0, 0, 1)),
        ("do not fit", (a, b, bias), (1, 0, 1)),
        ("takes two stacks", (a, b), (0, 0, 1)),
        ("takes two stacks", (a, b, bias, bias), (0, 0, 1)),
        ("takes two stacks", (a, b, bias), (0, 0)),
    ):
        with pytest.raises(jax.errors.JaxRuntimeError, match=expected):
            jax.block_until_ready(call((4, 6), *operands, options=options))
    with pytest.raises(jax.errors.JaxRuntimeError, match="do not fit"):
        jax.block_until_ready(call((2, 4, 6), a[None], jnp.stack([b, b]), bias))


def test_bias_of_sums_without_terms(level):
    bias = jnp.asarray([1.0, -1.0])
    np.testing.assert_array_equal(call((3, 2), jnp.ones((3, 0)), jnp.ones((0, 2)), bias), [[1, 0]] * 3)


def affine_arguments():
    """Without an output near 0, where the derivative jumps."""
    a, b = operands((), 21, 34, 17)
    return a, b, jnp.where(jnp.arange(34) % 2 == 0, 30.0, -30.0).at[3:9].set(0.1)


@pytest.mark.parametrize("rectified", [False, True])
def test_derivatives_of_bias_and_rectifier(assert_close, rectified):
    arguments = affine_arguments()

    def loss(*arguments):
        return jnp.sum(jnp.sin(affine(*arguments, rectified=rectified)))

    def slope(*arguments):
        return sum(jnp.sum(part**2) for part in jax.grad(loss, (0, 1, 2))(*arguments))

    def forward(*arguments):
        return jax.jvp(partial(affine, rectified=rectified), arguments, tuple(jnp.cos(one) for one in arguments))

    for function in (jax.grad(loss, (0, 1, 2)), jax.grad(slope, (0, 1, 2)), forward):
        assert_close(*both(function, *arguments), 5e-5)
    assert calls(jax.grad(loss, (0, 1, 2)), *arguments) == 3
    # What isn't differentiated, as a model's inputs, costs no product, in neither mode.
    assert calls(jax.grad(loss, (1, 2)), *arguments) == calls(jax.grad(loss, 0), *arguments) == 2
    a, b, bias = arguments
    assert calls(lambda b: jax.jvp(lambda b: affine(a, b, bias, rectified=rectified), (b,), (b,)), b) == 2


def test_the_slope_of_the_rectifier_is_zero_at_zero_and_behind_nan():
    a, b = jnp.asarray([[1.0], [-1.0], [np.nan], [0.0]]), jnp.ones((1, 40))
    slope = jax.grad(lambda bias: jnp.sum(affine(a, b, bias, rectified=True)))(jnp.zeros(40))
    assert (slope == 1).all()


@pytest.mark.parametrize("rectified", [False, True])
def test_vmap_of_bias_and_rectifier(assert_close, rectified):
    a, b, bias = affine_arguments()
    stacked = jnp.stack([a, a[::-1]], 1), jnp.stack([b, b[::-1]], 2), jnp.stack([bias, bias[::-1]])
    function = partial(affine, rectified=rectified)

    def batched(*stacked):
        return [
            jax.vmap(function, axes)(*(all_ if axis is not None else one for all_, one, axis in arguments))
            for axes in itertools.product([1, None], [2, None], [0, None])
            if axes != (None, None, None)
            for arguments in [list(zip(stacked, (a, b, bias), axes, strict=True))]
        ]

    def slopes(*stacked):
        return jax.grad(lambda *stacked: sum(jnp.sum(one**2) for one in batched(*stacked)), (0, 1, 2))(*stacked)

    assert calls(batched, *stacked) == 7
    assert_close(*both(batched, *stacked), 1e-5)
    assert_close(*both(slopes, *stacked), 5e-5)
    # More rows for the same weights are one product with them.
    assert "stablehlo.add" not in jax.jit(jax.vmap(function, (1, None, None))).lower(stacked[0], b, bias).as_text()


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_a_bias_of_another_type_is_left_to_xla(dtype):
    a, b, bias = affine_arguments()
    with jax.enable_x64(True):
        assert calls(affine, a, b, bias.astype(dtype)) == 1
        assert affine(a, b, bias.astype(dtype)).dtype == jnp.promote_types("float32", dtype)


def test_small_products_are_followed_by_what_xla_makes_of_bias_and_rectifier(monkeypatch):
    monkeypatch.undo()
    a, b, bias = affine_arguments()

    def plain(a, b, bias):
        return kernels.relu(lax.dot_general(a, b, (((1,), (0,)), ((), ()))) + bias)

    programs = [str(jax.make_jaxpr(one)(a, b, bias)) for one in (partial(affine, rectified=True), plain)]
    assert programs[0] == programs[1]


def test_who_uses_it():
    x, kernel, recurrent, state = (operands((), m, 1, k)[0] for m, k in ((40, 30), (30, 80), (20, 80), (8, 20)))
    steps, heads, image = x.reshape(5, 8, 30), jnp.ones((2, 6, 3, 8)), jnp.ones((2, 6, 6, 5))

    def slopes(function):
        return jax.grad(lambda *arguments: sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(function(*arguments))), 1)

    def lstm(x, kernel):
        return kernels.lstm(x, kernel, recurrent, None, state, state, time_major=True)

    def gru(x, kernel):
        return kernels.gru(x, kernel[:, :60], recurrent[:, :60], None, state, time_major=True)

    def attend(query, key):
        return kernels.attend(query, key, key, None, (1,), lambda weights: weights)

    def layer(x):
        return model(x)

    model = keras.Sequential(
        [keras.layers.Dense(20, "relu"), keras.layers.EinsumDense("ab,bcd->acd", (4, 5), "relu", "d")]
    )
    model(x)
    program = jax.jit(layer).lower(x).as_text()
    assert program.count("@lamina_product") == 2
    assert "stablehlo.add" not in program
    assert "stablehlo.compare" not in program

    assert calls(kernels.project, x, kernel) == calls(kernels.project, x.reshape(5, 8, 30), kernel) == 1
    assert calls(slopes(kernels.project), steps, kernel) == 2
    assert calls(lstm, steps, kernel) == calls(gru, steps, kernel) == 1
    assert calls(slopes(lstm), steps, kernel) == calls(slopes(gru), steps, kernel) == 2
    assert calls(attend, heads, heads) == 2
    assert calls(kernels.conv, image, jnp.ones((1, 1, 5, 4))) == 1
    assert calls(slopes(kernels.conv), image, jnp.ones((1, 1, 5, 4))) == 2
