"""A save that is killed leaves the old file or the new one, whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lamina


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_save_leaves_the_old_file_or_the_new_one(tmp_path):
    script = Path(__file__).with_name("killed_saves.py")
    environment = {**os.environ, "PYTHONPATH": str(Path(lamina.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, script, tmp_path], capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1] == [
        "open killed old",
        "write killed old",
        "fsync killed old",
        "replace killed old",
        "sync killed new",
    ]
