"""Training steps of your own that `fit` compiles, shuffles for, reports and calls callbacks around.

Four ways, from the least to the most to write. docs/custom_training.md says when to use which.

Run it as it is (trains on handwritten digits), or with `--smoke`: the same on a few rows, to see that it works.
"""

import argparse
from typing import Any

import jax
import numpy as np

import lamina as keras
from lamina import layers, ops
from lamina.datasets import digits


class PenalizedConfidence(keras.Model):
    """1. Another loss: override `compute_loss`. Everything else stays as it is."""

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Return the compiled loss, less a share of the entropy of the predictions."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        entropy = -ops.mean(ops.sum(y_pred * ops.log(y_pred + 1e-7), axis=-1))
        return loss - 0.05 * entropy


class KerasStep(keras.Model):
    """2. Keras's form for JAX: the state is four lists, and the stateless methods take and give such lists."""

    def loss_and_updates(self, trainable: Any, non_trainable: Any, x: Any, y: Any) -> tuple:
        """Return the loss, and what the gradient passes through."""
        y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=True)
        return self.compute_loss(x, y, y_pred), (y_pred, non_trainable)

    def train_step(self, state: Any, data: Any) -> tuple:
        """Return logs and the new state."""
        trainable, non_trainable, optimizer_variables, metrics_variables = state
        x, y = data
        gradient_of = jax.value_and_grad(self.loss_and_updates, has_aux=True)
        (loss, (y_pred, non_trainable)), gradients = gradient_of(trainable, non_trainable, x, y)
        trainable, optimizer_variables = self.optimizer.stateless_apply(optimizer_variables, gradients, trainable)
        logs, new_metrics_variables = {}, []
        for metric in self.metrics:
            start = len(new_metrics_variables)
            own = metrics_variables[start : start + len(metric.variables)]
            own = metric.stateless_update_state(own, *((loss,) if metric.name == "loss" else (y, y_pred)))
            logs[metric.name] = metric.stateless_result(own)
            new_metrics_variables += own
        return logs, (trainable, non_trainable, optimizer_variables, new_metrics_variables)


class AdversarialStep(keras.Model):
    """3. The same with names: values by path, a batch by name, metrics that are simply updated.

    Trains on inputs moved a little in the direction that makes the loss larger.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seen = keras.metrics.Mean(name="loss")
        self.attacked = keras.metrics.SparseCategoricalAccuracy(name="accuracy_under_attack")

    @property
    def metrics(self) -> list:
        """What is reported, and set to zero before each epoch."""
        return [self.seen, self.attacked]

    def train_step(self, state: Any, batch: Any) -> tuple:
        """Return logs and the new state."""

        def loss_of(params: Any, x: Any) -> tuple:
            y_pred, buffers = self.stateless_call(params, state.buffers, x, training=True)
            return self.compute_loss(x, batch.y, y_pred), (y_pred, buffers)

        slope, _ = jax.grad(loss_of, argnums=1, has_aux=True)(state.params, batch.x)
        attacked = batch.x + 0.05 * ops.sign(slope)
        (loss, (y_pred, buffers)), gradients = jax.value_and_grad(loss_of, has_aux=True)(state.params, attacked)
        params, optimizer = self.optimizer.stateless_apply(state.optimizer, gradients, state.params)
        self.seen.update_state(loss)
        self.attacked.update_state(batch.y, y_pred)
        logs = {metric.name: metric.result() for metric in self.metrics}
        return logs, state._replace(params=params, buffers=buffers, optimizer=optimizer)


class Gan(keras.Model):
    """4. Two networks and two optimizers, each with its share of the state."""

    def __init__(self, latent: int = 16) -> None:
        super().__init__()
        self.latent = latent
        self.generator = keras.Sequential(
            [
                keras.Input((latent,)),
                layers.Dense(64, activation="relu"),
                layers.Dense(64, activation="sigmoid"),
            ]
        )
        self.critic = keras.Sequential([keras.Input((64,)), layers.Dense(64, activation="gelu"), layers.Dense(1)])
        self.seeds = keras.random.SeedGenerator()

    def compile(self, generator_optimizer: Any, critic_optimizer: Any) -> None:  # type: ignore[override]
        """Keep the optimizers; lamina finds them in the attributes."""
        super().compile(optimizer=None)
        self.generator_optimizer, self.critic_optimizer = generator_optimizer, critic_optimizer
        generator_optimizer.build(self.generator.trainable_variables)
        critic_optimizer.build(self.critic.trainable_variables)

    def train_step(self, state: Any, batch: Any) -> tuple:
        """Return logs and the new state."""
        count, slots = len(self.generator.trainable_variables), len(self.generator_optimizer.variables)
        generator, critic = state.params[:count], state.params[count:]
        noise = keras.random.normal((len(batch.x), self.latent), seed=self.seeds)

        def made(generator: Any) -> Any:
            return self.generator.stateless_call(generator, [], noise)[0]

        def opinion(critic: Any, images: Any) -> Any:
            return self.critic.stateless_call(critic, [], images)[0]

        def critic_loss(critic: Any) -> Any:
            real, fake = opinion(critic, batch.x), opinion(critic, made(generator))
            return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))

        def generator_loss(generator: Any) -> Any:
            return ops.mean(ops.softplus(-opinion(critic, made(generator))))

        loss_of_critic, gradients = jax.value_and_grad(critic_loss)(critic)
        critic, critic_state = self.critic_optimizer.stateless_apply(state.optimizer[slots:], gradients, critic)
        loss_of_generator, gradients = jax.value_and_grad(generator_loss)(generator)
        generator, generator_state = self.generator_optimizer.stateless_apply(
            state.optimizer[:slots], gradients, generator
        )
        logs = {"generator_loss": loss_of_generator, "critic_loss": loss_of_critic}
        return logs, state._replace(params=generator + critic, optimizer=generator_state + critic_state)


def classifier(cls: type) -> Any:
    """Return a classifier of a class of models."""
    x = keras.Input((64,))
    hidden = layers.BatchNormalization()(layers.Dense(64, activation="relu")(x))
    return cls(x, layers.Dense(10, activation="softmax")(hidden))


def main(smoke: bool) -> None:
    """Train with each of the steps."""
    keras.utils.set_random_seed(1)
    (x, y), (x_test, y_test) = digits.load_data()
    x, x_test = (np.reshape(part, (-1, 64)).astype("float32") / 16 for part in (x, x_test))
    rows, epochs = (64, 1) if smoke else (len(x), 10)
    verbose = 0 if smoke else 2
    for cls in (PenalizedConfidence, KerasStep, AdversarialStep):
        model = classifier(cls)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(x[:rows], y[:rows], epochs=epochs, verbose=verbose).history
        right = float((model.predict(x_test, verbose=0).argmax(-1) == y_test).mean())
        print(
            f"{cls.__name__}: { ({name: round(values[-1], 3) for name, values in history.items()}) }, test {right:.3f}"
        )

    gan = Gan()
    gan.compile(keras.optimizers.Adam(2e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
    history = gan.fit(x[:rows], epochs=1 if smoke else 100, verbose=0).history
    print("Gan:", {name: round(values[-1], 3) for name, values in history.items()})
    drawn = gan.generator.predict(np.random.default_rng(0).normal(size=(1, 16)), verbose=0).reshape(8, 8)
    for line in drawn:
        print("".join(" .:*#"[min(4, int(5 * ink))] for ink in line))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a few rows, to see that it runs")
    main(parser.parse_args().smoke)
