"""Scripts written for Keras or TensorFlow run on lamina: `import keras` and `import tensorflow` give it.

`lamina run script.py` does it for a script, `lamina.compat.install()` for the rest of a process, such as a notebook.
Nothing else in lamina imports this package.
"""

from lamina.compat.redirect import install, installed, uninstall

__all__ = ["install", "installed", "uninstall"]
