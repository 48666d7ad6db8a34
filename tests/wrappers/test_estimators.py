"""Models as scikit-learn estimators: scikit-learn's own checks, and what only these have."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

import lamina
from lamina.wrappers import (
    KerasClassifier,
    KerasRegressor,
    SKLearnClassifier,
    SKLearnRegressor,
    SKLearnTransformer,
)

CLASSES_X, CLASSES = make_classification(60, 4, n_informative=3, n_redundant=0, random_state=0)
TRAIN, TEST = np.arange(0, 60, 2), np.arange(1, 60, 2)
NUMBERS_X, NUMBERS = make_regression(40, 3, n_targets=1, random_state=0)


def make(X, y, units=8, loss=None, activation=None):
    outputs = 1 if y is None or y.ndim == 1 else y.shape[1]
    model = lamina.Sequential(
        [lamina.Input((X.shape[1],)), lamina.layers.Dense(units, "relu"), lamina.layers.Dense(outputs, activation)]
    )
    model.compile(lamina.optimizers.Adam(0.05), loss or "mse")
    return model


CLASSIFIER = {"loss": "categorical_crossentropy", "activation": "softmax"}

# A taste of what scikit-learn checks, chosen to be quick.
CHECKS = [
    "check_estimator_cloneable",
    "check_no_attributes_set_in_init",
    "check_get_params_invariance",
    "check_set_params",
]
CHECKS_OF_FIT = {
    SKLearnClassifier: ["check_fit1d", "check_n_features_in_after_fitting", "check_estimators_nan_inf"],
    SKLearnRegressor: ["check_regressor_multioutput"],
    SKLearnTransformer: ["check_dtype_object", "check_transformer_preserve_dtypes"],
}


@pytest.mark.parametrize("kind", [SKLearnClassifier, SKLearnRegressor, SKLearnTransformer])
def test_checks_of_scikit_learn(kind):
    estimator = kind(make, model_kwargs=CLASSIFIER if kind is SKLearnClassifier else None)
    for name in [*CHECKS, *CHECKS_OF_FIT[kind]]:
        getattr(estimator_checks, name)(kind.__name__, estimator)


def test_classifier():
    names = np.array(["no", "yes"])[CLASSES]
    classifier = SKLearnClassifier(make, model_kwargs=CLASSIFIER, fit_kwargs={"epochs": 15})
    with pytest.raises(NotFittedError):
        classifier.predict(CLASSES_X)
    assert classifier.fit(CLASSES_X, names) is classifier
    assert classifier.classes_.tolist() == ["no", "yes"]
    assert classifier.score(CLASSES_X, names) > 0.8
    assert classifier.epoch_ == len(classifier.history_["loss"]) == 15
    chances = classifier.predict_proba(CLASSES_X)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(classifier.decision_function(CLASSES_X) > 0, classifier.predict(CLASSES_X) == "yes")
    scores = cross_val_score(make_pipeline(StandardScaler(), classifier), CLASSES_X, names, cv=[(TRAIN, TEST)])
    assert scores.shape == (1,)


def test_regressor_and_warm_start():
    model = make(NUMBERS_X, NUMBERS)
    before = model.get_weights()
    regressor = SKLearnRegressor(model).fit(NUMBERS_X, NUMBERS, epochs=2)
    assert regressor.predict(NUMBERS_X).shape == (40,)
    for weight, earlier in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, earlier)  # a copy was trained
    warm = SKLearnRegressor(model, warm_start=True).fit(NUMBERS_X, NUMBERS)
    assert warm.model_ is model
    assert warm.fit(NUMBERS_X, NUMBERS).epoch_ == 2
    several = SKLearnRegressor(make).fit(NUMBERS_X, np.stack([NUMBERS, NUMBERS], 1))
    assert several.predict(NUMBERS_X).shape == (40, 2)


def test_transformer():
    transformer = SKLearnTransformer(make)
    assert transformer.fit(NUMBERS_X).transform(NUMBERS_X).shape == NUMBERS_X.shape
    assert transformer.fit(NUMBERS_X, NUMBERS).transform(NUMBERS_X).shape == (40, 1)


def test_arguments_of_fit_are_routed():
    regressor = SKLearnRegressor(make)
    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        regressor.set_fit_request(epochs=True)
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), regressor.set_fit_request(epochs=True))
        assert pipeline.fit(NUMBERS_X, NUMBERS, epochs=2)[-1].epoch_ == 2


def test_errors():
    with pytest.raises(TypeError, match="a compiled model or a function"):
        SKLearnRegressor(3).fit(NUMBERS_X, NUMBERS)
    with pytest.raises(ValueError, match="must be compiled"):
        SKLearnRegressor(lamina.Sequential([lamina.layers.Dense(1)])).fit(NUMBERS_X, NUMBERS)
    with pytest.raises(ValueError, match="only one class"):
        SKLearnClassifier(make).fit(CLASSES_X, np.zeros(60, int))


def build(units=4):
    model = lamina.Sequential([lamina.layers.Dense(units, "relu"), lamina.layers.Dense(1, "sigmoid")])
    model.compile(lamina.optimizers.Adam(0.05), "binary_crossentropy")
    return model


def test_the_classifier_of_keras_2():
    classifier = KerasClassifier(build_fn=build, epochs=10, batch_size=16, verbose=0)
    search = GridSearchCV(classifier, {"units": [2, 8]}, cv=[(TRAIN, TEST)]).fit(CLASSES_X, CLASSES)
    assert search.best_params_["units"] in (2, 8)
    assert search.best_estimator_.get_params()["epochs"] == 10
    chances = search.predict_proba(CLASSES_X)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-6)
    assert set(search.predict(CLASSES_X)) <= {0, 1}
    with pytest.raises(TypeError, match="'unit' is an argument of neither build nor fit"):
        KerasClassifier(build, unit=3)
    with pytest.raises(TypeError, match="Write epochs=3"):
        KerasClassifier(build, nb_epoch=3)


def test_classes_of_keras_2():
    def three():
        model = lamina.Sequential([lamina.layers.Dense(3, "softmax")])
        model.compile("adam", "categorical_crossentropy")
        return model

    labels = np.array(["a", "b", "c"])[np.arange(60) % 3]
    classifier = KerasClassifier(three, verbose=0).fit(CLASSES_X, labels)
    assert set(classifier.predict(CLASSES_X)) <= {"a", "b", "c"}


def test_the_regressor_of_keras_2():
    def one():
        model = lamina.Sequential([lamina.layers.Dense(1)])
        model.compile("adam", "mse")
        return model

    scores = cross_val_score(KerasRegressor(build_fn=one, verbose=0), NUMBERS_X, NUMBERS, cv=[(TRAIN[:20], TEST[:20])])
    assert scores.shape == (1,)
