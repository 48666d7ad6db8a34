"""Pictures of models: what they say, that nothing overlaps, and that text from files can't break them."""

import itertools
import re
import sys
from xml.etree import ElementTree

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lamina
from lamina.layers import LSTM, Activation, Add, Bidirectional, Concatenate, Dense, Embedding, LayerNormalization
from lamina.utils import model_to_dot, plot_model
from lamina.visualization.diagram import Shown, diagram_of
from lamina.visualization.layering import Line, place

EVERYTHING = dict(
    show_shapes=True, show_dtype=True, show_layer_names=True, show_layer_activations=True, show_trainable=True,
    show_parameters=True,
)  # fmt: skip


def stack():
    return lamina.Sequential([lamina.Input((4,)), Dense(3, "relu", name="hidden"), Dense(2, name="out")], name="net")


def residual():
    inputs = lamina.Input((8,), name="features")
    x = Dense(8, "relu", name="first")(inputs)
    x = LayerNormalization(name="norm")(x)
    return lamina.Model(inputs, Add(name="sum")([inputs, x]), name="block")


def two_inputs():
    table, text = lamina.Input((3,), name="table"), lamina.Input((5,), dtype="int32", name="text")
    words = Bidirectional(LSTM(2), name="reader")(Embedding(10, 4, name="words")(text))
    joined = Concatenate(name="joined")([Dense(4, "tanh", name="left")(table), words])
    return lamina.Model([table, text], [Dense(1, name="a")(joined), Dense(2, name="b")(joined)], name="two")


def siamese():
    encoder = residual()
    left, right = lamina.Input((8,), name="l"), lamina.Input((8,), name="r")
    difference = lamina.ops.abs(encoder(left) - encoder(right))
    head = lamina.Sequential([lamina.Input((8,)), Dense(1, "sigmoid", name="score")], name="head")
    head.trainable = False
    return lamina.Model([left, right], head(difference), name="siamese")


class Own(lamina.Model):
    def __init__(self):
        super().__init__(name="own")
        self.first, self.second = Dense(3, name="first"), Dense(2, name="second")

    def call(self, x):
        return self.second(self.first(x))


def own():
    model = Own()
    model(lamina.ops.ones((1, 4)))
    return model


def words_of(picture):
    root = ElementTree.fromstring(picture.to_svg())
    return [text for element in root.iter("{http://www.w3.org/2000/svg}text") for text in element.itertext() if text]


def test_only_classes_are_shown_unless_asked():
    assert words_of(plot_model(stack(), None)) == ["Dense", "Dense"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("show_shapes", ["input", "(None, 4)", "output", "(None, 3)"]),
        ("show_dtype", ["dtype", "float32"]),
        ("show_layer_names", ["hidden"]),
        ("show_layer_activations", ["activation", "relu"]),
        ("show_trainable", ["trainable", "yes"]),
        ("show_parameters", ["parameters", "15"]),
    ],
)
def test_each_argument_adds_its_fact(asked, words):
    assert words_of(plot_model(stack(), None, **{asked: True}))[: len(words) + 1] == ["Dense", *words]


def test_what_is_frozen():
    model = siamese()
    assert words_of(plot_model(model, None, show_trainable=True)).count("no") == 1
    model.get_layer("block").get_layer("first").trainable = False
    assert "partly" in words_of(plot_model(model, None, show_trainable=True))


@pytest.mark.parametrize("make", [stack, residual, two_inputs, siamese, own])
@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_cards_do_not_overlap_and_everything_is_inside(make, rankdir):
    picture = plot_model(make(), None, rankdir=rankdir, expand_nested=True, **EVERYTHING)
    root = ElementTree.fromstring(picture.to_svg())
    _, _, width, height = map(float, root.get("viewBox").split())
    cards, frames = [], []
    collect(root, 0.0, 0.0, cards, frames)
    for x, y, w, h in (*cards, *frames):
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height
    for one, other in itertools.combinations(cards, 2):
        assert apart(one, other)
    for frame, card in itertools.product(frames, cards):
        assert apart(frame, card) or inside(frame, card)


def collect(element, x, y, cards, frames):
    for child in element:
        moved = re.match(r"translate\(([-\d.]+),([-\d.]+)\)", child.get("transform", ""))
        own_x, own_y = (x + float(moved[1]), y + float(moved[2])) if moved else (x, y)
        if child.tag.endswith("rect"):
            size = own_x, own_y, float(child.get("width")), float(child.get("height"))
            (frames if child.get("stroke-dasharray") else cards).append(size) if child.get("fill") != "none" else None
            if not child.get("stroke-dasharray"):
                return  # one rectangle of a card says where it is
        collect(child, own_x, own_y, cards, frames)


def apart(one, other):
    return (
        one[0] + one[2] <= other[0]
        or other[0] + other[2] <= one[0]
        or one[1] + one[3] <= other[1]
        or other[1] + other[3] <= one[1]
    )


def inside(frame, card):
    return all(frame[k] <= card[k] and card[k] + card[k + 2] <= frame[k] + frame[k + 2] for k in (0, 1))


def test_nested_models_open_and_close():
    folded, opened = plot_model(siamese(), None), plot_model(siamese(), None, expand_nested=True)
    assert words_of(folded).count("LayerNormalization") == 0
    assert words_of(opened).count("LayerNormalization") == 2  # each call of a shared model
    assert "call 2 of 2" in words_of(folded)
    page = folded.to_html()
    assert page.count("<svg") == 2
    assert 'type="checkbox" >' in page
    assert 'type="checkbox" checked>' in opened.to_html()
    assert plot_model(residual(), None).to_html().count("<svg") == 1


def test_a_model_with_a_call_of_its_own_shows_its_layers_without_arrows():
    picture = plot_model(own(), None, show_layer_names=True)
    assert words_of(picture) == ["Dense", "first", "Dense", "second"]
    assert 'class="arrow"' not in picture.to_svg()


@pytest.mark.parametrize("make", [stack, residual, two_inputs])
def test_the_graph_is_that_of_keras(make):
    with_keras = keras.models.model_from_json(make().to_json())
    theirs = {(layer.name, type(layer).__name__) for layer in getattr(with_keras, "operations", with_keras.layers)}
    diagram = diagram_of(make(), Shown(layer_names=True))
    names = [box.name for box in diagram.boxes]
    missing_input = {pair for pair in theirs if pair[1] == "InputLayer"} if make is stack else set()
    assert set(names) == {name for name, _ in theirs - missing_input}
    edges = {(names[wire.source], names[wire.target]) for wire in diagram.wires}
    expected = {
        (tensor._keras_history.operation.name, layer.name)
        for layer in with_keras.layers
        for node in layer._inbound_nodes
        for tensor in node.input_tensors
        if tensor._keras_history.operation.name in names
    }
    assert edges == expected


def test_dot():
    text = model_to_dot(two_inputs(), show_shapes=True, rankdir="LR", dpi=72).to_string()
    assert text.startswith("digraph G {")
    assert "rankdir=LR;" in text
    assert "dpi=72;" in text
    assert '[label="left (Dense)\\ninput: (None, 3)\\noutput: (None, 4)"];' in text
    assert text.count("->") == 7
    cluster = model_to_dot(siamese(), subgraph=True, expand_nested=True).to_string()
    assert cluster.startswith('subgraph "cluster_siamese" {')
    assert cluster.count("subgraph") == 4


def test_files(tmp_path):
    for suffix, start in ((".svg", "<svg"), (".html", "<!DOCTYPE html>"), (".dot", "digraph")):
        path = tmp_path / f"model{suffix}"
        plot_model(stack(), path)
        assert path.read_text(encoding="utf-8").startswith(start)
    with pytest.raises(ValueError, match=r"\.svg, \.html, \.png, \.pdf, \.dot; got the file '.*model\.jpg'"):
        plot_model(stack(), tmp_path / "model.jpg")
    assert not (tmp_path / "model.jpg").exists()


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-")])
def test_png_and_pdf(tmp_path, ending, start):
    pytest.importorskip("cairosvg")
    path = tmp_path / f"model.{ending}"
    plot_model(stack(), path, show_shapes=True, dpi=50)
    assert path.read_bytes().startswith(start)
    if ending == "png":
        with pytest.importorskip("PIL.Image").open(path) as picture:
            small, colours = picture.size, picture.convert("RGB").getcolors(1 << 20)
        assert len(colours or ()) > 10  # something is drawn
        plot_model(stack(), path, show_shapes=True, dpi=100)
        with pytest.importorskip("PIL.Image").open(path) as picture:
            assert picture.size[0] == pytest.approx(2 * small[0], abs=2)


def test_png_without_a_renderer_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(ImportError, match=r"as \.png needs cairosvg \(pip install 'lamina\[plot\]'\).*write '\.svg'"):
        plot_model(stack(), tmp_path / "model.png")
    assert list(tmp_path.iterdir()) == []


def test_errors():
    with pytest.raises(ValueError, match="'sequential' is not built yet"):
        plot_model(lamina.Sequential([Dense(2)]), None)
    with pytest.raises(ValueError, match="rankdir must be one of 'TB', 'LR', 'BT', 'RL', got 'XY'"):
        plot_model(stack(), None, rankdir="XY")
    with pytest.raises(ValueError, match="splines must be one of 'ortho'"):
        plot_model(stack(), None, splines="round")
    with pytest.raises(ValueError, match="dpi must be a number from 1 to 2400, got 0"):
        plot_model(stack(), None, dpi=0)


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1, max_size=30).filter(lambda text: "/" not in text))
def test_names_are_text_whatever_they_hold(name):
    model = lamina.Sequential([lamina.Input((2,)), Activation("relu", name=name)], name=f"<script>{name}")
    picture = plot_model(model, None, show_layer_names=True)
    ElementTree.fromstring(picture.to_svg())
    assert "<script>" not in picture.to_html()
    assert "<script>" not in model._repr_html_()


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 12))
    sizes = draw(st.lists(st.tuples(st.floats(10, 200), st.floats(10, 90)), min_size=count, max_size=count))
    pairs = [(a, b) for a in range(count) for b in range(a + 1, count)]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=20, unique=True)) if pairs else []
    return sizes, [Line(a, b, sizes[a][0] / 2, sizes[b][0] / 2) for a, b in chosen]


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_any_graph_is_laid_out_without_overlaps_and_downwards(graph):
    sizes, lines = graph
    placed = place(sizes, lines, [], [])
    boxes = [(x + 1e-6, y, w - 2e-6, h) for (x, y), (w, h) in zip(placed.corners, sizes, strict=True)]
    for one, other in itertools.combinations(boxes, 2):
        assert apart(one, other)
    for x, y, w, h in boxes:
        assert -1e-6 <= x <= x + w <= placed.across + 1e-6
        assert -1e-6 <= y <= y + h <= placed.along + 1e-6
    for line, legs in zip(lines, placed.routes, strict=True):
        (x, y), (width, height) = placed.corners[line.source], sizes[line.source]
        assert legs[0].start == pytest.approx((x + width / 2, y + height))
        x, y = placed.corners[line.target]
        assert legs[-1].end == pytest.approx((x + sizes[line.target][0] / 2, y))
        for leg in legs:
            assert leg.start[1] < leg.track < leg.end[1]


def test_a_notebook_shows_table_and_picture():
    html = residual()._repr_html_()
    for part in ("Model: block", "first (Dense)", "<td", "Total parameters: 88", "<svg"):
        assert part in html
    unbuilt = lamina.Sequential([Dense(2)])._repr_html_()
    assert "not built" in unbuilt
    assert "<svg" not in unbuilt
