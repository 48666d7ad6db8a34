"""Training steps, losses and metrics of the user's own: the same classes in Keras and here give the same numbers."""

import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import lamina

ROWS = 24
X = np.random.default_rng(0).normal(size=(ROWS, 5)).astype("float32")
Y = X[:, :1] * 2 - X[:, 1:2]
WEIGHTS = np.linspace(0.5, 1.5, ROWS).astype("float32")


def guide(k):
    """The class of Keras's guide, in its readable form: a step written with the stateless methods."""

    class Guide(k.Model):
        def loss_and_updates(self, trainable, non_trainable, x, y, sample_weight=None, training=False):
            y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=training)
            return self.compute_loss(x, y, y_pred, sample_weight), (y_pred, non_trainable)

        def train_step(self, state, data):
            trainable, non_trainable, optimizer_variables, metrics_variables = state
            x, y, sample_weight = k.utils.unpack_x_y_sample_weight(data)
            gradient = jax.value_and_grad(self.loss_and_updates, has_aux=True)
            (loss, (y_pred, non_trainable)), grads = gradient(
                trainable, non_trainable, x, y, sample_weight, training=True
            )
            trainable, optimizer_variables = self.optimizer.stateless_apply(optimizer_variables, grads, trainable)
            new_metrics_variables, logs = [], {}
            for metric in self.metrics:
                own = metrics_variables[len(new_metrics_variables) : len(new_metrics_variables) + len(metric.variables)]
                seen = (loss,) if metric.name == "loss" else (y, y_pred)
                own = metric.stateless_update_state(own, *seen)
                logs[metric.name] = metric.stateless_result(own)
                new_metrics_variables += own
            return logs, (trainable, non_trainable, optimizer_variables, new_metrics_variables)

    return Guide


def tracked(k):
    """Its lower-level form: metrics and loss of the model's own, and a test step."""

    class Tracked(k.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.loss_tracker = k.metrics.Mean(name="loss")
            self.mae = k.metrics.MeanAbsoluteError(name="mae")
            self.loss_fn = k.losses.Huber()

        def loss_of(self, trainable, non_trainable, x, y):
            y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=True)
            return self.loss_fn(y, y_pred), (y_pred, non_trainable)

        def watched(self, metrics_variables, loss, y, y_pred):
            count = len(self.loss_tracker.variables)
            first = self.loss_tracker.stateless_update_state(metrics_variables[:count], loss)
            second = self.mae.stateless_update_state(metrics_variables[count:], y, y_pred)
            logs = {"loss": self.loss_tracker.stateless_result(first), "mae": self.mae.stateless_result(second)}
            return logs, first + second

        def train_step(self, state, data):
            trainable, non_trainable, optimizer_variables, metrics_variables = state
            x, y = data
            (loss, (y_pred, non_trainable)), grads = jax.value_and_grad(self.loss_of, has_aux=True)(
                trainable, non_trainable, x, y
            )
            trainable, optimizer_variables = self.optimizer.stateless_apply(optimizer_variables, grads, trainable)
            logs, metrics_variables = self.watched(metrics_variables, loss, y, y_pred)
            return logs, (trainable, non_trainable, optimizer_variables, metrics_variables)

        def test_step(self, state, data):
            trainable, non_trainable, metrics_variables = state
            x, y = data
            y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=False)
            logs, metrics_variables = self.watched(metrics_variables, self.loss_fn(y, y_pred), y, y_pred)
            return logs, (trainable, non_trainable, metrics_variables)

        @property
        def metrics(self):
            return [self.loss_tracker, self.mae]

    return Tracked


def hooked(k):
    """The default step with a loss, metrics and a predict step of the model's own."""

    class Hooked(k.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.largest = k.metrics.Mean(name="largest")

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = super().compute_loss(x, y, y_pred, sample_weight, training)
            return loss + 0.1 * k.ops.mean(k.ops.square(y_pred)) * k.ops.mean(k.ops.abs(x))

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            self.largest.update_state(k.ops.max(k.ops.abs(y_pred)))
            return {**super().compute_metrics(x, y, y_pred, sample_weight), "rows": k.ops.cast(len(y), "float32")}

        def predict_step(self, state, data):
            outputs, non_trainable = super().predict_step(state, data)
            return 2 * outputs, non_trainable

    return Hooked


def adversarial(k):
    """A generator and a critic, each with its own loss, and one optimizer that moves both."""

    class Adversarial(k.Model):
        def __init__(self):
            super().__init__()
            dense = k.layers.Dense
            self.generator = k.Sequential([k.Input((5,)), dense(4, activation="tanh"), dense(1)])
            self.critic = k.Sequential([k.Input((1,)), dense(4, activation="tanh"), dense(1)])

        def call(self, x):
            return self.generator(x)

        def train_step(self, state, data):
            trainable, non_trainable, optimizer_variables, metrics_variables = state
            noise, real = data
            count = len(self.generator.trainable_variables)
            generator, critic = trainable[:count], trainable[count:]

            def opinion(critic, rows):
                return self.critic.stateless_call(critic, [], rows)[0]

            def critic_loss(critic):
                fake, _ = self.generator.stateless_call(generator, [], noise)
                return k.ops.mean(k.ops.softplus(opinion(critic, fake)) + k.ops.softplus(-opinion(critic, real)))

            def generator_loss(generator):
                fake, _ = self.generator.stateless_call(generator, [], noise)
                return k.ops.mean(k.ops.softplus(-opinion(critic, fake)))

            loss_of_critic, critic_grads = jax.value_and_grad(critic_loss)(critic)
            loss, grads = jax.value_and_grad(generator_loss)(generator)
            trainable, optimizer_variables = self.optimizer.stateless_apply(
                optimizer_variables, grads + critic_grads, trainable
            )
            logs = {"loss": loss, "critic": loss_of_critic}
            return logs, (trainable, non_trainable, optimizer_variables, metrics_variables)

    return Adversarial


def make(k, cls):
    if cls is adversarial:
        model = cls(k)()
        model(X)
        return model
    inputs = k.Input((5,))
    hidden = k.layers.BatchNormalization()(k.layers.Dense(4, activation="tanh")(inputs))
    return cls(k)(inputs, k.layers.Dense(1)(hidden))


@pytest.mark.parametrize(
    ("cls", "arguments", "weighted"),
    [
        (guide, {"loss": "mse", "metrics": ["mae"], "weighted_metrics": []}, True),
        (tracked, {}, False),
        (hooked, {"loss": "mse", "metrics": ["mae"], "weighted_metrics": []}, True),
        (adversarial, {"loss": "mse"}, False),
    ],
)
def test_same_numbers_as_keras(cls, arguments, weighted):
    histories, tests, outputs, weights = [], [], [], []
    start = None
    for k in (keras, lamina):
        model = make(k, cls)
        start = start or [np.array(w) for w in model.get_weights()]
        model.set_weights(start)
        model.compile(optimizer=k.optimizers.Adam(0.02), **arguments)
        data = {"sample_weight": WEIGHTS} if weighted else {}
        run = model.fit(X, Y, epochs=3, batch_size=8, shuffle=False, verbose=0, **data)
        histories.append({name: values for name, values in run.history.items() if "compile_metrics" not in name})
        tests.append(model.evaluate(X, Y, batch_size=8, verbose=0, return_dict=True))
        outputs.append(model.predict(X, batch_size=8, verbose=0))
        weights.append(model.get_weights())
    assert sorted(histories[0]) == sorted(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=2e-4, atol=1e-5, err_msg=name)
    for name, value in tests[0].items():
        np.testing.assert_allclose(tests[1][name], value, rtol=2e-4, atol=1e-5, err_msg=name)
    np.testing.assert_allclose(outputs[1], outputs[0], rtol=1e-3, atol=1e-4)
    for one, other in zip(*weights):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-4)


class ByPath(lamina.Model):
    """The native form: values by path, a batch by name, metrics updated as objects."""

    def __init__(self):
        super().__init__()
        self.dense = lamina.layers.Dense(1)
        self.drop = lamina.layers.Dropout(0.2)
        self.error = lamina.metrics.MeanSquaredError(name="error")

    def call(self, x):
        return self.dense(self.drop(x))

    def train_step(self, state, batch):
        def objective(params):
            y_pred, _ = self.stateless_call(params, state.buffers, batch.x, training=True)
            return ((batch.y - y_pred) ** 2).mean(), y_pred

        (loss, y_pred), grads = jax.value_and_grad(objective, has_aux=True)(state.params)
        params, optimizer = self.optimizer.stateless_apply(state.optimizer, grads, state.params)
        self.error.update_state(batch.y, y_pred)
        logs = {"loss": loss, "error": self.error.result(), "norm": jnp.abs(state.params["by_path/dense/kernel"]).sum()}
        return logs, state._replace(params=params, optimizer=optimizer)


@pytest.fixture(scope="module")
def by_path():
    lamina.utils.set_random_seed(3)
    model = ByPath()
    model.compile(optimizer=lamina.optimizers.SGD(0.05))
    model.build((None, 5))
    return model, model.get_weights()


def fresh(by_path):
    model, weights = by_path
    model.set_weights(weights)
    model.optimizer.iterations.assign(0)
    return model


def test_native_step_is_the_same_whatever_watches(by_path):
    seen = []

    class Watch(lamina.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((batch, sorted(logs)))

    arguments = {"epochs": 3, "batch_size": 8, "shuffle": False, "verbose": 0}
    model = fresh(by_path)
    plain = model.fit(X, Y, **arguments).history
    kernel = model.get_weights()[0]
    model = fresh(by_path)
    watched = model.fit(X, Y, callbacks=[Watch()], **arguments).history
    assert watched == plain
    np.testing.assert_array_equal(model.get_weights()[0], kernel)
    assert seen[:3] == [(0, ["error", "loss", "norm"]), (1, ["error", "loss", "norm"]), (2, ["error", "loss", "norm"])]
    assert plain["loss"][-1] < plain["loss"][0]
    assert plain["error"][0] != plain["loss"][0]  # a mean over the epoch, and not the last batch's


@pytest.mark.filterwarnings("ignore:.*has no weights to train")
def test_frozen_layers_leave_the_state(by_path):
    model = fresh(by_path)
    model.dense.trainable = False
    model.drop.trainable = False
    try:
        kernel = model.get_weights()[0]
        with pytest.raises(ValueError, match="trainable variables"):
            model.fit(X, Y, batch_size=8, verbose=0)  # the optimizer was built for them
        np.testing.assert_array_equal(model.get_weights()[0], kernel)
    finally:
        model.dense.trainable = True


def test_eager_step(by_path):
    model = fresh(by_path)
    compiled = model.fit(X, Y, epochs=1, batch_size=8, shuffle=False, verbose=0).history
    clone = ByPath()
    clone.compile(optimizer=lamina.optimizers.SGD(0.05), run_eagerly=True)
    clone.build((None, 5))
    clone.drop.seed_generator.state.assign(model.drop.seed_generator.state)
    clone.set_weights(by_path[1])
    eager = clone.fit(X, Y, epochs=1, batch_size=8, shuffle=False, verbose=0).history
    for name, values in compiled.items():
        np.testing.assert_allclose(eager[name], values, rtol=1e-5)


class Gan(lamina.Model):
    def __init__(self):
        super().__init__()
        layers = lamina.layers
        self.generator = lamina.Sequential([lamina.Input((3,)), layers.Dense(4, activation="tanh"), layers.Dense(2)])
        self.discriminator = lamina.Sequential(
            [lamina.Input((2,)), layers.Dense(4, activation="tanh"), layers.Dense(1)]
        )
        self.seeds = lamina.random.SeedGenerator(1)
        self.g_optimizer, self.d_optimizer = lamina.optimizers.Adam(0.01), lamina.optimizers.SGD(0.1)
        self.g_optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)

    def train_step(self, state, batch):
        real, count = batch.x, len(self.generator.trainable_variables)
        steps = len(self.g_optimizer.variables)
        generator, discriminator = state.params[:count], state.params[count:]
        noise = lamina.random.normal((real.shape[0], 3), seed=self.seeds)

        def told(discriminator, images):
            return self.discriminator.stateless_call(discriminator, [], images)[0]

        def d_loss(discriminator):
            fake = self.generator.stateless_call(generator, [], noise)[0]
            return (jax.nn.softplus(-told(discriminator, real)) + jax.nn.softplus(told(discriminator, fake))).mean()

        def g_loss(generator):
            fake = self.generator.stateless_call(generator, [], noise)[0]
            return jax.nn.softplus(-told(discriminator, fake)).mean()

        loss_of_d, grads = jax.value_and_grad(d_loss)(discriminator)
        discriminator, d_state = self.d_optimizer.stateless_apply(state.optimizer[steps:], grads, discriminator)
        loss_of_g, grads = jax.value_and_grad(g_loss)(generator)
        generator, g_state = self.g_optimizer.stateless_apply(state.optimizer[:steps], grads, generator)
        logs = {"d_loss": loss_of_d, "g_loss": loss_of_g}
        return logs, state._replace(params=generator + discriminator, optimizer=g_state + d_state)


def test_two_optimizers(tmp_path):
    model = Gan()
    model.compile(optimizer=None)
    images = np.random.default_rng(1).normal(2.0, 0.1, (64, 2)).astype("float32")
    noise = np.zeros((1, 3), "float32")
    before = model.generator.predict(noise, verbose=0)
    history = model.fit(images, epochs=20, batch_size=16, verbose=0).history
    assert sorted(history) == ["d_loss", "g_loss"]
    assert int(model.g_optimizer.iterations) == int(model.d_optimizer.iterations) == 80
    made = model.generator.predict(noise, verbose=0)
    assert np.abs(made - 2).sum() < np.abs(before - 2).sum()  # nearer to where the data are


def test_averages_of_own_optimizers_become_the_weights():
    class Averaged(Gan):
        def __init__(self):
            super().__init__()
            self.g_optimizer = lamina.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9)
            self.g_optimizer.build(self.generator.trainable_variables)

    model = Averaged()
    model.compile(optimizer=None)
    model.fit(np.random.default_rng(1).normal(2.0, 0.1, (64, 2)), epochs=2, batch_size=16, verbose=0)
    for variable, average in zip(model.generator.trainable_variables, model.g_optimizer.averages, strict=True):
        np.testing.assert_array_equal(variable.numpy(), average.numpy())


def test_gan_without_call_needs_built_layers():
    class Lazy(Gan):
        def __init__(self):
            super().__init__()
            self.critic = lamina.layers.Dense(1)

    model = Lazy()
    model.compile(optimizer=None)
    with pytest.raises(ValueError, match=r"Lazy has a train_step but no call.*layer 'dense' .*Input\(shape\)"):
        model.fit(np.zeros((4, 2)), verbose=0)


class Vae(lamina.Model):
    """An autoencoder with a penalty from `add_loss` and a step that asks for it."""

    def __init__(self, asks):
        super().__init__()
        self.asks = asks
        self.encoder, self.decoder = lamina.layers.Dense(4), lamina.layers.Dense(5)
        self.seeds = lamina.random.SeedGenerator(2)

    def call(self, x):
        mean, spread = jnp.split(self.encoder(x), 2, axis=-1)
        self.add_loss(0.5 * (mean**2 + jnp.exp(spread) - 1 - spread).mean())
        return self.decoder(mean + jnp.exp(spread / 2) * lamina.random.normal(mean.shape, seed=self.seeds))

    def train_step(self, state, batch):
        def objective(params):
            if self.asks:
                y_pred, _, losses = self.stateless_call(params, state.buffers, batch.x, return_losses=True)
                return ((batch.x - y_pred) ** 2).mean() + sum(losses)
            y_pred, _ = self.stateless_call(params, state.buffers, batch.x)
            return ((batch.x - y_pred) ** 2).mean()

        loss, grads = jax.value_and_grad(objective)(state.params)
        params, optimizer = self.optimizer.stateless_apply(state.optimizer, grads, state.params)
        return {"loss": loss}, state._replace(params=params, optimizer=optimizer)


def test_losses_that_a_call_adds():
    model = Vae(asks=True)
    model.compile("adam")
    history = model.fit(X, epochs=2, batch_size=8, verbose=0).history
    assert history["loss"][0] > 0
    forgetful = Vae(asks=False)
    forgetful.compile("adam")
    with pytest.warns(UserWarning, match=r"leaves out the 1 loss that the call added.*return_losses=True"):
        forgetful.fit(X, epochs=1, batch_size=8, verbose=0)


def test_add_loss_with_the_default_step():
    class Plain(Vae):
        train_step = lamina.Model.train_step

    model = Plain(asks=True)
    model.compile("adam", "mse")
    history = model.fit(X, X, epochs=3, batch_size=8, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]


def test_default_step_can_be_extended():
    class Extended(lamina.Sequential):
        def train_step(self, state, data):
            logs, state = super().train_step(state, data)
            return {**logs, "rate": self.optimizer.learning_rate.value, "nested": {"a": 1.0}}, state

        def test_step(self, state, data):
            logs, state = super().test_step(state, data)
            return {"halved": logs["loss"] / 2, **logs}, state

    results = []
    for cls in (lamina.Sequential, Extended):
        model = cls([lamina.Input((5,)), lamina.layers.Dense(1, kernel_initializer="ones")])
        model.compile(lamina.optimizers.SGD(0.1), "mse", metrics=["mae"])
        schedule = lamina.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
        history = model.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0, callbacks=[schedule]).history
        results.append((history, model.evaluate(X, Y, verbose=0, return_dict=True)))
        on_batch = model.train_on_batch(X, Y, return_dict=True)
    (plain, tested), (extended, told) = results
    assert extended["rate"] == pytest.approx([0.1, 0.05])
    assert extended["a"] == [1.0, 1.0]
    for name in ("loss", "mae"):
        np.testing.assert_allclose(extended[name], plain[name], rtol=1e-6)
    assert told["halved"] == pytest.approx(tested["loss"] / 2)
    assert set(on_batch) == {"loss", "mae", "rate", "a"}


def test_metric_updated_in_call():
    class Watched(lamina.layers.Layer):
        def __init__(self):
            super().__init__()
            self.seen = lamina.metrics.Mean(name="seen")

        def call(self, x):
            self.seen.update_state(x)
            return x

    layer = Watched()
    model = lamina.Sequential([lamina.Input((5,)), layer, lamina.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    assert [metric.name for metric in layer.metrics] == ["seen"]
    assert [metric.name for metric in model.metrics] == ["loss", "seen"]
    history = model.fit(X, Y, batch_size=8, epochs=2, verbose=0).history
    assert history["seen"] == pytest.approx([X.mean()] * 2, rel=1e-4, abs=1e-6)
    assert len(model.metrics_variables) == 6
    with pytest.raises(NotImplementedError, match="add_metric is gone from Keras 3"):
        layer.add_metric(1.0)


def step_of(function):
    class Broken(lamina.Model):
        def __init__(self):
            super().__init__()
            self.dense = lamina.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        train_step = function

    model = Broken()
    model.compile("sgd")
    return model


def test_errors():
    def tape(self, data):
        return {}

    def only_logs(self, state, data):
        return {"loss": 0.0}

    def swapped(self, state, data):
        return state, {"loss": 0.0}

    def too_few(self, state, data):
        return {}, state._replace(params=state.params[:1])

    def wrong_shape(self, state, data):
        return {}, state._replace(params=state.params.replace({"broken/dense/bias": jnp.zeros(3)}))

    def unknown_path(self, state, data):
        return {"loss": state.params["broken/dense/kernels"]}, state

    cases = [
        (tape, ValueError, r"Broken.train_step must take \(self, state, data\).*custom_training"),
        (only_logs, ValueError, r"must return \(logs, state\), got a dict.*params, buffers, optimizer, metrics"),
        (swapped, ValueError, "got them the other way round"),
        (too_few, ValueError, r"must return 2 values of params \(broken/dense/kernel, broken/dense/bias\), got 1"),
        (wrong_shape, ValueError, r"value of shape \(3,\) for 'broken/dense/bias' of params, which has shape \(1,\)"),
        (unknown_path, KeyError, "Did you mean 'broken/dense/kernel'"),
    ]
    for function, error, message in cases:
        with pytest.raises(error, match=message):
            step_of(function).fit(X, Y, verbose=0)


def test_compute_loss_must_be_a_number():
    class Wrong(lamina.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return (y - y_pred) ** 2

    model = Wrong([lamina.Input((5,)), lamina.layers.Dense(1)])
    model.compile("sgd")
    with pytest.raises(ValueError, match=r"Wrong.compute_loss must return a single number.*\(24, 1\); take its mean"):
        model.fit(X, Y, verbose=0)


def test_signatures_are_those_of_keras():
    for name in ("compute_loss", "compute_metrics", "train_step", "test_step", "predict_step"):
        ours = list(inspect.signature(getattr(lamina.Model, name)).parameters)
        assert ours == list(inspect.signature(getattr(keras.Model, name)).parameters), name
