"""Models and layers as Keras users write them, and what is said when one is written wrongly."""

import keras
import numpy as np
import pytest

import lamina

TOKENS = np.array([[1, 2, 3, 0], [4, 1, 0, 0], [2, 2, 1, 4]])


def recurrent(k):
    class Reader(k.Model):
        """Masks are handed on by nobody: the layers find them."""

        def __init__(self):
            super().__init__()
            self.embed = k.layers.Embedding(5, 4, mask_zero=True)
            self.parts = {"drop": k.layers.Dropout(0.5), "rnn": [k.layers.GRU(3, return_sequences=True)]}
            self.head = k.layers.Dense(1)

        def call(self, tokens, training=False):
            x = self.parts["drop"](self.embed(tokens), training=training)
            for layer in self.parts["rnn"]:
                x = layer(x)
            return self.head(x)

    return Reader()


def last_state(k):
    class Encoder(k.layers.Layer):
        def __init__(self):
            super().__init__()
            self.rnn = k.layers.LSTM(3, return_state=True)

        def call(self, x):
            outputs, *_ = self.rnn(x)
            return outputs

    class Outer(k.Model):
        def __init__(self):
            super().__init__()
            self.embed, self.encoder = k.layers.Embedding(5, 4, mask_zero=True), Encoder()
            self.head = k.Sequential([k.layers.Dense(2, activation="tanh"), k.layers.Dense(1)])

        def call(self, tokens):
            return self.head(self.encoder(self.embed(tokens)))

    return Outer()


def own_mask(k):
    class Average(k.layers.Layer):
        def call(self, x, mask=None):
            kept = k.ops.cast(mask, "float32")[..., None]
            return k.ops.sum(x * kept, axis=1) / k.ops.sum(kept, axis=1)

    class Bag(k.Model):
        def __init__(self):
            super().__init__()
            self.embed, self.average, self.head = (
                k.layers.Embedding(5, 4, mask_zero=True),
                Average(),
                k.layers.Dense(1),
            )

        def call(self, tokens):
            return self.head(self.average(self.embed(tokens)))

    return Bag()


@pytest.mark.filterwarnings("ignore:Layer 'encoder' .* does not support masking", "ignore:.*will therefore destroy")
@pytest.mark.parametrize("make", [recurrent, last_state, own_mask])
def test_masks_as_in_keras(make):
    theirs, ours = make(keras), make(lamina)
    theirs(TOKENS), ours(TOKENS)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]
    ours.set_weights([np.array(w) for w in theirs.get_weights()])
    expected = np.array(theirs(TOKENS))
    np.testing.assert_allclose(ours(TOKENS), expected, rtol=1e-5, atol=1e-6)
    targets = np.ones_like(expected)
    for model in (theirs, ours):
        model.compile("sgd", "mse", weighted_metrics=["mae"])
    told = theirs.evaluate(TOKENS, targets, verbose=0)
    np.testing.assert_allclose(ours.evaluate(TOKENS, targets, verbose=0), told, rtol=1e-5)


def test_masks_by_name_reach_attention():
    """In a graph and in a call, `value_mask` is that of the value; what the padded queries give does not count."""
    embed, attention = lamina.layers.Embedding(5, 4, mask_zero=True), lamina.layers.MultiHeadAttention(2, 3)
    tokens = lamina.Input((4,), dtype="int32")
    hidden = embed(tokens)
    graph = lamina.Model(tokens, attention(hidden, hidden))

    class ByHand(lamina.Model):
        def __init__(self):
            super().__init__()
            self.embed, self.attention = embed, attention

        def call(self, tokens):
            hidden = self.embed(tokens)
            return self.attention(hidden, hidden)

    values = embed(TOKENS)
    expected = attention(values, values, value_mask=TOKENS != 0)
    unmasked = attention(values, values)
    assert not np.allclose(expected[1], unmasked[1])
    kept = TOKENS != 0
    np.testing.assert_allclose(np.array(graph(TOKENS))[kept], np.array(expected)[kept], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ByHand()(TOKENS), graph(TOKENS), rtol=1e-5, atol=1e-7)

    theirs = keras.layers.MultiHeadAttention(2, 3)
    their_embed = keras.layers.Embedding(5, 4, mask_zero=True)
    their_tokens = keras.Input((4,), dtype="int32")
    their_hidden = their_embed(their_tokens)
    their_graph = keras.Model(their_tokens, theirs(their_hidden, their_hidden))
    their_graph.set_weights([np.array(w) for w in graph.get_weights()])
    np.testing.assert_allclose(np.array(graph(TOKENS))[kept], np.array(their_graph(TOKENS))[kept], rtol=1e-5, atol=1e-6)


def test_shared_weights_count_once_and_train():
    class Tied(lamina.Model):
        def __init__(self):
            super().__init__()
            self.embed = lamina.layers.Embedding(6, 3)
            self.both = [self.embed, lamina.layers.Dense(3)]

        def call(self, tokens):
            hidden = self.both[1](self.both[0](tokens))
            return hidden @ self.embed.embeddings.value.T

    model = Tied()
    model.compile("adam", lamina.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(TOKENS, TOKENS, epochs=5, verbose=0).history
    assert len(model.weights) == 3
    assert history["loss"][-1] < history["loss"][0]


# What is said


def fit(model, x=None):
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3), "float32") if x is None else x, np.ones((4, 1)), verbose=0)


def model_of(call):
    class Written(lamina.Model):
        def __init__(self):
            super().__init__()
            self.dense = lamina.layers.Dense(1)

    Written.call = call
    return Written()


def test_python_asks_for_a_traced_value():
    def branches(self, x):
        if x.sum() > 0:
            x = -x
        return self.dense(x)

    def number(self, x):
        return self.dense(x) * float(x.mean())

    def to_numpy(self, x):
        return self.dense(x.numpy())

    def with_numpy(self, x):
        return self.dense(np.tanh(x))

    def counts(self, x):
        return sum(self.dense(x) for _ in range(x.sum().astype("int32")))

    cases = [
        (
            branches,
            r"`if`.*not known while the model is compiled, in line \d+ of test_subclassing.py: `if x.sum\(\) > 0:`",
        ),
        (branches, r"lamina.ops.where\(condition, a, b\)"),
        (number, r"float\(\).*line \d+ of test_subclassing.py: `return self.dense\(x\) \* float\(x.mean\(\)\)`"),
        (to_numpy, r"\.numpy\(\), .* asks for the value.*`return self.dense\(x.numpy\(\)\)`"),
        (with_numpy, r"NumPy asks for.*function of lamina.ops"),
        (counts, r"range\(\).*lamina.ops.fori_loop"),
    ]
    for call, message in cases:
        with pytest.raises(TypeError, match=message) as caught:
            fit(model_of(call))
        text = str(caught.value)
        assert "racer" not in text and "jax." not in text.replace("jax.numpy", "")
        assert any("called on shape" in note for note in caught.value.__notes__)


def test_eager_runs_what_compiled_code_cannot():
    def branches(self, x):
        return self.dense(-x if float(np.asarray(x).sum()) > 0 else x)

    model = model_of(branches)
    model.build_from_config({})
    model(np.ones((4, 3), "float32"))
    assert model.built


def test_layer_made_in_call():
    def makes(self, x):
        return lamina.layers.Dense(1)(x)

    with pytest.raises(RuntimeError, match=r"Layer 'dense' \(Dense\) was made inside `call` of 'written'.*__init__"):
        fit(model_of(makes))

    def weightless(self, x):
        return self.dense(lamina.layers.Concatenate()([lamina.layers.ReLU()(x), x]))

    fit(model_of(weightless))


def test_layer_used_before_super():
    class Early(lamina.Model):
        def __init__(self):
            self.dense = lamina.layers.Dense(1)

    with pytest.raises(RuntimeError, match=r"Early.__init__ must call super\(\).__init__\(\) before"):
        Early()(np.ones((2, 3)))


def test_shapes_that_do_not_merge_name_both_layers():
    x = lamina.Input((3,))
    a, b = lamina.layers.Dense(4, name="left")(x), lamina.layers.Dense(5, name="right")(x)
    for merge in (lamina.layers.Add(), lamina.layers.Concatenate(axis=0), lambda pair: pair[0] + pair[1]):
        with pytest.raises((ValueError, TypeError)) as caught:
            merge([a, b])
        told = "\n".join([str(caught.value), *caught.value.__notes__])
        assert "'left' of shape (None, 4)" in told and "'right' of shape (None, 5)" in told
        assert "997" not in told


def test_disconnected_graph_names_the_tensors():
    a, b = lamina.Input((3,), name="a"), lamina.Input((3,), name="b")
    with pytest.raises(ValueError, match=r"disconnected: the outputs need the tensor 'b'.*\(a\).*Add it to the inputs"):
        lamina.Model(a, lamina.layers.Add()([a, b]))


def test_missing_input_is_named():
    a, b = lamina.Input((3,), name="first"), lamina.Input((3,), name="second")
    model = lamina.Model([a, b], lamina.layers.Add()([a, b]))
    with pytest.raises(ValueError, match="'second' is missing"):
        model({"first": np.ones((2, 3))})
    with pytest.raises(ValueError, match=r"2 input\(s\) \(first, second\), but was given 1"):
        model(np.ones((2, 3)))


def test_attributes_may_have_any_name_that_keras_leaves_free():
    class Own(lamina.Model):
        def __init__(self):
            super().__init__()
            self.sublayers = [lamina.layers.Dense(3), lamina.layers.Dense(1)]
            self.parts, self.state = {"first": 1}, None

        def call(self, x):
            for layer in self.sublayers:
                x = layer(x)
            return x

    model = Own()
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    assert len(model.weights) == 4
    assert model.predict(np.ones((4, 2)), verbose=0).shape == (4, 1)
