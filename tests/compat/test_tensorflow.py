"""The part of TensorFlow that is there: values against NumPy, signatures, refusals."""

import io

import numpy as np
import pytest

import lamina
from lamina.compat import tensorflow as tf

X = np.array([[1.0, -2.0, 3.0], [4.0, 0.5, -6.0]], "float32")

VALUES = [
    (lambda: tf.reduce_sum(X, axis=1), X.sum(1)),
    (lambda: tf.reduce_mean(X, axis=[0, 1], keepdims=True), X.mean((0, 1), keepdims=True)),
    (lambda: tf.reduce_mean([1, 2, 2]), 1),
    (lambda: tf.reduce_max(X, 0), X.max(0)),
    (lambda: tf.math.reduce_std(X), X.std()),
    (lambda: tf.matmul(X, X, transpose_b=True), X @ X.T),
    (lambda: tf.tensordot(X, X, axes=[[1], [1]]), X @ X.T),
    (lambda: tf.cast([1.7, -1.7], tf.int32), np.array([1, -1])),
    (lambda: tf.argmax(X), X.argmax(0)),
    (lambda: tf.argmax(X, axis=1), X.argmax(1)),
    (lambda: tf.concat([X, X], 1), np.concatenate([X, X], 1)),
    (lambda: tf.one_hot([0, 2], 3, on_value=5.0, off_value=-1.0), np.array([[5.0, -1, -1], [-1, -1, 5]])),
    (lambda: tf.fill([2, 2], 7), np.full((2, 2), 7)),
    (lambda: tf.constant(3, shape=(2,)), np.array([3, 3])),
    (lambda: tf.constant([1, 2, 3, 4], shape=(2, 2)), np.array([[1, 2], [3, 4]])),
    (lambda: tf.range(2, 8, 3), np.array([2, 5])),
    (lambda: tf.range(3), np.arange(3)),
    (lambda: tf.eye(2, 3, batch_shape=[2]), np.stack([np.eye(2, 3)] * 2)),
    (lambda: tf.split(X, [1, 2], axis=1)[1], X[:, 1:]),
    (lambda: tf.split(X, 2)[1], X[1:]),
    (lambda: tf.gather(X, [2, 0], axis=1), X[:, [2, 0]]),
    (lambda: tf.boolean_mask(X, X > 0), X[X > 0]),
    (lambda: tf.where(X > 0), np.argwhere(X > 0)),
    (lambda: tf.where(X > 0, X, 0.0), np.where(X > 0, X, 0)),
    (lambda: tf.pad(X, [[1, 0], [0, 2]], constant_values=9), np.pad(X, [[1, 0], [0, 2]], constant_values=9)),
    (lambda: tf.pad(X, [[0, 0], [1, 1]], "REFLECT"), np.pad(X, [[0, 0], [1, 1]], "reflect")),
    (lambda: tf.sort(X, direction="DESCENDING"), -np.sort(-X)),
    (lambda: tf.argsort(X, axis=0), X.argsort(0)),
    (lambda: tf.cumsum([1, 2, 3], exclusive=True), np.array([0, 1, 3])),
    (lambda: tf.math.cumsum([1, 2, 3], reverse=True), np.array([6, 5, 3])),
    (lambda: tf.math.divide_no_nan([1.0, 2.0], [0.0, 4.0]), np.array([0, 0.5])),
    (lambda: tf.math.confusion_matrix([0, 1, 1], [0, 1, 0]), np.array([[1, 0], [1, 1]])),
    (lambda: tf.math.top_k([1.0, 3.0, 2.0], k=2)[1], np.array([1, 2])),
    (lambda: tf.norm(X), np.linalg.norm(X)),
    (lambda: tf.norm(X, ord=1, axis=1), np.abs(X).sum(1)),
    (lambda: tf.linalg.inv([[2.0, 0.0], [0.0, 4.0]]), np.diag([0.5, 0.25])),
    (lambda: tf.nn.softmax(X).sum(-1), np.ones(2)),
    (lambda: tf.nn.leaky_relu([-1.0, 1.0]), np.array([-0.2, 1])),
    (lambda: tf.nn.l2_normalize([3.0, 4.0]), np.array([0.6, 0.8])),
    (lambda: tf.nn.moments(X, [0])[1], X.var(0)),
    (lambda: tf.nn.sparse_softmax_cross_entropy_with_logits([0], [[0.0, 0.0]]), np.log([2])),
    (lambda: tf.nn.softmax_cross_entropy_with_logits([[0.5, 0.5]], [[0.0, 0.0]]), np.log([2])),
    (lambda: tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[0.0]), np.log([2])),
    (lambda: tf.shape(X), (2, 3)),
    (lambda: tf.size(X), 6),
    (lambda: tf.rank(X), 2),
    (lambda: tf.transpose(X, perm=[1, 0]), X.T),
    (lambda: tf.reshape(X, [-1]), X.ravel()),
    (lambda: tf.numpy_function(lambda a: a * 2, [X], tf.float32), X * 2),
    (lambda: tf.add_n([X, X, X]), 3 * X),
]  # fmt: skip


@pytest.mark.parametrize(("compute", "wanted"), VALUES, ids=range(len(VALUES)))
def test_values(compute, wanted):
    np.testing.assert_allclose(np.asarray(compute()), wanted, rtol=1e-5, atol=1e-6)


def test_every_public_name_is_there():
    for module in (tf, tf.math, tf.nn, tf.linalg, tf.random, tf.data, tf.config):
        assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_dtypes():
    assert tf.ones(3).dtype == tf.float32
    assert tf.zeros([2], tf.int32).dtype == tf.int32
    assert tf.convert_to_tensor([1, 2]).dtype == tf.int32
    assert tf.convert_to_tensor([1, 2], dtype_hint=tf.float32).dtype == tf.float32
    assert tf.constant(["a", "b"]).numpy().tolist() == ["a", "b"]


def test_random_draws_follow_the_seed():
    def draws():
        tf.random.set_seed(3)
        return np.concatenate([tf.random.normal((4,)), tf.random.uniform([4], 2, 5), tf.random.truncated_normal((4,))])

    first = draws()
    np.testing.assert_array_equal(first, draws())
    assert not np.array_equal(tf.random.normal((4,), seed=1), tf.random.normal((4,), seed=1))
    assert first[4:8].min() >= 2 and first[4:8].max() < 5
    assert np.abs(first[8:]).max() <= 2
    assert set(np.asarray(tf.random.uniform((50,), maxval=3, dtype=tf.int32))) == {0, 1, 2}
    assert sorted(np.asarray(tf.random.shuffle(np.arange(9)))) == list(range(9))
    assert tf.random.categorical([[0.0, -99.0]], 5).tolist() == [[0] * 5]
    with pytest.raises(ValueError, match="maxval"):
        tf.random.uniform((2,), dtype=tf.int32)


def test_variables_train_as_weights():
    class Scale(lamina.layers.Layer):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(tf.ones((1,)), name="w")
            self.fixed = tf.Variable(2.0, trainable=False)

        def call(self, x):
            return tf.multiply(x, self.w) * self.fixed

    layer = Scale()
    model = lamina.Sequential([layer])
    model.compile(lamina.optimizers.SGD(0.01), "mse")
    model.fit(X[:, :1], 6 * X[:, :1], epochs=20, verbose=0)
    assert float(layer.w[0]) == pytest.approx(3, abs=0.05)
    assert layer.fixed.numpy() == 2
    assert layer.fixed.assign_add(1.0).assign_sub(0.5) is layer.fixed
    assert repr(tf.Variable(1.5)) == "<tf.Variable 'Variable:0' shape=() dtype=float32, numpy=1.5>"
    with pytest.raises(ValueError, match="constraint is not supported"):
        tf.Variable(1.0, constraint=abs)


def test_functions_on_symbolic_tensors_become_part_of_the_model():
    x = lamina.Input((3,))
    model = lamina.Model(x, tf.reduce_mean(tf.square(x), axis=1))
    np.testing.assert_allclose(model.predict(X, verbose=0), (X**2).mean(1), rtol=1e-6)


def test_function_print_and_devices(capsys):
    @tf.function(jit_compile=True)
    def double(x):
        return 2 * x

    assert double(tf.constant(2)) == 4
    assert tf.function(double) is double
    with pytest.raises(TypeError, match="'jit'"):
        tf.function(jit=True)
    stream = io.StringIO()
    tf.print("x:", tf.constant([1, 2]), output_stream=stream)
    assert stream.getvalue() == "x: [1 2]\n"
    assert [device.device_type for device in tf.config.list_physical_devices("CPU")] == ["CPU"]
    assert tf.config.list_physical_devices("GPU") == []
    with pytest.raises(RuntimeError, match="XLA_PYTHON_CLIENT_PREALLOCATE"):
        tf.config.experimental.set_memory_growth(None, True)
    assert tf.executing_eagerly()


UNSUPPORTED = [
    (lambda: tf.matmul(X, X.T, a_is_sparse=True), "a_is_sparse"),
    (lambda: tf.ones(2, layout=1), "layout"),
    (lambda: tf.gather(X, [0], batch_dims=1), "batch_dims"),
    (lambda: tf.nn.moments(X, [0], shift=1), "shift"),
    (lambda: tf.pad(X, [[0, 0], [0, 0]], "WRAP"), "'CONSTANT', 'REFLECT' or 'SYMMETRIC'"),
    (lambda: tf.sort(X, direction="UP"), "'ASCENDING' or 'DESCENDING'"),
    (lambda: tf.math.cumprod(X, exclusive=True), "exclusive"),
]


@pytest.mark.parametrize(("call", "message"), UNSUPPORTED, ids=[message for _, message in UNSUPPORTED])
def test_no_argument_is_ignored(call, message):
    with pytest.raises(ValueError, match=message):
        call()
