"""`SKLearnClassifier`, `SKLearnRegressor` and `SKLearnTransformer`: models with the methods of scikit-learn."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.utils.metadata_routing import MetadataRequest
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted
from sklearn.utils.validation import validate_data as validate_untyped

from lamina.models import Model, clone_model

validate_data: Any = validate_untyped  # scikit-learn's hints leave open what comes out


class SKLearnBase(BaseEstimator):
    """What the three estimators share.

    Args:
        model: a compiled model, or a function `(X, y, **model_kwargs)` that returns one. A model itself is left as it
            is, and a copy with new weights is trained.
        warm_start: whether `fit` goes on with the weights of the last `fit`, and trains the given model itself.
        model_kwargs: arguments for the function.
        fit_kwargs: arguments for `model.fit`, such as `{"epochs": 10}`.

    Attributes:
        model_: the trained model, after `fit`.
        history_: loss and metrics of every epoch, after `fit`.
    """

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train the model.

        Args:
            X: features of shape (rows, features).
            y: targets.
            kwargs: arguments for `model.fit`; they go before `fit_kwargs`.

        Returns:
            The estimator itself.

        Raises:
            ValueError: if the data are not what the estimator can use, or the model is not compiled.
            TypeError: if `model` is neither a model nor a function.
        """
        X, y = self._checked(X, y)
        encoded = self._encoded(y)
        model = self._model_for(X, encoded)
        arguments = {"verbose": 0, **(self.fit_kwargs or {}), **kwargs}
        history = model.fit(X, encoded, **arguments)
        before = getattr(self, "history_", None) if self.warm_start else None
        self.history_ = {key: [*(before or {}).get(key, []), *values] for key, values in history.history.items()}
        self.model_ = model
        return self

    def set_fit_request(self, **kwargs: Any) -> Any:
        """Say which arguments of `fit` scikit-learn's meta-estimators hand on.

        Args:
            kwargs: `name=True`, `name=False` or `name="alias"` for each.

        Raises:
            RuntimeError: unless scikit-learn routes arguments at all.
        """
        if not get_config()["enable_metadata_routing"]:
            raise RuntimeError("set_fit_request needs sklearn.set_config(enable_metadata_routing=True).")
        request = self._get_metadata_request() if not hasattr(self, "_metadata_request") else self._metadata_request
        for name, alias in kwargs.items():
            request.fit.add_request(param=name, alias=alias)
        self._metadata_request: MetadataRequest = request
        return self

    @property
    def epoch_(self) -> int:
        """The number of epochs trained."""
        check_is_fitted(self, "history_")
        return len(next(iter(self.history_.values()), []))

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        return validate_data(self, X, y)

    def _encoded(self, y: Any) -> Any:
        return y

    def _model_for(self, X: Any, y: Any) -> Model:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            model = self.model if self.warm_start else _fresh(self.model)
        elif callable(self.model):
            model = self.model(X=X, y=y, **(self.model_kwargs or {}))
        else:
            raise TypeError(
                f"{type(self).__name__}: model must be a compiled model or a function that returns one, "
                f"got {self.model!r}."
            )
        if not isinstance(model, Model) or not model.compiled:
            raise ValueError(
                f"{type(self).__name__}: the model must be compiled: model.compile(optimizer='adam', loss=...)."
            )
        return model

    def _raw(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "model_")
        X = validate_data(self, X, reset=False)
        predicted = self.model_.predict(X, verbose=0)
        # scikit-learn's rule: float64 in, float64 out, so that an estimator can stand anywhere in a pipeline.
        return predicted.astype(np.result_type(predicted, X), copy=False) if X.dtype.kind == "f" else predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags


class SKLearnClassifier(ClassifierMixin, SKLearnBase):
    """A model as a scikit-learn classifier.

    The model sees each class as a column: its last layer has as many units as there are classes and softmax, its loss
    is "categorical_crossentropy". A function that makes it can read their number from `y.shape[1]`.

    Args:
        model, warm_start, model_kwargs, fit_kwargs: see `SKLearnBase`.

    Attributes:
        classes_: the classes, in the order of the model's outputs.

    Example:
        >>> def make(X, y):
        ...     model = lamina.Sequential([
        ...         lamina.layers.Dense(8, activation="relu"),
        ...         lamina.layers.Dense(y.shape[1], activation="softmax"),
        ...     ])
        ...     model.compile("adam", "categorical_crossentropy")
        ...     return model
        >>> classifier = lamina.wrappers.SKLearnClassifier(make, fit_kwargs={"epochs": 2})
        >>> classifier.fit(np.random.rand(6, 3), ["a", "b", "a", "b", "a", "b"]).classes_.tolist()
        ['a', 'b']
    """

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each row."""
        scores = self._raw(X)
        return self.classes_[scores.argmax(axis=-1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the model's outputs: the probability of each class, where its last layer is a softmax."""
        return self._raw(X)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return a score for each class; with two classes, how far the second is ahead of the first."""
        scores = self._raw(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        return X, y

    def _encoded(self, y: Any) -> np.ndarray:
        if type_of_target(y) not in ("binary", "multiclass"):
            raise ValueError(f"SKLearnClassifier: y must hold a class for each row, got {type_of_target(y)!r} targets.")
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("SKLearnClassifier: the classifier can't train when only one class is present.")
        return np.eye(len(self.classes_), dtype="float32")[indices]


class SKLearnRegressor(RegressorMixin, SKLearnBase):
    """A model as a scikit-learn regressor.

    The model sees targets of shape (rows, outputs), a single one as (rows, 1).

    Args:
        model, warm_start, model_kwargs, fit_kwargs: see `SKLearnBase`.

    Example:
        >>> model = lamina.Sequential([lamina.Input((2,)), lamina.layers.Dense(1)])
        >>> model.compile("adam", "mse")
        >>> regressor = lamina.wrappers.SKLearnRegressor(model)
        >>> regressor.fit(np.ones((4, 2)), np.ones(4)).predict(np.ones((3, 2))).shape
        (3,)
    """

    def predict(self, X: Any) -> np.ndarray:
        """Return the target of each row."""
        predicted = self._raw(X)
        return predicted[:, 0] if self._one_target else predicted

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        return validate_data(self, X, y, multi_output=True, y_numeric=True)

    def _encoded(self, y: Any) -> Any:
        self._one_target = y.ndim == 1
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(TransformerMixin, SKLearnBase):
    """A model as a scikit-learn transformer: what it predicts is the transformed data.

    Args:
        model, warm_start, model_kwargs, fit_kwargs: see `SKLearnBase`.
    """

    def fit(self, X: Any, y: Any = None, **kwargs: Any) -> Any:
        """Train the model to predict `y`, or where that is None to predict `X` again; see `SKLearnBase.fit`."""
        return super().fit(X, y, **kwargs)

    def transform(self, X: Any) -> np.ndarray:
        """Return the model's outputs."""
        return self._raw(X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the model's outputs."""
        return self._raw(X)

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        if y is None:
            X = validate_data(self, X)
            return X, X
        type_of_target(y, raise_unknown=True)
        return validate_data(self, X, y, multi_output=True)

    def _encoded(self, y: Any) -> Any:
        return y.reshape(-1, 1) if y.ndim == 1 else y


def _fresh(model: Model) -> Model:
    """Return a model like a given one, with new weights and compiled alike."""
    clone = clone_model(model)
    config = model.get_compile_config()
    if config is not None:
        clone.compile_from_config(copy.deepcopy(config))
    return clone
