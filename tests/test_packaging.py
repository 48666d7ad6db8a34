"""What an installation brings: all files of the tree but the C sources, and an extension that is as its stub says."""

import ast
from pathlib import Path

import pytest

import lamina

TREE = Path(__file__).parents[1] / "lamina"
INSTALLED = Path(lamina.__file__).parent


def test_every_module_stub_and_data_file_is_installed():
    wanted = {path.relative_to(TREE) for path in TREE.rglob("*") if path.is_file()}
    made = {path for path in wanted if path.suffix in (".pyc", ".so")}
    c_sources = {path for path in wanted if path.is_relative_to("kernels/csrc")}
    assert Path("datasets/files/digits.npz") in wanted
    assert sorted(path for path in wanted - made - c_sources if not (INSTALLED / path).is_file()) == []


def test_compiled_kernels_offer_what_their_stub_says():
    native = pytest.importorskip("lamina.kernels._native", exc_type=ModuleNotFoundError)
    stub = ast.parse((INSTALLED / "kernels/_native.pyi").read_text())
    told = {node.name for node in stub.body if isinstance(node, ast.FunctionDef)}
    assert told == {name for name in vars(native) if not name.startswith("_")}
