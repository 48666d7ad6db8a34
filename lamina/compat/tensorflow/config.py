"""`tf.config`: which devices there are."""

from lamina.compat.tensorflow import config_experimental as experimental
from lamina.compat.tensorflow.devices import PhysicalDevice, list_physical_devices

__all__ = ["PhysicalDevice", "experimental", "list_physical_devices"]
