import os

# Before anything can import keras or jax: keras, the oracle, must run on the same engine as lamina; float32
# comparisons are made for the CPU (an accelerator rounds matrix products coarser); and tests neither read nor write
# programs in the user's home. Setting a variable by hand wins.
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("LAMINA_COMPILATION_CACHE", "off")

import pytest

import lamina


@pytest.fixture(autouse=True)
def same_draws_whatever_ran_before():
    """Seed every test alike, so that none passes or fails by what ran before it."""
    lamina.utils.set_random_seed(0)
