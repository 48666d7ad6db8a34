"""Every metric against Keras: several batches, weights, resets, compiled, half precision, configurations."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import losses, metrics
from lamina.core.functional import pure
from lamina.metrics.metric import declare_variables

# Keras's confusion matrix asks for int64, which JAX warns about.
pytestmark = pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")

SAMPLES, CLASSES = 12, 3
RNG = np.random.default_rng(7)
SHAPE = (SAMPLES, CLASSES)


def f32(values):
    return np.asarray(values, "float32")


def softmax(scores):
    return f32(np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True))


def batches(targets, predictions):
    return [(targets(), predictions()) for _ in range(3)]


def normal():
    return f32(RNG.normal(size=SHAPE))


def one_hot():
    return f32(np.eye(CLASSES)[labels()])


def labels():
    return RNG.integers(0, CLASSES, SAMPLES)


def bits():
    return RNG.integers(0, 2, SHAPE)


def shares():
    return f32(RNG.random(SHAPE).round(2))  # rounded, so that some lie on thresholds


# Three batches of each kind, and one of zeros, ones and what lies on the edge.
DATA = {
    "numbers": [*batches(normal, normal), (f32(np.zeros(SHAPE)), f32(np.ones(SHAPE)))],
    "positive": [*batches(lambda: abs(normal()), lambda: abs(normal())), (f32(np.ones(SHAPE)), f32(np.ones(SHAPE)))],
    "equal": batches(labels, labels),
    "binary": [
        *batches(bits, shares),
        (f32(np.zeros(SHAPE)), f32(np.ones(SHAPE))),
        (f32(np.ones(SHAPE)), f32(np.zeros(SHAPE))),
    ],
    "flat": [*batches(lambda: bits()[:, 0], lambda: shares()[:, 0]), (f32(np.ones(SAMPLES)), f32(np.ones(SAMPLES)))],
    "one_hot": [*batches(one_hot, lambda: softmax(normal())), (one_hot(), f32(np.ones(SHAPE)))],
    "labels": [*batches(labels, lambda: softmax(normal())), (labels(), f32(np.ones(SHAPE)))],
    "ids": batches(labels, lambda: np.argsort(normal(), axis=-1)),
    "maps": batches(lambda: RNG.integers(0, CLASSES, (4, 5)), lambda: RNG.integers(0, CLASSES, (4, 5))),
    "values": [(f32(RNG.random(SHAPE)), None) for _ in range(3)],
}

CASES = [
    ("Mean", "values", {}),
    ("Sum", "values", {}),
    ("MeanMetricWrapper", "numbers", {"fn": "huber", "delta": 0.4}),
    ("Accuracy", "equal", {}),
    ("BinaryAccuracy", "binary", {}),
    ("BinaryAccuracy", "flat", {"threshold": 0.3}),
    ("CategoricalAccuracy", "one_hot", {}),
    ("SparseCategoricalAccuracy", "labels", {}),
    ("TopKCategoricalAccuracy", "one_hot", {"k": 2}),
    ("SparseTopKCategoricalAccuracy", "labels", {"k": 2}),
    ("SparseTopKCategoricalAccuracy", "ids", {"k": 2, "from_sorted_ids": True}),
    ("MeanSquaredError", "numbers", {}),
    ("RootMeanSquaredError", "numbers", {}),
    ("MeanAbsoluteError", "numbers", {}),
    ("MeanAbsolutePercentageError", "positive", {}),
    ("MeanSquaredLogarithmicError", "positive", {}),
    ("LogCoshError", "numbers", {}),
    ("CosineSimilarity", "numbers", {}),
    ("PearsonCorrelation", "positive", {}),
    ("ConcordanceCorrelation", "numbers", {}),
    ("R2Score", "numbers", {}),
    ("R2Score", "numbers", {"class_aggregation": None, "num_regressors": 2}),
    ("R2Score", "numbers", {"class_aggregation": "variance_weighted_average", "num_regressors": 5}),
    ("BinaryCrossentropy", "binary", {"label_smoothing": 0.1}),
    ("BinaryCrossentropy", "binary", {"from_logits": True}),
    ("CategoricalCrossentropy", "one_hot", {"label_smoothing": 0.1}),
    ("SparseCategoricalCrossentropy", "labels", {}),
    ("SparseCategoricalCrossentropy", "labels", {"ignore_class": 1, "from_logits": True}),
    ("KLDivergence", "one_hot", {}),
    ("Poisson", "positive", {}),
    ("Hinge", "binary", {}),
    ("SquaredHinge", "binary", {}),
    ("CategoricalHinge", "one_hot", {}),
    ("TruePositives", "binary", {"thresholds": [0.2, 0.5, 0.9]}),
    ("FalsePositives", "binary", {}),
    ("TrueNegatives", "flat", {"thresholds": 0.3}),
    ("FalseNegatives", "flat", {"thresholds": [i / 10 for i in range(11)]}),
    ("Precision", "binary", {"thresholds": [0.2, 0.5]}),
    ("Precision", "one_hot", {"top_k": 2}),
    ("Recall", "binary", {"class_id": 1}),
    ("Recall", "one_hot", {"top_k": 2, "class_id": 2, "thresholds": 0.3}),
    ("SensitivityAtSpecificity", "flat", {"specificity": 0.6}),
    ("SpecificityAtSensitivity", "binary", {"sensitivity": 0.6, "num_thresholds": 5}),
    ("PrecisionAtRecall", "binary", {"recall": 0.6, "class_id": 2}),
    ("RecallAtPrecision", "flat", {"precision": 0.4, "num_thresholds": 1}),
    ("AUC", "binary", {}),
    ("AUC", "flat", {"num_thresholds": 5, "summation_method": "majoring"}),
    ("AUC", "binary", {"thresholds": [0.1, 0.3, 0.8], "summation_method": "minoring"}),
    ("AUC", "binary", {"curve": "PR", "from_logits": True}),
    ("AUC", "binary", {"curve": "PR", "summation_method": "majoring"}),
    ("AUC", "binary", {"curve": "PRGAIN"}),
    ("AUC", "binary", {"multi_label": True, "label_weights": [1.0, 2.0, 3.0]}),
    ("AUC", "binary", {"multi_label": True, "num_labels": 3, "curve": "PR"}),
    ("AUC", "binary", {"label_weights": [1.0, 2.0, 3.0]}),
    ("F1Score", "one_hot", {}),
    ("F1Score", "binary", {"average": "micro", "threshold": 0.4}),
    ("FBetaScore", "binary", {"average": "macro", "beta": 2.0, "threshold": 0.4}),
    ("FBetaScore", "one_hot", {"average": "weighted", "beta": 0.5}),
    ("IoU", "maps", {"num_classes": 3, "target_class_ids": [0, 2], "ignore_class": 1, "dtype": "float32"}),
    ("MeanIoU", "maps", {"num_classes": 4, "dtype": "float32"}),
    ("BinaryIoU", "flat", {"threshold": 0.4, "dtype": "float32"}),
    ("OneHotIoU", "one_hot", {"num_classes": 3, "target_class_ids": [2], "dtype": "float32"}),
    ("OneHotMeanIoU", "one_hot", {"num_classes": 3, "dtype": "float32"}),
]
IDS = [f"{name}-{'-'.join(map(str, arguments)) or kind}" for name, kind, arguments in CASES]
every_metric = pytest.mark.parametrize(("name", "kind", "arguments"), CASES, ids=IDS)


def pair(name, arguments):
    made = []
    for home, functions in ((metrics, losses), (keras.metrics, keras.losses)):
        given = {**arguments, "name": "mine"}
        if "fn" in given:
            given["fn"] = getattr(functions, given["fn"])
        made.append(getattr(home, name)(**given))
    return made


def weights_for(kind, index):
    y_true, y_pred = DATA[kind][index]
    shape = y_pred.shape if kind == "maps" else (len(y_true),)  # Keras takes no weight a sample for maps
    return f32(np.random.default_rng(index).random(shape))


def arguments_of(kind, index):
    return tuple(value for value in DATA[kind][index] if value is not None)


def assert_close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)


def test_the_list_holds_every_metric():
    assert {name for name, _, _ in CASES} == {name for name in metrics.__all__ if name[0].isupper()} - {"Metric"}


@every_metric
def test_batches_with_and_without_weights_equal_those_of_keras(name, kind, arguments):
    ours, oracle = pair(name, arguments)
    for weighted in (False, True):
        for index in range(len(DATA[kind])):
            weights = {"sample_weight": weights_for(kind, index)} if weighted else {}
            ours.update_state(*arguments_of(kind, index), **weights)
            oracle.update_state(*arguments_of(kind, index), **weights)
        assert_close(ours.result(), oracle.result())
        assert ours.result().dtype == "float32"
        ours.reset_state()
        oracle.reset_state()
    assert all(not np.any(variable.value) for variable in ours.variables)


@every_metric
def test_state_has_the_names_and_shapes_of_keras(name, kind, arguments):
    ours, oracle = pair(name, arguments)
    declare_variables(ours, *arguments_of(kind, 0))
    assert all(not np.any(variable.value) for variable in ours.variables)
    oracle.update_state(*arguments_of(kind, 0))
    described = [(variable.name, variable.path, variable.shape) for variable in ours.variables]
    assert described == [(variable.name, variable.path, tuple(variable.shape)) for variable in oracle.variables]


@every_metric
def test_compiled_through_the_pure_door_nothing_changes(name, kind, arguments):
    ours, _ = pair(name, arguments)
    declare_variables(ours, *arguments_of(kind, 0))
    variables = {variable.path: variable for variable in ours.variables}
    update, result = jax.jit(pure(ours.update_state, variables)), jax.jit(pure(ours.result, variables))
    values = {path: variable.value for path, variable in variables.items()}
    for index in range(2):
        values = update(values, *arguments_of(kind, index), sample_weight=weights_for(kind, index))[1].values
    compiled = result(values)[0]
    assert all(not np.any(variable.value) for variable in ours.variables)
    for index in range(2):
        ours.update_state(*arguments_of(kind, index), sample_weight=weights_for(kind, index))
    assert_close(compiled, ours.result())


@every_metric
def test_configurations_travel_both_ways(name, kind, arguments):
    ours, oracle = pair(name, arguments)
    config, expected = ours.get_config(), oracle.get_config()
    assert set(config) - set(expected) <= set(arguments)
    for key, value in expected.items():
        np.testing.assert_equal(config[key], np.asarray(value).tolist() if key == "label_weights" else value)
    again = metrics.deserialize(metrics.serialize(ours))
    assert type(again) is type(ours)
    assert again.get_config() == config
    assert metrics.serialize(ours)["class_name"] == keras.metrics.serialize(oracle)["class_name"]
    assert metrics.serialize(ours)["module"] == keras.metrics.serialize(oracle)["module"]
    assert {"max": "up", "min": "down", None: None}[ours.direction] == getattr(oracle, "_direction", None)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    ("name", "kind", "arguments"),
    [
        case
        for case in CASES
        if case[0] in ("MeanSquaredError", "BinaryCrossentropy", "AUC", "F1Score", "R2Score", "Recall")
    ],
)
def test_half_precision_counts_in_float32(name, kind, arguments, dtype):
    ours, _ = pair(name, {**arguments, "dtype": dtype})
    exact, _ = pair(name, arguments)
    y_true, y_pred = arguments_of(kind, 0)
    ours.update_state(y_true, jnp.asarray(y_pred, dtype))
    exact.update_state(y_true, jnp.asarray(y_pred, dtype).astype("float32"))
    assert {variable.dtype for variable in ours.variables} == {"float32"}
    assert ours.dtype == dtype
    np.testing.assert_allclose(ours.result(), exact.result(), rtol=0.05, atol=0.03)


@pytest.mark.parametrize(
    ("name", "kind", "arguments"),
    [
        case
        for case in CASES
        if case[0] in ("Mean", "MeanSquaredError", "AUC", "F1Score", "R2Score", "Recall", "MeanIoU")
    ],
)
def test_an_empty_batch_changes_nothing(name, kind, arguments):
    ours, _ = pair(name, arguments)
    ours.update_state(*arguments_of(kind, 0))
    before = np.asarray(ours.result())
    ours.update_state(*(value[:0] for value in arguments_of(kind, 0)))
    np.testing.assert_array_equal(ours.result(), before)
