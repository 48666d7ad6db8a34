import html.parser
import re

import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.cli.main import main
from lamina.layers import Dense

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 20)).astype("float32")


def pipeline(**dense):
    normalization = layers.Normalization()
    normalization.adapt(X)
    return lamina.Sequential(
        [lamina.Input((20,)), normalization, Dense(8, "relu", **dense), Dense(4, "relu"), Dense(1, "sigmoid")]
    )


@pytest.fixture(scope="module")
def healthy():
    lamina.utils.set_random_seed(0)
    model = pipeline()
    return model, model.trace(X, row=3)


def test_the_stages_of_a_pipeline(healthy):
    model, trace = healthy
    assert [stage.kind for stage in trace.stages] == ["data", "Normalization", "Dense", "Dense", "Dense"]
    assert trace.stages[2].flow == "40 x 20 → 40 x 8"
    assert trace.stages[2].parameters == 168
    assert "8 units" in trace.stages[2].words and "below 0 becomes 0" in trace.stages[2].words
    assert {stage.severity for stage in trace.stages[:4]} == {"good"}
    short = lamina.Sequential(model.layers[:2])
    assert short.trace(X).verdict == ("good", "The signal is healthy through all 3 stages.")


def test_the_numbers_are_those_of_the_model(healthy):
    model, trace = healthy
    np.testing.assert_allclose(trace.stages[-1].row, model.predict(X, verbose=0)[3], rtol=1e-5)
    normalized = (X - X.mean(axis=0)) / X.std(axis=0)
    np.testing.assert_allclose(trace.stages[1].row, normalized[3], rtol=1e-3, atol=1e-5)
    statistics = trace.stages[1].statistics
    assert statistics.mean == pytest.approx(0, abs=1e-5) and statistics.deviation == pytest.approx(1, abs=1e-4)
    assert sum(statistics.histogram) == statistics.count == 800
    hidden = np.asarray(lamina.Sequential(model.layers[:2])(X))
    assert trace.stages[2].statistics.zeros == pytest.approx((hidden == 0).mean())


def test_the_first_unit_is_worked_out(healthy):
    model, trace = healthy
    found = re.match(r"unit 0: 4 products add up to (\S+), the bias adds 0: (\S+); sigmoid makes (\S+) of it",
                     trace.stages[-1].arithmetic)  # fmt: skip
    assert float(found[3]) == pytest.approx(float(model.predict(X, verbose=0)[3, 0]), abs=0.01)


def test_the_text_shows_it_all(healthy):
    text = str(healthy[1])
    assert "Pipeline trace of 'sequential', 40 rows" in text
    assert "Row 3, step by step" in text
    assert max(map(len, text.splitlines())) <= 100


class _Balance(html.parser.HTMLParser):
    """Checks that tags are closed in order and that nothing comes from outside."""

    def __init__(self):
        super().__init__()
        self.open, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        assert not {name for name, _ in attrs} & {"src", "href", "srcset"}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_the_page_stands_alone(healthy, tmp_path):
    trace = healthy[1]
    trace.save(tmp_path / "trace.html")
    text = (tmp_path / "trace.html").read_text("utf-8")
    reader = _Balance()
    reader.feed(text)
    assert not reader.open
    assert "http" not in text and "url(" not in text
    assert "step by step" in "".join(reader.texts)
    assert trace._repr_html_().count("<h1>") == 1
    with pytest.raises(ValueError, match=r"ends in '\.html'"):
        trace.save(tmp_path / "trace.pdf")


def test_a_dead_layer_is_where_the_signal_dies():
    trace = pipeline(bias_initializer=lamina.initializers.Constant(-100.0)).trace(X)
    assert trace.verdict.severity == "dead"
    assert trace.verdict.text.startswith("The signal dies at 'dense': every value is 0")
    assert "✗" in str(trace)


def test_dead_units_are_counted():
    model = pipeline()
    bias = model.layers[1].bias
    bias.assign([-100.0] * 5 + [0.0] * 3)
    (finding,) = model.trace(X).stages[2].findings
    assert finding.severity == "watch"
    assert finding.text.startswith("5 of 8 units are 0 for every row (dead ReLU)")


@pytest.mark.parametrize(
    "make, data, severity, text",
    [
        (
            lambda: [Dense(8, "sigmoid"), Dense(1)],
            X * 90,
            "dead",
            r"(9\d|100)% of the values are at 0 or 1 \(sigmoid is sat",
        ),
        (lambda: [Dense(8), Dense(1)], np.where(X > 2, np.nan, X), "dead", "'input': .* values are NaN or infinite"),
        (
            lambda: [layers.Lambda(lambda x: x * 1e30 * 1e30), Dense(1)],
            X,
            "dead",
            "'lambda': .*up to here all were num",
        ),
        (lambda: [layers.Rescaling(1e-6), Dense(1)], X, "watch", "'rescaling': the signal vanishes: from about 1.0"),
        (lambda: [layers.Rescaling(1e8), Dense(1)], X, "dead", "'rescaling': values explode"),
        (lambda: [Dense(2), Dense(1)], X * 1000, "watch", "'input': not scaled: values from .*Normalization"),
        (lambda: [layers.Rescaling(0.0, 3.0), Dense(1)], X, "dead", "the same for every row"),
    ],
)
def test_what_is_wrong_is_said(make, data, severity, text):
    verdict = lamina.Sequential([lamina.Input((20,)), *make()]).trace(data).verdict
    assert verdict.severity == severity
    assert re.search(text, verdict.text), verdict.text


def test_branches_and_nested_models():
    inner = lamina.Sequential([Dense(4, "tanh"), Dense(4)], name="inner")
    a, b = lamina.Input((4,), name="a"), lamina.Input((6, 2), name="b")
    joined = inner(a) + layers.LSTM(4)(b)
    model = lamina.Model([a, b], [Dense(3, "softmax", name="kind")(joined), Dense(1, name="price")(joined)])
    inputs = {"a": RANDOM.normal(size=(5, 4)), "b": RANDOM.normal(size=(5, 6, 2))}
    trace = model.trace(inputs, row=4)
    by_name = {stage.name: stage for stage in trace.stages}
    assert by_name["inner/dense"].depth == by_name["inner/dense_1"].depth == 1
    assert set(by_name["add"].sources) == {"inner/dense_1", "lstm"}
    assert by_name["price"].sources == ("add",) and by_name["price"].kind == "Dense"
    assert len(by_name["lstm"].input_shapes) == 1 and by_name["lstm"].parameters == 112
    assert re.match(r"kind: class \d with .*; price: ", trace.prediction)
    np.testing.assert_allclose(by_name["price"].row, model.predict(inputs, verbose=0)[1][4], rtol=1e-5)


def test_own_classes_are_opened():
    class Block(layers.Layer):
        """Two layers and a way around them."""

        def __init__(self):
            super().__init__()
            self.one, self.two = Dense(4, "relu"), Dense(20)

        def call(self, x):
            return x + self.two(self.one(x))

    class Own(lamina.Model):
        def __init__(self):
            super().__init__()
            self.block, self.top = Block(), Dense(2, "softmax")

        def call(self, x):
            return self.top(self.block(x))

    model = Own()
    trace = model.trace(X)
    assert [(stage.kind, stage.depth) for stage in trace.stages] == [
        ("data", 0), ("Dense", 1), ("Dense", 1), ("Dense", 0),
    ]  # fmt: skip
    assert trace.prediction.startswith("class ")
    assert not any("outputs_and_mask" in vars(layer) for layer in model.flat_layers())


def test_only_some_rows_are_computed():
    trace = pipeline().trace(np.repeat(X, 10, axis=0), row=399, rows=16)
    assert (trace.rows, trace.rows_given, trace.row) == (16, 400, 399)
    np.testing.assert_array_equal(trace.stages[0].row, X[-1])
    assert "16 of 400 rows" in str(trace)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"row": 40}, "row must be the number of one of the 40 rows, got 40"),
        ({"rows": 0}, "rows must be a positive whole number"),
    ],
)
def test_wrong_arguments(healthy, arguments, message):
    with pytest.raises(ValueError, match=message):
        healthy[0].trace(X, **arguments)


def test_the_command(tmp_path, capsys):
    model = lamina.Sequential([lamina.Input((2,), name="x"), Dense(1, name="top")])
    model.save(tmp_path / "model.keras")
    (tmp_path / "table.csv").write_text("a,b,name\n1,2,one\n3,4,two\n")
    np.savez(tmp_path / "both.npz", x=np.ones((3, 2)), y=np.ones(3))
    np.save(tmp_path / "rows.npy", np.ones((2, 2)))

    def run(*words):
        return main(["trace", str(tmp_path / "model.keras"), *map(str, words)])

    assert run(tmp_path / "table.csv", "--without", "name", "--row", 1) == 0
    assert "2 x 2 → 2 x 1" in (out := capsys.readouterr().out) and "3.00  4.00" in out
    assert run(tmp_path / "both.npz") == 0 and "3 x 2 → 3 x 1" in capsys.readouterr().out
    assert run(tmp_path / "rows.npy", "--html", tmp_path / "trace.html") == 0
    assert (tmp_path / "trace.html").exists()
    capsys.readouterr()
    for words, message in {
        (tmp_path / "table.csv",): "line 2: 'one' in column 'name' is no number",
        (tmp_path / "table.csv", "--without", "z"): "no column 'z'; it has a, b, name",
        (tmp_path / "rows.npy", "--without", "z"): "names columns of a .csv",
        (tmp_path / "model.keras",): "read from .npy, .npz and .csv",
    }.items():
        assert run(*words) == 1
        assert message in capsys.readouterr().err
