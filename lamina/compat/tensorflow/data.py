"""`tf.data`: data sets as chains of small steps, each of which can be passed over again and again."""

from lamina.compat.tensorflow import data_experimental as experimental
from lamina.compat.tensorflow.dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset

__all__ = ["AUTOTUNE", "Dataset", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "experimental"]
