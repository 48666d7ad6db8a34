"""Where older releases of Keras kept things, and what to write for what is gone."""

from __future__ import annotations

MOVED = {
    "layers.advanced_activations": "layers",
    "layers.convolutional": "layers",
    "layers.core": "layers",
    "layers.embeddings": "layers",
    "layers.experimental": "layers",
    "layers.experimental.preprocessing": "layers",
    "layers.merge": "layers",
    "layers.noise": "layers",
    "layers.normalization": "layers",
    "layers.pooling": "layers",
    "layers.recurrent": "layers",
    "layers.wrappers": "layers",
    "engine": "layers",
    "engine.topology": "layers",
    "optimizers.experimental": "optimizers",
    "optimizers.legacy": "optimizers",
    "utils.data_utils": "utils",
    "utils.generic_utils": "utils",
    "utils.layer_utils": "utils",
    "utils.np_utils": "utils",
    "utils.vis_utils": "utils",
    "utils.image_utils": "utils",
    "utils.all_utils": "utils",
    "wrappers.scikit_learn": "wrappers",
}
"""Modules of Keras 1 and 2 and where their content is now, by their path below `keras`."""

OVERLAYS = {
    "backend": "lamina.compat.backend",
    "losses": "lamina.compat.short_names",
    "metrics": "lamina.compat.short_names",
    "preprocessing": "lamina.compat.data_sets",
    "utils": "lamina.compat.data_sets",
}
"""Modules whose names go before lamina's own at a path: what only old scripts use."""

_GONE = {
    "GradientTape": "JAX differentiates functions, not tapes. Train with model.fit, or take gradients with jax.grad "
    "of a function made by lamina.functional(model); docs/custom_training.md shows both.",
    "Session": "That is TensorFlow 1. Nothing needs a session any more: call functions, read results with .numpy().",
    "placeholder": "That is TensorFlow 1; use keras.Input, or pass arrays.",
    "global_variables_initializer": "That is TensorFlow 1; variables have their values when they are made.",
    "compat": "Only TensorFlow 2's own spelling is offered; drop `compat.v1`, and what it switched off.",
    "contrib": "That is TensorFlow 1. Layers, losses and optimizers are in tf.keras.",
    "estimator": "TensorFlow dropped estimators; use a keras model with fit and evaluate.",
    "feature_column": "Use preprocessing layers in tf.keras.layers.",
    "distribute": "Models run on the devices that JAX finds; drop the strategy and its scope().",
    "lite": "Save the model with model.save('model.keras') and convert it where TensorFlow is installed.",
    "saved_model": "Save the model with model.save('model.keras').",
    "Module": "Derive from tf.keras.layers.Layer or tf.keras.Model.",
    "io": "Read files with Python's open, numpy.load or pandas.",
    "strings": "Work on text with Python's own strings before it becomes numbers.",
    "summary": "Use the callback tf.keras.callbacks.TensorBoard.",
    "train": "Save models with model.save('model.keras'), and while training with the callback ModelCheckpoint.",
    "python": "That is TensorFlow's inside; write tensorflow.keras.",
    "src": "That is Keras's inside; import from keras itself.",
}


def hint(keras_path: str | None, address: str) -> str | None:
    """Return what to write in the place of something that is gone, or None.

    Args:
        keras_path: its path below `keras`, None outside of Keras.
        address: its whole address.
    """
    return _GONE.get(address.split(".")[1]) if keras_path is None or keras_path == "src" else None
