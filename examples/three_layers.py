"""Three layers without an input shape, called on ones: the weights come with the first data."""

import argparse

import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--smoke", action="store_true", help="changes nothing: there is little to do")
parser.parse_args()

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        layers.Dense(2, activation="relu", name="layer1"),
        layers.Dense(3, activation="relu", name="layer2"),
        layers.Dense(4, name="layer3"),
    ]
)
x = tf.ones((2, 2))
print(x)
y = model(x)
print(y.numpy().shape, y.dtype)
for layer in model.layers:
    print(layer.name, [tuple(weight.shape) for weight in layer.weights])

# The same, layer by layer.
layer1, layer2, layer3 = model.layers
again = layer3(layer2(layer1(x)))
print("largest difference:", float(tf.reduce_max(tf.abs(y - again))))
model.summary()
