"""Gradients and activations of every layer at one moment of training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from lamina.core.functional import pure
from lamina.inspection.words import activation_of, number
from lamina.layers.core.input_layer import InputLayer
from lamina.layers.layer import Layer

_VANISHED = 1e-4  # of the largest gradient among the layers
_EXPLODED = 1e3
_DEAD = 0.25


class LayerHealth(NamedTuple):
    """How a layer fares.

    Attributes:
        name, kind: of the layer.
        gradient: root mean square of the loss's gradient by its weights; None without trainable weights.
        weights: root mean square of those.
        deviation: of its outputs.
        zeros: share of outputs that are 0.
        dead: share of units that are 0 for every row.
        finding: what is wrong, in words; "" if nothing is.
    """

    name: str
    kind: str
    gradient: float | None
    weights: float | None
    deviation: float
    zeros: float
    dead: float
    finding: str


def stage_layers(layer: Layer) -> list[Layer]:
    """Return the layers that count as stages: models and the user's own classes are opened, lamina's layers are not."""
    opened = hasattr(layer, "layer_flow") or not type(layer).__module__.startswith("lamina.")
    below = layer.held_layers() if opened else []
    found = [stage for sublayer in below for stage in stage_layers(sublayer)] if below else [layer]
    return [one for one in dict.fromkeys(found) if not isinstance(one, InputLayer)]


class HealthProbe:
    """Measures gradients and activations on the same rows again and again; compiled once.

    Args:
        trainer: the model and what `compile` chose.
        batch: the rows.
    """

    def __init__(self, trainer: Any, batch: Any) -> None:
        self.trainer, self.batch = trainer, batch
        self.layers = stage_layers(trainer.model)
        self._measure: Callable[..., Any] | None = None
        self._variables: Any = None

    def look(self) -> list[LayerHealth]:
        """Return how every layer fares with the weights of now."""
        variables = self.trainer.variables
        if self._variables is not variables:
            program = self._program(variables)
            self._measure = program if self.trainer.model.run_eagerly else jax.jit(program)
            self._variables = variables
        params = {path: variable.array for path, variable in variables.params.items()}
        rest = {path: variable.array for path, variable in {**variables.buffers, **variables.optimizer}.items()}
        assert self._measure is not None
        sizes, outputs = jax.device_get(self._measure(params, rest, self.batch))
        largest = max((float(gradient) for gradient, _ in sizes.values()), default=0.0)
        return [self._health(layer, sizes, outputs, largest) for layer in self.layers if layer.path in outputs]

    def _program(self, variables: Any) -> Callable[..., Any]:
        trainer = self.trainer
        known = {**variables.params, **variables.buffers, **variables.optimizer}

        def loss_and_outputs(batch: Any) -> tuple[Any, dict[str, Any]]:
            with _watched(self.layers) as outputs:
                y_pred, mask = trainer.forward(batch.x, training=True)
                return trainer.compute_loss(batch, y_pred, mask)[0], dict(outputs)

        forward = pure(loss_and_outputs, known, training=True)
        owners = {
            layer.path: [path for path, variable in variables.params.items() if _owns(layer, variable)]
            for layer in self.layers
        }

        def measure(params: dict[str, Any], rest: dict[str, Any], batch: Any) -> tuple[Any, Any]:
            def objective(params: dict[str, Any]) -> tuple[Any, Any]:
                return forward({**params, **rest}, batch, step=rest[trainer.iterations_path])[0]

            gradients, outputs = jax.grad(objective, has_aux=True)(params)
            sizes = {
                layer: (_rms([gradients[path] for path in paths]), _rms([params[path] for path in paths]))
                for layer, paths in owners.items()
                if paths
            }
            return sizes, outputs

        return measure

    def _health(self, layer: Layer, sizes: dict[str, Any], outputs: dict[str, Any], largest: float) -> LayerHealth:
        gradient, weights = sizes.get(layer.path, (None, None))
        deviation, zeros, dead, finite = (float(one) for one in outputs[layer.path])
        finding = ""
        rectifies = activation_of(layer) in ("relu", "relu6") and layer is not self.layers[-1]
        if not finite:
            finding = "outputs are not finite"
        elif gradient is not None and not jnp.isfinite(gradient):
            finding = "the gradient is not finite"
        elif gradient is not None and gradient == 0:
            finding = "gets no gradient: it can't learn"
        elif rectifies and dead > _DEAD:
            finding = f"{dead:.0%} of the units are dead"
        elif gradient is not None and gradient > _EXPLODED:
            finding = f"the gradient explodes ({number(gradient)}): lower the learning rate or clip (clipnorm=1.0)"
        elif gradient is not None and gradient < _VANISHED * largest:
            finding = f"the gradient vanishes ({number(gradient)}, elsewhere up to {number(largest)})"
        return LayerHealth(
            layer.path.partition("/")[2] or layer.name,
            type(layer).__name__,
            None if gradient is None else float(gradient),
            None if weights is None else float(weights),
            deviation,
            zeros,
            dead,
            finding,
        )


def _owns(layer: Layer, variable: Any) -> bool:
    return any(variable is own for own in layer.weights)


def _rms(arrays: list[Any]) -> Any:
    total = sum(jnp.sum(jnp.square(array.astype("float32"))) for array in arrays)
    return jnp.sqrt(total / sum(array.size for array in arrays))


@contextmanager
def _watched(layers: list[Layer]) -> Iterator[dict[str, Any]]:
    """Note the outputs' deviation, zeros, dead units and finiteness of each layer, by path, while a call is traced."""
    outputs: dict[str, Any] = {}

    def watch(layer: Layer) -> None:
        compute = layer.outputs_and_mask

        def watched(*args: Any, **kwargs: Any) -> Any:
            found = compute(*args, **kwargs)
            leaves = [leaf for leaf in jax.tree.leaves(found[0]) if jnp.issubdtype(leaf.dtype, jnp.floating)]
            if leaves and leaves[0].ndim:
                outputs[layer.path] = _measured(leaves[0].astype("float32"))
            return found

        vars(layer)["outputs_and_mask"] = watched

    for layer in layers:
        watch(layer)
    try:
        yield outputs
    finally:
        for layer in layers:
            vars(layer).pop("outputs_and_mask", None)


def _measured(values: Any) -> tuple[Any, Any, Any, Any]:
    values = jax.lax.stop_gradient(values)
    zero = values == 0
    dead = jnp.all(zero, axis=tuple(range(values.ndim - 1))).mean()
    return jnp.std(values), zero.mean(), dead, jnp.isfinite(values).all()
