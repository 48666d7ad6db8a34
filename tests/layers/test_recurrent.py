"""Recurrent layers beyond single calls: kept states, cells of one's own, and what they may do inside the loop."""

import jax.numpy as jnp
import keras
import numpy as np
import pytest

import lamina
from lamina import layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 6, 3)).astype("float32")
KINDS = ["SimpleRNN", "LSTM", "GRU"]


@pytest.mark.parametrize("kind", KINDS)
class TestStateful:
    def test_two_halves_equal_the_whole(self, kind):
        whole = getattr(layers, kind)(4, return_sequences=True)
        expected = whole(X)
        halves = getattr(layers, kind)(4, return_sequences=True, stateful=True)
        halves.build((2, 3, 3))
        halves.set_weights(whole.get_weights())
        outputs = jnp.concatenate([halves(X[:, :3]), halves(X[:, 3:])], 1)
        np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)

    def test_as_in_keras_from_call_to_call_and_after_a_reset(self, kind):
        ours, theirs = (getattr(module, kind)(4, stateful=True) for module in (layers, keras.layers))
        theirs(X)
        theirs.reset_state()
        ours.build(X.shape)
        ours.set_weights(theirs.get_weights())
        for _ in range(2):
            np.testing.assert_allclose(ours(X), theirs(X), rtol=1e-5, atol=1e-6)
        ours.reset_state()
        theirs.reset_state()
        np.testing.assert_allclose(ours(X), theirs(X), rtol=1e-5, atol=1e-6)

    def test_another_batch_size_is_refused(self, kind):
        layer = getattr(layers, kind)(4, stateful=True, name="keeper")
        layer(X)
        with pytest.raises(ValueError, match=r"'keeper': the states kept .*\(2, 4\).*\(1, 4\).*one size only"):
            layer(X[:1])

    def test_an_unknown_batch_size_is_refused(self, kind):
        with pytest.raises(ValueError, match="stateful=True the batch size must be known"):
            getattr(layers, kind)(4, stateful=True)(lamina.Input((5, 3)))

    def test_initial_state(self, kind):
        state = [RNG.normal(size=(2, 4)).astype("float32")] * (2 if kind == "LSTM" else 1)
        ours, theirs = (getattr(module, kind)(4) for module in (layers, keras.layers))
        theirs(X)
        ours.build(X.shape)
        ours.set_weights(theirs.get_weights())
        expected = theirs(X, initial_state=state)
        np.testing.assert_allclose(ours(X, initial_state=state), expected, rtol=1e-5, atol=1e-6)

    def test_initial_state_of_another_shape_names_both(self, kind):
        wrong = [np.zeros((2, 5))] * (2 if kind == "LSTM" else 1)
        with pytest.raises(ValueError, match=r"initial_state has the shapes \[\(2, 5\).*expected \[\(2, 4\)"):
            getattr(layers, kind)(4)(X, initial_state=wrong)

    def test_a_mask_of_another_shape_names_both(self, kind):
        with pytest.raises(ValueError, match=r"\(batch, time\) = \(2, 6\), received \(2, 5\)"):
            getattr(layers, kind)(4)(X, mask=np.ones((2, 5), bool))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"go_backwards": True}, {"zero_output_for_mask": True}])
def test_the_fused_loop_and_the_cell_agree(kind, options):
    """The kernels and the cell are two formulations; `unroll` takes the cell's."""
    mask = np.array([[0, 1, 1, 0, 1, 0], [1, 1, 0, 0, 0, 0]], bool)
    fused = getattr(layers, kind)(4, return_sequences=True, return_state=True, **options)
    by_cell = getattr(layers, kind)(4, return_sequences=True, return_state=True, unroll=True, **options)
    fused.build(X.shape)
    by_cell.build(X.shape)
    by_cell.set_weights(fused.get_weights())
    state = [RNG.normal(size=(2, 4)).astype("float32")] * (2 if kind == "LSTM" else 1)
    for given in ({}, {"mask": mask}, {"mask": mask, "initial_state": state}):
        for one, other in zip(fused(X, **given), by_cell(X, **given), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


class Accumulator(layers.Layer):
    """A cell as users write it, made of layers that draw, learn statistics and add losses."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.state_size = 4
        self.dense = layers.Dense(4, activity_regularizer=lamina.regularizers.L1(1.0), kernel_initializer="ones")
        self.norm = layers.BatchNormalization(momentum=0.5)
        self.dropout = layers.Dropout(0.5, seed=1)

    def call(self, inputs, states):
        state = states[0] + self.dropout(self.norm(self.dense(inputs)))
        return state, [state]


class TestOwnCells:
    def test_a_cell_of_layers_is_built_and_run(self):
        layer = layers.RNN(Accumulator(), return_sequences=True)
        outputs = layer(np.ones((2, 5, 3)))
        assert outputs.shape == (2, 5, 4)
        assert layer.compute_output_shape((None, 5, 3)) == (None, 5, 4)
        np.testing.assert_allclose(outputs[0, :, 0], 3 / np.sqrt(1.001) * np.arange(1, 6), rtol=1e-5)

    def test_what_happens_inside_the_loop_lasts(self):
        layer = layers.RNN(Accumulator())
        x = np.ones((2, 3, 3))
        layer(x, training=True)
        # Three steps of a moving average of 3, with momentum 1/2: 1.5, 2.25, 2.625.
        np.testing.assert_allclose(layer.cell.norm.moving_mean, np.full(4, 2.625), rtol=1e-6)
        assert float(layer.losses[0]) == pytest.approx(3 * 4 * 3)  # steps, units, each 3; a mean over the batch

    def test_layers_inside_draw_anew_at_each_step(self):
        class Dropping(layers.Layer):
            state_size = 1

            def __init__(self):
                super().__init__()
                self.dropout = layers.Dropout(0.5, seed=1)

            def call(self, inputs, states):
                return self.dropout(inputs), states

        outputs = np.asarray(layers.RNN(Dropping(), return_sequences=True)(np.ones((1, 4, 50)), training=True))
        assert len({tuple(step) for step in outputs[0].tolist()}) == 4

    def test_unrolled_is_the_same(self):
        looped, unrolled = layers.RNN(Accumulator()), layers.RNN(Accumulator(), unroll=True)
        for layer in (looped, unrolled):
            layer(X, training=True)
        np.testing.assert_allclose(looped.cell.norm.moving_mean, unrolled.cell.norm.moving_mean, rtol=1e-5, atol=1e-6)

    def test_a_cell_may_be_any_object_with_call_and_state_size(self):
        class Counter:
            state_size = 1

            def call(self, inputs, states):
                return states[0] + 1, [states[0] + 1]

        assert layers.RNN(Counter())(X).tolist() == [[6.0], [6.0]]

    def test_states_of_several_axes_and_an_initial_state_of_the_cells_own(self):
        class Matrix(layers.Layer):
            state_size = [(2, 3)]

            def get_initial_state(self, batch_size=None):
                return [jnp.ones((batch_size, 2, 3))]

            def call(self, inputs, states):
                return jnp.sum(states[0], (1, 2))[:, None], [states[0] * 2]

        np.testing.assert_array_equal(layers.RNN(Matrix(), return_sequences=True)(X)[0, :3, 0], [6.0, 12.0, 24.0])

    @pytest.mark.parametrize("cell", [layers.Dense(3), object()])
    def test_what_is_no_cell_is_refused(self, cell):
        with pytest.raises(ValueError, match="'rnn': a cell has"):
            layers.RNN(cell)

    def test_a_cell_that_loses_states_is_refused(self):
        class Loses(layers.Layer):
            state_size = [2, 2]

            def call(self, inputs, states):
                return states[0], [states[0]]

        with pytest.raises(ValueError, match="given 2 states and returned 1"):
            layers.RNN(Loses())(X)

    def test_own_cells_survive_a_configuration(self):
        layer = layers.RNN([Accumulator(), layers.GRUCell(2)], return_state=True)
        with lamina.saving.custom_object_scope({"Accumulator": Accumulator}):
            again = layers.deserialize(layers.serialize(layer))
        assert [type(cell).__name__ for cell in again.cell.cells] == ["Accumulator", "GRUCell"]
        assert again.return_state


class TestBidirectional:
    def test_a_layer_around_a_cell_of_ones_own(self):
        layer = layers.Bidirectional(layers.RNN(Accumulator(), return_sequences=True), merge_mode="sum")
        outputs = layer(np.ones((2, 4, 3)))
        np.testing.assert_allclose(outputs[0, :, 0], np.full(4, 15 / np.sqrt(1.001)), rtol=1e-5)

    def test_directions_start_from_different_weights(self):
        layer = layers.Bidirectional(layers.GRU(4))
        layer.build(X.shape)
        forward, backward = layer.forward_layer.cell.kernel, layer.backward_layer.cell.kernel
        assert np.any(forward.numpy() != backward.numpy())

    def test_initial_weights(self):
        layer = layers.Bidirectional(layers.LSTM(4))
        expected = layer(X)
        same = layers.Bidirectional(layers.LSTM(4), weights=layer.get_weights())
        np.testing.assert_allclose(same(X), expected, rtol=1e-6)

    def test_initial_states_come_in_halves(self):
        layer = layers.Bidirectional(layers.LSTM(4))
        assert layer(X, initial_state=[np.zeros((2, 4))] * 4).shape == (2, 8)
        with pytest.raises(ValueError, match="an even number; received 3"):
            layer(X, initial_state=[np.zeros((2, 4))] * 3)

    def test_stateful(self):
        layer = layers.Bidirectional(layers.GRU(4, stateful=True))
        first = layer(X)
        assert np.any(np.asarray(layer(X)) != np.asarray(first))
        assert len(layer.states) == 2
        layer.reset_state()
        np.testing.assert_array_equal(layer(X), first)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: layers.Bidirectional(layers.Dense(2)), "goes around a recurrent layer"),
            (lambda: layers.Bidirectional(layers.LSTM), r"LSTM\(8\), not LSTM"),
            (lambda: layers.Bidirectional(layers.LSTM(2), merge_mode="add"), "merge_mode must be one of 'sum'"),
            (lambda: layers.Bidirectional(layers.LSTM(2), backward_layer=layers.GRU(2)), "go_backwards=False"),
            (
                lambda: layers.Bidirectional(
                    layers.LSTM(2), backward_layer=layers.GRU(2, go_backwards=True, return_sequences=True)
                ),
                "return_sequences must be the same in both layers",
            ),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, make, message):
        with pytest.raises(ValueError, match=message):
            make()


class TestTimeDistributed:
    def test_statistics_are_learned_step_by_step(self):
        """As in Keras: each step moves the averages of BatchNormalization once."""
        layer = layers.TimeDistributed(layers.BatchNormalization(momentum=0.5))
        layer(np.arange(3.0).reshape(1, 3, 1), training=True)
        np.testing.assert_allclose(layer.layer.moving_mean, [0.0 / 8 + 1.0 / 4 + 2.0 / 2])

    def test_dropout_differs_from_step_to_step(self):
        outputs = layers.TimeDistributed(layers.Dropout(0.5, seed=1))(np.ones((1, 4, 60)), training=True)
        assert len({tuple(step) for step in np.asarray(outputs)[0].tolist()}) == 4

    def test_an_input_without_time_is_refused(self):
        with pytest.raises(ValueError, match=r"'time_distributed': expected .*\(batch, time, ...\).*\(2, 3\)"):
            layers.TimeDistributed(layers.Dense(2))(np.ones((2, 3)))

    def test_a_class_in_the_place_of_a_layer(self):
        with pytest.raises(ValueError, match=r"Dense\(3\), not Dense"):
            layers.TimeDistributed(layers.Dense)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_leftovers_of_other_implementations(kind):
    layer = getattr(layers, kind)
    with pytest.raises(ValueError, match="use_cudnn must be 'auto' or False"):
        layer(2, use_cudnn=True)
    with pytest.raises(ValueError, match="implementation must be 1 or 2"):
        layer(2, implementation=3)
    assert "implementation" not in layer(2, implementation=1).get_config()
    assert "use_cudnn" not in layer(2, use_cudnn=False).get_config()


@pytest.mark.parametrize("kind", KINDS)
def test_predict_evaluate_and_fit_keep_states_between_batches(kind):
    """Keras does so where layers are called one after the other; its compiled loops on JAX forget the states."""
    x, y = RNG.normal(size=(4, 3, 3)).astype("float32"), RNG.uniform(-1, 1, (4, 2)).astype("float32")
    theirs = getattr(keras.layers, kind)(2, stateful=True)
    expected = [np.asarray(theirs(x[rows : rows + 2])) for rows in (0, 2) * 3]
    model = lamina.Sequential([lamina.Input(batch_shape=(2, 3, 3)), getattr(layers, kind)(2, stateful=True)])
    model.set_weights(theirs.get_weights())
    model.compile(lamina.optimizers.SGD(0.0), "mse")
    loss = np.mean((np.concatenate(expected[2:4]) - y) ** 2), np.mean((np.concatenate(expected[4:]) - y) ** 2)
    np.testing.assert_allclose(
        model.predict(x, batch_size=2, verbose=0), np.concatenate(expected[:2]), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(model.evaluate(x, y, batch_size=2, verbose=0), loss[0], rtol=1e-5)
    history = model.fit(x, y, batch_size=2, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"], loss[1], rtol=1e-5)
    model.layers[0].reset_state()
    assert not any(np.any(state.numpy()) for state in model.layers[0].states)
    np.testing.assert_allclose(model.predict_on_batch(x[:2]), expected[0], rtol=1e-5, atol=1e-6)
    assert all(np.any(state.numpy()) for state in model.layers[0].states)


def test_what_a_layer_of_ones_own_assigns_in_inference_is_kept():
    class Counter(layers.Layer):
        def build(self, _):
            self.calls = self.add_weight(initializer="zeros", trainable=False)

        def call(self, inputs):
            self.calls.assign_add(1.0)
            return inputs * self.calls

    model = lamina.Sequential([lamina.Input((1,)), Counter()])
    model.compile("sgd", "mse")
    assert model.predict(np.ones((4, 1)), batch_size=2, verbose=0).ravel().tolist() == [1, 1, 2, 2]
    assert model.evaluate(np.ones((4, 1)), np.full((4, 1), 3.0), batch_size=2, verbose=0) == 0.5
    assert float(model.layers[0].calls) == 4
