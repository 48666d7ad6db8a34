import pytest

from lamina import optimizers

NEED_ARGUMENTS = {"LossScaleOptimizer", "MultiOptimizer", "OptaxOptimizer", "Optimizer", "OptimizerMap"}


@pytest.mark.parametrize("name", sorted({name for name in optimizers.__all__ if name[0].isupper()} - NEED_ARGUMENTS))
@pytest.mark.parametrize("spelling", [str, str.lower, str.upper])
def test_names_in_any_case(name, spelling):
    assert type(optimizers.get(spelling(name))) is getattr(optimizers, name)


def test_what_get_accepts():
    optimizer = optimizers.Adam(0.5)
    assert optimizers.get(None) is None
    assert optimizers.get(optimizer) is optimizer
    assert type(optimizers.get("rm_sprop")) is optimizers.RMSprop
    assert type(optimizers.get(optimizers.SGD)) is optimizers.SGD
    assert float(optimizers.get(optimizers.serialize(optimizer)).learning_rate.value) == 0.5
    assert optimizers.get({"class_name": "adam", "config": {"beta_1": 0.5}}).beta_1 == 0.5


def test_what_get_refuses():
    with pytest.raises(ValueError, match="Unknown optimizer 'adm'. Did you mean 'adam'"):
        optimizers.get("adm")
    for wrong in (3, print, object()):
        with pytest.raises(TypeError, match="is no optimizer"):
            optimizers.get(wrong)


def test_default_names():
    assert [optimizers.get(name).name for name in ("sgd", "rmsprop", "adamw")] == ["sgd", "rm_sprop", "adam_w"]
    assert repr(optimizers.SGD(name="mine")) == "<SGD name=mine>"
