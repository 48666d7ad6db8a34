"""The examples in docstrings run and show what they say; every public class and function has what it needs to teach."""

import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

import lamina

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
MODULES = sorted(module.name for module in pkgutil.walk_packages(lamina.__path__, "lamina."))
PACKAGES = sorted({".".join(name.split(".")[:3]) for name in MODULES if name != "lamina.__main__"})
NOT_CALLED = ("InputLayer", "InputSpec", "Layer", "Wrapper")
TAUGHT = [
    (package, name)
    for package in ("layers", "losses", "metrics", "optimizers")
    for name in getattr(lamina, package).__all__
    if inspect.isclass(getattr(getattr(lamina, package), name))
]
LAYERS = [name for package, name in TAUGHT if package == "layers" and name not in NOT_CALLED]


def examples_of(package):
    """Return the examples in the modules of a package, those of its subpackages' modules included."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    names = [name for name in MODULES if name == package or name.startswith(f"{package}.")]
    if package.count(".") == 1:  # its subpackages have turns of their own
        names = [name for name in names if name == package]
    for name in names:
        module = importlib.import_module(name)
        yield from finder.find(module, extraglobs={"lamina": lamina})


@pytest.mark.filterwarnings("ignore::UserWarning:lamina")
@pytest.mark.parametrize("package", PACKAGES)
def test_examples_run(package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    told = []
    for example in examples_of(package):
        lamina.utils.set_random_seed(0)
        runner.run(example, out=told.append)
    assert not runner.failures, "".join(told)


@pytest.mark.parametrize(("package", "name"), TAUGHT, ids=lambda value: value)
def test_what_a_user_makes_is_explained_by_an_example(package, name):
    text = inspect.getdoc(getattr(getattr(lamina, package), name))
    assert text and ">>>" in text, f"lamina.{package}.{name} has no example."


@pytest.mark.parametrize("name", LAYERS)
def test_layers_say_what_shapes_they_take_and_give(name):
    text = inspect.getdoc(getattr(lamina.layers, name)) or ""
    assert re.search("(?i)input shape", text)
    assert re.search("(?i)output shape", text)
