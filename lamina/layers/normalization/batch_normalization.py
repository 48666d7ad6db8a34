"""`BatchNormalization`."""

from typing import Any

import jax
import jax.numpy as jnp

from lamina import constraints, initializers, regularizers
from lamina.kernels.normalization import moments
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.normalization.affine import known_sizes
from lamina.typing import Array, Shape

_CLIPPING_KEYS = ("rmax", "rmin", "dmax")


class BatchNormalization(Layer):
    """Scales each channel to mean 0 and deviation 1 over the batch while training, by moving averages afterwards.

    `gamma * (inputs - mean) / sqrt(variance + epsilon) + beta`, where mean and variance are those of the batch when
    `training=True`, and the moving averages `moving_mean` and `moving_variance` otherwise. While training these follow
    as `moving = momentum * moving + (1 - momentum) * batch`. A layer whose `trainable` is False always uses the moving
    averages and leaves them alone.

    Args:
        axis: the axis that keeps its own statistics, usually the channels.
        momentum: of the moving averages, in [0, 1].
        epsilon: added to the variance, so that constant channels don't divide by 0.
        center: whether to add `beta`.
        scale: whether to multiply by `gamma`.
        beta_initializer, gamma_initializer: default zeros and ones.
        moving_mean_initializer, moving_variance_initializer: default zeros and ones.
        beta_regularizer, gamma_regularizer: penalties added to the loss.
        beta_constraint, gamma_constraint: applied after each update.
        renorm: whether training is corrected towards the moving averages (batch renormalization), for small batches.
        renorm_clipping: bounds of that correction, `{"rmin": ..., "rmax": ..., "dmax": ...}`, each optional.
        renorm_momentum: of the averages that the correction goes by.
        synchronized: whether the statistics are those of the batch of all devices. In lamina they always are: one
            program sees the whole batch, however it is spread.

    Call arguments:
        inputs: at least 2 axes.
        training: whether the statistics of the batch count, and are learned.
        mask: bool, of the shape of `inputs` without the channels (or less); False leaves a position out of the
            statistics.

    Input shape: any of at least 2 axes. Output shape: the same.

    Example:
        >>> layer = lamina.layers.BatchNormalization()
        >>> outputs = layer(lamina.ops.array([[1.0], [3.0]]), training=True)
        >>> [round(float(number), 2) for number in outputs[:, 0]]
        [-1.0, 1.0]

    References:
        Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167;
        Ioffe, 2017 (renorm), https://arxiv.org/abs/1702.03275.
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(axis, list | tuple) and len(axis) == 1:
            axis = axis[0]
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ValueError(f"Layer {self.name!r}: axis must be one whole number, got {axis!r}.")
        self.axis = axis
        self.momentum = float(momentum)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm = renorm
        self.renorm_clipping = dict(renorm_clipping or {})
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized
        unknown = sorted(set(self.renorm_clipping) - set(_CLIPPING_KEYS))
        if unknown:
            raise ValueError(
                f"Layer {self.name!r}: renorm_clipping knows {', '.join(_CLIPPING_KEYS)}, got {unknown[0]!r}."
            )
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        shape = (channels,) = known_sizes(self, input_shape, (self.axis,))
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=False,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=False,
                name="beta",
            )
        self.moving_mean = self._add_average("moving_mean", shape, self.moving_mean_initializer)
        self.moving_variance = self._add_average("moving_variance", shape, self.moving_variance_initializer)
        if self.renorm:
            self.moving_stddev = self._add_average("moving_stddev", shape, _root_of(self.moving_variance_initializer))
            self.renorm_mean = self._add_average("renorm_mean", shape, self.moving_mean_initializer)
            self.renorm_stddev = self._add_average("renorm_stddev", shape, _root_of(self.moving_variance_initializer))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Array, training: bool | None = None, mask: Array | None = None) -> Array:
        axis = self.axis % inputs.ndim
        if training and self.trainable:
            reduced = tuple(other for other in range(inputs.ndim) if other != axis)
            mean, variance = moments(inputs, reduced, mask)
            factor, shift = self._learn(mean, variance)
        else:
            mean, variance = self.moving_mean.value, self.moving_variance.value
            factor, shift = 1.0, 0.0
        # Folded into one multiplication and one addition for each number.
        factor = factor * jax.lax.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor, shift = factor * self.gamma.value, shift * self.gamma.value
        shift = shift - mean * factor
        if self.beta is not None:
            shift = shift + self.beta.value
        broadcast = [1] * inputs.ndim
        broadcast[axis] = inputs.shape[axis]
        outputs = inputs * factor.reshape(broadcast) + shift.reshape(broadcast)
        return outputs.astype(self.compute_dtype)

    def _learn(self, mean: Array, variance: Array) -> tuple[Any, Any]:
        """Move the averages towards the batch's statistics; return renorm's factor and shift of normalized values."""
        _move(self.moving_mean, mean, self.momentum)
        if not self.renorm:
            _move(self.moving_variance, variance, self.momentum)
            return 1.0, 0.0
        deviation = jnp.sqrt(variance + self.epsilon)
        clipping = self.renorm_clipping
        ratio = jnp.clip(deviation / self.renorm_stddev.value, clipping.get("rmin"), clipping.get("rmax"))
        distance = (mean - self.renorm_mean.value) / self.renorm_stddev.value
        if "dmax" in clipping:
            distance = jnp.clip(distance, -clipping["dmax"], clipping["dmax"])
        _move(self.renorm_mean, mean, self.renorm_momentum)
        _move(self.renorm_stddev, deviation, self.renorm_momentum)
        _move(self.moving_stddev, deviation, self.momentum)
        self.moving_variance.assign(jnp.maximum(self.moving_stddev.value**2 - self.epsilon, 0))
        return jax.lax.stop_gradient(ratio), jax.lax.stop_gradient(distance)

    def _add_average(self, name: str, shape: Shape, initializer: Any) -> Any:
        return self.add_weight(shape, initializer, trainable=False, autocast=False, name=name)


def _move(average: Any, value: Array, momentum: float) -> None:
    average.assign(momentum * average.value + (1 - momentum) * jax.lax.stop_gradient(value))


def _root_of(initializer: Any) -> Any:
    return lambda shape, dtype=None: jnp.sqrt(initializer(shape, dtype=dtype))
