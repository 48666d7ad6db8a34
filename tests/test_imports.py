"""What an import costs and where it may point: imports point down only, and `import lamina` stays cheap."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Wanted by some functions only, and slow to load or left out of a plain installation. scipy itself and some parts of
# it come with jax; these do not.
NOT_AT_IMPORT = (
    "IPython", "concurrent.futures.process", "flax", "graphviz", "h5py", "keras", "matplotlib", "multiprocessing",
    "onnx", "optax", "pandas", "PIL", "polars", "pyarrow", "requests", "rich", "safetensors", "scipy.integrate",
    "scipy.optimize", "scipy.signal", "scipy.stats", "sklearn", "tensorboard", "tensorflow", "torch", "tqdm",
    "urllib.request",
)  # fmt: skip

# Parts of lamina that a script may never use.
LOADED_WHEN_USED = (
    "lamina.callbacks.tensorboard", "lamina.datasets", "lamina.kernels.native", "lamina.layers.core.dense",
    "lamina.ops", "lamina.saving.api",
)  # fmt: skip


def _printed_by(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def _loaded_after(statement):
    return set(json.loads(_printed_by(f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))")))


def test_imports_point_down_only():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_loads_nothing_that_only_some_need():
    # What jax loads on its own is not ours to judge.
    ours = _loaded_after("import lamina") - _loaded_after("import jax, jax.numpy")
    assert sorted(name for name in NOT_AT_IMPORT if name in ours) == []
    assert sorted(name for name in LOADED_WHEN_USED if name in ours) == []


def test_writing_a_graph_loads_the_names_of_its_operations():
    made = "import lamina; x = lamina.Input((3,)); print(lamina.Model(x, x * 2.0).to_json())"
    names = [layer["class_name"] for layer in json.loads(_printed_by(made))["config"]["layers"]]
    assert names == ["InputLayer", "Multiply"]


@pytest.mark.parametrize("module", ["lamina.cli.main", "lamina.visualization", "lamina.datasets"])
def test_the_parts_beside_the_library_are_as_modest(module):
    ours = _loaded_after(f"import {module}") - _loaded_after("import jax, jax.numpy")
    assert sorted(name for name in NOT_AT_IMPORT if name in ours) == []


def test_import_says_and_writes_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import lamina"], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
