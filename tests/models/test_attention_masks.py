"""Masks of query, value and key reach attention layers from the graph, as in Keras."""

import keras
import numpy as np
import pytest

import lamina

RNG = np.random.default_rng(0)
# Padded sequences; the masks come from the steps that are zero.
QUERY = RNG.normal(size=(3, 3, 4)).astype("float32") * (np.arange(3) < [[3], [1], [2]])[..., None]
VALUE = RNG.normal(size=(3, 5, 4)).astype("float32") * (np.arange(5) < [[2], [5], [3]])[..., None]
SCORES = {"return_attention_scores": True}
SEEN = RNG.uniform(size=(1, 3, 5)) > 0.3
CALLS = {
    "cross": lambda k, layer, q, v: layer(q, v, **SCORES),
    "by keyword": lambda k, layer, q, v: layer(query=q, value=v, **SCORES),
    "a key of its own": lambda k, layer, q, v: layer(q, v, key=k.layers.Dense(4)(v), **SCORES),
    "self, causal": lambda k, layer, q, v: layer(v, v, use_causal_mask=True, **SCORES),
    "with a mask of pairs": lambda k, layer, q, v: layer(q, v, attention_mask=SEEN, **SCORES),
    "with a mask of its own": lambda k, layer, q, v: layer(q, v, value_mask=(v[..., 0] > 0), **SCORES),
}
PAIRED = {
    "query and value": lambda k, layer, q, v: layer([q, v], **SCORES),
    "query, value and key": lambda k, layer, q, v: layer([q, v, k.layers.Dense(4)(v)], **SCORES),
    "causal": lambda k, layer, q, v: layer([v, v], use_causal_mask=True, **SCORES),
}
CASES = [
    *((name, (2, 3), call) for name in ["MultiHeadAttention"] for call in CALLS.items()),
    *((name, (3, 4, 2), call) for name in ["GroupQueryAttention"] for call in CALLS.items()),
    *((name, (), call) for name in ["Attention", "AdditiveAttention"] for call in PAIRED.items()),
]


def outputs_and_next(k, layer, call):
    """Return a model of the outputs, the scores and what a layer behind makes of the outputs and their mask."""
    query, value = k.Input((3, 4)), k.Input((5, 4))
    attended, scores = call(k, layer, k.layers.Masking()(query), k.layers.Masking()(value))
    return k.Model([query, value], [attended, scores, k.layers.GlobalAveragePooling1D()(attended)])


@pytest.mark.filterwarnings("ignore:(?s).*passed an input with a mask:UserWarning")  # of Keras's, within
@pytest.mark.parametrize(
    ("name", "arguments", "call"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_as_in_keras(name, arguments, call):
    ours, theirs = (outputs_and_next(k, getattr(k.layers, name)(*arguments), call[1]) for k in (lamina, keras))
    ours.set_weights([weight + 0.1 for weight in theirs.get_weights()])
    theirs.set_weights(ours.get_weights())
    for own, expected in zip(ours.predict([QUERY, VALUE], verbose=0), theirs([QUERY, VALUE]), strict=True):
        np.testing.assert_allclose(own, expected, rtol=1e-5, atol=1e-6)


def test_scores_change_nothing_and_layers_of_ones_own_get_masks_by_name():
    class Counts(lamina.layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, first, second, second_mask=None):
            counted = first[:, 0, 0] * 0  # shapes are found without masks
            return counted if second_mask is None else counted + second_mask.sum(1)

    query, value = lamina.Input((3, 4)), lamina.Input((5, 4))
    attention = lamina.layers.MultiHeadAttention(2, 3)
    padded = lamina.layers.Masking()(value)
    with_scores = attention(lamina.layers.Masking()(query), padded, return_attention_scores=True)[0]
    without = attention(lamina.layers.Masking()(query), padded)
    model = lamina.Model([query, value], [with_scores, without, Counts()(query, padded)])
    first, second, counts = model.predict([QUERY, VALUE], verbose=0)
    np.testing.assert_array_equal(first, second)
    assert counts.tolist() == [2, 5, 3]
