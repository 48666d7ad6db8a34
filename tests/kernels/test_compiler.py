import jax
import jax.numpy as jnp
import numpy as np

from lamina.kernels import compiler, compiler_options, conv, reference_kernels


def test_programs_without_convolution_keep_the_defaults():
    assert compiler_options(has_convolution=False) is None


def test_options_compile_and_keep_the_result(random_arrays):
    x, kernel = random_arrays(0, (2, 8, 8, 4), (3, 3, 4, 8))
    fast = jax.jit(conv, compiler_options=compiler_options(has_convolution=True))(x, kernel)
    np.testing.assert_allclose(fast, jnp.asarray(jax.jit(conv)(x, kernel)), rtol=1e-4, atol=1e-4)


def test_options_are_copies():
    options = compiler_options(has_convolution=True)
    if options is not None:
        options.clear()
        assert compiler_options(has_convolution=True)


def test_unknown_options_are_left_out(monkeypatch, capfd):
    monkeypatch.setattr(compiler, "_YNN_FUSION", {"xla_cpu_no_such_option": "1"})
    compiler._is_known.cache_clear()
    try:
        assert compiler_options(has_convolution=True) is None
    finally:
        compiler._is_known.cache_clear()
    assert capfd.readouterr() == ("", "")


def test_other_platforms_keep_the_defaults():
    with reference_kernels():
        assert compiler_options(has_convolution=True) is None
