"""`WeightOwner`: the half of a layer that holds weights and sublayers, and finds them."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina import constraints, dtype_policies, initializers, regularizers
from lamina.core.tracking import MetricBase, held
from lamina.core.variable import Variable
from lamina.random import SeedGenerator
from lamina.typing import Shape

# Attributes that record what happened to a layer; what they hold is not the layer's own.
_REFERENCES = frozenset({"_nodes", "_own_losses", "_build_shapes", "_tensors"})


class WeightOwner:
    """Weights and sublayers, discovered in attributes, lists and dictionaries whenever they are asked for.

    `Layer` derives from it and sets these in its constructor.
    """

    name: str
    path: str
    built: bool
    dtype_policy: dtype_policies.DTypePolicy
    _weights: list[Variable]
    _trainable: bool

    def add_weight(
        self,
        shape: Shape | int | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Declare a weight; its first value is drawn when it is first read.

        Args:
            shape: default `()`.
            initializer: name, object or function; default Glorot uniform for floats, zeros otherwise.
            dtype: default the layer's variable dtype.
            trainable: whether training changes it.
            autocast: whether it is read in the layer's compute dtype.
            regularizer: penalty on its value, added to the loss.
            constraint: applied to its value after each update.
            aggregation: how replicas combine it.
            overwrite_with_gradient: whether the optimizer replaces it by its gradient instead of stepping.
            name: default "variable".

        Returns:
            The `Variable`.
        """
        self.require_init()
        shape = () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        if any(size is None for size in shape):
            raise ValueError(
                f"Layer {self.name!r}: the weight {name or 'variable'!r} would have shape {shape}. Every size must be "
                "known when weights are made; give the model an input whose size is known along that axis."
            )
        dtype = dtype or self.dtype_policy.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if jnp.issubdtype(jnp.dtype(dtype), jnp.floating) else "zeros"
        variable = Variable(
            initializers.get(initializer),
            shape=shape,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            aggregation=aggregation,
            name=name,
        )
        variable.path = f"{self.path}/{variable.name}"
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        variable.trainable = variable.trainable and self.trainable
        self._weights.append(variable)
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Variable:
        """As `add_weight`."""
        return self.add_weight(*args, **kwargs)

    def held_layers(self) -> list[Any]:
        """Return the layers kept in this one's attributes, in order of assignment."""
        return held(self, WeightOwner, skip=_REFERENCES)

    def own_variables(self) -> list[Variable]:
        """Return the weights of this layer without those of its sublayers, trainable ones first."""
        variables = held(self, Variable, skip=_REFERENCES)
        return sorted(variables, key=lambda variable: not variable.declared_trainable)

    def own_state(self) -> list[Variable]:
        """Return the state of this layer that is no weight: of seed generators; recurrent layers add theirs."""
        return [generator.state for generator in held(self, SeedGenerator, _REFERENCES)]

    def state_in_inference(self) -> list[Variable]:
        """Return the own variables that a call may assign whether it trains or not, and that keep it between batches.

        Those of a class that is not lamina's are all of its own that aren't trained, since nobody knows what it does.
        """
        if type(self).__module__.startswith("lamina."):
            return []
        return [variable for variable in self.own_variables() if not variable.declared_trainable]

    def seed_generators(self) -> list[SeedGenerator]:
        """Return the seed generators of this layer and its sublayers."""
        return [generator for layer in self.flat_layers() for generator in held(layer, SeedGenerator, _REFERENCES)]

    def flat_layers(self) -> list[Any]:
        """Return this layer and all below it, each once, outermost first."""
        found: dict[int, WeightOwner] = {}

        def visit(layer: WeightOwner) -> None:
            if id(layer) not in found:
                found[id(layer)] = layer
                for sublayer in layer.held_layers():
                    visit(sublayer)

        visit(self)
        return list(found.values())

    def held_below(self) -> list[Any]:
        """Return this layer and all layers, variables, seed generators and metrics below, each once.

        As long as these are the same objects, so are `variables` and `metrics`; this list is made in a third of the
        time.
        """
        found: list[Any] = [self]
        known = {id(self)}
        for part in found:  # grows meanwhile
            if isinstance(part, WeightOwner):
                below = held(part, _PARTS, _REFERENCES)
                found += [one for one in below if id(one) not in known]
                known.update(map(id, below))
        return found

    @property
    def weights(self) -> list[Variable]:
        """All weights, each once: the layer's own, then those of its sublayers in order."""
        found = {id(variable): variable for layer in self.flat_layers() for variable in layer.own_variables()}
        return list(found.values())

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        return [variable for variable in self.weights if variable.trainable]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training does not change, such as moving statistics and frozen kernels."""
        return [variable for variable in self.weights if not variable.trainable]

    @property
    def variables(self) -> list[Variable]:
        """All state: weights, then what is no weight, such as the states of seed generators."""
        layers = self.flat_layers()
        weights = {id(variable): variable for layer in layers for variable in layer.own_variables()}
        state = {id(variable): variable for layer in layers for variable in layer.own_state()}
        return [*weights.values(), *state.values()]

    @property
    def trainable_variables(self) -> list[Variable]:
        """As `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """`variables` without the trainable ones."""
        return [variable for variable in self.variables if not variable.trainable]

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets all layers below, too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.flat_layers():
            layer._trainable = bool(value)
            for variable in layer.own_variables():
                variable.trainable = bool(value) and variable.declared_trainable

    def get_weights(self) -> list[np.ndarray]:
        """Return the values of `weights` as NumPy arrays."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Set the values of `weights`, all or none.

        Raises:
            ValueError: if the number of arrays or a shape does not fit.
        """
        variables = self.weights
        if len(weights) != len(variables):
            hint = "" if variables else " It has no weights yet: build it, or call it on data, first."
            raise ValueError(
                f"Layer {self.name!r} has {len(variables)} weights, but {len(weights)} arrays were given.{hint}"
            )
        for variable, value in zip(variables, weights, strict=True):
            if np.shape(value) != variable.shape:
                raise ValueError(
                    f"Layer {self.name!r}: weight {variable.path!r} has shape {variable.shape}, "
                    f"but an array of shape {np.shape(value)} was given."
                )
        for variable, value in zip(variables, weights, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """Return the number of single numbers in the weights.

        Raises:
            ValueError: if the weights don't exist yet.
        """
        if not self.built:
            raise ValueError(
                f"Layer {self.name!r} has no weights yet, so their number is unknown: "
                f"call it on data or build(input_shape) first."
            )
        return sum(variable.size for variable in self.weights)

    def save_own_variables(self, store: Any) -> None:
        """Write this layer's own weights (not its sublayers') into a mapping, by position."""
        for index, variable in enumerate(self.own_variables()):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote.

        Raises:
            ValueError: if the number of arrays differs.
        """
        variables = self.own_variables()
        if len(store) != len(variables):
            hint = "" if self.built else " The layer isn't built; call it on data or build(input_shape) first."
            raise ValueError(
                f"Layer {self.path!r} has {len(variables)} weights but the file holds {len(store)} for it.{hint}"
            )
        for index, variable in enumerate(variables):
            variable.assign(store[str(index)])

    def require_init(self) -> None:
        """Raise an error if the class's constructor did not call the base's yet."""
        if "_weights" not in vars(self):
            raise RuntimeError(
                f"{type(self).__name__}.__init__ must call super().__init__() before it does anything else."
            )


_PARTS = (WeightOwner, Variable, SeedGenerator, MetricBase)
