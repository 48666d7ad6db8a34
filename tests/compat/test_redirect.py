"""Imports of Keras and TensorFlow that give lamina, and what is said of names that are not there."""

import sys

import keras  # the real one, which comes back
import numpy as np
import pytest

import lamina
from lamina import compat


@pytest.fixture(autouse=True)
def _installed():
    with pytest.warns(UserWarning, match="keras.* had been imported before"):
        compat.install()
    yield
    compat.uninstall()


IMPORTS = [
    ("import keras", "keras.layers.Dense", "layers.Dense"),
    ("import keras.layers", "keras.layers.Dense", "layers.Dense"),
    ("from keras import layers", "layers.Dense", "layers.Dense"),
    ("from keras.layers import Dense", "Dense", "layers.Dense"),
    ("from tensorflow import keras", "keras.Sequential", "Sequential"),
    ("from tensorflow.keras import layers, models", "models.Sequential", "models.Sequential"),
    ("from tensorflow.keras.models import Sequential", "Sequential", "Sequential"),
    ("import tensorflow as tf", "tf.keras.optimizers.Adam", "optimizers.Adam"),
    ("import tensorflow.keras as K", "K.losses.MeanSquaredError", "losses.MeanSquaredError"),
    ("import tensorflow.keras.backend as K", "K.epsilon", "config.epsilon"),
    ("from tensorflow.keras.optimizers.legacy import SGD", "SGD", "optimizers.SGD"),
    ("from tensorflow.keras.optimizers.schedules import ExponentialDecay", "ExponentialDecay",
     "optimizers.schedules.ExponentialDecay"),
    ("from keras.layers.core import Dropout", "Dropout", "layers.Dropout"),
    ("from keras.layers.convolutional import Conv2D", "Conv2D", "layers.Conv2D"),
    ("from keras.layers.experimental.preprocessing import Rescaling", "Rescaling", "layers.Rescaling"),
    ("from keras.utils import np_utils", "np_utils.to_categorical", "utils.to_categorical"),
    ("from keras.utils.np_utils import to_categorical", "to_categorical", "utils.to_categorical"),
    ("from keras.preprocessing.sequence import pad_sequences", "pad_sequences", "utils.pad_sequences"),
    ("from keras.preprocessing.text import Tokenizer", "Tokenizer", "preprocessing.text.Tokenizer"),
    ("from keras.datasets import mnist", "mnist.load_data", "datasets.mnist.load_data"),
    ("from keras.wrappers.scikit_learn import KerasClassifier", "KerasClassifier", "wrappers.KerasClassifier"),
    ("from keras.engine.topology import Layer", "Layer", "Layer"),
    ("from tf_keras import Model", "Model", "Model"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "expression", "ours"), IMPORTS)
def test_imports(statement, expression, ours):
    names = {}
    exec(statement, names)
    assert eval(expression, names) is eval(f"lamina.{ours}")


def test_star():
    names = {}
    exec("from tensorflow.keras.layers import *", names)
    assert names["Dense"] is lamina.layers.Dense
    assert "Sequential" not in names


MISSING = [
    ("import keras.datasetz", "lamina has no keras.datasetz. Did you mean 'datasets'?"),
    ("from keras.layers import Dens", "lamina has no keras.layers.Dens. Did you mean 'Dense'?"),
    ("import tensorflow as tf; tf.reduce_meen", "no tensorflow.reduce_meen. Did you mean 'reduce_mean'?"),
    ("import tensorflow as tf; tf.keras.layers.LSTN", "no tensorflow.keras.layers.LSTN. Did you mean 'LSTM'?"),
    ("import tensorflow as tf; tf.GradientTape()", r"jax\.grad"),
    ("import tensorflow as tf; tf.Session()", "TensorFlow 1"),
    ("from tensorflow.compat import v1", "drop `compat.v1`"),
    ("from tensorflow.python.keras import layers", "write tensorflow.keras"),
    ("from keras.src import backend", "import from keras itself"),
    ("import tensorflow as tf; tf.data.Dataset.range(3).windw", "It has: .*batch.*unbatch"),
]


@pytest.mark.parametrize(("program", "message"), MISSING)
def test_what_is_not_there_says_so(program, message):
    with pytest.raises((AttributeError, ImportError), match=message):
        exec(program, {})


def test_guards_that_scripts_write():
    import tensorflow as tf

    assert not hasattr(tf, "contrib")
    assert int(tf.__version__.split(".")[0]) == 2
    assert tf.keras.__version__.startswith("3.15")
    with pytest.raises(ImportError):
        import keras.no_such_thing  # noqa: F401


def test_it_goes_before_what_was_imported_and_leaves_it_as_it_was():
    assert sys.modules["keras" if "keras" in sys.modules else "sys"] is not keras
    import keras as ours

    assert ours.layers.Dense is lamina.layers.Dense
    assert repr(ours) == "<module 'keras', which is lamina (lamina.compat)>"
    compat.install()  # twice is once
    compat.uninstall()
    assert not compat.installed()
    import keras as real

    assert real is keras
    assert sys.modules["keras.layers"] is keras.layers
    with pytest.warns(UserWarning):
        compat.install()


def test_arrays_are_tensors_to_a_script():
    import tensorflow as tf

    x = tf.ones((2, 2))
    assert str(x) == "tf.Tensor(\n[[1. 1.]\n [1. 1.]], shape=(2, 2), dtype=float32)"
    assert repr(tf.constant(2.5)) == "<tf.Tensor: shape=(), dtype=float32, numpy=2.5>"
    assert repr(tf.constant([1, 2])) == ("<tf.Tensor: shape=(2,), dtype=int32, numpy=array([1, 2], dtype=int32)>")
    model = tf.keras.Sequential([tf.keras.layers.Dense(3)])
    y = model(x)
    assert isinstance(y, tf.Tensor)
    assert isinstance(y.numpy(), np.ndarray)
    assert isinstance(tf.reduce_sum(y).numpy(), np.float32)
    assert y.get_shape() == (2, 3)
    compat.uninstall()
    assert not hasattr(y, "numpy")
    assert "tf." not in str(y) + repr(y)
    with pytest.warns(UserWarning):
        compat.install()


def test_the_backend_of_keras_2():
    from tensorflow.keras import backend as K

    y_true, y_pred = np.array([[1.0, 0.0, 1.0]], "float32"), np.array([[0.9, 0.2, 0.4]], "float32")
    true_positives = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    recall = true_positives / (K.sum(K.round(K.clip(y_true, 0, 1))) + K.epsilon())
    assert float(recall) == pytest.approx(0.5)
    assert K.int_shape(K.batch_flatten(np.zeros((2, 3, 4)))) == (2, 12)
    weight = K.variable(1.0)
    K.set_value(weight, 3.0)
    assert K.get_value(weight) == 3
    with pytest.raises(TypeError, match="model.optimizer.learning_rate = 0.1"):
        K.set_value(0.01, 0.1)
