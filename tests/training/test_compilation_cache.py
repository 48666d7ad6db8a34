import os
import subprocess
import sys

SCRIPT = """
import numpy as np, lamina
model = lamina.Sequential([lamina.Input((2,)), lamina.layers.Dense(64, "relu"), lamina.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0)
"""


def test_programs_are_kept_and_found_again(tmp_path):
    folder = tmp_path / "cache"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_COMP", "XLA_"))}
    for entries in (None, "as before"):
        before = sorted(path.name for path in folder.glob("*-cache"))
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT],
            env={**environment, "LAMINA_COMPILATION_CACHE": str(folder)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0 and not done.stderr, done.stderr
        after = sorted(path.name for path in folder.glob("*-cache"))
        assert after if entries is None else after == before
