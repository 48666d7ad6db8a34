from lamina.config import standardize_dtype as standardize_dtype
from lamina.core.serialization import CustomObjectScope as CustomObjectScope
from lamina.core.serialization import custom_object_scope as custom_object_scope
from lamina.core.serialization import get_custom_objects as get_custom_objects
from lamina.core.serialization import get_registered_name as get_registered_name
from lamina.core.serialization import get_registered_object as get_registered_object
from lamina.core.serialization import register_keras_serializable as register_keras_serializable
from lamina.core.session import clear_session as clear_session
from lamina.data.download import get_file as get_file
from lamina.data.numeric import normalize as normalize
from lamina.data.numeric import pack_x_y_sample_weight as pack_x_y_sample_weight
from lamina.data.numeric import to_categorical as to_categorical
from lamina.data.numeric import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from lamina.data.py_dataset import PyDataset as PyDataset
from lamina.data.sequences import pad_sequences as pad_sequences
from lamina.data.split import ShuffledSplit as ShuffledSplit
from lamina.data.split import StratifiedSplit as StratifiedSplit
from lamina.random.global_seed import set_random_seed as set_random_seed
from lamina.visualization.plot_model import model_to_dot as model_to_dot
from lamina.visualization.plot_model import plot_model as plot_model

Sequence = PyDataset
