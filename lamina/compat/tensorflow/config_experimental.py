"""`tf.config.experimental`."""

from lamina.compat.tensorflow.devices import list_physical_devices, set_memory_growth

__all__ = ["list_physical_devices", "set_memory_growth"]
