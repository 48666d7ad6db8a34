"""What metrics refuse, what they warn of, what strings stand for, and where lamina differs from Keras on purpose."""

import jax
import keras
import numpy as np
import pytest

from lamina import losses, metrics

NEEDS_ARGUMENTS = {
    "IoU",
    "MeanIoU",
    "MeanMetricWrapper",
    "OneHotIoU",
    "OneHotMeanIoU",
    "PrecisionAtRecall",
    "RecallAtPrecision",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
}
NAMES = [name for name in metrics.__all__ if name[0].isupper() and name != "Metric" and name not in NEEDS_ARGUMENTS]
SHORT = ["mse", "MSE", "mae", "MAE", "mape", "MAPE", "msle", "MSLE", "bce", "BCE"]
SNAKE = [keras.src.utils.naming.to_snake_case(name) for name in NAMES]


@pytest.mark.parametrize("name", [*NAMES, *SNAKE, *SHORT])
def test_names_stand_for_what_they_stand_for_in_keras(name):
    assert type(metrics.get(name)).__name__ == type(keras.metrics.get(name)).__name__


def test_get_takes_objects_classes_functions_and_configurations():
    metric = metrics.AUC(curve="PR")
    assert metrics.get(metric) is metric
    assert metrics.get(None) is None
    assert isinstance(metrics.get(metrics.AUC), metrics.AUC)
    assert metrics.get(len) is len
    assert metrics.get({"class_name": "AUC", "config": {"curve": "PR"}}).curve == "PR"
    assert metrics.deserialize({"class_name": "Mean", "config": {"name": "x"}}).name == "x"
    with pytest.raises(ValueError, match="Unknown metric 'acuracy'. Did you mean 'accuracy'"):
        metrics.get("acuracy")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.TruePositives(thresholds=2), r"TruePositives: thresholds must be .* in \[0, 1\], got 2"),
        (lambda: metrics.Precision(thresholds=[0.1, None]), "Precision: thresholds must be"),
        (lambda: metrics.Recall(top_k=0), "Recall: top_k must be 1 or more"),
        (lambda: metrics.Recall(class_id=-1), "Recall: class_id must be"),
        (lambda: metrics.SensitivityAtSpecificity(1.5), r"SensitivityAtSpecificity: specificity must lie in \[0, 1\]"),
        (lambda: metrics.RecallAtPrecision(0.5, num_thresholds=0), "num_thresholds must be 1 or more"),
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds must be 2 or more"),
        (lambda: metrics.AUC(curve="X"), "curve must be one of 'ROC', 'PR', 'PRGAIN', got 'X'"),
        (lambda: metrics.AUC(summation_method="X"), "summation_method must be one of"),
        (lambda: metrics.AUC(thresholds=[2.0]), "AUC: thresholds must be"),
        (lambda: metrics.AUC(label_weights=[-1.0]), "label_weights must not be negative"),
        (lambda: metrics.AUC(num_labels=2), "num_labels needs multi_label=True"),
        (lambda: metrics.FBetaScore(average="x"), "average must be None, 'micro'"),
        (lambda: metrics.FBetaScore(beta=0), "beta must be positive"),
        (lambda: metrics.F1Score(threshold=1.5), r"F1Score: threshold must be None or lie in \(0, 1\]"),
        (lambda: metrics.R2Score(class_aggregation="x"), "class_aggregation must be one of None"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors must not be negative"),
        (lambda: metrics.IoU(2, [2]), r"target_class_ids must be class numbers in \[0, 2\), got \[2\]"),
        (lambda: metrics.MeanIoU(0), "num_classes must be 1 or more"),
        (lambda: metrics.TopKCategoricalAccuracy(k=0), "k must be 1 or more"),
        (lambda: metrics.BinaryAccuracy(threshold=None), "threshold must be a number"),
        (lambda: metrics.BinaryCrossentropy(label_smoothing=2.0), "label_smoothing must lie in"),
    ],
)
def test_arguments_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("metric", "true_shape", "pred_shape", "message"),
    [
        (metrics.Accuracy(), (4, 1), (4, 3), "accuracy compares .*Give the last layer 1 unit"),
        (metrics.BinaryAccuracy(), (4,), (4, 3), "binary_accuracy compares .*give it 1 unit"),
        (metrics.CategoricalAccuracy(), (4,), (4, 3), "Use sparse_categorical_accuracy for class numbers"),
        (metrics.SparseCategoricalAccuracy(), (4, 3), (4, 3), "looks one-hot: use categorical_accuracy"),
        (metrics.TopKCategoricalAccuracy(), (4,), (4, 3), "Use sparse_top_k_categorical_accuracy"),
        (metrics.SparseTopKCategoricalAccuracy(), (4, 3), (4, 3), "use top_k_categorical_accuracy"),
        (metrics.MeanSquaredError(), (4, 3), (4, 1), "Give the last layer 3 units"),
        (metrics.RootMeanSquaredError(), (4,), (4, 3), "RootMeanSquaredError compares"),
        (metrics.AUC(), (4,), (4, 2), "auc compares .*give it 1 unit"),
        (metrics.AUC(multi_label=True, num_labels=2), (4, 3), (4, 3), "counts 2 labels, but predictions have 3"),
        (metrics.AUC(multi_label=True), (4,), (4,), "needs predictions of shape"),
        (metrics.AUC(label_weights=[1.0, 2.0]), (4, 3), (4, 3), "has 2 label_weights"),
        (metrics.Precision(), (4,), (3,), "precision compares .*They hold 4 and 3 samples"),
        (metrics.Precision(class_id=3), (4, 3), (4, 3), "class_id=3, but predictions"),
        (metrics.Recall(top_k=4), (4, 3), (4, 3), "top_k=4, but predictions"),
        (metrics.F1Score(), (4,), (4, 3), "Class numbers become one-hot"),
        (metrics.F1Score(), (4, 2), (4, 3), "f1_score.*Give the last layer 2 units"),
        (metrics.R2Score(), (4, 2, 2), (4, 2, 2), "needs targets and predictions of shape"),
        (metrics.R2Score(), (4, 1), (4, 2), "r2_score.* compares"),
        (metrics.MeanIoU(3), (4, 5), (4, 5, 3), "pass sparse_y_pred=False"),
        (metrics.MeanIoU(3), (4, 5, 3), (4, 5), "pass sparse_y_true=False"),
        (metrics.PearsonCorrelation(), (4, 1), (4, 1), "have one value there. Pass axis=0"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(metric, true_shape, pred_shape, message):
    with pytest.raises(ValueError, match=message):
        metric.update_state(np.ones(true_shape, int), np.ones(pred_shape, "float32"))


def test_a_metric_keeps_the_number_of_classes_of_its_first_batch():
    for metric in (metrics.F1Score(), metrics.R2Score(), metrics.AUC(multi_label=True)):
        metric.update_state(np.eye(3), np.eye(3) * 0.9)
        with pytest.raises(ValueError, match="counts 3 .*, but predictions have 2"):
            metric.update_state(np.eye(2), np.eye(2) * 0.9)


@pytest.mark.parametrize("name", ["AUC", "Precision", "TruePositives", "BinaryAccuracy", "BinaryCrossentropy"])
def test_logits_where_probabilities_are_expected_are_warned_of(name):
    y_true, logits = np.array([[0], [1]]), np.array([[-4.0], [5.0]])
    with pytest.warns(UserWarning, match="expects probabilities, but predictions range from -4 to 5, as logits do"):
        getattr(metrics, name)().update_state(y_true, logits)


def test_metrics_that_were_told_of_logits_do_not_warn():
    y_true, logits = np.array([[0], [1]]), np.array([[-4.0], [5.0]])
    metrics.AUC(from_logits=True).update_state(y_true, logits)
    metrics.Precision(thresholds=0).update_state(y_true, logits)
    metrics.BinaryAccuracy(threshold=0).update_state(y_true, logits)
    metrics.BinaryCrossentropy(from_logits=True).update_state(y_true, logits)
    jax.jit(metrics.AUC().stateless_update_state)([np.zeros(200, "float32")] * 4, y_true, logits)


def test_flat_targets_are_compared_with_columns():
    y_true, y_pred = np.array([1, 0, 1, 0]), np.array([[0.9], [0.2], [0.4], [0.6]])
    for name in ("AUC", "Precision", "BinaryAccuracy", "MeanSquaredError", "R2Score", "BinaryIoU"):
        flat, column = getattr(metrics, name)(), getattr(metrics, name)()
        assert float(flat(y_true, y_pred)) == float(column(y_true[:, None], y_pred))


def test_fractional_weights_count_in_iou_which_keras_cuts_to_whole_numbers():
    weights = [0.3, 0.3, 0.3, 0.1]
    metric, exact = metrics.MeanIoU(2), metrics.MeanIoU(2, dtype="float32")
    assert metric.dtype == "int32"
    value = float(metric([0, 0, 1, 1], [0, 1, 0, 1], weights))
    assert value == float(exact([0, 0, 1, 1], [0, 1, 0, 1], weights)) == pytest.approx(0.238095, rel=1e-4)


def test_class_numbers_out_of_range_do_not_count_in_iou():
    arguments = ([0, 0, 1, -1, 2], [0, 1, 0, 1, 1])
    assert float(metrics.MeanIoU(2)(*arguments)) == float(metrics.MeanIoU(2, ignore_class=-1)(*arguments))
    assert float(metrics.MeanIoU(2)([0, 0, 1, 1], [0, 1, 0, 5])) == pytest.approx(1 / 6, rel=1e-5)
    axis = metrics.OneHotMeanIoU(2, axis=1)
    scores = np.eye(2)[np.array([[0, 1, 1], [1, 0, 0]])].swapaxes(1, 2)
    assert float(axis(scores, scores)) == pytest.approx(1.0)


def test_predictions_that_are_not_numbers_are_in_no_top():
    scores = np.array([[0.1, 0.1, np.nan], [np.nan, 0.1, 0.1], [1, 2, np.inf], [0.3, 0.3, 0.1]], "float32")
    labels = np.array([2, 1, 0, 1])
    for k in (1, 2, 3):
        expected = keras.metrics.sparse_top_k_categorical_accuracy(labels, scores, k=k)
        np.testing.assert_array_equal(metrics.sparse_top_k_categorical_accuracy(labels, scores, k=k), expected)
    assert metrics.sparse_top_k_categorical_accuracy(np.array([7, -1]), scores[:2], k=3).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("number", [3, 5, 11, 200])
def test_predictions_on_a_threshold_are_not_above_it(number):
    thresholds = np.linspace(0, 1, number).astype("float32")
    for name, arguments in (("AUC", {}), ("PrecisionAtRecall", {"recall": 0.5})):
        ours, oracle = (getattr(home, name)(num_thresholds=number, **arguments) for home in (metrics, keras.metrics))
        for metric in (ours, oracle):
            metric.update_state(np.ones(number), thresholds)
        np.testing.assert_array_equal(ours.true_positives.value, oracle.true_positives.value)
        np.testing.assert_allclose(ours.thresholds, np.asarray(oracle.thresholds), rtol=1e-6)


def test_one_sided_targets_give_the_areas_of_keras():
    for curve in ("ROC", "PR", "PRGAIN"):
        for y_true in ([0, 0], [1, 1], [0, 1]):
            expected = keras.metrics.AUC(curve=curve)(y_true, [0.2, 0.7])
            assert float(metrics.AUC(curve=curve)(y_true, [0.2, 0.7])) == pytest.approx(float(expected), abs=1e-6)
    assert float(metrics.AUC().result()) == 0.0


def test_too_few_samples_for_an_adjusted_score_give_the_plain_one():
    with pytest.warns(UserWarning, match="2 values are too few for 3 independent variables"):
        assert float(metrics.R2Score(num_regressors=3)([[1.0], [2.0]], [[1.0], [2.5]])) == pytest.approx(0.5)


def test_a_wrapper_knows_that_losses_should_fall():
    assert metrics.MeanMetricWrapper(losses.huber).direction == "min"
    assert metrics.MeanMetricWrapper(metrics.binary_accuracy).direction is None
    assert (metrics.Mean().direction, metrics.TruePositives().direction) == (None, None)


def test_the_functions_are_those_of_keras():
    for name in metrics.__all__:
        if name.islower() and hasattr(losses, name) and name not in ("get", "serialize", "deserialize"):
            assert getattr(metrics, name) is getattr(losses, name)
