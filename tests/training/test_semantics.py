"""What training means, against Keras: several outputs, masks, weights, penalties, what optimizers promise."""

import keras
import numpy as np
import pytest

import lamina

RANDOM = np.random.default_rng(0)
ROWS = 24  # ragged batches are the matter of test_against_keras.py
X = RANDOM.normal(size=(ROWS, 4)).astype("float32")
Y = RANDOM.normal(size=(ROWS, 1)).astype("float32")
LABELS = RANDOM.integers(0, 3, ROWS)
W = RANDOM.random(ROWS).astype("float32")
V = RANDOM.random(ROWS).astype("float32")
TOKENS = np.where(RANDOM.random((ROWS, 5)) < 0.7, RANDOM.integers(1, 6, (ROWS, 5)), 0)
TOKENS[:, 0] = 1
STEPS = RANDOM.normal(size=(ROWS, 5, 1)).astype("float32")


def several_outputs(api, form):
    """A model with a regression and a classification, returned as a dictionary or a list."""

    class Several(api.Model):
        def __init__(self):
            super().__init__()
            self.body = api.layers.Dense(4, activation="tanh")
            self.size = api.layers.Dense(1)
            self.kind = api.layers.Dense(3, activation="softmax")

        def call(self, x):
            hidden = self.body(x)
            outputs = {"size": self.size(hidden), "kind": self.kind(hidden)}
            return outputs if form is dict else [outputs["size"], outputs["kind"]]

    model = Several()
    model(np.zeros((1, 4), "float32"))
    return model


def twins(make, *args):
    theirs, ours = make(keras, *args), make(lamina, *args)
    ours.set_weights(theirs.get_weights())
    return (keras, theirs), (lamina, ours)


def compare(pairs, x, y, compile_with, fit_with=None, epochs=2, rtol=2e-5, only=None, **evaluate_with):
    """Compile, fit and evaluate both; compare History, evaluation and weights."""
    found = []
    for api, model in pairs:
        model.compile(**compile_with(api))
        history = model.fit(x, y, 8, epochs, verbose=0, shuffle=False, **(fit_with or {})).history
        results = model.evaluate(x, y, 8, verbose=0, return_dict=True, **evaluate_with)
        found.append((history, results, model.get_weights()))
    (history, results, weights), (our_history, our_results, our_weights) = found
    assert list(history) == list(our_history)
    assert sorted(results) == sorted(our_results)
    for name in only or history:
        np.testing.assert_allclose(our_history[name], history[name], rtol=rtol, atol=2e-6, err_msg=name)
    for name in results:
        np.testing.assert_allclose(our_results[name], results[name], rtol=rtol, atol=2e-6, err_msg=name)
    for mine, other in zip(our_weights, weights, strict=True):
        np.testing.assert_allclose(mine, other, rtol=2e-4, atol=2e-5)
    return our_history


BY_NAME = {"size": Y, "kind": LABELS}
LOSSES = {"size": "mse", "kind": "sparse_categorical_crossentropy"}


@pytest.mark.parametrize(
    ("arguments", "fit_with"),
    [
        ({"loss_weights": {"size": 2.0, "kind": 0.5}}, {"validation_split": 0.3}),
        (
            {"metrics": {"kind": ["accuracy"], "size": ["mae", "mse"]}, "weighted_metrics": {"kind": ["accuracy"]}},
            {"sample_weight": {"size": W, "kind": V}},
        ),
        ({"metrics": {"kind": "accuracy"}, "loss": {"kind": "sparse_categorical_crossentropy"}}, {}),
    ],
)
def test_outputs_in_a_dictionary(arguments, fit_with):
    compare(
        twins(several_outputs, dict),
        X,
        BY_NAME,
        lambda api: {"optimizer": api.optimizers.SGD(0.1), "loss": LOSSES, **arguments},
        fit_with,
    )


@pytest.mark.parametrize(
    ("arguments", "fit_with"),
    [
        (
            {
                "loss": ["mse", "sparse_categorical_crossentropy"],
                "loss_weights": [2.0, 0.5],
                "metrics": [["mae"], ["accuracy"]],
                "weighted_metrics": [[], ["accuracy"]],
            },
            {"sample_weight": [W, V]},
        ),
        ({"loss": [None, "sparse_categorical_crossentropy"], "metrics": [None, ["accuracy"]]}, {}),
    ],
)
def test_outputs_in_a_list(arguments, fit_with):
    compare(
        twins(several_outputs, list),
        X,
        [Y, LABELS],
        lambda api: {"optimizer": api.optimizers.SGD(0.1), **arguments},
        fit_with,
    )


def test_the_order_of_evaluate():
    """The losses, then output by output its metrics and its weighted metrics."""
    found = []
    for _, model in twins(several_outputs, dict):
        metrics = {"size": ["mae"], "kind": ["accuracy"]}
        weighted = {"size": ["mse"], "kind": ["sparse_categorical_crossentropy"]}
        model.compile("sgd", dict(sorted(LOSSES.items())), metrics=metrics, weighted_metrics=weighted)
        found.append(model.evaluate(X, BY_NAME, sample_weight={"size": W, "kind": V}, verbose=0))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


def sequence(api, regularized=False):
    penalty = {"activity_regularizer": "l2"} if regularized else {}
    return api.Sequential(
        [
            api.Input((5,), dtype="int32"),
            api.layers.Embedding(6, 3, mask_zero=True),
            api.layers.SimpleRNN(4, return_sequences=True),
            api.layers.Dense(1, **penalty),
        ]
    )


def test_masks_in_loss_and_metrics():
    # Keras, on JAX, forgets the masks in the metrics of training, and can't weigh rows in metrics with masks.
    pairs = twins(sequence)
    of_steps = RANDOM.random((ROWS, 5)).astype("float32")
    compare(
        pairs,
        TOKENS,
        STEPS,
        lambda api: {
            "optimizer": api.optimizers.SGD(0.1),
            "loss": "mse",
            "metrics": ["mae"],
            "weighted_metrics": ["mse"],
        },
        {"sample_weight": of_steps},
        only=["loss"],
        sample_weight=of_steps,
    )
    np.testing.assert_allclose(
        pairs[1][1].predict(TOKENS, verbose=0), pairs[0][1].predict(TOKENS, verbose=0), rtol=1e-4, atol=1e-5
    )


def test_masks_and_weights_of_rows():
    """Keras can't put the two together; a row of weight 0 must be as if it were not there."""
    model = sequence(lamina)
    model.compile("sgd", "mse", weighted_metrics=["mae"])
    weights = np.ones(ROWS, "float32")
    weights[6:] = 0
    found = model.evaluate(TOKENS, STEPS, sample_weight=weights, verbose=0)[1]
    alone = model.evaluate(TOKENS[:6], STEPS[:6], sample_weight=weights[:6], verbose=0)[1]
    np.testing.assert_allclose(found, alone, rtol=1e-5)


def test_activity_regularizers():
    compare(twins(sequence, True), TOKENS, STEPS, lambda api: {"optimizer": api.optimizers.SGD(0.1), "loss": "mse"})


def line(api, **options):
    return api.Sequential([api.Input((4,)), api.layers.Dense(3, activation="tanh", **options), api.layers.Dense(1)])


@pytest.mark.parametrize(
    "options",
    [
        {"clipnorm": 0.05},
        {"global_clipnorm": 0.05},
        {"use_ema": True, "ema_momentum": 0.8},
        {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 2},
        {"gradient_accumulation_steps": 2},
        {"loss_scale_factor": 64.0},
    ],
    ids=lambda options: "-".join(options),
)
def test_what_optimizers_promise(options):
    compare(twins(line), X, Y, lambda api: {"optimizer": api.optimizers.Adam(0.01, **options), "loss": "mse"}, epochs=3)


def test_loss_scaling():
    def compile_with(api):
        inner = api.optimizers.SGD(0.1)
        return {
            "optimizer": api.optimizers.LossScaleOptimizer(inner, initial_scale=2.0**8, dynamic_growth_steps=2),
            "loss": "mse",
        }

    pairs = twins(line)
    compare(pairs, X, Y, compile_with, epochs=3)
    scales = [float(np.asarray(model.optimizer.dynamic_scale)) for _, model in pairs]
    assert scales[0] == scales[1]


@pytest.mark.parametrize("how", [{"run_eagerly": True}, {"jit_compile": False}, {"steps_per_execution": 3}])
def test_ways_to_run(how):
    compare(twins(line), X[:8], Y[:8], lambda api: {"optimizer": api.optimizers.SGD(0.1), "loss": "mse", **how})


def test_frozen_layers_and_compiling_again():
    pairs = twins(line)
    for (_, model), trainable in zip(pairs, (False, False)):
        model.layers[0].trainable = trainable
    before = pairs[1][1].layers[0].get_weights()
    compare(pairs, X, Y, lambda api: {"optimizer": api.optimizers.Adam(0.01), "loss": "mse"})
    for old, new in zip(before, pairs[1][1].layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    for _, model in pairs:
        model.layers[0].trainable = True
    compare(pairs, X, Y, lambda api: {"optimizer": api.optimizers.Adam(0.01), "loss": "mae"})
    assert not np.array_equal(before[0], pairs[1][1].layers[0].get_weights()[0])


def test_dtypes_and_forms_of_data():
    """Numbers of 64 bits and flat targets are taken as Keras takes them."""
    pairs = twins(line)
    compare(
        pairs,
        X.astype("float64"),
        Y[:, 0].astype("float64"),
        lambda api: {"optimizer": api.optimizers.SGD(0.1), "loss": "mse"},
        {"sample_weight": W.astype("float64")},
    )


def test_metrics_of_every_kind():
    def own_metric(y_true, y_pred):
        return (y_true - y_pred) ** 2

    def compile_with(api):
        return {
            "optimizer": api.optimizers.SGD(0.1),
            "loss": own_metric,
            "metrics": [own_metric, api.metrics.MeanSquaredError(name="named"), "RootMeanSquaredError"],
        }

    compare(twins(line), X, Y, compile_with)


def test_losses_added_in_the_model():
    def penalized(api):
        class Penalized(api.Model):
            def __init__(self):
                super().__init__()
                self.dense = api.layers.Dense(1)

            def call(self, x):
                y = self.dense(x)
                self.add_loss(0.1 * (y**2).mean())
                return y

        model = Penalized()
        model(np.zeros((1, 4), "float32"))
        return model

    compare(twins(penalized), X, Y, lambda api: {"optimizer": api.optimizers.SGD(0.1), "loss": "mse"})
    compare(twins(penalized), X, None, lambda api: {"optimizer": api.optimizers.SGD(0.1)})


@pytest.mark.parametrize("name", ["train_on_batch", "test_on_batch"])
@pytest.mark.parametrize("return_dict", [False, True])
def test_methods_for_one_batch(name, return_dict):
    results = []
    for api, model in twins(line):
        model.compile(api.optimizers.SGD(0.1), "mse", metrics=["mae"])
        found = [
            getattr(model, name)(X[:8], Y[:8], sample_weight=W[:8], return_dict=return_dict),
            getattr(model, name)(X[8:], Y[8:], return_dict=return_dict),
        ]
        results.append([sorted(one.items()) if return_dict else one for one in found])
    for mine, other in zip(results[1], results[0]):
        values = [[value for _, value in one] if return_dict else one for one in (mine, other)]
        np.testing.assert_allclose(values[0], values[1], rtol=1e-5)
