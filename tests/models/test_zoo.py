"""Models of many kinds, tiny, against Keras: the same outputs from the same weights, the same losses while training."""

import keras
import numpy as np
import pytest

import lamina

ROWS, STEPS = 8, 20


def mlp(k, L):
    x = k.Input((6,))
    return x, L.Dense(3, activation="softmax")(L.Dense(8, activation="relu")(x)), "categorical_crossentropy"


def autoencoder(k, L):
    x = k.Input((6,))
    return x, L.Dense(6)(L.Dense(2, activation="tanh")(x)), "mse"


def wide_and_deep(k, L):
    wide, deep = k.Input((5,)), k.Input((6,))
    hidden = L.Dense(4, activation="relu")(L.Dense(8, activation="relu")(deep))
    return [wide, deep], L.Dense(1, activation="sigmoid")(L.Concatenate()([wide, hidden])), "binary_crossentropy"


def siamese(k, L):
    a, b = k.Input((6,)), k.Input((6,))
    tower = k.Sequential([k.Input((6,)), L.Dense(8, activation="relu"), L.Dense(4)])
    difference = k.ops.abs(tower(a) - tower(b))
    return [a, b], L.Dense(1, activation="sigmoid")(difference), "binary_crossentropy"


def highway(k, L):
    x = k.Input((6,))
    gate = L.Dense(6, activation="sigmoid")(x)
    return x, L.Dense(2)(gate * L.Dense(6, activation="relu")(x) + (1.0 - gate) * x), "mse"


def mixture_of_experts(k, L):
    x = k.Input((6,))
    experts = k.ops.stack([L.Dense(4, activation="tanh")(x) for _ in range(3)], axis=1)
    weights = L.Dense(3, activation="softmax")(x)
    return x, L.Dense(1)(k.ops.einsum("be,bef->bf", weights, experts)), "mse"


def multi_task(k, L):
    x = k.Input((6,))
    trunk = L.Dense(8, activation="relu")(x)
    outputs = [L.Dense(1, name="price")(trunk), L.Dense(3, activation="softmax", name="kind")(trunk)]
    return x, outputs, {"price": "mse", "kind": "categorical_crossentropy"}


def factorization(k, L):
    user, item = k.Input((1,), dtype="int32"), k.Input((1,), dtype="int32")
    left, right = (L.Flatten()(L.Embedding(5, 3)(tokens)) for tokens in (user, item))
    return [user, item], L.Dot(axes=1)([left, right]), "mse"


def convolutional(k, L):
    x = k.Input((8, 8, 2))
    hidden = L.MaxPooling2D()(L.Conv2D(3, 3, activation="relu", padding="same")(x))
    return x, L.Dense(2)(L.Flatten()(hidden)), "mse"


def resnet_block(k, L):
    x = k.Input((6, 6, 3))
    hidden = L.ReLU()(L.BatchNormalization()(L.Conv2D(3, 3, padding="same", use_bias=False)(x)))
    hidden = L.BatchNormalization()(L.Conv2D(3, 3, padding="same", use_bias=False)(hidden))
    return x, L.Dense(2)(L.GlobalAveragePooling2D()(L.ReLU()(L.Add()([x, hidden])))), "mse"


def inception_block(k, L):
    x = k.Input((6, 6, 2))
    branches = [
        L.Conv2D(2, 1, padding="same")(x),
        L.Conv2D(2, 3, padding="same")(L.Conv2D(1, 1)(x)),
        L.Conv2D(2, 1)(L.MaxPooling2D(3, strides=1, padding="same")(x)),
    ]
    return x, L.Dense(2)(L.GlobalMaxPooling2D()(L.Concatenate()(branches))), "mse"


def u_net(k, L):
    x = k.Input((8, 8, 1))
    down = L.Conv2D(2, 3, padding="same", activation="relu")(x)
    bottom = L.Conv2D(3, 3, padding="same", activation="relu")(L.MaxPooling2D()(down))
    up = L.Conv2D(2, 3, padding="same", activation="relu")(L.UpSampling2D()(bottom))
    return x, L.Conv2D(1, 1)(L.Concatenate()([down, up])), "mse"


def dense_block(k, L):
    x = k.Input((6, 6, 2))
    hidden = x
    for _ in range(2):
        hidden = L.Concatenate()([hidden, L.Conv2D(2, 3, padding="same", activation="relu")(hidden)])
    return x, L.Dense(2)(L.GlobalAveragePooling2D()(hidden)), "mse"


def squeeze_and_excitation(k, L):
    x = k.Input((6, 6, 4))
    weights = L.Dense(4, activation="sigmoid")(L.Dense(2, activation="relu")(L.GlobalAveragePooling2D()(x)))
    return x, L.Dense(2)(L.Flatten()(L.Multiply()([x, L.Reshape((1, 1, 4))(weights)]))), "mse"


def temporal_convolutions(k, L):
    x = k.Input((10, 3))
    hidden = L.Conv1D(4, 3, padding="causal", activation="relu")(x)
    hidden = L.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu")(hidden)
    return x, L.Dense(1)(L.GlobalAveragePooling1D()(hidden)), "mse"


def forecaster(k, L):
    x = k.Input((6, 3))
    return x, L.Dense(1)(L.LSTM(4)(x)), "mse"


def stacked_gru(k, L):
    x = k.Input((5, 3))
    return x, L.Dense(2)(L.GRU(3)(L.GRU(4, return_sequences=True)(x))), "mse"


def sentiment(k, L):
    x = k.Input((6,), dtype="int32")
    hidden = L.Bidirectional(L.LSTM(3))(L.Embedding(5, 4, mask_zero=True)(x))
    return x, L.Dense(1, activation="sigmoid")(hidden), "binary_crossentropy"


def bag_of_words(k, L):
    x = k.Input((6,), dtype="int32")
    return x, L.Dense(2)(L.GlobalAveragePooling1D()(L.Embedding(5, 4, mask_zero=True)(x))), "mse"


def sequence_to_sequence(k, L):
    source, target = k.Input((5, 3)), k.Input((4, 2))
    encoded, *state = L.LSTM(4, return_sequences=True, return_state=True)(source)
    decoded = L.LSTM(4, return_sequences=True)(target, initial_state=state)
    context = L.Attention()([decoded, encoded])
    return [source, target], L.Dense(2)(L.Concatenate()([decoded, context])), "mse"


def transformer_block(k, L):
    x = k.Input((5, 4))
    attended = L.MultiHeadAttention(num_heads=2, key_dim=2)(x, x)
    hidden = L.LayerNormalization()(x + attended)
    hidden = L.LayerNormalization()(hidden + L.Dense(4)(L.Dense(8, activation="gelu")(hidden)))
    return x, L.Dense(1)(L.GlobalAveragePooling1D()(hidden)), "mse"


def video(k, L):
    x = k.Input((3, 6, 6, 1))
    frame = k.Sequential([k.Input((6, 6, 1)), L.Conv2D(2, 3, activation="relu"), L.GlobalAveragePooling2D()])
    return x, L.Dense(1)(L.LSTM(3)(L.TimeDistributed(frame)(x))), "mse"


def attention_by_hand(k, L):
    x = k.Input((5, 4))
    query, key, value = (L.Dense(3)(x) for _ in range(3))
    scores = k.ops.matmul(query, k.ops.transpose(key, (0, 2, 1))) / 3**0.5
    return x, L.Dense(1)(k.ops.matmul(k.ops.softmax(scores), value)[:, -1]), "mse"


def mobile_block(k, L):
    x = k.Input((6, 6, 3))
    hidden = L.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    hidden = L.SeparableConv2D(4, 3, strides=2, padding="same")(hidden)
    return x, L.Dense(1)(L.GlobalAveragePooling2D()(hidden)), "mse"


def upscaler(k, L):
    x = k.Input((4, 4, 1))
    return (
        x,
        L.Conv2DTranspose(1, 3, strides=2, padding="same")(L.Conv2D(2, 3, padding="same", activation="relu")(x)),
        "mse",
    )


def variational_autoencoder(k, L):
    class Divergence(L.Layer):
        """Adds the distance to a standard normal distribution; the sample is the mean, since draws differ."""

        def call(self, inputs):
            mean, spread = inputs
            self.add_loss(0.5 * k.ops.mean(k.ops.square(mean) + k.ops.exp(spread) - 1.0 - spread))
            return mean

    x = k.Input((6,))
    hidden = L.Dense(5, activation="tanh")(x)
    return x, L.Dense(6)(Divergence()([L.Dense(2)(hidden), L.Dense(2)(hidden)])), "mse"


def weighted_graph(k, L):
    """An output that is a slice, an input used twice, a constant, a nested model with two outputs."""
    x = k.Input((6,))
    hidden = L.Dense(4, activation="relu")(x[:, :4] * 0.5 + x[:, 2:])
    a = k.Input((4,))
    inner = k.Model(a, [L.Dense(2)(a), L.Dense(2, activation="tanh")(a)])
    first, second = inner(hidden)
    return x, first - second, "mae"


ZOO = [
    mlp, autoencoder, wide_and_deep, siamese, highway, mixture_of_experts, multi_task, factorization, convolutional,
    resnet_block, inception_block, u_net, dense_block, squeeze_and_excitation, temporal_convolutions, forecaster,
    stacked_gru, sentiment, bag_of_words, sequence_to_sequence, transformer_block, video, attention_by_hand,
    mobile_block, upscaler, variational_autoencoder, weighted_graph,
]  # fmt: skip


def data_for(model):
    random = np.random.default_rng(5)
    x = [
        random.integers(1, 5, (ROWS, *tensor.shape[1:])).astype("int32")
        if "int" in str(tensor.dtype)
        else random.normal(size=(ROWS, *tensor.shape[1:])).astype("float32")
        for tensor in model.inputs
    ]
    for tokens in x:
        if tokens.dtype == "int32" and tokens.shape[1] > 1:
            tokens[::2, -2:] = 0  # padding
    y = [random.uniform(0, 1, (ROWS, *tensor.shape[1:])).astype("float32") for tensor in model.outputs]
    return (x[0] if len(x) == 1 else x), (y[0] if len(y) == 1 else y)


@pytest.mark.parametrize("make", ZOO)
def test_outputs_and_training(make):
    keras.utils.clear_session(free_memory=False)
    models, losses = [], []
    for k in (keras, lamina):
        inputs, outputs, loss = make(k, k.layers)
        model = k.Model(inputs, outputs)
        weights = {"price": 0.3, "kind": 2.0} if isinstance(loss, dict) else None
        model.compile(optimizer=k.optimizers.SGD(0.01, momentum=0.9), loss=loss, loss_weights=weights)
        models.append(model)
    reference, model = models
    assert [tuple(weight.shape) for weight in model.weights] == [tuple(weight.shape) for weight in reference.weights]
    model.set_weights(reference.get_weights())
    x, y = data_for(reference)
    for one in models:
        losses.append(one.fit(x, y, batch_size=ROWS, epochs=STEPS, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=2e-3, atol=1e-4)
    for one, other in zip(model.get_weights(), reference.get_weights()):  # the sum of twenty gradients
        np.testing.assert_allclose(one, other, rtol=5e-3, atol=1e-3)
    expected, received = (one.predict_on_batch(x) for one in models)
    for one, other in zip(*([item] if isinstance(item, np.ndarray) else list(item) for item in (received, expected))):
        np.testing.assert_allclose(one, other, rtol=5e-3, atol=1e-3)


@pytest.mark.parametrize("make", [make for make in ZOO if make is not variational_autoencoder])
def test_configurations(make):
    keras.utils.clear_session(free_memory=False)
    models = []
    for k in (keras, lamina):
        inputs, outputs, _ = make(k, k.layers)
        models.append(k.Model(inputs, outputs))
    # Keras records how a mask is computed as operations of the graph.
    theirs, ours = (
        [layer["class_name"] for layer in model.get_config()["layers"] if layer["class_name"] != "NotEqual"]
        for model in models
    )
    assert ours == theirs
    again = lamina.Model.from_config(models[1].get_config())
    assert [layer["class_name"] for layer in again.get_config()["layers"]] == ours
    assert [(w.path, w.shape) for w in again.weights] == [(w.path, w.shape) for w in models[1].weights]
