import os

# Before anything can import keras or jax: keras, the oracle, must run on the same engine as lamina, and float32
# comparisons are made for the CPU (an accelerator rounds matrix products coarser). Setting the variables by hand wins.
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
