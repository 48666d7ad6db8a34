"""Wrong arguments and wrong inputs: the error names the layer, what came, what was wanted, and the fix."""

import numpy as np
import pytest

import lamina
from lamina import layers

X = np.ones((2, 6, 5, 4), "float32")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Dense(0), r"'dense': units must be a positive whole number, got 0"),
        (lambda: layers.Dense(2.5), r"units must be a positive whole number, got 2\.5"),
        (lambda: layers.Dense(2, activation="rellu"), r"Unknown activation 'rellu'\. Did you mean 'relu'"),
        (lambda: layers.Dense(2, kernel_initializer="glorot"), r"Unknown initializer 'glorot'"),
        (lambda: layers.Dense(2, lora_rank=4), r"lora_rank=4 is not supported"),
        (lambda: layers.Embedding(0, 3), r"'embedding': input_dim must be a positive"),
        (lambda: layers.Embedding(4, 3, weights=[np.ones((3, 3))]), r"\(4, 3\), got \(3, 3\)"),
        (lambda: layers.EinsumDense("ab->ac", 3), r"'einsum_dense': the equation 'ab->ac' can't be read"),
        (lambda: layers.EinsumDense("ab,bc->ad", 3), r"an output axis that neither inputs nor kernel have"),
        (lambda: layers.Lambda(3), r"'lambda': function must be callable, got 3"),
        (lambda: layers.Conv2D(4, (3, 3, 3)), r"'conv2d': kernel_size must be .* or 2 of them.*\(3, 3, 3\)"),
        (lambda: layers.Conv2D(4, 3, strides=0), r"strides must be a whole number >= 1"),
        (lambda: layers.Conv2D(4, 3, padding="causal"), r"padding must be one of 'valid', 'same'; got 'causal'"),
        (lambda: layers.Conv2D(4, 3, strides=2, dilation_rate=2), r"can't both be above 1"),
        (lambda: layers.Conv2D(4, 3, groups=3), r"filters must be a multiple of groups"),
        (lambda: layers.Conv2D(4, 3, data_format="first"), r"data_format must be"),
        (lambda: layers.Conv2DTranspose(4, 3, strides=2, output_padding=2), r"must be less than strides=\(2, 2\)"),
        (lambda: layers.MaxPooling2D((2, 2, 2)), r"pool_size must be"),
        (lambda: layers.AdaptiveMaxPooling1D(0), r"output_size must be"),
        (lambda: layers.BatchNormalization(axis=(1, 2)), r"axis must be one whole number, got \(1, 2\)"),
        (lambda: layers.BatchNormalization(renorm_clipping={"r": 1}), r"knows rmax, rmin, dmax, got 'r'"),
        (lambda: layers.GroupNormalization(0), r"groups must be a positive whole number, or -1"),
        (lambda: layers.SpectralNormalization(layers.Dense(1), 0), r"power_iterations must be"),
        (lambda: layers.Dropout(1.5), r"'dropout': rate must be a number in \[0, 1\], got 1\.5"),
        (lambda: layers.Dropout(0.5, noise_shape=3), r"noise_shape must be a tuple"),
        (lambda: layers.AlphaDropout(1.0), r"rate must be below 1"),
        (lambda: layers.GaussianNoise(-1.0), r"stddev must be a number >= 0"),
        (lambda: layers.ActivityRegularization(l1=-1.0), r"l1"),
        (lambda: layers.ReLU(max_value=-1), r"'re_lu': max_value must be a number >= 0, got -1"),
        (lambda: layers.LeakyReLU(None), r"negative_slope must be a number >= 0, got None"),
        (lambda: layers.Reshape((-1, -1)), r"target_shape holds whole numbers, of which one may be -1"),
        (lambda: layers.Permute((0, 1)), r"dims must hold each axis from 1 .*The batch \(axis 0\) stays"),
        (lambda: layers.RepeatVector(0), r"'repeat_vector': n must be"),
        (lambda: layers.Cropping2D((1, 2, 3)), r"cropping must be .* 2 pairs \(before, after\); got \(1, 2, 3\)"),
        (lambda: layers.ZeroPadding1D(-1), r"padding must be a whole number >= 0"),
        (lambda: layers.UpSampling2D(2, interpolation="area"), r"interpolation must be one of 'nearest'"),
        (lambda: layers.Dot((1, 2, 3)), r"axes must be a whole number or a pair"),
        (lambda: layers.Attention(score_mode="sum"), r"score_mode must be one of 'dot', 'concat'"),
        (lambda: layers.MultiHeadAttention(0, 2), r"num_heads must be a positive"),
        (lambda: layers.MultiHeadAttention(2, 2, flash_attention=True), r"flash_attention=True is not supported"),
        (lambda: layers.MultiHeadAttention(2, 2, sliding_window=0), r"sliding_window must be"),
        (lambda: layers.GroupQueryAttention(2, 3, 2), r"num_query_heads must be a multiple"),
        (lambda: layers.LSTM(2, dropout=-0.1), r"dropout must be a number in \[0, 1\]"),
        (lambda: layers.StackedRNNCells([layers.Dense(1)]), r"every cell has a method call"),
        (lambda: layers.ConvLSTM2D(2, 3, padding="causal"), r"padding must be one of 'valid', 'same'"),
        (lambda: layers.CategoryEncoding(), r"'category_encoding': pass num_tokens"),
        (lambda: layers.CategoryEncoding(4, "hot"), r"output_mode must be one of 'multi_hot'"),
        (lambda: layers.CategoryEncoding(4, sparse=True), r"sparse=True is not supported"),
        (lambda: layers.Permute(1.5), r"dims must hold each axis from 1 .*got 1\.5"),
        (
            lambda: layers.PReLU(shared_axes=[2]).build((None, 3)),
            r"'p_re_lu': shared_axes=\[2\] .*\(None, 3\).* 1 to 1",
        ),
        (lambda: layers.GroupNormalization(1, axis=[1]).build((None, 3)), r"axis must be a whole number, got \[1\]"),
        (lambda: layers.PReLU(shared_axes=[0]).build((None, 3)), r"the batch \(axis 0\) always shares"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (layers.Dense(2), X[0, 0, 0], r"'dense': expected .* at least 2 axes .*\(4,\).*x\[None, \.\.\.\]"),
        (layers.Conv2D(2, 3), X[0], r"'conv2d': expected .* 4 axes.*\(6, 5, 4\).*x\[None, \.\.\.\].*x\[\.\.\., None\]"),
        (layers.Conv2D(2, 7), X, r"'conv2d': a window of \(7, 7\) does not fit into .* \(6, 5\).*padding='same'"),
        (layers.Conv2D(4, 3, groups=4), X[..., :3], r"3 input channels must be a multiple of groups=4"),
        (layers.MaxPooling2D(7), X, r"'max_pooling2d': a window of \(7, 7\) does not fit"),
        (layers.GlobalMaxPooling1D(), X, r"'global_max_pooling1d': expected .* 3 axes"),
        (layers.LSTM(2), X[0, 0], r"'lstm': expected .* 3 axes .*\(5, 4\)\. Add the batch axis"),
        (layers.Reshape((7,)), X, r"'reshape': .* has 120 numbers.*target_shape=\(7,\).*must be 120"),
        (layers.Cropping2D(3), X, r"'cropping2d': cropping=.* leaves nothing of .*\(2, 6, 5, 4\)"),
        (layers.RepeatVector(2), X, r"'repeat_vector': expected an input of 2 axes"),
        (layers.Permute((2, 1)), X, r"'permute': expected an input of 3 axes"),
        (layers.BatchNormalization(axis=5), X, r"axis 5 does not exist in an input of shape \(2, 6, 5, 4\)"),
        (layers.LayerNormalization(axis=4), X, r"axis 4 does not exist"),
        (layers.GroupNormalization(3), X, r"4 channels can't be divided into 3 groups"),
        (layers.Add(), X, r"'add' takes a list of inputs.*layer\(\[a, b\]\)"),
        (layers.Add(), [X, X[:, :3]], r"'add': the shapes of its inputs must be equal or broadcast"),
        (layers.Add(), [X, X[:1]], r"'add': its inputs have different batch sizes"),
        (layers.Subtract(), [X, X, X], r"'subtract' takes a list of 2 inputs, received 3"),
        (layers.Concatenate(), [X, X[:, :3]], r"'concatenate': .*equal shapes except along axis -1"),
        (layers.Concatenate(axis=4), [X, X], r"axis 4 does not exist"),
        (layers.Dot(1), [X[0, 0], X[0, 0, :, :3]], r"'dot': the sizes along axes=1 .* 4 and 3"),
        (layers.Dot(0), [X, X], r"axes=0 would sum over the batch"),
        (layers.EinsumDense("ab,bc->ac", 3), X, r"'einsum_dense': .*inputs of 2 axes, received shape \(2, 6, 5, 4\)"),
        (layers.EinsumDense("abcd,de->abce", (9, 5, 3)), X, r"axis 'b' .* has size 6 .*, but 9 in output_shape"),
        (layers.Attention(), [X[0]], r"'attention' takes a list of two or three inputs.*received 1"),
        (layers.SpectralNormalization(layers.ReLU()), X, r"'re_lu', has neither a kernel nor embeddings"),
        (layers.Attention(), [X[0], X[0], X[0, ..., :3]], r"'attention': query .*\(6, 5, 4\).* key \(6, 5, 3\)"),
        (layers.AdditiveAttention(), [X[0], X[0], X[0, ..., :3]], r"'additive_attention': query .* as many features"),
        (layers.Rescaling([1.0, 2.0]), X, r"'rescaling': scale and offset .* shapes \(2,\) and \(\), .*\(2, 6, 5, 4\)"),
        (layers.TimeDistributed(layers.LSTM(2)), X[:, 0], r"'lstm': expected .* 3 axes .*\(2, 4\)"),
        (
            layers.TimeDistributed(layers.Conv2DTranspose(2, 2)),
            X,
            r"'conv2d_transpose': expected .* 4 axes .*\(2, 5, 4\)",
        ),
        (layers.ConvLSTM1D(2, 9), X, r"a window of \(9,\) does not fit"),
    ],
)
def test_wrong_inputs(layer, inputs, message):
    with pytest.raises(ValueError, match=message):
        layer(inputs)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(2),
        layers.Conv1D(2, 3),
        layers.SimpleRNN(2),
        layers.BatchNormalization(),
        layers.LayerNormalization(),
        layers.PReLU(),
    ],
)
def test_features_of_unknown_size(layer):
    with pytest.raises(ValueError, match=f"'{layer.name}.*known size.*None"):
        layer(lamina.Input((5, None)))


def test_axes_that_attention_can_not_have():
    with pytest.raises(
        ValueError, match=r"'multi_head_attention': attention_axes=\(2,\) .*\(6, 5, 4\): choose from 1 to 1"
    ):
        layers.MultiHeadAttention(2, 2, attention_axes=2)(X[0], X[0])


def test_a_channel_number_that_changes():
    layer = layers.Conv2D(2, 3, name="stem")
    layer(X)
    with pytest.raises(ValueError, match=r"'stem': .*axis -1 has size 4, received .*build a new model"):
        layer(X[..., :3])


@pytest.mark.parametrize(
    "layer",
    [layers.LSTM(2), layers.Bidirectional(layers.GRU(2)), layers.LayerNormalization(), layers.RMSNormalization()],
)
def test_features_that_change(layer):
    layer(X[0])
    with pytest.raises(
        ValueError, match=f"'{layer.name}': .*axis -1 has size 4, received shape .*, 3.*build a new model"
    ):
        layer(X[0, ..., :3])


def test_a_lambda_from_a_file_is_never_run():
    config = {"name": "evil", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAA=="}}}
    with pytest.raises(ValueError, match="'evil' holds the code of a Python lambda"):
        layers.Lambda.from_config(config)


def test_a_lambda_can_not_be_described():
    with pytest.raises(TypeError, match="A lambda can't be written to a file"):
        layers.Lambda(lambda x: x).get_config()


def test_deserialize_refuses_what_is_no_layer():
    with pytest.raises(ValueError, match="describes no layer"):
        layers.deserialize(lamina.initializers.serialize(lamina.initializers.Zeros()))
    with pytest.raises(ValueError, match="'Dens'.*'Dense'"):
        layers.deserialize({"class_name": "Dens", "config": {}, "module": "keras.layers"})


def test_weights_of_categories_only_count():
    tokens, weights = np.array([[0, 1], [0, 0]]), np.array([[0.1, 0.2], [0.1, 0.1]])
    counted = layers.CategoryEncoding(2, "count")(tokens, count_weights=weights)
    np.testing.assert_allclose(counted, [[0.1, 0.2], [0.2, 0.0]], rtol=1e-6)
    with pytest.raises(ValueError, match="only used with output_mode='count'"):
        layers.CategoryEncoding(2)(tokens, count_weights=weights)
    with pytest.raises(ValueError, match=r"shape of the inputs, \(2, 2\), received \(2,\)"):
        layers.CategoryEncoding(2, "count")(tokens, count_weights=weights[0])
