"""Training as Keras trains: the same weights in, the same History, weights and evaluation out."""

import keras
import numpy as np
import pytest

import lamina

ROWS = 70  # not a multiple of the batch size, so that the last batch is a smaller one
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(ROWS, 6)).astype("float32")
LABELS = RANDOM.integers(0, 3, ROWS)
WEIGHTS = RANDOM.random(ROWS).astype("float32")
TARGETS = {
    "mse": (X[:, :1] * 2, 1, None),
    "binary_crossentropy": ((X[:, 0] > 0).astype("float32"), 1, "sigmoid"),
    "categorical_crossentropy": (np.eye(3, dtype="float32")[LABELS], 3, "softmax"),
    "sparse_categorical_crossentropy": (LABELS, 3, "softmax"),
}
OPTIMIZERS = {"sgd": {}, "nesterov": {"momentum": 0.9, "nesterov": True}, "adam": {}}  # the others: tests/optimizers


def stack(api, units, activation):
    return api.Sequential(
        [
            api.Input((6,)),
            api.layers.Dense(8, activation="relu", kernel_regularizer="l2"),
            api.layers.BatchNormalization(),
            api.layers.Dense(units, activation=activation),
        ]
    )


def optimizer(api, name):
    cls = api.optimizers.Adam if name == "adam" else api.optimizers.SGD
    return cls(learning_rate=0.01, **OPTIMIZERS[name])


def twins(units, activation):
    """The same model in Keras and in lamina, with the same weights."""
    theirs, ours = stack(keras, units, activation), stack(lamina, units, activation)
    ours.set_weights(theirs.get_weights())
    return theirs, ours


def assert_same_history(theirs, ours):
    assert list(theirs) == list(ours)
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=2e-5, atol=2e-6, err_msg=name)


def assert_same_weights(theirs, ours, atol=2e-5):
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=atol)


@pytest.mark.filterwarnings("ignore:The metric .*accuracy. counts:UserWarning")  # of numbers, on purpose
@pytest.mark.parametrize(
    ("name", "loss"),
    [("adam", loss) for loss in TARGETS]
    + [(name, "categorical_crossentropy") for name in OPTIMIZERS if name != "adam"],
)
def test_history_weights_and_evaluation(name, loss):
    y, units, activation = TARGETS[loss]
    theirs, ours = twins(units, activation)
    histories = []
    for api, model in ((keras, theirs), (lamina, ours)):
        model.compile(optimizer(api, name), loss, metrics=["accuracy"], weighted_metrics=["accuracy"])
        history = model.fit(
            X, y, 16, 13, shuffle=False, verbose=0, validation_split=0.25, sample_weight=WEIGHTS
        )  # 13 epochs of 4 steps, the last of them a smaller one
        histories.append(history.history)
    assert_same_history(*histories)
    assert_same_weights(theirs, ours)
    evaluations = [model.evaluate(X, y, verbose=0, return_dict=True) for model in (theirs, ours)]
    assert list(evaluations[0]) == list(evaluations[1])
    np.testing.assert_allclose(list(evaluations[1].values()), list(evaluations[0].values()), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("kind", ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
def test_losses_of_logits(kind):
    name = lamina.losses.get(kind).name
    y, units, _ = TARGETS[name]
    theirs, ours = twins(units, None)
    histories = []
    for api, model in ((keras, theirs), (lamina, ours)):
        model.compile("sgd", getattr(api.losses, kind)(from_logits=True))
        histories.append(model.fit(X, y, 16, 3, shuffle=False, verbose=0).history)
    assert_same_history(*histories)


def test_class_weight_weighs_rows():
    theirs, ours = twins(3, "softmax")
    histories = []
    for model in (theirs, ours):
        model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
        histories.append(model.fit(X, LABELS, 16, 3, shuffle=False, verbose=0, class_weight={0: 3.0, 2: 0.5}).history)
    assert_same_history(*histories)


def test_class_weight_leaves_the_validation_split_alone():
    theirs, ours = twins(3, "softmax")
    histories = []
    for model in (theirs, ours):
        model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
        arguments = {"class_weight": {0: 3.0, 2: 0.5}, "validation_split": 0.3}
        histories.append(model.fit(X, LABELS, 16, 2, shuffle=False, verbose=0, **arguments).history)
    assert_same_history(*histories)


def test_initial_epoch_and_validation_freq():
    theirs, ours = twins(1, None)
    histories = []
    for model in (theirs, ours):
        model.compile("sgd", "mse")
        history = model.fit(
            X,
            X[:, :1],
            16,
            6,
            shuffle=False,
            verbose=0,
            initial_epoch=2,
            validation_freq=2,
            validation_data=(X, X[:, :1]),
        )
        histories.append((history.epoch, history.history))
    assert histories[0][0] == histories[1][0] == [2, 3, 4, 5]
    assert_same_history(histories[0][1], histories[1][1])


def test_gradients_of_the_loss():
    """One step of plain SGD moves the weights by minus the learning rate times the gradients."""
    for loss in ("mse", "sparse_categorical_crossentropy"):
        y, units, activation = TARGETS[loss]
        theirs, ours = twins(units, activation)
        before = ours.get_weights()
        for api, model in ((keras, theirs), (lamina, ours)):
            model.compile(api.optimizers.SGD(1.0), loss)
            model.train_on_batch(X, y)
        for old, mine, other in zip(before, ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(mine - old, other - old, rtol=2e-4, atol=2e-6, err_msg=loss)


def test_batches_one_by_one():
    theirs, ours = twins(3, "softmax")
    for model in (theirs, ours):
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    for start in (0, 16, 32):
        rows = slice(start, start + 16)
        results = [
            model.train_on_batch(X[rows], LABELS[rows], sample_weight=WEIGHTS[rows], return_dict=True)
            for model in (theirs, ours)
        ]
        assert sorted(results[0]) == sorted(results[1])
        for name in results[0]:
            np.testing.assert_allclose(results[1][name], results[0][name], rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(ours.predict_on_batch(X), theirs.predict_on_batch(X), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.test_on_batch(X, LABELS), theirs.test_on_batch(X, LABELS), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("identifier", ["mse", "MAE", "mean_squared_error", "MeanSquaredError", "categorical_accuracy"])
def test_metrics_are_named_as_they_were_written(identifier):
    y = TARGETS["categorical_crossentropy"][0]
    theirs, ours = twins(3, "softmax")
    names = []
    for model in (theirs, ours):
        model.compile("sgd", "categorical_crossentropy", metrics=[identifier])
        names.append(list(model.evaluate(X, y, verbose=0, return_dict=True)))
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("loss", "metric"),
    [
        ("binary_crossentropy", "BinaryAccuracy"),
        ("categorical_crossentropy", "CategoricalAccuracy"),
        ("sparse_categorical_crossentropy", "SparseCategoricalAccuracy"),
    ],
)
def test_accuracy_means_what_fits_the_shapes(loss, metric):
    y, units, activation = TARGETS[loss]
    _, model = twins(units, activation)
    model.compile("sgd", loss, metrics=["accuracy"])
    model.evaluate(X, y, verbose=0)
    assert type(model.metrics[1]).__name__ == metric


def test_metrics_that_declare_their_state_at_the_first_batch_count_the_first_epoch():
    y = TARGETS["mse"][0]
    theirs, ours = twins(1, None)
    histories = []
    for api, model in ((keras, theirs), (lamina, ours)):
        model.compile("sgd", "mse", metrics=[api.metrics.R2Score()])
        histories.append(model.fit(X, y, 16, 2, shuffle=False, verbose=0).history)
    assert_same_history(*histories)


def test_what_hooks_of_a_batch_read_and_what_comes_of_what_they_assign():
    theirs, ours = twins(1, None)
    seen = []
    for api, model in ((keras, theirs), (lamina, ours)):
        noted = []

        class Meddler(api.callbacks.Callback):
            def note(self, logs, noted=noted):
                optimizer = self.model.optimizer
                noted.append([int(optimizer.iterations), float(np.asarray(optimizer.learning_rate))])
                noted.append(np.concatenate([array.ravel() for array in self.model.get_weights()]))
                noted.append(list((logs or {}).values()))

            def on_train_batch_begin(self, batch, logs=None):
                self.note(logs)
                if batch != 2:  # else what the last hook left
                    self.model.optimizer.learning_rate = 0.01 * (batch + 1)

            def on_train_batch_end(self, batch, logs=None):
                self.note(logs)
                bias = self.model.layers[0].bias
                bias.assign(np.asarray(bias) * np.float32(0.5))
                if batch == 3:
                    self.model.layers[-1].kernel.assign(self.model.layers[-1].kernel + 0.1)

            def on_epoch_end(self, epoch, logs=None):
                self.note(logs)

        model.compile(optimizer(api, "nesterov"), "mse")
        model.fit(X, TARGETS["mse"][0], batch_size=16, epochs=2, shuffle=False, verbose=0, callbacks=[Meddler()])
        seen.append(noted)
    assert len(seen[0]) == len(seen[1]) == 2 * 3 * (2 * 5 + 1)
    for expected, found in zip(*seen):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert_same_weights(theirs, ours)
