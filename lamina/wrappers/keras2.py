"""`KerasClassifier` and `KerasRegressor`: the estimators of Keras 2, which many tutorials on grid search use."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from lamina.data.numeric import to_categorical
from lamina.models import Model
from lamina.models.old_names import OLD_ARGUMENTS


class KerasWrapper(BaseEstimator):
    """What the two share.

    Args:
        build_fn: a function that returns a compiled model.
        kwargs: arguments for that function, for `fit` and for `predict` (`epochs`, `batch_size`, `verbose`, …), each
            by name. They are the estimator's parameters: a grid search may vary them.

    Raises:
        TypeError: for an argument that none of them takes.
    """

    def __init__(self, build_fn: Callable[..., Model] | None = None, **kwargs: Any) -> None:
        if build_fn is None:
            build_fn = kwargs.pop("model", None)  # the spelling of SciKeras
        if not callable(build_fn) or isinstance(build_fn, Model):
            raise TypeError(f"{type(self).__name__}: build_fn must be a function that returns a compiled model.")
        self.build_fn = build_fn
        self._arguments: dict[str, Any] = {}
        self.set_params(**kwargs)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments by name."""
        return {"build_fn": self.build_fn, **self._arguments}

    def set_params(self, **params: Any) -> Any:
        """Change arguments."""
        for name, value in params.items():
            if name in OLD_ARGUMENTS:
                raise TypeError(f"{type(self).__name__}: {OLD_ARGUMENTS[name].format(value=value)}")
            if name == "build_fn":
                self.build_fn = value
            elif not any(name in _names(function) for function in (self.build_fn, Model.fit, Model.predict)):
                raise TypeError(
                    f"{type(self).__name__}: {name!r} is an argument of neither {self.build_fn.__name__} nor fit."
                )
            else:
                self._arguments[name] = value
        return self

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Make a model and train it.

        Args:
            x: features.
            y: targets.
            kwargs: arguments for `model.fit`; they go before those of the estimator.

        Returns:
            The estimator itself; `.model` is the trained model, `.history_` what `fit` returned.
        """
        self.model = self.build_fn(**self._for(self.build_fn))
        targets = self._targets(np.asarray(y))
        self.history_ = self.model.fit(x, targets, **{**self._for(Model.fit), **kwargs})
        self.n_features_in_ = np.shape(x)[1] if np.ndim(x) > 1 else 1
        return self

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y

    def _raw(self, x: Any, kwargs: dict[str, Any]) -> np.ndarray:
        check_is_fitted(self, "model")
        return self.model.predict(x, **{**self._for(Model.predict), **kwargs})

    def _for(self, function: Callable[..., Any]) -> dict[str, Any]:
        names = _names(function)
        return {name: value for name, value in self._arguments.items() if name in names}


class KerasClassifier(ClassifierMixin, KerasWrapper):
    """A function that makes a model as a scikit-learn classifier, as in Keras 2; new code uses `SKLearnClassifier`.

    Labels are class indices, or with a loss of "categorical_crossentropy" vectors. A model with a single sigmoid output
    predicts the second class above 0.5.

    Args:
        build_fn, kwargs: see `KerasWrapper`.
    """

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return the class of each row."""
        output = self._raw(x, kwargs)
        indices = output.argmax(axis=-1) if output.shape[-1] > 1 else (output[:, 0] > 0.5).astype("int32")
        return self.classes_[indices]

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return the probability of each class."""
        output = self._raw(x, kwargs)
        return output if output.shape[-1] > 1 else np.hstack([1 - output, output])

    def _targets(self, y: np.ndarray) -> np.ndarray:
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
            return y
        self.classes_, indices = np.unique(y.reshape(-1), return_inverse=True)
        loss = self.model.loss
        name = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
        return to_categorical(indices) if name == "categorical_crossentropy" else indices


class KerasRegressor(RegressorMixin, KerasWrapper):
    """A function that makes a model as a scikit-learn regressor, as in Keras 2; new code uses `SKLearnRegressor`.

    Args:
        build_fn, kwargs: see `KerasWrapper`.
    """

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return the target of each row."""
        return np.squeeze(self._raw(x, kwargs), axis=-1)


def _names(function: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self", "x", "y", "kwargs"}
