import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina.optimizers import schedules

CASES = [
    ("ExponentialDecay", (0.1, 10, 0.5), {}),
    ("ExponentialDecay", (0.1, 7, 0.9), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {}),
    ("InverseTimeDecay", (0.1, 7, 2.0), {"staircase": True}),
    ("PolynomialDecay", (0.1, 20), {}),
    ("PolynomialDecay", (0.1, 20), {"end_learning_rate": 0.01, "power": 2.0}),
    ("PolynomialDecay", (0.1, 20), {"power": 0.5, "cycle": True}),
    ("PiecewiseConstantDecay", ([5, 12], [0.1, 0.05, 0.01]), {}),
    ("PiecewiseConstantDecay", ([5.5], [1, 2]), {}),
    ("CosineDecay", (0.1, 20), {}),
    ("CosineDecay", (0.1, 20), {"alpha": 0.1}),
    ("CosineDecay", (0.01, 20), {"warmup_target": 0.1, "warmup_steps": 10, "alpha": 0.2}),
    ("CosineDecay", (0.01, 20), {"warmup_target": 0.1}),
    ("CosineDecayRestarts", (0.1, 7), {}),
    ("CosineDecayRestarts", (0.1, 7), {"t_mul": 1.0, "m_mul": 0.5, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 5), {"t_mul": 1.5, "m_mul": 0.9}),
]


@pytest.mark.parametrize("name, arguments, more", CASES, ids=lambda part: str(part))
def test_the_numbers_and_the_configuration_of_keras(name, arguments, more):
    ours = getattr(schedules, name)(*arguments, **more)
    theirs = getattr(keras.optimizers.schedules, name)(*arguments, **more)
    # A boundary between two restarts is decided by rounding, so those steps are left out.
    steps = [step for step in [*range(45), 100, 1000] if name != "CosineDecayRestarts" or step % 5 and step % 7]
    expected = jax.jit(jax.vmap(theirs))(jnp.array(steps))
    np.testing.assert_allclose(jax.jit(jax.vmap(ours))(jnp.array(steps)), expected, rtol=2e-5, atol=2e-7)
    np.testing.assert_allclose(float(ours(steps[3])), float(expected[3]), rtol=2e-5)
    assert ours(jnp.asarray(3, "int32")).dtype == "float32"
    assert ours.get_config() == theirs.get_config()
    again = schedules.deserialize(schedules.serialize(ours))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()
    assert schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)


def test_restarts_begin_anew_at_each_period():
    schedule = schedules.CosineDecayRestarts(1.0, 8, m_mul=0.5)
    np.testing.assert_allclose([float(schedule(step)) for step in (0, 8, 24)], [1, 0.5, 0.25], rtol=1e-5)


@pytest.mark.parametrize("total, share", [(10, 0.3), (100, 0.25), (7, 0.1), (2, 0.3)])
def test_one_cycle_has_the_numbers_of_torch(total, share):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, total_steps=total, pct_start=share)
    ours = schedules.OneCycle(0.5, total, warmup_share=share)
    for step in range(total):
        np.testing.assert_allclose(float(ours(step)), theirs.get_last_lr()[0], rtol=1e-4, atol=1e-7)
        optimizer.step()
        if step < total - 1:
            theirs.step()


def test_one_cycle_stays_at_the_end_and_is_described():
    schedule = schedules.OneCycle(0.5, 10, final_division=10.0)
    assert float(schedule(9)) == float(schedule(1000)) == pytest.approx(0.002)
    described = schedules.serialize(schedule)
    assert described["module"] == "lamina.optimizers.schedules"
    assert schedules.deserialize(described).get_config() == schedule.get_config()


def test_a_schedule_of_ones_own():
    class Halving(schedules.LearningRateSchedule):
        def __init__(self, start):
            self.start = start

        def __call__(self, step):
            return self.start * 0.5**step

    schedule = Halving(2.0)
    assert schedule.get_config() == {"start": 2.0}
    assert Halving.from_config(schedule.get_config())(1) == 1.0
    again = schedules.deserialize(schedules.serialize(schedule), custom_objects={"Halving": Halving})
    assert again.start == 2.0
    with pytest.raises(NotImplementedError, match="must override __call__"):
        schedules.LearningRateSchedule()(0)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: schedules.ExponentialDecay(-0.1, 10, 0.5), "initial_learning_rate must be a number that is not neg"),
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps must be a positive number, got 0"),
        (lambda: schedules.InverseTimeDecay(0.1, 10, -1.0), "decay_rate"),
        (lambda: schedules.PolynomialDecay(0.1, 0), "decay_steps"),
        (lambda: schedules.PolynomialDecay(0.1, 10, end_learning_rate=-1.0), "end_learning_rate"),
        (lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2]), "got 2 values and 2 boundaries"),
        (lambda: schedules.PiecewiseConstantDecay([2, 1], [0.1, 0.2, 0.3]), "boundaries must rise"),
        (lambda: schedules.CosineDecay(0.1, 0), "decay_steps"),
        (lambda: schedules.CosineDecay(0.1, 10, warmup_steps=3), "warmup_steps needs warmup_target"),
        (lambda: schedules.CosineDecayRestarts(0.1, 10, t_mul=0.5), "t_mul must be at least 1"),
        (lambda: schedules.OneCycle(0.1, 1), "total_steps must be at least 2"),
        (lambda: schedules.OneCycle(0.1, 10, warmup_share=1.0), r"warmup_share must be a number in \[0, 1\)"),
    ],
)
def test_arguments_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()
