"""Layers and models of your own, by deriving from `Layer` and `Model`.

Run it as it is (a variational autoencoder of digits), or with `--smoke`: on a few rows, to see that it works.
"""

import argparse
from typing import Any

import lamina as keras
from lamina import layers, ops
from lamina.datasets import digits


class Linear(layers.Layer):
    """The smallest useful layer: arguments kept in `__init__`, weights made in `build`, numbers made in `call`.

    Shapes are known in `build`, not before. Attributes of the names of the arguments are all that `get_config` needs.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: tuple) -> None:
        """Make the weights."""
        self.kernel = self.add_weight((input_shape[-1], self.units), initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.units,), initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        """Compute."""
        return ops.matmul(x, self.kernel) + self.bias


class RunningSum(layers.Layer):
    """State that is not trained: a total that each call moves on."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.total = self.add_weight((size,), initializer="zeros", trainable=False, name="total")

    def call(self, x: Any) -> Any:
        """Add the rows to the total and return it."""
        self.total.assign_add(ops.sum(x, axis=0))
        return self.total.value


class Noise(layers.Layer):
    """A layer that does something else while training; random draws come from a generator that it keeps."""

    def __init__(self, scale: float = 0.1) -> None:
        super().__init__()
        self.scale = scale
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, x: Any, training: bool = False) -> Any:
        """Add noise to the inputs while training."""
        return x + self.scale * keras.random.normal(ops.shape(x), seed=self.seed_generator) if training else x


class Tower(layers.Layer):
    """Layers within a layer: whatever is kept in attributes, lists and dictionaries is found."""

    def __init__(self, sizes: list[int], activation: str = "relu", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sizes, self.activation = sizes, activation
        self.steps = [Linear(size) for size in sizes]

    def call(self, x: Any) -> Any:
        """Run the steps one after the other."""
        for step in self.steps:
            x = keras.activations.get(self.activation)(step(x))
        return x


class Sampling(layers.Layer):
    """Draws from a normal distribution, and asks the loss to keep it near the standard one."""

    def __init__(self, weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight = weight
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, mean: Any, log_variance: Any) -> Any:
        """Return a sample for each row."""
        divergence = 0.5 * ops.mean(ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance)
        self.add_loss(self.weight * divergence)
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


class VariationalAutoencoder(keras.Model):
    """A model is a layer that also has `fit`, `evaluate`, `predict` and `save`."""

    def __init__(self, latent: int = 4, width: int = 64, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.latent, self.width = latent, width
        self.encoder = Tower([width], name="encoder")
        self.mean, self.log_variance = layers.Dense(latent), layers.Dense(latent)
        self.sampling = Sampling(0.05)
        self.decoder = keras.Sequential(
            [layers.Dense(width, activation="relu"), layers.Dense(64, activation="sigmoid")]
        )

    def call(self, x: Any) -> Any:
        """Return the pictures as the model sees them."""
        hidden = self.encoder(x)
        return self.decoder(self.sampling(self.mean(hidden), self.log_variance(hidden)))


def main(smoke: bool) -> None:
    """Look at the layers one by one, then train the model."""
    keras.utils.set_random_seed(1)
    linear = Linear(3)
    print("weights before the first call:", len(linear.weights))
    print("output:", linear(ops.ones((2, 5))).shape, "weights:", [weight.path for weight in linear.weights])
    print("from its configuration:", Linear.from_config(linear.get_config()).units, "units")

    total = RunningSum(2)
    total(ops.ones((3, 2)))
    print("running sum:", total(ops.ones((3, 2))), "trained:", len(total.trainable_weights))
    print("noise only while training:", Noise()(ops.zeros((1, 2))), Noise()(ops.zeros((1, 2)), training=True))

    frozen = Tower([4, 4])
    frozen(ops.ones((1, 2)))
    frozen.steps[0].trainable = False
    print("trainable after freezing a step:", [weight.path for weight in frozen.trainable_weights])

    (x, _), (x_test, _) = digits.load_data()
    x, x_test = x.reshape(-1, 64) / 16, x_test.reshape(-1, 64) / 16
    model = VariationalAutoencoder()
    model.compile("adam", "binary_crossentropy")  # what layers add by add_loss comes on top
    rows, epochs = (64, 1) if smoke else (len(x), 30)
    model.fit(x[:rows], x[:rows], epochs=epochs, verbose=0 if smoke else 2)
    model.summary(expand_nested=True)
    print("loss:", model.evaluate(x_test[:rows], x_test[:rows], verbose=0))
    drawn = model.decoder(keras.random.normal((1, model.latent), seed=0))
    print("a digit that nobody wrote:")
    for line in ops.convert_to_numpy(ops.reshape(drawn, (8, 8))):
        print("".join(" .:*#"[min(4, int(5 * ink))] for ink in line))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a few rows, to see that it runs")
    main(parser.parse_args().smoke)
