"""Saves that are killed at one moment after another; run as a script, since it forks. Prints how each one ended.

Usage: python killed_saves.py FOLDER [COUNT]: COUNT random moments in the place of the chosen ones.
"""

import os
import random
import signal
import sys
import time
import warnings

import numpy as np

import lamina
from lamina.saving import atomic

MOMENTS = ("open", "write", "fsync", "replace", "sync")


def model_of(value):
    model = lamina.Sequential([lamina.Input((64,)), lamina.layers.Dense(256), lamina.layers.Dense(64)])
    model.compile("sgd", "mse")
    model.set_weights([np.full_like(weight, value) for weight in model.get_weights()])
    return model


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(moment):
    """Arrange for the process to be killed when a save gets to this moment."""
    if moment == "open":
        atomic._copy_mode = die  # written completely, not yet renamed
    elif moment == "write":
        count = iter(range(10**9))
        real = lamina.saving.model_file.write_hdf5

        def write_some(root, write):
            real(root, lambda data: die() if next(count) == 20 else write(data))

        lamina.saving.model_file.write_hdf5 = write_some
    elif moment == "fsync":
        atomic.os.fsync = die
    elif moment == "replace":
        atomic.os.replace = die
    elif moment == "sync":
        atomic._sync_folder = die  # renamed already


def killed_save(model, path, moment):
    child = os.fork()
    if child == 0:
        if isinstance(moment, str):
            die_at(moment)
        model.save(path)
        os._exit(0)
    if not isinstance(moment, str):
        time.sleep(moment)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def state_of(path):
    values = {float(value) for weight in lamina.saving.load_model(path).get_weights() for value in weight.ravel()}
    assert len(values) == 1, values
    return values.pop()


def main(folder, count=0):
    warnings.filterwarnings("ignore", message=".*fork.*")  # the children only write files
    path = os.path.join(folder, "model.keras")
    old, new = model_of(1.0), model_of(2.0)
    new.save(path)  # so that both have everything that saving needs
    moments = [random.Random(index).uniform(0, 0.03) for index in range(count)] or MOMENTS
    for moment in moments:
        old.save(path)
        killed = killed_save(new, path, moment) != 0
        print(moment, "killed" if killed else "finished", {1.0: "old", 2.0: "new"}[state_of(path)], flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
