import functools
import gc
import os
import signal
import tempfile

# Before anything can import keras or jax: keras, the oracle, must run on the same engine as lamina; float32
# comparisons are made for the CPU (an accelerator rounds matrix products coarser); and tests neither read nor write
# programs in the user's home. Setting a variable by hand wins.
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("LAMINA_COMPILATION_CACHE", "off")
# Nearly all of the suite's time goes to compiling programs that run once, for milliseconds: XLA is told to hurry. The
# mathematics is the same; `XLA_FLAGS= pytest` compiles as users do.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true --xla_cpu_use_fusion_emitters=false "
    "--xla_cpu_parallel_codegen_split_count=1",  # the tests themselves take all cores
)

import jax
import keras  # noqa: F401  (so that it is among what stays)
import pytest
from jax._src.interpreters import mlir

import lamina

# JAX sets up a compiler context (MLIR's table of all operations) for every program and keeps it while the program is
# kept. That takes longer than translating a program as small as ours and made up most of the suite's memory, so all
# programs of a file share one. JAX has no public switch for this: should the function move, the suite is just slower.
if hasattr(mlir, "make_ir_context"):
    mlir.make_ir_context = functools.cache(mlir.make_ir_context)

# A third of the programs was compiled before, for a file whose programs are forgotten by now: JAX finds those in a
# folder of this process (two would read each other's half-written files). What is in it was compiled from the same
# program by the same flags, or JAX would not find it; a file that can't be read is a warning, and so fails the test.
_programs = tempfile.TemporaryDirectory(prefix="lamina-tests-")
jax.config.update("jax_compilation_cache_dir", _programs.name)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)

gc.freeze()  # what is imported stays; garbage need not be looked for in it

lamina.config.disable_traceback_filtering()  # a test that fails should show where


def pytest_unconfigure():
    _programs.cleanup()


@pytest.fixture(autouse=True, scope="module")
def no_programs_of_earlier_files():
    """Forget compiled programs after each file, or a whole run holds gigabytes of them."""
    yield
    jax.clear_caches()
    if hasattr(mlir, "make_ir_context"):
        mlir.make_ir_context.cache_clear()


@pytest.fixture(autouse=True)
def same_draws_whatever_ran_before():
    """Seed every test alike, so that none passes or fails by what ran before it."""
    lamina.utils.set_random_seed(0)


@pytest.fixture
def interruptible():
    """Python's own answer to Ctrl-C, which a shell takes away from what it runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
