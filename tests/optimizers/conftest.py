"""Runs of one optimizer in lamina and in Keras, from the same weights and with the same gradients."""

import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import optimizers
from lamina.core.functional import pure
from lamina.core.variable import Variable

SHAPES = {"dense/kernel": (3, 2), "dense/bias": (2,), "conv/kernel": (2, 1, 3)}


def initial_values():
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype("float32") for shape in SHAPES.values()]


def given_gradients(steps):
    """Gradients of all sizes: most are moderate, some large, some tiny, some zero."""
    rng = np.random.default_rng(1)
    sizes = rng.choice([1.0, 1.0, 10.0, 1e-3, 0.0], size=(steps, len(SHAPES)))
    return [
        [(size * rng.normal(size=shape)).astype("float32") for size, shape in zip(row, SHAPES.values())]
        for row in sizes
    ]


def lamina_variables(dtype="float32"):
    variables = []
    for path, value in zip(SHAPES, initial_values()):
        variable = Variable(value.astype(jnp.dtype(dtype)), name=path.split("/")[1])
        variable.path = path
        variables.append(variable)
    return variables


def keras_variables():
    variables = []
    for path, value in zip(SHAPES, initial_values()):
        variable = keras.Variable(value, name=path.split("/")[1])
        variable._path = path
        variables.append(variable)
    return variables


def quickly_compiled(function):
    """Compile without LLVM's optimizations: half of the time that these tests would take is compilation."""
    return jax.jit(function, compiler_options={"xla_backend_optimization_level": 0})


def lamina_step(optimizer, variables):
    """One step as a compiled function `(values, gradients) -> values`, and the values to start from."""
    keyed = {variable.path: variable for variable in [*variables, *optimizer.variables]}
    assert len(keyed) == len(variables) + len(optimizer.variables), "paths must be unique"
    step = pure(lambda gradients: optimizer.apply(gradients, variables), keyed)
    compiled = quickly_compiled(lambda values, gradients: step(values, gradients)[1].values)
    return compiled, {path: jnp.array(variable.value, copy=True) for path, variable in keyed.items()}


def run_lamina(optimizer, *gradient_functions, steps):
    """Return for each function that gives gradients the weights after every step and the state after the last."""
    variables = lamina_variables()
    optimizer.build(variables)
    step, start = lamina_step(optimizer, variables)
    runs = []
    for gradient_of in gradient_functions:
        values, history = dict(start), []
        for index in range(steps):
            values = step(values, gradient_of(index, [np.asarray(values[path]) for path in SHAPES]))
            history.append([np.asarray(values[path]) for path in SHAPES])
        runs.append((history, [np.asarray(values[variable.path]) for variable in optimizer.variables]))
    return runs


def run_keras(optimizer, *gradient_functions, steps):
    """The same in Keras."""
    variables = keras_variables()
    optimizer.build(variables)
    step = quickly_compiled(optimizer.stateless_apply)
    runs = []
    for gradient_of in gradient_functions:
        state = [variable.value for variable in optimizer.variables]
        weights, history = [variable.value for variable in variables], []
        for index in range(steps):
            weights, state = step(state, gradient_of(index, [np.asarray(weight) for weight in weights]), weights)
            history.append([np.asarray(weight) for weight in weights])
        runs.append((history, [np.asarray(value) for value in state]))
    return runs


def same_in_both(name, arguments):
    """Return the optimizer of lamina and that of Keras; schedules are given as functions of the schedules module."""

    def resolved(schedules):
        return {key: value(schedules) if inspect.isfunction(value) else value for key, value in arguments.items()}

    ours = getattr(optimizers, name)(**resolved(optimizers.schedules))
    theirs = getattr(keras.optimizers, name)(**resolved(keras.optimizers.schedules), name=ours.name)
    return ours, theirs


class Both:
    """What the tests of this folder share."""

    initial_values = staticmethod(initial_values)
    given_gradients = staticmethod(given_gradients)
    lamina_variables = staticmethod(lamina_variables)
    keras_variables = staticmethod(keras_variables)
    lamina_step = staticmethod(lamina_step)
    run_lamina = staticmethod(run_lamina)
    run_keras = staticmethod(run_keras)
    same_in_both = staticmethod(same_in_both)
    paths = tuple(SHAPES)


@pytest.fixture(scope="session")
def both():
    return Both


@pytest.fixture
def variable():
    return Variable(np.array([1.0, 2.0], "float32"), name="weight")
