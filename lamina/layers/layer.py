"""`Layer`: what every layer and every model is."""

from __future__ import annotations

import copy
import functools
import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from lamina import constraints, dtype_policies, initializers, regularizers
from lamina.core import binding, shapes
from lamina.core.functional import pure
from lamina.core.naming import automatic_name, unique_name
from lamina.core.serialization import constructor_config, in_config
from lamina.core.symbolic import KerasTensor, Node, is_symbolic, symbolic_leaves
from lamina.core.tracking import held
from lamina.core.variable import Variable
from lamina.errors import nearest
from lamina.layers.input_spec import check_inputs
from lamina.random import SeedGenerator
from lamina.typing import Array, PyTree, Shape

# Attributes that record what happened to a layer; what they hold is not the layer's own.
_REFERENCES = frozenset({"_nodes", "_own_losses", "_build_shapes", "_tensors"})
_COMMON = frozenset({"name", "trainable", "dtype"})
_SHAPE_ARGUMENTS = ("input_shape", "batch_shape", "batch_input_shape", "input_dim", "batch_size", "input_dtype")


class Layer:
    """A function of arrays with weights of its own.

    A subclass keeps its constructor's arguments in attributes of the same names, declares weights in `build` with
    `add_weight`, and computes in `call`. Everything else follows: shapes are found by tracing `call`, configurations
    are read off the attributes, sublayers are found in attributes, lists and dictionaries.

    Args:
        activity_regularizer: penalty on the outputs, added to the loss.
        trainable: whether the weights may be changed by training.
        dtype: name of a dtype or a `DTypePolicy`; default the process's policy.
        autocast: whether float inputs are cast to the layer's compute dtype.
        name: default the class's name in snake case; made unique inside a model.
        input_shape, batch_shape, batch_input_shape, input_dim: shape of the data, where the layer is a model's first.

    Example:
        >>> class Scale(lamina.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> Scale()(lamina.ops.ones((2, 3))).shape
        (2, 3)
    """

    arguments_not_in_config: frozenset[str] = frozenset()
    """Constructor arguments that `get_config` leaves out, such as initial weights: those are state once it is made."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):  # users call build() themselves, so it must leave the layer marked as built
            cls.build = _marking_built(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._weights: list[Variable] = []
        self._nodes: list[Node] = []
        self._own_losses: list[Array] = []
        self._build_shapes: dict[str, Any] | None = None
        self.built = False
        self.autocast = autocast
        self.input_spec: PyTree = None
        self.supports_masking = False
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.dtype_policy = dtype_policies.get(dtype)
        self._trainable = bool(trainable)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"{type(self).__name__}: name must be a string, got {name!r}.")
        self.name_is_automatic = name is None
        self.name = name or automatic_name(type(self))
        self.path = self.name
        self.declared_batch_shape, self.declared_dtype = self._declared_input(kwargs)

    # Configuration

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments in JSON types; `from_config` gives the same layer back."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": in_config(self.dtype_policy)}
        own = constructor_config(self, skip=_COMMON | self.arguments_not_in_config)
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = in_config(self.activity_regularizer)
        return {**config, **{key: in_config(value) for key, value in own.items()}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a layer made from `get_config`.

        Raises:
            TypeError: if the constructor does not take what the configuration holds.
        """
        try:
            return cls(**config)
        except TypeError as error:
            error.add_note(f"while making a {cls.__name__} from the configuration {config}")
            raise

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self.dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype in which `call` computes."""
        return self.dtype_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype to which float inputs are cast."""
        return self.dtype_policy.compute_dtype

    # Weights and sublayers

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
        self._require_init()
        shape = () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        if any(size is None for size in shape):
            raise ValueError(
                f"Layer {self.name!r}: the weight {name or 'variable'!r} would have shape {shape}. Every size must be "
                "known when weights are made; give the model an input whose size is known along that axis."
            )
        dtype = dtype or self.variable_dtype
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

    def sublayers(self) -> list[Layer]:
        """Return the layers kept in this one's attributes, in order of assignment."""
        return held(self, Layer, skip=_REFERENCES)

    def own_variables(self) -> list[Variable]:
        """Return the weights of this layer without those of its sublayers, trainable ones first."""
        variables = held(self, Variable, skip=_REFERENCES)
        return sorted(variables, key=lambda variable: not variable.declared_trainable)

    def own_state(self) -> list[Variable]:
        """Return the state of this layer that is no weight: of seed generators; recurrent layers add theirs."""
        return [generator.state for generator in held(self, SeedGenerator, _REFERENCES)]

    def seed_generators(self) -> list[SeedGenerator]:
        """Return the seed generators of this layer and its sublayers."""
        return [generator for layer in self.flat_layers() for generator in held(layer, SeedGenerator, _REFERENCES)]

    def flat_layers(self) -> list[Layer]:
        """Return this layer and all below it, each once, outermost first."""
        found: dict[int, Layer] = {}

        def visit(layer: Layer) -> None:
            if id(layer) not in found:
                found[id(layer)] = layer
                for sublayer in layer.sublayers():
                    visit(sublayer)

        visit(self)
        return list(found.values())

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
        found = {id(variable): variable for layer in self.flat_layers() for variable in layer.own_state()}
        return [*self.weights, *found.values()]

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

    # Building

    def build(self, input_shape: PyTree) -> None:
        """Declare the weights; overridden by layers that have some.

        Args:
            input_shape: shape of the input with None where a size is unknown; a structure where there are several.
        """
        if type(self).build is Layer.build and not self.built and self.sublayers():
            # Run `call` abstractly, so that sublayers meet their inputs and build themselves.
            inputs = shapes.map_shapes(lambda shape: KerasTensor(shape, self.input_dtype), input_shape)
            shapes.infer(self._outputs, inputs)
            relabel(self)
        self.built = True

    def get_build_config(self) -> dict[str, Any] | None:
        """Return what `build` was called with, to make the weights again when a file is loaded."""
        shapes = self._build_shapes
        return {"shapes_dict": shapes} if shapes and set(shapes) != {"input_shape"} else shapes

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build the layer for the shapes in `get_build_config`."""
        if self.built or not config:
            return
        config = config.get("shapes_dict") or config
        shapes_only = {key: _as_shape(value) for key, value in config.items()}
        if set(shapes_only) == {"input_shape"}:
            self.build(shapes_only["input_shape"])
        else:
            self.build(**shapes_only)

    # Calling

    def call(self, *args: Any, **kwargs: Any) -> PyTree:
        """Compute the outputs; overridden by every layer."""
        raise NotImplementedError(f"Layer {self.name!r}: the class {type(self).__name__} has no `call` method.")

    def __call__(self, *args: Any, **kwargs: Any) -> PyTree:
        """Build the layer if need be and return its outputs for arrays, or symbolic outputs for symbolic inputs."""
        return self.call_with_mask(*args, **kwargs)[0]

    def call_with_mask(self, *args: Any, **kwargs: Any) -> tuple[PyTree, PyTree]:
        """As calling the layer, but return the mask of the outputs as well."""
        self._require_init()
        args, kwargs = self._convert((args, kwargs))
        inputs = _first_input(args, kwargs)
        with self._located(inputs):
            spec = self.input_spec
            check_inputs(self.name, spec, inputs)
            self._ensure_built(args, kwargs)
            if self.input_spec is not spec:  # building told more
                check_inputs(self.name, self.input_spec, inputs)
            if symbolic_leaves((args, kwargs)):
                return self._symbolic_call(args, kwargs)
            return self._call_now(args, kwargs)

    def _call_now(self, args: tuple, kwargs: dict[str, Any]) -> tuple[PyTree, PyTree]:
        scope = binding.current()
        training = kwargs.get("training")
        training = scope.training if training is None else training
        if self._accepts("training"):
            if training is not None:
                kwargs["training"] = training
        else:
            kwargs.pop("training", None)
        mask = kwargs.get("mask")
        if not self._accepts("mask"):
            kwargs.pop("mask", None)
        mixed = self.compute_dtype != self.variable_dtype and self.autocast
        outermost = scope.losses is None
        with binding.within(
            training=training,
            autocast=jnp.dtype(self.compute_dtype) if mixed else None,
            losses=[] if outermost else scope.losses,
        ) as inner:
            outputs, output_mask = self.outputs_and_mask(args, kwargs, mask)
            if self.activity_regularizer is not None:
                for output in jax.tree.leaves(outputs):
                    penalty = self.activity_regularizer(output)
                    self.add_loss(penalty / output.shape[0] if output.ndim else penalty)  # the mean over the rows
        if outermost:
            self._own_losses = [loss for loss in inner.losses or [] if not isinstance(loss, Tracer)]
        return outputs, output_mask

    def traced_spec(self, *args: Any, **kwargs: Any) -> PyTree:
        """Return the outputs as symbolic tensors, found by tracing `call`; the layer must be built."""
        return shapes.infer(self._outputs, *args, **kwargs)

    def _outputs(self, *args: Any, **kwargs: Any) -> PyTree:
        """What is traced for shapes: the call on arrays that were symbolic a moment ago, so not converted yet."""
        return self._call_now(*self._convert((args, kwargs)))[0]

    def outputs_and_mask(self, args: tuple, kwargs: dict[str, Any], mask: PyTree) -> tuple[PyTree, PyTree]:
        """Run `call`, then `compute_mask`; models that route masks themselves do both in one pass."""
        outputs = self.call(*args, **kwargs)
        return outputs, self.compute_mask(_first_input(args, kwargs), mask)

    def compute_mask(self, inputs: PyTree, previous_mask: PyTree = None) -> PyTree:
        """Return the mask of the outputs: None, or the inputs' own where the layer supports masking."""
        if previous_mask is None or all(mask is None for mask in jax.tree.leaves(previous_mask, is_leaf=_is_none)):
            return None
        if self.supports_masking:
            return previous_mask
        warnings.warn(
            f"Layer {self.name!r} ({type(self).__name__}) does not support masking, so the mask of its input ends "
            "here: later layers, the loss and the metrics will count padded steps.",
            stacklevel=2,
        )
        return None

    def _symbolic_call(self, args: tuple, kwargs: dict[str, Any]) -> tuple[PyTree, PyTree]:
        if type(self).compute_output_shape is not Layer.compute_output_shape and len(args) == 1:
            input_shape = jax.tree.map(lambda tensor: tensor.shape, args[0], is_leaf=is_symbolic)
            shape = self.compute_output_shape(input_shape)
            outputs = shapes.map_shapes(lambda one: KerasTensor(one, self.compute_dtype), shape)
        else:
            outputs = self.traced_spec(*args, **kwargs)
        self._nodes.append(Node(self, args, kwargs, outputs))
        return outputs, None

    def compute_output_shape(self, *args: PyTree, **kwargs: PyTree) -> PyTree:
        """Return the shape of the outputs for a shape of the inputs, found by tracing `call`.

        Args:
            args: shape of the input with None where a size is unknown, or a structure of shapes.
        """
        spec = self.compute_output_spec(
            *(shapes.map_shapes(lambda shape: KerasTensor(shape, self.input_dtype), arg) for arg in args),
            **{
                key.removesuffix("_shape"): shapes.map_shapes(lambda shape: KerasTensor(shape, self.input_dtype), value)
                for key, value in kwargs.items()
            },
        )
        return jax.tree.map(lambda tensor: tensor.shape, spec, is_leaf=is_symbolic)

    def compute_output_spec(self, *args: PyTree, **kwargs: PyTree) -> PyTree:
        """Return the outputs as symbolic tensors, without recording a call; an unbuilt layer stays unbuilt."""
        layer = self if self.built else copy.deepcopy(self)
        with layer._located(_first_input(args, kwargs)):
            layer._ensure_built(args, kwargs)
            return layer.traced_spec(*args, **kwargs)

    def stateless_call(
        self,
        trainable_variables: list[Array],
        non_trainable_variables: list[Array],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple:
        """Call the layer as a pure function of the values of its variables.

        Args:
            trainable_variables: values for `trainable_variables`, in order.
            non_trainable_variables: values for `non_trainable_variables`, in order.
            return_losses: whether to return the losses that the call added as well.

        Returns:
            `(outputs, new non_trainable values)`, and `losses` if asked.
        """
        if not self.built:
            raise ValueError(f"Layer {self.name!r} must be built before stateless_call; call build(input_shape).")
        variables = [*self.trainable_variables, *self.non_trainable_variables]
        named = {str(index): variable for index, variable in enumerate(variables)}
        given = [*trainable_variables, *non_trainable_variables]
        if len(given) != len(variables):
            raise ValueError(f"Layer {self.name!r} has {len(variables)} variables, but {len(given)} values were given.")
        values = {str(index): jnp.asarray(value) for index, value in enumerate(given)}
        outputs, effects = pure(lambda: (self(*args, **kwargs), self.regularization_losses()), named)(values)
        state = [effects.values[str(index)] for index in range(len(trainable_variables), len(variables))]
        if return_losses:
            return outputs[0], state, [*effects.losses, *outputs[1]]
        return outputs[0], state

    # Losses

    def add_loss(self, loss: Any) -> None:
        """Add scalars to the loss that training minimises; call it inside `call`."""
        losses = binding.current().losses
        for value in jax.tree.leaves(loss):
            (self._own_losses if losses is None else losses).append(jnp.asarray(value))

    @property
    def losses(self) -> list[Array]:
        """What the last call added, and the penalties of regularized weights."""
        collected = binding.current().losses
        return [*(self._own_losses if collected is None else collected), *self.regularization_losses()]

    def regularization_losses(self) -> list[Array]:
        """Return the penalties of regularized trainable weights."""
        return [
            variable.regularizer(variable.value)
            for variable in self.trainable_weights
            if variable.regularizer is not None
        ]

    # The graph

    @property
    def input(self) -> PyTree:
        """The symbolic input of the only call in a graph."""
        node = self._only_node("input")
        return node.args[0] if len(node.args) == 1 else list(node.inputs)

    @property
    def output(self) -> PyTree:
        """The symbolic output of the only call in a graph."""
        return self._only_node("output").outputs

    def _only_node(self, what: str) -> Node:
        if len(self._nodes) != 1:
            count = "was never called on a symbolic tensor" if not self._nodes else "was called several times in graphs"
            raise AttributeError(f"Layer {self.name!r} {count}, so it has no single {what}.")
        return self._nodes[0]

    # Inside

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={vars(self).get('name')}, built={vars(self).get('built')}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        clone = object.__new__(type(self))
        memo[id(self)] = clone
        for key, value in vars(self).items():
            vars(clone)[key] = [] if key == "_nodes" else copy.deepcopy(value, memo)  # a copy is in no graph
        return clone

    def _require_init(self) -> None:
        if "_weights" not in vars(self):
            raise RuntimeError(
                f"{type(self).__name__}.__init__ must call super().__init__() before it does anything else."
            )

    def _declared_input(self, kwargs: dict[str, Any]) -> tuple[Shape | None, str | None]:
        unknown = sorted(set(kwargs) - set(_SHAPE_ARGUMENTS) - {"weights"})
        if unknown:
            known = [
                name for name in inspect.signature(type(self).__init__).parameters if name not in ("self", "kwargs")
            ]
            hint = nearest(unknown[0], [*known, "name", "dtype", "trainable", *_SHAPE_ARGUMENTS])
            raise ValueError(f"{type(self).__name__} does not know the argument {unknown[0]!r}. {hint}")
        batch_shape = kwargs.get("batch_shape", kwargs.get("batch_input_shape"))
        if batch_shape is None:
            shape = kwargs.get("input_shape")
            if shape is None and kwargs.get("input_dim") is not None:
                shape = (kwargs["input_dim"],)
            if isinstance(shape, int):
                shape = (shape,)
            if shape is not None:
                batch_shape = (kwargs.get("batch_size"), *shape)
        if kwargs.get("weights") is not None:
            self.initial_weights = list(kwargs["weights"])
        dtype = kwargs.get("input_dtype")
        return (None if batch_shape is None else tuple(batch_shape)), dtype

    @contextmanager
    def _located(self, inputs: PyTree) -> Iterator[None]:
        """Note on an error in user code where it happened; errors of our own name the layer already."""
        try:
            yield
        except Exception as error:
            if f"{self.name!r}" not in str(error):
                received = jax.tree.map(lambda x: getattr(x, "shape", x), inputs, is_leaf=is_symbolic)
                error.add_note(f"in layer {self.path!r} ({type(self).__name__}), called on shape {received}")
            raise

    def _accepts(self, argument: str) -> bool:
        return argument in _call_parameters(type(self).call)

    def _convert(self, structure: Any) -> Any:
        dtype = self.input_dtype if self.autocast else None

        def convert(leaf: Any) -> Any:
            if is_symbolic(leaf) or leaf is None or isinstance(leaf, bool | int | float | str):
                return leaf
            if isinstance(leaf, Variable):
                leaf = leaf.value
            if not isinstance(leaf, jax.Array):
                if not hasattr(leaf, "__array__"):
                    return leaf
                leaf = _from_numpy(self.name, leaf)
            if dtype is not None and jnp.issubdtype(leaf.dtype, jnp.floating) and leaf.dtype != dtype:
                return leaf.astype(dtype)
            return leaf

        args, kwargs = structure
        args = tuple(_numbers_to_array(arg) for arg in args)
        return jax.tree.map(convert, (args, dict(kwargs)), is_leaf=lambda leaf: is_symbolic(leaf) or leaf is None)

    def _ensure_built(self, args: tuple, kwargs: dict[str, Any]) -> None:
        if self.built:
            return
        if type(self).build is Layer.build:  # sublayers build themselves when they are called
            if not self.trainable:
                self.trainable = False  # tell them
            self.built = True
            relabel(self)
            return
        shape_of = functools.partial(jax.tree.map, shapes.declared_shape, is_leaf=is_symbolic)
        told = {name: value for name, value in kwargs.items() if name not in ("mask", "training")}
        arguments = inspect.signature(self.call).bind_partial(*args, **told).arguments
        tensors = {
            name: value
            for name, value in arguments.items()
            if name not in ("mask", "training")
            and (leaves := jax.tree.leaves(value, is_leaf=is_symbolic))
            and all(hasattr(leaf, "shape") for leaf in leaves)
        }
        parameters = inspect.signature(self.build).parameters
        needed = {name for name, parameter in parameters.items() if parameter.default is parameter.empty}
        by_name = {f"{name}_shape": shape_of(value) for name, value in tensors.items()}
        if len(parameters) > 1 and needed <= set(by_name):
            self.build(**{name: by_name[name] for name in parameters if name in by_name})
        elif tensors:
            self.build(shape_of(next(iter(tensors.values()))))
        else:
            self.build(None)
        self.built = True
        if hasattr(self, "initial_weights"):  # Keras 2's weights=[...]
            self.set_weights(vars(self).pop("initial_weights"))


def relabel(layer: Layer, prefix: str | None = None) -> None:
    """Set the paths of a layer, of all below it and of their variables from their names.

    Names that nobody chose are made unique among the layers that one layer holds.

    Args:
        layer: the layer.
        prefix: path of what holds it; default what its path says already.
    """
    if prefix is None:
        prefix = layer.path.rpartition("/")[0]
    layer.path = f"{prefix}/{layer.name}" if prefix else layer.name
    for variable in (*layer.own_variables(), *layer.own_state()):
        variable.path = f"{layer.path}/{variable.name}"
    taken: set[str] = set()
    for sublayer in layer.sublayers():
        if sublayer.name_is_automatic:
            sublayer.name = unique_name(sublayer.name, taken)
        taken.add(sublayer.name)
        relabel(sublayer, layer.path)


def _marking_built(build: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(build)
    def wrapper(self: Layer, *args: Any, **kwargs: Any) -> None:
        self._require_init()
        if not self.trainable:
            self.trainable = False  # sublayers that exist by now must not be trained either
        with binding.within(autocast=None):
            build(self, *args, **kwargs)
        bound = inspect.signature(build).bind(self, *args, **kwargs).arguments
        built_for = {name: value for name, value in bound.items() if name != "self"}
        # A single argument is the input's shape, whatever a class calls it: files say so.
        self._build_shapes = {"input_shape": next(iter(built_for.values()))} if len(built_for) == 1 else built_for
        self.built = True
        relabel(self)

    return wrapper


@functools.cache
def _call_parameters(call: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(call).parameters)


def _first_input(args: tuple, kwargs: dict[str, Any]) -> PyTree:
    if args:
        return args[0]
    return next((value for name, value in kwargs.items() if name not in ("mask", "training")), None)


def _is_none(value: Any) -> bool:
    return value is None


def _as_shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_shape(item) for key, item in value.items()}
    if shapes.is_shape(value):
        return tuple(value)
    return [_as_shape(item) for item in value] if isinstance(value, list | tuple) else value


def _numbers_to_array(value: Any) -> Any:
    """Make an array of a list of numbers, however nested; leave structures of arrays alone."""
    if isinstance(value, list | tuple) and value:
        leaves = jax.tree.leaves(value)
        if leaves and all(isinstance(leaf, bool | int | float) for leaf in leaves):
            return np.asarray(value)
    return value


def _from_numpy(name: str, value: Any) -> Array:
    array = np.asarray(value)
    if array.dtype.kind in "OUSM":
        raise ValueError(
            f"Layer {name!r} received an array of dtype {array.dtype}, which holds no numbers. Convert it first, "
            "for example with np.asarray(values, dtype='float32')."
        )
    return jnp.asarray(array)
