import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina.regularizers import OrthogonalRegularizer

WEIGHTS = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_penalty_and_gradient_are_those_of_keras(mode):
    x = jnp.asarray(WEIGHTS)  # Keras 3.15 errs on NumPy arrays
    ours, theirs = OrthogonalRegularizer(0.3, mode), keras.regularizers.OrthogonalRegularizer(0.3, mode)
    np.testing.assert_allclose(ours(WEIGHTS), theirs(x), rtol=1e-5)
    np.testing.assert_allclose(jax.grad(ours)(x), jax.grad(theirs)(x), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("scale", [1e-12, 1e-7, 1e15])
def test_only_directions_count(scale):
    # Not compared with Keras, whose gradient is wrong for lengths like these.
    penalty = OrthogonalRegularizer(1.0)
    np.testing.assert_allclose(penalty(WEIGHTS * np.float32(scale)), penalty(WEIGHTS), rtol=1e-5)
    slopes = jax.grad(penalty)(WEIGHTS * np.float32(scale))
    np.testing.assert_allclose(slopes * scale, jax.grad(penalty)(WEIGHTS), rtol=1e-3, atol=1e-6)


def test_a_zero_vector_is_orthogonal_to_all():
    x = np.array([[0, 0], [1, 1], [1, 0]], "float32")
    np.testing.assert_allclose(OrthogonalRegularizer(1.0)(x), 0.5**0.5 / 3, rtol=1e-6)
    assert np.isfinite(jax.grad(OrthogonalRegularizer(1.0))(x)).all()  # NaN in Keras


def test_the_mean_magnitude_of_the_cosines():
    angle = np.pi / 3
    vectors = np.array([[2, 0], [-3 * np.cos(angle), 3 * np.sin(angle)], [0, 1]], "float32")
    expected = (np.cos(angle) + 0 + np.sin(angle)) / 3
    np.testing.assert_allclose(OrthogonalRegularizer(1.0)(vectors), expected, rtol=1e-6)
    np.testing.assert_allclose(OrthogonalRegularizer(1.0, "columns")(vectors.T), expected, rtol=1e-6)


def test_orthogonal_vectors_cost_nothing():
    assert OrthogonalRegularizer(1.0)(5 * np.eye(4, dtype="float32")) == 0


def test_one_vector_costs_nothing():
    # Keras divides by the number of pairs, which is 0 here, and gives NaN.
    assert OrthogonalRegularizer(1.0)(np.ones((1, 3))) == 0
    assert OrthogonalRegularizer(1.0, "columns")(np.ones((3, 1))) == 0


def test_half_precision_stays():
    x = jnp.asarray(WEIGHTS, "bfloat16")
    penalty = OrthogonalRegularizer(0.3)(x)
    assert penalty.dtype == "bfloat16"
    np.testing.assert_allclose(float(penalty), float(OrthogonalRegularizer(0.3)(WEIGHTS)), rtol=2e-2)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="unknown mode 'row'. Did you mean 'rows'?"):
        OrthogonalRegularizer(mode="row")
    with pytest.raises(ValueError, match="OrthogonalRegularizer: factor must be a finite number of at least 0, got -1"):
        OrthogonalRegularizer(factor=-1)
    with pytest.raises(ValueError, match=r"expected a matrix, got an array of shape \(2, 2, 2\)"):
        OrthogonalRegularizer()(np.ones((2, 2, 2)))
