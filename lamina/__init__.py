"""Neural networks with the Keras API on JAX, where a training run is one compiled program."""

__version__ = "0.1.0"
