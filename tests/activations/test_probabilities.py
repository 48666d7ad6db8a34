import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import activations

SCORES = np.random.default_rng(1).normal(scale=3, size=(3, 4, 6)).astype("float32")


@pytest.mark.parametrize("axis", [-1, 0, (1, 2)])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmaxes_are_those_of_keras(name, axis):
    ours, theirs = getattr(activations, name), getattr(keras.activations, name)
    np.testing.assert_allclose(ours(SCORES, axis), theirs(SCORES, axis), rtol=1e-5, atol=1e-6)
    weights = np.arange(SCORES.size, dtype="float32").reshape(SCORES.shape) / SCORES.size
    slopes = [jax.grad(lambda x, f=function: (f(x, axis) * weights).sum())(SCORES) for function in (ours, theirs)]
    np.testing.assert_allclose(*slopes, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "glu"])
def test_half_precision(name, dtype):
    x = jnp.asarray(SCORES, dtype)
    ours, theirs = getattr(activations, name)(x), getattr(keras.activations, name)(x)
    assert ours.dtype == theirs.dtype == dtype
    np.testing.assert_allclose(np.asarray(ours, "float32"), np.asarray(theirs, "float32"), rtol=1e-2, atol=1e-3)


def test_extreme_scores():
    x = np.array([[1e30, 0, -1e30], [-np.inf, 0, 0], [1e4, 1e4, -1e4]], "float32")
    for name in ("softmax", "log_softmax"):
        np.testing.assert_allclose(getattr(activations, name)(x), getattr(keras.activations, name)(x), rtol=1e-6)
    np.testing.assert_allclose(activations.sparsemax(x), [[1, 0, 0], [0, 0.5, 0.5], [0.5, 0.5, 0]])


def test_softmax_over_one_score_warns():
    with pytest.warns(
        UserWarning, match="has size 1: every output is 1 and nothing can be learned. For two classes .* use sigmoid"
    ):
        assert activations.softmax(np.zeros((2, 1))).tolist() == [[1], [1]]


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_glu_is_that_of_keras(axis):
    x = SCORES[:2]
    np.testing.assert_allclose(activations.glu(x, axis), keras.activations.glu(x, axis), rtol=1e-6)
    slopes = [jax.grad(lambda x, f=f: (f(x, axis) ** 2).sum())(x) for f in (activations.glu, keras.activations.glu)]
    np.testing.assert_allclose(*slopes, rtol=1e-5, atol=1e-6)


def projected(scores):
    """The nearest point of the simplex, by bisection for the level that is taken off."""
    low, high = scores.min() - 1, scores.max()
    for _ in range(100):
        level = (low + high) / 2
        low, high = (level, high) if np.maximum(scores - level, 0).sum() > 1 else (low, level)
    return np.maximum(scores - low, 0)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_sparsemax_is_the_projection_onto_the_simplex(axis):
    # Not compared with Keras 3.15, whose sparsemax gives rows that do not sum to 1.
    expected = np.apply_along_axis(projected, axis, SCORES.astype("float64"))
    ours = activations.sparsemax(SCORES, axis)
    np.testing.assert_allclose(ours, expected, atol=2e-6)
    np.testing.assert_allclose(ours.sum(axis), 1, atol=2e-6)


@pytest.mark.parametrize("scores", [[1, 1, 1, 1], [1000.5, 1000, 0], [-1e6, -1e6 - 0.5], [5], [0.3, 0.3, 0.2, 0.1]])
def test_sparsemax_of_ties_and_large_scores(scores):
    np.testing.assert_allclose(activations.sparsemax(scores), projected(np.array(scores, "float64")), atol=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_sparsemax_in_half_precision_on_a_long_axis(dtype):
    probabilities = activations.sparsemax(jnp.zeros(1000, dtype))
    assert probabilities.dtype == dtype
    np.testing.assert_allclose(np.asarray(probabilities, "float32"), 1e-3, rtol=5e-3)


def test_sparsemax_gradient():
    # The Jacobian (Martins & Astudillo, 2016, section 2.5): diag(s) - s s' / |support|, with s the support's indicator.
    scores = np.array([0.3, 0.5, 0.1, -2.0], "float32")
    support = np.array([1, 1, 1, 0.0])
    expected = np.diag(support) - np.outer(support, support) / support.sum()
    np.testing.assert_allclose(jax.jacobian(activations.sparsemax)(scores), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "glu"])
def test_wrong_axes(name):
    function = getattr(activations, name)
    with pytest.raises(ValueError, match=rf"{name}: axis 3 does not exist in shape \(2, 4\); give one in \[-2, 2\)"):
        function(np.zeros((2, 4)), axis=3)
    with pytest.raises(ValueError, match=f"{name}: axis -1 does not exist in shape .*at least one axis"):
        function(1.0)
    with pytest.raises(TypeError, match=f"{name}: axis must be a whole number, got 'last'"):
        function(np.zeros((2, 4)), axis="last")


def test_glu_needs_an_even_size():
    with pytest.raises(ValueError, match=r"glu: the size of axis -1 must be even, to be halved; got shape \(2, 3\)"):
        activations.glu(np.zeros((2, 3)))
