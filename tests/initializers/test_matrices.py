import keras
import numpy as np
import pytest
from scipy import stats

from lamina import initializers


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2), (0, 3), (1, 1)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32"])
def test_identity_is_that_of_keras(shape, dtype):
    ours, theirs = (library.Identity(gain=2)(shape, dtype) for library in (initializers, keras.initializers))
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(np.asarray(ours, "float32"), np.asarray(theirs, "float32"))


def test_identity_describes_its_gain():
    # Keras forgets it and gives 1 after loading.
    assert initializers.Identity(gain=2.0).clone().gain == 2
    assert keras.initializers.deserialize(initializers.serialize(initializers.Identity(2.0)))((1, 1)) == 2


@pytest.mark.parametrize("shape", [(5, 5), (8, 3), (3, 8), (3, 3, 4, 16), (1, 4), (4, 1)])
@pytest.mark.parametrize("gain", [1.0, 2.5, -1.0])
def test_rows_or_columns_are_orthogonal(shape, gain):
    values = np.asarray(initializers.Orthogonal(gain, seed=1)(shape))
    assert values.shape == shape
    matrix = values.reshape(-1, shape[-1])
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T
    np.testing.assert_allclose(matrix @ matrix.T, gain**2 * np.eye(len(matrix)), atol=2e-6 * gain**2)


def test_orthogonal_matrices_are_uniformly_distributed():
    # Entries of a column of such a matrix of size n: (x + 1) / 2 follows a beta distribution with (n - 1) / 2 twice.
    size = 4
    first = [np.asarray(initializers.Orthogonal(seed=seed)((size, size)))[0, 0] for seed in range(600)]
    assert stats.kstest((np.array(first) + 1) / 2, stats.beta((size - 1) / 2, (size - 1) / 2).cdf).pvalue > 1e-3


def test_empty_orthogonal_matrices():
    assert initializers.Orthogonal()((0, 3)).shape == (0, 3)


def test_half_precision():
    values = initializers.Orthogonal(seed=1)((4, 4), dtype="bfloat16")
    assert values.dtype == "bfloat16"
    np.testing.assert_allclose(np.asarray(values, "float32"), initializers.Orthogonal(seed=1)((4, 4)), rtol=1e-2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: initializers.Identity()((3,)), r"Identity gives matrices: shape must be .* got \(3,\)"),
        (lambda: initializers.Identity(gain="1"), "Identity: gain must be a finite number, got '1'"),
        (lambda: initializers.Orthogonal()((3,)), r"Orthogonal needs a shape of at least two axes, got \(3,\)"),
        (lambda: initializers.Orthogonal(gain=float("inf")), "Orthogonal: gain must be a finite number, got inf"),
        (lambda: initializers.Orthogonal()((3, 3), "int32"), "Orthogonal gives floats"),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
