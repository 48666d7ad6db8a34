from lamina.core.serialization import CustomObjectScope as CustomObjectScope
from lamina.core.serialization import custom_object_scope as custom_object_scope
from lamina.core.serialization import deserialize_keras_object as deserialize_keras_object
from lamina.core.serialization import get_custom_objects as get_custom_objects
from lamina.core.serialization import get_registered_name as get_registered_name
from lamina.core.serialization import get_registered_object as get_registered_object
from lamina.core.serialization import register_keras_serializable as register_keras_serializable
from lamina.core.serialization import serialize_keras_object as serialize_keras_object

from .api import load_model as load_model
from .api import load_weights as load_weights
from .api import save_model as save_model
from .api import save_weights as save_weights
from .errors import LoadError as LoadError
from .errors import SaveError as SaveError
from .inspection import Contents as Contents
from .inspection import inspect as inspect
