"""The base class: what every layer and every model has from it."""

import copy

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.core.functional import pure


class Scale(layers.Layer):
    """A layer as users write it."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gain")
        self.calls = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False, name="calls")

    def call(self, inputs, training=False):
        if training:
            self.calls.assign_add(1)
        return inputs * self.gain * self.factor


class Tower(layers.Layer):
    """A layer made of others, kept in an attribute, a list and a dictionary."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Dense(4)
        self.middle = [layers.Dense(5), layers.Dense(6)]
        self.heads = {"b": layers.Dense(1), "a": layers.Dense(2)}

    def call(self, inputs):
        x = self.first(inputs)
        for layer in self.middle:
            x = layer(x)
        return {name: head(x) for name, head in self.heads.items()}


class TestDiscovery:
    def test_sublayers_are_found_in_attributes_lists_and_dictionaries_in_order(self):
        tower = Tower()
        assert [layer.units for layer in tower.held_layers()] == [4, 5, 6, 1, 2]

    def test_sublayers_added_after_the_constructor_count(self):
        tower = Tower()
        tower.middle.append(layers.Dense(7))
        outputs = tower(np.ones((2, 3)))
        assert outputs["a"].shape == (2, 2)
        assert tower.middle[2].kernel.shape == (6, 7)
        assert len(tower.weights) == 12

    def test_weights_come_in_order_of_assignment_each_once(self):
        class Shared(layers.Layer):
            def __init__(self):
                super().__init__()
                self.one = layers.Dense(3)
                self.same = self.one

            def call(self, inputs):
                return self.same(self.one(inputs))

        shared = Shared()
        shared(np.ones((2, 3)))
        assert [weight.path for weight in shared.weights] == ["shared/dense/kernel", "shared/dense/bias"]

    def test_paths_name_the_way_to_a_weight(self):
        tower = Tower(name="tower")
        tower(np.ones((2, 3)))
        assert tower.first.kernel.path == "tower/dense/kernel"

    def test_a_variable_in_an_attribute_is_a_weight(self):
        class Plain(layers.Layer):
            def __init__(self):
                super().__init__()
                self.offset = lamina.Variable(np.array([1.0, 2.0]), name="offset")

            def call(self, inputs):
                return inputs + self.offset

        plain = Plain()
        np.testing.assert_array_equal(plain(np.zeros((1, 2))), [[1.0, 2.0]])
        assert len(plain.trainable_weights) == 1

    def test_without_super_init_the_error_says_so(self):
        class Forgot(layers.Layer):
            def __init__(self):
                self.units = 3

        with pytest.raises(RuntimeError, match=r"super\(\).__init__\(\)"):
            Forgot()(np.ones((1, 2)))


class TestWeights:
    def test_add_weight_declares_name_shape_dtype_and_role(self):
        layer = Scale()
        layer.build((None, 3))
        assert [weight.name for weight in layer.weights] == ["gain", "calls"]
        assert layer.gain.shape == (3,)
        assert layer.gain.dtype == "float32"
        assert layer.calls.dtype == "int32"
        assert layer.trainable_weights == [layer.gain]
        assert layer.non_trainable_weights == [layer.calls]

    def test_add_weight_needs_known_sizes(self):
        with pytest.raises(ValueError, match=r"'scale'.*'gain'.*\(None,\)"):
            Scale().build((3, None))

    def test_trainable_weights_come_before_the_others(self):
        layer = layers.BatchNormalization()
        layer.build((None, 3))
        assert [weight.name for weight in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]

    def test_initial_values_are_drawn_when_read(self):
        drawn = []

        def initializer(shape, dtype):
            drawn.append(shape)
            return np.ones(shape, dtype)

        layer = layers.Dense(2, kernel_initializer=initializer)
        layer.build((None, 3))
        assert drawn == []
        layer.get_weights()
        assert drawn == [(3, 2)]

    def test_get_and_set_weights(self):
        layer = layers.Dense(2)
        layer.build((None, 3))
        values = [np.arange(6.0).reshape(3, 2), np.array([1.0, 2.0])]
        layer.set_weights(values)
        for value, expected in zip(layer.get_weights(), values, strict=True):
            np.testing.assert_array_equal(value, expected)

    def test_set_weights_of_another_number(self):
        layer = layers.Dense(2, name="head")
        layer.build((None, 3))
        with pytest.raises(ValueError, match="'head' has 2 weights, but 1 arrays"):
            layer.set_weights([np.ones((3, 2))])

    def test_set_weights_before_building_says_what_to_do(self):
        with pytest.raises(ValueError, match="build it, or call it on data"):
            layers.Dense(2).set_weights([np.ones((3, 2))])

    def test_set_weights_of_another_shape_sets_none(self):
        layer = layers.Dense(2, kernel_initializer="zeros")
        layer.build((None, 3))
        with pytest.raises(ValueError, match=r"'dense/bias' has shape \(2,\).*\(3,\)"):
            layer.set_weights([np.ones((3, 2)), np.ones(3)])
        np.testing.assert_array_equal(layer.kernel, np.zeros((3, 2)))

    def test_count_params(self):
        layer = layers.Dense(2)
        with pytest.raises(ValueError, match="'dense' has no weights yet"):
            layer.count_params()
        layer.build((None, 3))
        assert layer.count_params() == 8

    def test_initial_weights_argument_of_keras_2(self):
        kernel, bias = np.arange(6.0).reshape(3, 2), np.array([5.0, 6.0])
        layer = layers.Dense(2, weights=[kernel, bias])
        np.testing.assert_array_equal(layer(np.zeros((1, 3))), [bias])


class TestTrainable:
    def test_setting_it_reaches_all_below(self):
        tower = Tower()
        tower(np.ones((2, 3)))
        tower.trainable = False
        assert tower.trainable_weights == []
        assert len(tower.non_trainable_weights) == 10
        tower.trainable = True
        assert len(tower.trainable_weights) == 10

    def test_going_back_leaves_statistics_alone(self):
        layer = layers.BatchNormalization()
        layer.build((None, 3))
        layer.trainable = False
        layer.trainable = True
        assert [weight.name for weight in layer.trainable_weights] == ["gamma", "beta"]

    def test_part_of_a_layer(self):
        tower = Tower()
        tower(np.ones((2, 3)))
        tower.first.trainable = False
        assert len(tower.trainable_weights) == 8

    @pytest.mark.parametrize("make", [Tower, lambda **kwargs: layers.Bidirectional(layers.LSTM(2), **kwargs)])
    def test_false_in_the_constructor_reaches_all_below(self, make):
        layer = make(trainable=False)
        layer(np.ones((2, 3, 4)))
        assert layer.weights
        assert layer.trainable_weights == []

    def test_a_frozen_batch_normalization_uses_and_keeps_its_averages(self):
        layer = layers.BatchNormalization(trainable=False)
        x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32") + 5
        np.testing.assert_allclose(layer(x, training=True), x / np.sqrt(1.001), rtol=1e-5)
        np.testing.assert_array_equal(layer.moving_mean, np.zeros(3))


class TestBuilding:
    def test_build_by_hand_marks_the_layer_as_built(self):
        layer = Scale()
        assert not layer.built
        layer.build((None, 3))
        assert layer.built

    def test_a_layer_of_layers_without_build_is_built_by_its_shape(self):
        tower = Tower()
        tower.build((None, 3))
        assert tower.heads["a"].kernel.shape == (6, 2)

    def test_symbolic_call_builds_and_gives_shapes(self):
        outputs = Tower()(lamina.Input((3,)))
        assert {name: tensor.shape for name, tensor in outputs.items()} == {"a": (None, 2), "b": (None, 1)}

    def test_the_shapes_of_all_inputs_reach_a_build_that_asks_for_them(self):
        class Pair(layers.Layer):
            def build(self, left_shape, right_shape=None):
                self.seen = (left_shape, right_shape)

            def call(self, left, right=None):
                return left

        pair = Pair()
        pair(np.ones((2, 3)), right=np.ones((2, 4)))
        assert pair.seen == ((2, 3), (2, 4))
        single = Pair()
        single(np.ones((2, 3)))
        assert single.seen == ((2, 3), None)

    def test_build_config_builds_again(self):
        layer = layers.Dense(2)
        layer(np.ones((5, 3)))
        again = layers.Dense.from_config(layer.get_config())
        again.build_from_config(layer.get_build_config())
        assert again.kernel.shape == (3, 2)

    def test_compute_output_shape_leaves_the_layer_unbuilt(self):
        layer = layers.Dense(2)
        assert layer.compute_output_shape((None, 3)) == (None, 2)
        assert not layer.built

    def test_a_deep_copy_shares_nothing(self):
        layer = layers.Dense(2)
        layer.build((None, 3))
        clone = copy.deepcopy(layer)
        clone.kernel.assign(np.zeros((3, 2)))
        assert np.any(layer.kernel.numpy())


class TestConfiguration:
    def test_get_config_comes_from_the_constructor(self):
        config = Scale(3.0, name="triple").get_config()
        assert config["factor"] == 3.0
        assert config["name"] == "triple"
        again = Scale.from_config(config)
        assert again.factor == 3.0
        assert again.get_config() == config

    def test_an_argument_kept_nowhere_is_named(self):
        class Lossy(layers.Layer):
            def __init__(self, units):
                super().__init__()

        with pytest.raises(NotImplementedError, match=r"Lossy.*'units'.*self.units = units"):
            Lossy(3).get_config()

    def test_an_unknown_argument_suggests_the_nearest(self):
        with pytest.raises(ValueError, match=r"Dense.*'activaton'.*'activation'"):
            layers.Dense(3, activaton="relu")

    def test_a_name_must_be_a_string(self):
        with pytest.raises(TypeError, match="name must be a string"):
            layers.Dense(3, name=3)

    def test_names_are_those_of_the_class(self):
        assert layers.Dense(1).name == "dense"
        assert layers.Conv2DTranspose(1, 2).name == "conv2d_transpose"
        assert layers.GroupQueryAttention(2, 2, 1).name == "grouped_query_attention"
        assert layers.LSTM(1).cell.name == "lstm_cell"


class TestCalling:
    def test_arrays_of_any_kind(self):
        layer = layers.Dense(2)
        for inputs in (np.ones((2, 3)), jnp.ones((2, 3)), [[1, 2, 3], [4, 5, 6]], lamina.Variable(np.ones((2, 3)))):
            assert layer(inputs).shape == (2, 2)

    def test_strings_are_refused(self):
        with pytest.raises(ValueError, match="'dense'.*holds no numbers"):
            layers.Dense(2)(np.array([["a", "b"]]))

    def test_a_class_without_call_says_so(self):
        class Nothing(layers.Layer):
            pass

        with pytest.raises(NotImplementedError, match="'nothing'.*no `call`"):
            Nothing()(np.ones((1, 2)))

    def test_an_error_in_call_is_noted_with_layer_and_shape_and_keeps_its_type(self):
        class Fails(layers.Layer):
            def call(self, inputs):
                raise KeyError("lost")

        with pytest.raises(KeyError) as caught:
            Fails(name="bad")(np.ones((2, 3)))
        assert "in layer 'bad' (Fails), called on shape (2, 3)" in caught.value.__notes__

    def test_training_reaches_layers_inside(self):
        class Block(layers.Layer):
            def __init__(self):
                super().__init__()
                self.dropout = layers.Dropout(0.5)

            def call(self, inputs):
                return self.dropout(inputs)

        block, x = Block(), np.ones((4, 100))
        assert not np.any(block(x) == 0)
        assert np.any(block(x, training=True) == 0)
        assert not np.any(block(x, training=False) == 0)

    def test_a_mask_that_ends_warns(self):
        layer = layers.Flatten()
        with pytest.warns(UserWarning, match="'flatten'.*does not support masking"):
            outputs, mask = layer.call_with_mask(np.ones((2, 3, 1)), mask=np.ones((2, 3), bool))
        assert mask is None
        assert outputs.shape == (2, 3)

    def test_a_mask_passes_through_layers_that_support_it(self):
        mask = np.array([[True, False]])
        assert layers.Dense(2).call_with_mask(np.ones((1, 2, 3)), mask=mask)[1] is not None


class TestLosses:
    def test_regularizers_add_penalties(self):
        layer = layers.Dense(2, kernel_initializer="ones", kernel_regularizer=lamina.regularizers.L2(0.5))
        layer(np.ones((1, 3)))
        assert [float(loss) for loss in layer.losses] == [3.0]

    def test_a_frozen_layer_has_none(self):
        layer = layers.Dense(2, kernel_regularizer="l2", trainable=False)
        layer(np.ones((1, 3)))
        assert layer.losses == []

    def test_add_loss_holds_those_of_the_last_call(self):
        class Penalized(layers.Layer):
            def call(self, inputs):
                self.add_loss(jnp.sum(inputs))
                return inputs

        layer = Penalized()
        layer(np.ones((2, 2)))
        layer(np.ones((1, 2)))
        assert [float(loss) for loss in layer.losses] == [2.0]

    def test_activity_regularizers_of_layers_inside_are_collected(self):
        class Block(layers.Layer):
            def __init__(self):
                super().__init__()
                self.inner = layers.Activation("linear", activity_regularizer=lamina.regularizers.L1(1.0))

            def call(self, inputs):
                return self.inner(inputs) * 2

        block = Block()
        block(np.ones((2, 3)))
        assert [float(loss) for loss in block.losses] == [3.0]  # the sum over an example, as a mean over the batch

    @pytest.mark.parametrize(
        "make",
        [
            lambda namespace: namespace.Activation("relu", activity_regularizer="l1"),
            lambda namespace: namespace.Flatten(activity_regularizer="l2"),
            lambda namespace: namespace.ActivityRegularization(l1=0.1, l2=0.2),
        ],
    )
    def test_activity_penalties_are_those_of_keras(self, make):
        x = np.random.default_rng(0).normal(size=(4, 3, 2)).astype("float32")
        ours, theirs = make(layers), make(keras.layers)
        ours(x)
        theirs(x)
        own, other = ([float(loss) for loss in layer.losses] for layer in (ours, theirs))
        np.testing.assert_allclose(own, other, rtol=1e-6)


class TestDtypes:
    @pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
    def test_mixed_policies_compute_in_half_and_keep_weights_in_float32(self, policy):
        layer = layers.Dense(2, dtype=policy)
        outputs = layer(np.ones((1, 3)))
        assert outputs.dtype.name == policy.removeprefix("mixed_")
        assert layer.kernel.dtype == "float32"
        assert layer(lamina.Input((3,))).dtype == policy.removeprefix("mixed_")

    def test_mixed_precision_reaches_the_weights_of_a_call_only(self):
        layer = layers.Dense(2, dtype="mixed_bfloat16")
        layer(np.ones((1, 3)))
        assert layer.kernel.value.dtype == "float32"

    def test_batch_normalization_keeps_its_statistics_in_float32(self):
        layer = layers.BatchNormalization(dtype="mixed_float16", momentum=0.0)
        layer(np.full((4, 2), 300.0) * np.array([[1], [-1], [1], [-1]]), training=True)
        np.testing.assert_allclose(layer.moving_variance, [90000.0, 90000.0])  # beyond float16

    def test_float64_when_asked(self):
        with jax.enable_x64(True):
            layer = layers.Dense(2, dtype="float64")
            assert layer(np.ones((1, 3))).dtype == "float64"
            assert layer.kernel.dtype == "float64"

    def test_whole_numbers_stay_whole_numbers(self):
        assert layers.Flatten()(np.ones((2, 3), "int32")).dtype == "int32"

    def test_layers_inside_follow_the_policy_of_a_recurrent_layer(self):
        layer = layers.LSTM(2, dtype="mixed_bfloat16", return_state=True)
        outputs = layer(np.ones((1, 3, 4)))
        assert {array.dtype.name for array in outputs} == {"bfloat16"}
        assert layer.cell.kernel.dtype == "float32"


class TestPure:
    def test_stateless_call_returns_new_state_and_leaves_the_layer_alone(self):
        layer = Scale()
        layer.build((None, 3))
        outputs, (calls,) = layer.stateless_call(
            [np.full(3, 5.0)], [np.array(7, "int32")], np.ones((1, 3)), training=True
        )
        np.testing.assert_array_equal(outputs, [[10.0, 10.0, 10.0]])
        assert int(calls) == 8
        assert int(layer.calls) == 0

    def test_stateless_call_returns_losses(self):
        layer = layers.Dense(2, kernel_regularizer=lamina.regularizers.L2(1.0), use_bias=False)
        layer.build((None, 3))
        _, _, losses = layer.stateless_call([np.ones((3, 2))], [], np.ones((1, 3)), return_losses=True)
        assert [float(loss) for loss in losses] == [6.0]

    def test_stateless_call_of_an_unbuilt_layer(self):
        with pytest.raises(ValueError, match="'dense' must be built"):
            layers.Dense(2).stateless_call([], [], np.ones((1, 3)))

    def test_an_assignment_under_jit_without_binding_is_refused(self):
        layer = Scale()
        layer.build((None, 3))
        with pytest.raises(ValueError, match="'scale/calls' was assigned inside a function that JAX is transforming"):
            jax.jit(lambda x: layer(x, training=True))(np.ones((1, 3)))

    def test_random_layers_draw_by_the_step(self):
        layer = layers.Dropout(0.5)
        layer(np.ones((1, 1)))
        generators = {str(index): variable for index, variable in enumerate(layer.variables)}
        draw = pure(lambda: layer(np.ones((4, 50)), training=True), generators)
        values = {key: variable.value for key, variable in generators.items()}
        at_1, again, at_2 = (draw(values, step=jnp.uint32(step))[0] for step in (1, 1, 2))
        np.testing.assert_array_equal(at_1, again)
        assert np.any(np.asarray(at_1) != np.asarray(at_2))

    def test_state_that_is_no_weight_is_among_the_variables(self):
        layer = layers.LSTM(2, stateful=True, dropout=0.1)
        layer(np.ones((2, 3, 4)))
        weights = {id(weight) for weight in layer.weights}
        names = [variable.path for variable in layer.variables if id(variable) not in weights]
        assert names == ["lstm/rnn_state", "lstm/rnn_state_1", "lstm/lstm_cell/seed_generator_state"]
        assert len(layer.weights) == 3
