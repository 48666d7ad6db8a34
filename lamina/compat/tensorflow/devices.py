"""The devices that JAX finds, as TensorFlow lists them."""

from __future__ import annotations

from typing import NamedTuple

import jax


class PhysicalDevice(NamedTuple):
    """A device.

    Attributes:
        name: such as "/physical_device:CPU:0".
        device_type: "CPU", "GPU" or "TPU".
    """

    name: str
    device_type: str


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """Return the devices of a type ("CPU", "GPU", "TPU"), or all."""
    found = [
        PhysicalDevice(f"/physical_device:{device.platform.upper()}:{device.id}", device.platform.upper())
        for device in jax.devices()
    ]
    if not any(device.device_type == "CPU" for device in found):
        found.insert(0, PhysicalDevice("/physical_device:CPU:0", "CPU"))
    return [device for device in found if device_type in (None, device.device_type)]


def set_memory_growth(device: PhysicalDevice, enable: bool) -> None:
    """Raise an error that says how JAX is told.

    Raises:
        RuntimeError: always, since memory is taken when JAX starts.
    """
    raise RuntimeError(
        "How JAX takes the memory of a GPU is chosen before Python starts: set XLA_PYTHON_CLIENT_PREALLOCATE=false in "
        "the environment to let it grow, and drop set_memory_growth."
    )
