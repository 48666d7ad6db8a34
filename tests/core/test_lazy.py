import subprocess
import sys

import keras
import pytest

import lamina
from lamina.core.lazy import lazy_package


def test_a_layer_is_loaded_when_it_is_first_used():
    program = (
        "import sys, lamina\n"
        "home = 'lamina.layers.rnn.conv_lstm3d'\n"
        "assert home not in sys.modules and 'lamina.visualization' not in sys.modules\n"
        "assert 'ConvLSTM3D' in dir(lamina.layers) and 'visualization' in dir(lamina)\n"
        "lamina.layers.ConvLSTM3D, lamina.visualization\n"
        "assert home in sys.modules and 'lamina.visualization' in sys.modules\n"
        "config = lamina.layers.serialize(lamina.layers.AvgPool1D(2))\n"
        "assert config['class_name'] == 'AveragePooling1D', config\n"
        "config = {'module': 'keras.layers', 'class_name': 'GRU', 'config': {'units': 2}, 'registered_name': None}\n"
        "assert lamina.layers.deserialize(config) is not None and 'lamina.layers.rnn.gru' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", lamina.layers.__all__)
def test_every_listed_layer_is_there(name):
    value = getattr(lamina.layers, name)
    assert value is getattr(lamina.layers, name)
    assert value.__name__ == getattr(keras.layers, name, value).__name__


def test_a_name_that_is_not_listed_is_no_attribute():
    with pytest.raises(AttributeError, match=r"module 'lamina\.layers' has no attribute 'Dens'"):
        _ = lamina.layers.Dens
    with pytest.raises(AttributeError, match="module 'lamina' has no attribute 'nothing'"):
        _ = lamina.nothing
    with pytest.raises(ImportError, match="cannot import name 'Dens'"):
        exec("from lamina.layers import Dens")


def test_the_stub_is_read_as_python_reads_it(tmp_path):
    (tmp_path / "__init__.pyi").write_text("from .a.b import C as C\nAlias = C\n# from .x import Y as Y\n")
    load, names, exported = lazy_package("nowhere", str(tmp_path / "__init__.py"))
    assert names() == exported == ["Alias", "C"]
    with pytest.raises(AttributeError):
        load("Y")
