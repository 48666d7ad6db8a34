"""`tf.version`."""

import lamina

VERSION = f"2.21.0+lamina.{lamina.__version__}"

__all__ = ["VERSION"]
