"""`OptaxOptimizer`: any gradient transformation of optax as an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from lamina.core import serialization
from lamina.core.naming import unique_name
from lamina.core.variable import Variable
from lamina.optimizers.arguments import COMMON
from lamina.optimizers.optimizer import Optimizer
from lamina.typing import Array, PyTree


class OptaxOptimizer(Optimizer):
    """Takes the steps of an `optax.GradientTransformation`.

    `compile(optimizer=optax.adamw(1e-3))` makes one. The transformation sees parameters and gradients as a dictionary
    from the variable's path to its array, which is what masks and labels are to be written for. Its state is kept in
    variables, so it is saved and resumed with the model.

    Args:
        transformation: the transformation; or a function without arguments that returns it. A function that is
            registered with `lamina.saving.register_keras_serializable` can be described in a file. Of anything else the
            file holds the state alone: whoever loads it passes the transformation,
            `load_model(path, custom_objects={"optax_optimizer": optax.adam(0.1)})`, under the optimizer's name.
        clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor,
            gradient_accumulation_steps, name: see `Optimizer`.

    The learning rate is part of the transformation. Where that was made by `optax.inject_hyperparams`, it can be read
    and set as `learning_rate`, and then counts as a state: a schedule inside of optax sets it again at each step.

    Example:
        >>> import optax
        >>> weight = lamina.Variable(1.0)
        >>> lamina.optimizers.get(optax.sgd(0.1)).apply([2.0], [weight])
        >>> round(float(weight), 4)
        0.8
    """

    def __init__(
        self,
        transformation: Any,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ) -> None:
        self.transformation = transformation
        self._rule: Any = transformation() if callable(transformation) else transformation
        if not is_gradient_transformation(self._rule):
            raise TypeError(
                "OptaxOptimizer: transformation must be an optax.GradientTransformation, or a function without "
                f"arguments that returns one, got {self._rule!r}."
            )
        self._state: list[Variable] = []
        self._structure: Any = None
        self._key_types: list[Any] = []
        self._names: list[str] = []
        super().__init__(
            learning_rate=0.0,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
        )

    @property
    def variables(self) -> list[Variable]:
        """All variables of the optimizer: steps taken, then the slots, the transformation's state last."""
        return [variable for variable in super().variables if variable is not self._learning_rate]

    @property
    def learning_rate(self) -> Any:
        """The learning rate that `optax.inject_hyperparams` exposes."""
        return self._injected_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._injected_rate().assign(value)

    def _injected_rate(self) -> Variable:
        for variable in self._state:
            if variable.name.endswith("hyperparams_learning_rate"):
                return variable
        raise AttributeError(
            f"The learning rate of {self.name!r} is fixed inside of optax. To read or change it while the model "
            "trains, make it with optax.inject_hyperparams(optax.adam)(learning_rate=...), and build the model."
        )

    def build(self, var_list: Sequence[Variable]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Find the shapes of the transformation's state; nothing is computed yet."""
        if self.built:
            return
        super().build(var_list)
        names: dict[str, None] = {}
        for variable in var_list:
            names[unique_name(variable.path, names)] = None
        self._names = list(names)

        def first_state(parameters: PyTree) -> PyTree:
            state = self._rule.init(parameters)
            self._key_types = [_key_type(leaf) for leaf in jax.tree.leaves(state)]
            return jax.tree.map(_without_key_type, state)

        state = jax.eval_shape(first_state, self._tree([_shape_of(variable) for variable in var_list]))
        leaves, self._structure = jax.tree.flatten_with_path(state)
        first = _FirstState(self)
        for index, (path, leaf) in enumerate(leaves):
            slot = self.add_variable(leaf.shape, first.leaf(index), dtype=leaf.dtype, name=_name_of(path))
            self._state.append(slot)

    def _update(self, gradients: list[Array], variables: list[Variable]) -> None:
        values = [variable.value for variable in self._trainable_variables]
        # The state covers all variables; those without a gradient count as having one of zero and stay as they are.
        full = [jnp.zeros_like(value) for value in values]
        places = [self._get_variable_index(variable) for variable in variables]
        for place, gradient in zip(places, gradients):
            full[place] = gradient
        state = jax.tree.unflatten(
            self._structure, [_with_key_type(slot.value, kind) for slot, kind in zip(self._state, self._key_types)]
        )
        try:
            updates, state = self._rule.update(self._tree(full), state, self._tree(values))
        except TypeError as error:
            error.add_note(f"{self.name!r} passes gradients, state and parameters to optax, and no further arguments.")
            raise
        for slot, leaf in zip(self._state, jax.tree.leaves(state)):
            slot.assign(_without_key_type(leaf))
        for place, variable in zip(places, variables):
            variable.assign(values[place] + updates[self._names[place]].astype(variable.dtype))

    def _tree(self, values: Sequence[PyTree]) -> dict[str, PyTree]:
        return dict(zip(self._names, values))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; where nothing can describe the transformation, the optimizer's name."""
        described = callable(self.transformation) and getattr(self.transformation, "__name__", "<lambda>") != "<lambda>"
        skip = ("learning_rate", "weight_decay")
        config = {name: getattr(self, name) for name in COMMON if name not in skip}
        return {"transformation": serialization.serialize(self.transformation) if described else self.name, **config}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> OptaxOptimizer:
        """Return an optimizer made from `get_config`.

        Raises:
            ValueError: if the configuration names a transformation that `custom_objects` does not hold.
        """
        transformation = config["transformation"]
        if isinstance(transformation, str):
            found = serialization.get_registered_object(transformation, custom_objects)
            if found is None:
                raise ValueError(_NOT_DESCRIBED.format(name=transformation))
        else:
            found = serialization.deserialize(transformation, custom_objects)
        return cls(**{**config, "transformation": found})


def is_gradient_transformation(value: Any) -> bool:
    """Return whether `value` is an `optax.GradientTransformation`, without importing optax."""
    return isinstance(value, tuple) and all(callable(getattr(value, name, None)) for name in ("init", "update"))


_NOT_DESCRIBED = (
    "The optimizer is an optax transformation, which no file can describe. Pass the transformation when you load, "
    "custom_objects={{{name!r}: optax.adamw(1e-3)}}, say, if that is what the model was trained with; its state is "
    "in the file. Or load with compile=False, compile the model again, and read the state with load_weights."
)


class _FirstState:
    """The state before the first step, computed when the first of its leaves is read and dropped after the last."""

    def __init__(self, optimizer: OptaxOptimizer) -> None:
        self.optimizer = optimizer
        self.leaves: dict[int, Array] = {}

    def leaf(self, index: int) -> Callable[..., Array]:
        def draw(shape: Any, dtype: Any = None) -> Array:
            if index not in self.leaves:
                optimizer = self.optimizer
                values = [variable.array for variable in optimizer._trainable_variables]
                state = optimizer._rule.init(optimizer._tree(values))
                self.leaves = dict(enumerate(jax.tree.leaves(state)))
            # A copy, because optax may use one array twice and training programs are given theirs for good.
            return jnp.array(_without_key_type(self.leaves.pop(index)), copy=True)

        return draw


def _shape_of(variable: Variable) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(variable.shape, variable.dtype)


def _name_of(path: Sequence[Any]) -> str:
    """Return the place of a leaf in a state as a name: `0_mu_dense_kernel`."""
    parts = [getattr(part, "name", getattr(part, "key", getattr(part, "idx", ""))) for part in path]
    return "_".join(str(part) for part in parts).replace("/", "_") or "state"


def _key_type(leaf: Any) -> Any:
    """Return the kind of random key that an array of them holds, None for other arrays."""
    leaf = jnp.asarray(leaf)
    return jax.random.key_impl(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else None


def _without_key_type(leaf: Any) -> Array:
    leaf = jnp.asarray(leaf)
    return jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf


def _with_key_type(array: Array, kind: Any) -> Array:
    return array if kind is None else jax.random.wrap_key_data(array, impl=kind)
