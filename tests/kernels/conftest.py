"""Compare a kernel with its plain `jax.lax` formulation: values and gradients, outside and inside of a loop."""

import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from lamina.kernels import native, reference_kernels

try:
    from lamina.kernels import _native
except ImportError:  # not built
    _native = None

HERE = Path(__file__).parent
# The sets of instructions that the compiled extension can use here.
LEVELS = {"avx512": ["avx512", "avx2"], "avx2": ["avx2"]}.get(_native.level() if _native else "", [])
TOLERANCES = {"float64": 1e-12, "float32": 2e-5, "bfloat16": 2e-2, "float16": 2e-3}


def pytest_collection_modifyitems(items):
    """Skip the tests of the compiled extension where it isn't used."""
    reason = "no compiled extension that works here, or LAMINA_NATIVE=0"
    if not LEVELS or os.environ.get("LAMINA_NATIVE") == "0":
        for item in items:
            if item.path.parent == HERE and item.path.name.startswith("test_native_"):
                item.add_marker(pytest.mark.skip(reason))


def _random_arrays(seed: int, *shapes: tuple[int, ...], dtype=jnp.float32) -> list[jax.Array]:
    random = np.random.default_rng(seed)
    return [jnp.asarray(random.normal(size=shape).astype(dtype), dtype) for shape in shapes]


def _assert_close(actual, expected, tolerance: float) -> None:
    """Compare relative to the largest expected element, as sums of many terms round."""
    for one, other in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
        scale = max(1.0, np.abs(other).max(initial=0.0))
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale)


def _with_gradients(function):
    """Return (value, gradients for every argument) of `function`, seen through a fixed random cotangent."""

    def both(*arguments):
        value, pull = jax.vjp(function, *arguments)
        wave = jnp.cos(jnp.arange(value.size, dtype=jnp.float32) * 1.7).astype(value.dtype)
        return value, pull(wave.reshape(value.shape))

    return both


def _in_loop(function):
    """Return `function` computed as the body of a loop with a dynamic trip count."""

    def looped(*arguments):
        shapes = jax.eval_shape(function, *arguments)
        start = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)

        def body(index, carry):
            # The arguments depend on the trip, so that nothing moves out of the loop.
            moved = jax.tree.map(lambda leaf: leaf + (index - index).astype(leaf.dtype), arguments)
            return function(*moved)

        return jax.jit(lambda trips: lax.fori_loop(0, trips, body, start))(2)

    return looped


def _assert_agrees(function, *arguments, loop: bool = False) -> None:
    """Check a kernel against its own reference formulation."""
    tolerance = TOLERANCES[str(jax.tree.leaves(arguments)[0].dtype)]
    both = _with_gradients(function)

    def plain(*arguments):
        with reference_kernels():
            return both(*arguments)

    # New functions: jit caches traces by function, and the reference must be traced anew.
    if loop:
        actual, expected = _in_loop(both)(*arguments), jax.jit(plain)(*arguments)
    else:
        actual, expected = jax.jit(lambda *arguments: (both(*arguments), plain(*arguments)))(*arguments)
    _assert_close(actual, expected, tolerance)


@pytest.fixture(scope="session")
def random_arrays():
    """Normally distributed arrays: `random_arrays(seed, *shapes, dtype=...)`."""
    return _random_arrays


@pytest.fixture(scope="session")
def assert_close():
    """Compare two trees relative to their largest element: `assert_close(actual, expected, tolerance)`."""
    return _assert_close


@pytest.fixture(scope="session")
def assert_agrees():
    """Check a kernel against its reference formulation: `assert_agrees(function, *arguments, loop=False)`."""
    return _assert_agrees


@pytest.fixture(params=["avx512", "avx2"])
def level(request):
    """Let the compiled extension use each set of instructions in turn."""
    if request.param not in LEVELS:
        pytest.skip(f"this processor has no {request.param}")
    before = _native.level()
    _native.use(request.param)
    yield request.param
    _native.use(before)


@pytest.fixture
def each_level():
    """Run a compiled program with each set of instructions: `for results in each_level(program, *arguments)`."""
    before = _native.level()

    def run(program, *arguments):
        for level in LEVELS:
            _native.use(level)
            yield jax.block_until_ready(program(*arguments))

    yield run
    _native.use(before)


def _beside_lax(function):
    """Return the program of (`function` with the extension, `function` in plain `jax.lax`)."""

    def plain(*arguments):
        with reference_kernels():
            return function(*arguments)

    return jax.jit(lambda *arguments: (function(*arguments), plain(*arguments)))


@pytest.fixture(scope="session")
def beside_lax():
    """A compiled kernel and its reference formulation in one program: `beside_lax(function)(*arguments)`."""
    return _beside_lax


@pytest.fixture
def check_levels(each_level):
    """Compare a function with itself in plain `jax.lax`, for each set of instructions."""

    def check(function, *arguments, tolerance=2e-5):
        for actual, expected in each_level(_beside_lax(function), *arguments):
            _assert_close(actual, expected, tolerance)

    return check


@pytest.fixture(params=["switched off", "not built", "several devices"])
def lose_the_extension(request, monkeypatch):
    """A function after whose call nothing may call the compiled extension, for each of the reasons."""
    ways = {
        "switched off": lambda: monkeypatch.setenv("LAMINA_NATIVE", "0"),
        "not built": lambda: monkeypatch.setattr(native, "_handlers", frozenset),
        "several devices": lambda: monkeypatch.setattr(jax, "device_count", lambda: 2),
    }
    return ways[request.param]
