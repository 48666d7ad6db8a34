"""Whether lamina computes on an accelerator what it computes on the CPU: ``python -m benchmarks.gpu_check``.

Outputs and gradients of layers, training in float32 and in mixed bfloat16, evaluate, predict, saving and loading. A
line a check; exit status 1 if one failed. On a machine without accelerator it compares the CPU with itself.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import lamina as keras

layers = keras.layers
RANDOM = np.random.default_rng(0)

IMAGE, SOUND, SERIES = (12, 12, 8), (24, 8), (9, 8)
LAYERS = {
    "Dense": (lambda: layers.Dense(16, activation="gelu"), (8,)),
    "Conv1D": (lambda: layers.Conv1D(16, 5, padding="causal"), SOUND),
    "Conv2D": (lambda: layers.Conv2D(16, 3, padding="same"), IMAGE),
    "Conv2D, strides": (lambda: layers.Conv2D(16, 3, strides=2, padding="same"), IMAGE),
    "Conv2D, groups": (lambda: layers.Conv2D(16, 3, groups=4), IMAGE),
    "Conv2D, dilation": (lambda: layers.Conv2D(16, 3, dilation_rate=2), IMAGE),
    "Conv3D": (lambda: layers.Conv3D(4, 3), (6, 6, 6, 2)),
    "DepthwiseConv2D": (lambda: layers.DepthwiseConv2D(3, padding="same"), IMAGE),
    "Conv2DTranspose": (lambda: layers.Conv2DTranspose(4, 3, strides=2, padding="same"), IMAGE),
    "MaxPooling2D": (lambda: layers.MaxPooling2D(3, strides=2, padding="same"), IMAGE),
    "AveragePooling2D": (lambda: layers.AveragePooling2D(3, strides=2, padding="same"), IMAGE),
    "BatchNormalization": (lambda: layers.BatchNormalization(), IMAGE),
    "LayerNormalization": (lambda: layers.LayerNormalization(), IMAGE),
    "LSTM": (lambda: layers.LSTM(16, return_sequences=True), SERIES),
    "GRU": (lambda: layers.GRU(16, return_sequences=True), SERIES),
    "Bidirectional": (lambda: layers.Bidirectional(layers.LSTM(8)), SERIES),
    "Attention": (lambda: Attention(), SERIES),
}


class Attention(layers.Layer):
    def __init__(self):
        super().__init__()
        self.attention = layers.MultiHeadAttention(2, 4)

    def call(self, x):
        return self.attention(x, x, use_causal_mask=True)


def outputs_and_gradients(layer, device):
    """The layer's outputs, and the gradients of a fixed sum of them, for input and weights, computed on `device`."""
    trainable = [variable.value for variable in layer.trainable_variables]
    others = [variable.value for variable in layer.non_trainable_variables]

    def total(values, others, x):
        outputs, _ = layer.stateless_call(values, others, x, training=True)
        return (outputs * jnp.cos(jnp.arange(outputs.size)).reshape(outputs.shape)).sum(), outputs

    arguments = jax.device_put((trainable, others, layer.sample), device)
    gradients, outputs = jax.jit(jax.grad(total, argnums=(0, 2), has_aux=True))(*arguments)
    return jax.tree.map(np.asarray, (outputs, gradients))


def check_layer(make, shape):
    layer = make()
    layer.build((4, *shape))
    sample = RANDOM.normal(size=(4, *shape)).astype(np.float32)
    object.__setattr__(layer, "sample", sample)
    with jax.default_matmul_precision("highest"):
        here = outputs_and_gradients(layer, jax.devices()[0])
        there = outputs_and_gradients(layer, jax.devices("cpu")[0])
    worst = max(
        float(np.abs(one - other).max() / max(1.0, np.abs(other).max()))
        for one, other in zip(jax.tree.leaves(here), jax.tree.leaves(there), strict=True)
    )
    assert worst < 1e-4, f"differs by {worst:.1e} of the largest element"
    return f"largest difference {worst:.1e}"


def classification():
    labels = RANDOM.integers(0, 4, 512)
    x = RANDOM.normal(size=(4, 12, 12, 3))[labels] + 0.5 * RANDOM.normal(size=(512, 12, 12, 3))
    return x.astype(np.float32), labels.astype(np.int32)


def convolutional_model():
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.BatchNormalization(momentum=0.5),
            layers.MaxPooling2D(2),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(4, activation="softmax", dtype="float32"),
        ]
    )


def check_training(policy="float32"):
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = convolutional_model()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = classification()
    history = model.fit(x, y, epochs=8, batch_size=32, verbose=0).history
    loss, accuracy = model.evaluate(x, y, verbose=0)
    right = (model.predict(x, verbose=0).argmax(-1) == y).mean()
    assert history["loss"][-1] < history["loss"][0], history["loss"]
    assert accuracy > 0.9, accuracy
    assert abs(right - accuracy) < 0.01, (right, accuracy)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        model.save(file)
        loaded = keras.models.load_model(file)
        np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=0, atol=1e-6)
    return f"loss {history['loss'][0]:.3f} → {history['loss'][-1]:.3f}, accuracy {accuracy:.3f}, saved and loaded"


def check_recurrent_training():
    x = RANDOM.normal(size=(256, 20, 4)).astype(np.float32)
    y = x.sum((1, 2), keepdims=False)[:, None].astype(np.float32)
    model = keras.Sequential([keras.Input((20, 4)), layers.LSTM(32), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    losses = model.fit(x, y, epochs=10, batch_size=32, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0], losses
    return f"loss {losses[0]:.3f} → {losses[-1]:.3f}"


def check_platform():
    from lamina import kernels

    platform = jax.default_backend()
    assert kernels.fast_on_cpu() == (platform == "cpu")
    assert platform == "cpu" or kernels.compiler_options(has_convolution=True) is None
    return f"{platform}: {', '.join(map(str, jax.devices()))}, jax {jax.__version__}"


def main() -> int:
    checks = {"platform": check_platform}
    checks |= {name: (lambda pair=pair: check_layer(*pair)) for name, pair in LAYERS.items()}
    checks |= {
        "training, float32": check_training,
        "training, mixed_bfloat16": lambda: check_training("mixed_bfloat16"),
        "training, LSTM": check_recurrent_training,
    }
    failed = 0
    for name, check in checks.items():
        start = time.perf_counter()
        try:
            told = "ok: " + check()
        except Exception as error:
            failed += 1
            traceback.print_exc()
            told = f"FAILED: {type(error).__name__}: {error}"
        print(f"{name:26} {time.perf_counter() - start:5.1f} s  {told}", flush=True)
    print(f"{len(checks) - failed} of {len(checks)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
