"""Layers that are random while training: what they do on average, and that a seed fixes it."""

import numpy as np
import pytest

from lamina import layers

SHAPE = (200, 100)
ONES = np.ones(SHAPE, "float32")


def share_dropped(outputs):
    return float(np.mean(np.asarray(outputs) == 0))


def deviations(rate, count):
    """Four standard deviations of the share of `count` numbers: what chance leaves once in ten thousand times."""
    return 4 * np.sqrt(rate * (1 - rate) / count)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
class TestDropout:
    def test_drops_the_share_and_keeps_the_mean(self, rate):
        outputs = layers.Dropout(rate, seed=1)(ONES, training=True)
        assert abs(share_dropped(outputs) - rate) < deviations(rate, ONES.size)
        kept = np.asarray(outputs)[np.asarray(outputs) != 0]
        np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=1e-6)

    def test_each_call_draws_anew_and_a_seed_repeats_the_series(self, rate):
        one, same = layers.Dropout(rate, seed=1), layers.Dropout(rate, seed=1)
        first, second = one(ONES, training=True), one(ONES, training=True)
        assert np.any(np.asarray(first) != np.asarray(second))
        np.testing.assert_array_equal(same(ONES, training=True), first)
        np.testing.assert_array_equal(same(ONES, training=True), second)

    def test_alpha_dropout_keeps_mean_and_variance_of_what_is_standardized(self, rate):
        x = np.random.default_rng(0).normal(size=SHAPE).astype("float32")
        outputs = np.asarray(layers.AlphaDropout(rate, seed=2)(x, training=True))
        assert abs(outputs.mean()) < 0.06
        assert abs(outputs.std() - 1) < 0.06
        dropped = np.unique(outputs, return_counts=True)[1].max()  # the only number that comes more than once or twice
        assert abs(dropped / outputs.size - rate) < deviations(rate, ONES.size)

    def test_gaussian_dropout_has_the_variance_of_dropout(self, rate):
        outputs = np.asarray(layers.GaussianDropout(rate, seed=3)(ONES, training=True))
        expected = rate / (1 - rate)
        assert abs(outputs.mean() - 1) < 4 * np.sqrt(expected / ONES.size)
        assert abs(outputs.var() / expected - 1) < 0.06


def test_noise_shape_shares_the_mask():
    outputs = np.asarray(layers.Dropout(0.5, noise_shape=(None, 1), seed=1)(ONES, training=True))
    assert np.all((outputs == 0) == (outputs[:, :1] == 0))
    assert abs(share_dropped(outputs) - 0.5) < deviations(0.5, SHAPE[0])


def test_noise_shape_of_another_rank_is_refused():
    with pytest.raises(ValueError, match=r"'dropout': noise_shape \(1,\) has 1 axes, .* \(200, 100\) has 2"):
        layers.Dropout(0.5, noise_shape=(1,))(ONES, training=True)


def test_dropping_everything_and_nothing():
    assert not np.any(layers.Dropout(1.0)(ONES, training=True))
    np.testing.assert_array_equal(layers.Dropout(0.0)(ONES, training=True), ONES)


@pytest.mark.parametrize(
    ("layer", "shape", "shared"),
    [
        (layers.SpatialDropout1D(0.4, seed=1), (50, 4, 30), (1,)),
        (layers.SpatialDropout2D(0.4, seed=1), (50, 3, 4, 30), (1, 2)),
        (layers.SpatialDropout2D(0.4, data_format="channels_first", seed=1), (50, 30, 3, 4), (2, 3)),
        (layers.SpatialDropout3D(0.4, seed=1), (50, 2, 3, 4, 30), (1, 2, 3)),
    ],
)
def test_spatial_dropout_drops_whole_channels(layer, shape, shared):
    dropped = np.asarray(layer(np.ones(shape), training=True)) == 0
    assert np.all(dropped.all(shared) == dropped.any(shared))
    assert abs(dropped.mean() - 0.4) < deviations(0.4, 50 * 30)


@pytest.mark.parametrize("deviation", [0.1, 2.0])
def test_gaussian_noise(deviation):
    noise = np.asarray(layers.GaussianNoise(deviation, seed=4)(np.zeros(SHAPE), training=True))
    assert abs(noise.mean()) < 4 * deviation / np.sqrt(noise.size)
    assert abs(noise.std() / deviation - 1) < 0.03


@pytest.mark.parametrize("layer", [layers.SimpleRNN, layers.LSTM, layers.GRU])
class TestRecurrentDropout:
    def test_inputs_lose_the_same_features_at_all_steps(self, layer):
        cell = layer(3, dropout=0.5, seed=1).cell
        cell.build((8, 40))
        first = cell.get_dropout_mask(np.ones((8, 40), "float32"))
        assert cell.get_dropout_mask(np.ones((8, 40), "float32")) is first
        assert set(np.unique(first)) == {0.0, 2.0}
        assert abs(share_dropped(first) - 0.5) < deviations(0.5, 320)
        cell.reset_dropout_mask()
        assert np.any(np.asarray(cell.get_dropout_mask(np.ones((8, 40), "float32"))) != np.asarray(first))

    def test_dropout_of_all_inputs_leaves_the_bias(self, layer):
        options = {"dropout": 1.0, "bias_initializer": "ones", "kernel_initializer": "ones"}
        recurrent = layer(3, **options)
        x = np.random.default_rng(0).normal(size=(2, 4, 5))
        np.testing.assert_allclose(recurrent(x, training=True), recurrent(np.zeros((2, 4, 5))), rtol=1e-6)

    def test_training_differs_from_call_to_call_and_leaves_no_mask_behind(self, layer):
        recurrent = layer(3, dropout=0.3, recurrent_dropout=0.3, seed=1)
        x = np.random.default_rng(0).normal(size=(2, 4, 5))
        first, second = recurrent(x, training=True), recurrent(x, training=True)
        assert np.any(np.asarray(first) != np.asarray(second))
        assert recurrent.cell._dropout_mask is None
        assert recurrent.cell._recurrent_dropout_mask is None
        np.testing.assert_array_equal(recurrent(x), recurrent(x))

    def test_recurrent_dropout_masks_each_gate_apart(self, layer):
        cell = layer(3, recurrent_dropout=0.5).cell
        masks = cell.get_recurrent_dropout_mask(np.ones((8, 3), "float32"))
        assert (len(masks) if cell.gates > 1 else 1) == cell.gates


def test_attention_drops_weights_and_keeps_their_mean():
    query, value = np.zeros((1, 50, 4), "float32"), np.ones((1, 200, 4), "float32")
    outputs, weights = layers.Attention(dropout=0.5, seed=1)(
        [query, value], training=True, return_attention_scores=True
    )
    assert abs(share_dropped(weights) - 0.5) < deviations(0.5, weights.size)
    assert abs(np.asarray(outputs).mean() - 1) < 0.02
