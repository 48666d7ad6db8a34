"""`Layer`: what every layer and every model is."""

from __future__ import annotations

import copy
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from lamina import dtype_policies, regularizers
from lamina.core import binding, masks, shapes
from lamina.core.functional import pure
from lamina.core.naming import automatic_name
from lamina.core.serialization import constructor_config, in_config
from lamina.core.symbolic import KerasTensor, Node, is_symbolic, symbolic_leaves
from lamina.core.tracebacks import filtered
from lamina.core.tracking import MetricBase, held
from lamina.core.variable import Variable
from lamina.errors import plural, warn
from lamina.layers import side_effects
from lamina.layers.arguments import declared_batch_shape
from lamina.layers.building import as_shape, build_for_call, marking_built, relabel, shapes_of_call
from lamina.layers.call_arguments import as_arrays, call_parameters, first_input, with_masks
from lamina.layers.input_spec import check_inputs
from lamina.layers.weight_owner import WeightOwner
from lamina.layers.wrong_inputs import located
from lamina.typing import Array, PyTree

_COMMON = frozenset({"name", "trainable", "dtype"})


class Layer(WeightOwner):
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
            cls.build = marking_built(cls.build)  # type: ignore[method-assign]

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
        maker = binding.current().layer
        self._made_in_call_of: str | None = None if maker is None else maker.name
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
        self.declared_batch_shape = declared_batch_shape(type(self), kwargs)
        self.declared_dtype: str | None = kwargs.get("input_dtype")
        if kwargs.get("weights") is not None:  # Keras 2's weights=[...]
            self.initial_weights = list(kwargs["weights"])

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
            if any(f"unexpected keyword argument '{name}'" in str(error) for name in _COMMON):
                error.args = (
                    f"{error}. Each layer has a name and a dtype: end the arguments of {cls.__name__}.__init__ with "
                    "**kwargs, and hand them on by super().__init__(**kwargs).",
                )
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

    # Building

    def build(self, input_shape: PyTree) -> None:
        """Declare the weights; overridden by layers that have some.

        Args:
            input_shape: shape of the input with None where a size is unknown; a structure where there are several.
        """
        if type(self).build is Layer.build and not self.built and self.held_layers():
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
        shapes_only = {key: as_shape(value) for key, value in config.items()}
        if set(shapes_only) == {"input_shape"}:
            self.build(shapes_only["input_shape"])
        else:
            self.build(**shapes_only)

    # Calling

    def call(self, *args: Any, **kwargs: Any) -> PyTree:
        """Compute the outputs; overridden by every layer."""
        raise NotImplementedError(f"Layer {self.name!r}: the class {type(self).__name__} has no `call` method.")

    @filtered
    def __call__(self, *args: Any, **kwargs: Any) -> PyTree:
        """Build the layer if need be and return its outputs for arrays, or symbolic outputs for symbolic inputs."""
        return self.call_with_mask(*args, **kwargs)[0]

    def call_with_mask(self, *args: Any, **kwargs: Any) -> tuple[PyTree, PyTree]:
        """As calling the layer, but return the mask of the outputs as well."""
        self.require_init()
        kwargs = with_masks(type(self).call, args, kwargs)
        args, kwargs = self._convert(args, kwargs)
        inputs = first_input(args, kwargs)
        with located(self, args, kwargs):
            spec = self.input_spec
            check_inputs(self.name, spec, inputs)
            self._ensure_built(args, kwargs)
            if self.input_spec is not spec:  # building told more
                check_inputs(self.name, self.input_spec, inputs)
            if symbolic_leaves((args, kwargs)):
                return self._symbolic_call(args, kwargs)
            outputs, output_mask = self._call_now(args, kwargs)
            masks.note(outputs, output_mask)
            return outputs, output_mask

    def _call_now(self, args: tuple, kwargs: dict[str, Any]) -> tuple[PyTree, PyTree]:
        scope = binding.current()
        training: bool | None = kwargs.get("training")
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
            masks={} if scope.masks is None else scope.masks,
            layer=self,
        ) as inner:
            with side_effects.watched(self, args, kwargs):
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
        return self._call_now(*self._convert(args, kwargs))[0]

    def outputs_and_mask(self, args: tuple, kwargs: dict[str, Any], mask: PyTree) -> tuple[PyTree, PyTree]:
        """Run `call`, then `compute_mask`; models that route masks themselves do both in one pass."""
        outputs = self.call(*args, **kwargs)
        noted = masks.of_all(outputs)  # of the layers called in `call`
        return outputs, self.compute_mask(first_input(args, kwargs), mask) if noted is None else noted

    def compute_mask(self, inputs: PyTree, previous_mask: PyTree = None) -> PyTree:
        """Return the mask of the outputs: None, or the inputs' own where the layer supports masking."""
        if previous_mask is None or all(
            mask is None for mask in jax.tree.leaves(previous_mask, is_leaf=lambda leaf: leaf is None)
        ):
            return None
        if self.supports_masking:
            return previous_mask
        if self._accepts("mask"):  # it knows of the mask, and gives none on
            return None
        warn(
            f"Layer {self.name!r} ({type(self).__name__}) does not support masking, so the mask of its input ends "
            "here: later layers, the loss and the metrics will count padded steps.",
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
        with located(layer, args, kwargs):
            check_inputs(layer.name, layer.input_spec, first_input(args, kwargs))
            layer._ensure_built(args, kwargs)
            check_inputs(layer.name, layer.input_spec, first_input(args, kwargs))
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
        losses = [*effects.losses, *outputs[1]]
        if return_losses:
            return outputs[0], state, losses
        if losses and binding.current().asks_for_losses:
            warn(
                f"stateless_call of {self.name!r} leaves out the {plural(len(losses), 'loss', 'losses')} that the call "
                "added (add_loss, regularizers). Ask for them and add them to yours: "
                "y_pred, state, losses = self.stateless_call(..., return_losses=True).",
            )
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
        scope = binding.current()
        added = self._own_losses if scope.losses is None else scope.losses
        return [*added] if scope.asks_for_losses else [*added, *self.regularization_losses()]

    def regularization_losses(self) -> list[Array]:
        """Return the penalties of regularized trainable weights."""
        return [
            variable.regularizer(variable.value)
            for variable in self.trainable_weights
            if variable.regularizer is not None
        ]

    # Metrics

    @property
    def metrics(self) -> list[Any]:
        """The metrics kept in attributes of this layer and of those below it, in order."""
        return list({id(metric): metric for layer in self.flat_layers() for metric in held(layer, MetricBase)}.values())

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return list({id(variable): variable for metric in self.metrics for variable in metric.variables}.values())

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Raise an error that says where metrics go: Keras 3 has no `add_metric` either."""
        raise NotImplementedError(
            f"Layer {self.name!r}: add_metric is gone from Keras 3. Keep a metric in an attribute and update it in "
            "`call` (self.seen = Mean(); self.seen.update_state(x)), or pass metrics=[...] to compile."
        )

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

    def __reduce__(self) -> Any:
        values = [variable.numpy() for variable in self.variables] if self.built else None
        return _unpickled, (type(self), self.get_config(), self.get_build_config(), values)

    def __copy__(self) -> Any:
        return copy.deepcopy(self)  # a layer that shared another one's weights would be half a layer

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        clone = object.__new__(type(self))
        memo[id(self)] = clone
        for key, value in vars(self).items():
            vars(clone)[key] = [] if key == "_nodes" else copy.deepcopy(value, memo)  # a copy is in no graph
        return clone

    def _accepts(self, argument: str) -> bool:
        return argument in call_parameters(type(self).call)

    def _convert(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        return as_arrays(self.name, self.input_dtype if self.autocast else None, args, kwargs)

    def _ensure_built(self, args: tuple, kwargs: dict[str, Any]) -> None:
        if self.built:
            return
        if type(self).build is Layer.build:  # sublayers build themselves when they are called
            if not self.trainable:
                self.trainable = False  # tell them
            self._build_shapes = shapes_of_call(self, args, kwargs) if self.held_layers() else None
            self.built = True
            relabel(self)
            return
        build_for_call(self, args, kwargs)
        self.built = True
        if self._made_in_call_of is not None and self.own_variables():
            raise RuntimeError(
                f"Layer {self.name!r} ({type(self).__name__}) was made inside `call` of {self._made_in_call_of!r}, so "
                "it would get new weights at each call and never be trained. Make it in __init__ "
                f"(self.{self.name} = {type(self).__name__}(...)) and only call it in `call`."
            )
        if hasattr(self, "initial_weights"):
            self.set_weights(vars(self).pop("initial_weights"))


def _unpickled(cls: type[Layer], config: dict[str, Any], build_config: Any, values: list[Any] | None) -> Layer:
    """Return a layer from its configuration, the shapes it was built for and the values of its variables."""
    layer = cls.from_config(config)
    if values is None:
        return layer
    if build_config:
        layer.build_from_config(build_config)
    for variable, value in zip(layer.variables, values, strict=True):
        variable.assign(value)
    layer.built = True
    return layer
