"""Every optimizer with its arguments: the weights after each of 50 steps, and the state, are those of Keras."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamina import optimizers
from lamina.core.functional import pure

STEPS = 50
EVERY = [
    "SGD",
    "RMSprop",
    "Adam",
    "AdamW",
    "Adadelta",
    "Adagrad",
    "Adamax",
    "Nadam",
    "Ftrl",
    "Lion",
    "Lamb",
    "Adafactor",
    "Muon",
    "ScheduleFreeAdamW",
]
OWN_ARGUMENTS = [
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"rho": 0.8, "momentum": 0.5, "epsilon": 1e-3}),
    ("RMSprop", {"centered": True, "epsilon": 1e-2}),
    ("Adam", {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3, "amsgrad": True}),
    ("AdamW", {"weight_decay": 0.1, "beta_1": 0.5, "amsgrad": True}),
    ("Adadelta", {"rho": 0.5, "epsilon": 1e-3, "learning_rate": 1.0}),
    ("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 1e-2}),
    ("Adamax", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2}),
    ("Nadam", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2}),
    ("Ftrl", {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.1, "beta": 0.2}),
    ("Ftrl", {"learning_rate_power": -0.3, "l2_shrinkage_regularization_strength": 0.1}),
    ("Ftrl", {"learning_rate_power": 0.0, "initial_accumulator_value": 1.0}),
    ("Lion", {"beta_1": 0.5, "beta_2": 0.7}),
    ("Lamb", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2}),
    ("Adafactor", {"relative_step": False, "clip_threshold": 0.5, "beta_2_decay": -0.5}),
    ("Adafactor", {"epsilon_1": 1e-3, "epsilon_2": 0.5, "learning_rate": 1.0}),
    ("Muon", {"nesterov": False, "rms_rate": None, "ns_steps": 3, "momentum": 0.5}),
    ("Muon", {"exclude_layers": ["dense"], "exclude_embeddings": False, "muon_a": 3.0, "muon_b": -4.0, "muon_c": 2.0}),
    ("Muon", {"adam_beta_1": 0.5, "adam_beta_2": 0.9, "adam_lr_ratio": 0.5, "epsilon": 1e-3}),
    ("Muon", {"weight_decay": None, "adam_weight_decay": 0.1}),
    ("ScheduleFreeAdamW", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3, "warmup_steps": 10}),
]
COMMON_ARGUMENTS = [
    {"weight_decay": 0.1},
    {"clipnorm": 0.5},
    {"clipvalue": 0.2},
    {"global_clipnorm": 0.5},
    {"loss_scale_factor": 8.0},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 7},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 4, "use_ema": True, "ema_overwrite_frequency": 3, "clipnorm": 0.5},
    {"learning_rate": lambda schedules: schedules.ExponentialDecay(0.05, 10, 0.5)},
    {
        "learning_rate": lambda schedules: schedules.PolynomialDecay(0.05, 30),
        "gradient_accumulation_steps": 3,
        "weight_decay": 0.01,
    },
]
TOGETHER = {"weight_decay": 0.05, "clipnorm": 1.0, "use_ema": True, "gradient_accumulation_steps": 2}
CASES = (
    OWN_ARGUMENTS
    + [("SGD", {"momentum": 0.9, **arguments}) for arguments in COMMON_ARGUMENTS]
    + [("Adam", arguments) for arguments in COMMON_ARGUMENTS[-3:]]
    # Those whose steps are built differently.
    + [(name, TOGETHER) for name in ("RMSprop", "Nadam", "Adafactor", "Muon", "ScheduleFreeAdamW")]
)


def case_name(case):
    name, arguments = case
    return f"{name}({', '.join(arguments)})"


def assert_same(ours, theirs, optimizer):
    (our_history, our_state), (their_history, their_state) = ours, theirs
    for step, (our_weights, their_weights) in enumerate(zip(our_history, their_history)):
        for our, their in zip(our_weights, their_weights):
            np.testing.assert_allclose(our, their, rtol=2e-5, atol=2e-6, err_msg=f"step {step}")
    for variable, our, their in zip(optimizer.variables, our_state, their_state, strict=True):
        if isinstance(optimizer, optimizers.Adafactor) and "velocity" in variable.name and our.ndim > 1:
            continue  # Keras fills this slot and never reads it
        np.testing.assert_allclose(our, their, rtol=2e-5, atol=2e-6, err_msg=variable.path)


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_given_gradients(both, case):
    name, arguments = case
    gradients = both.given_gradients(STEPS)

    def given(step, weights):
        return gradients[step]

    ours, theirs = both.same_in_both(name, {"learning_rate": 0.03, **arguments})
    (our,) = both.run_lamina(ours, given, steps=STEPS)
    (their,) = both.run_keras(theirs, given, steps=STEPS)
    assert_same(our, their, ours)


@pytest.mark.parametrize("name", EVERY)
def test_default_arguments(both, name):
    gradients = both.given_gradients(STEPS)

    def given(step, weights):
        return gradients[step]

    def of_a_quadratic(step, weights):
        return [(1 + index) * (weight - 0.7) for index, weight in enumerate(weights)]

    ours, theirs = both.same_in_both(name, {})
    our = both.run_lamina(ours, given, of_a_quadratic, steps=STEPS)
    their = both.run_keras(theirs, given, of_a_quadratic, steps=STEPS)
    assert_same(our[0], their[0], ours)
    assert_same(our[1], their[1], ours)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: optimizers.Adam(0.03, use_ema=True, ema_overwrite_frequency=5, gradient_accumulation_steps=3),
        lambda: optimizers.Nadam(optimizers.schedules.CosineDecay(0.05, 40)),
        lambda: optimizers.LossScaleOptimizer(optimizers.SGD(0.03, momentum=0.9), dynamic_growth_steps=5),
    ],
    ids=["Adam", "Nadam", "LossScaleOptimizer"],
)
def test_a_compiled_loop_gives_what_single_steps_give(both, optimizer):
    gradients = both.given_gradients(20)
    ((expected, _),) = both.run_lamina(optimizer(), lambda step, weights: gradients[step], steps=20)
    looped, variables = optimizer(), both.lamina_variables()
    looped.build(variables)
    keyed = {variable.path: variable for variable in [*variables, *looped.variables]}
    step = pure(lambda gradients: looped.apply(gradients, variables), keyed)
    stacked = [jnp.stack(column) for column in zip(*gradients)]

    @jax.jit
    def run(values, stop):
        def body(index, values):
            return step(values, [column[index] for column in stacked])[1].values

        return jax.lax.fori_loop(0, stop, body, values)

    values = run({path: variable.value for path, variable in keyed.items()}, 20)
    for path, weight in zip(both.paths, expected[-1]):
        np.testing.assert_allclose(values[path], weight, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_steps_outside_of_any_compiled_program(both, name):
    gradients = both.given_gradients(3)
    ((compiled, _),) = both.run_lamina(getattr(optimizers, name)(0.03), lambda step, weights: gradients[step], steps=3)
    eager, variables = getattr(optimizers, name)(0.03), both.lamina_variables()
    for row in gradients:
        eager.apply_gradients(zip(row, variables))
    assert int(eager.iterations) == 3
    for variable, weight in zip(variables, compiled[-1]):
        np.testing.assert_allclose(variable.numpy(), weight, rtol=1e-5, atol=1e-6)
