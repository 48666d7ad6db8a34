import html.parser
import shutil
import subprocess

import numpy as np
import pytest

import lamina
from lamina.layers import Dense

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 5)).astype("float32")
VOID = {"meta", "br", "hr"}


class Strict(html.parser.HTMLParser):
    """Every tag is closed in its place, and nothing is loaded from anywhere."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.tags = [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.check(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.check(attrs)

    def check(self, attrs):
        for name, value in attrs:
            assert name not in ("src", "srcset", "data", "action"), (name, value)
            assert name not in ("href", "xlink:href") or value.startswith(("#", "data:image/png;base64,")), value
            assert "url(" not in (value or "").replace("url(#", ""), value

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(path):
    reader = Strict()
    text = path.read_text("utf-8")
    reader.feed(text)
    assert not reader.open and not reader.tags & {"script", "link", "img", "iframe"}
    assert "@import" not in text
    return " ".join(reader.text)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    lamina.utils.set_random_seed(0)
    model = lamina.Sequential([lamina.Input((5,)), Dense(8, "relu"), Dense(3, "softmax")], name="kinds")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    labels = np.arange(40) % 3
    model.fit(
        X, labels, epochs=2, validation_split=0.2, verbose=0, callbacks=[lamina.callbacks.TrainingTrace(show=False)]
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    return model, model.report(path, X, labels, labels=["ant", "bee", "cat"])


def test_the_page_holds_everything_and_stands_alone(classifier):
    text = read(classifier[1])
    for part in ("Architecture", "Training", "Test", "Pipeline trace", "Timing", "Environment", "Total parameters: 75"):
        assert part in text
    for part in ("bee", "share of the true class", "observation", "validation", "step by step", lamina.__version__):
        assert part in text


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_a_browser_draws_it(classifier, tmp_path):
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}"]
    found = subprocess.run(
        [*command, "--dump-dom", classifier[1].as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    assert "Pipeline trace of kinds" in found.stdout and found.stdout.count("<svg") > 4


def test_regression_shows_residuals_and_needs_no_training(tmp_path):
    model = lamina.Sequential([lamina.Input((5,)), Dense(1)], name="price")
    text = read(model.report(tmp_path / "report.html", X, X[:, 0]))
    assert "prediction - target" in text and "not compiled" in text
    assert "learning" not in text
    text = read(model.report(tmp_path / "report.html", X))
    assert "Pipeline trace" in text and "Test" not in text


def test_the_ending_is_checked_first(classifier, tmp_path):
    with pytest.raises(ValueError, match=r"ends in '\.html'"):
        classifier[0].report(tmp_path / "report.pdf", X)
    assert not list(tmp_path.iterdir())
