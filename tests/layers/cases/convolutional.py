"""Cases of convolutions."""

from ..oracle import case, cases, with_all_parts

ONE, TWO, THREE = (2, 9, 4), (2, 8, 7, 4), (1, 5, 6, 4, 2)
FIRST = (2, 4, 8, 7)

CASES = [
    *cases("Conv1D", ONE, 4, 3, vary={"padding": ["valid", "same", "causal"], "strides": [1, 2]}),
    *cases("Conv1D", ONE, 4, 3, vary={"padding": ["valid", "same", "causal"], "dilation_rate": [2]}),
    case("Conv1D", ONE, 4, 2, groups=2, activation="relu", use_bias=False),
    case("Conv1D", (2, 4, 9), 4, 3, data_format="channels_first", padding="same"),
    *cases("Conv2D", TWO, 4, 3, vary={"padding": ["valid", "same"], "strides": [1, 2, (2, 1)]}),
    *cases("Conv2D", TWO, 4, 3, vary={"padding": ["valid", "same"], "dilation_rate": [2, (1, 2)]}),
    *cases("Conv2D", TWO, 4, (2, 3), vary={"groups": [1, 2, 4], "use_bias": [True, False]}),
    *cases(
        "Conv2D",
        (2, 4, 8, 7),
        2,
        3,
        data_format="channels_first",
        vary={"padding": ["valid", "same"], "strides": [1, 2]},
    ),
    case("Conv2D", TWO, 4, 1, activation="relu", kernel_regularizer="l2", activity_regularizer="l1"),
    case("Conv2D", TWO, 4, 3, dtype="mixed_bfloat16", tolerance=5e-2),
    *cases("Conv3D", THREE, 2, 2, vary={"padding": ["valid", "same"], "strides": [1, 2]}),
    case("Conv3D", THREE, 2, (1, 2, 3), dilation_rate=(1, 1, 1), groups=2),
    case("Conv3D", (1, 2, 5, 6, 4), 2, 2, data_format="channels_first"),
    *cases("Conv1DTranspose", ONE, 3, 3, vary={"padding": ["valid", "same"], "strides": [1, 2, 4]}),
    *cases("Conv1DTranspose", ONE, 3, 3, vary={"padding": ["valid", "same"], "output_padding": [0, 1]}, strides=2),
    case("Conv1DTranspose", ONE, 3, 2, dilation_rate=2),
    *cases("Conv2DTranspose", TWO, 3, (3, 2), vary={"padding": ["valid", "same"], "strides": [1, 2, (2, 1)]}),
    case("Conv2DTranspose", TWO, 3, 3, strides=(2, 3), output_padding=(1, 2), padding="same"),
    case("Conv2DTranspose", FIRST, 3, 3, strides=2, data_format="channels_first", use_bias=False),
    *cases("Conv3DTranspose", THREE, 2, 2, vary={"padding": ["valid", "same"], "strides": [1, 2]}),
    *cases(
        "DepthwiseConv1D", ONE, 3, vary={"padding": ["valid", "same"], "strides": [1, 2], "depth_multiplier": [1, 2]}
    ),
    *cases(
        "DepthwiseConv2D", TWO, 3, vary={"padding": ["valid", "same"], "strides": [1, 2], "depth_multiplier": [1, 2]}
    ),
    case("DepthwiseConv2D", TWO, 2, dilation_rate=2, use_bias=False, activation="relu"),
    case("DepthwiseConv2D", FIRST, 3, data_format="channels_first", depth_multiplier=2),
    *cases(
        "SeparableConv1D", ONE, 3, 3, vary={"padding": ["valid", "same"], "strides": [1, 2], "depth_multiplier": [1, 2]}
    ),
    *cases("SeparableConv2D", TWO, 3, 3, vary={"padding": ["valid", "same"], "strides": [1, 2]}),
    case("SeparableConv2D", TWO, 3, 2, depth_multiplier=2, dilation_rate=2, activation="tanh", use_bias=False),
    with_all_parts("Conv1D", "kernel bias", ONE, 3, 2, activity_regularizer="l2"),
    with_all_parts("Conv2D", "kernel bias", TWO, 3, 2),
    with_all_parts("Conv3D", "kernel bias", THREE, 3, 2, dilation_rate=(2, 1, 1), activation="tanh"),
    case("Conv3D", THREE, 2, 2, use_bias=False, activity_regularizer="l1"),
    with_all_parts("Conv1DTranspose", "kernel bias", (2, 4, 9), 2, 3, data_format="channels_first", activation="relu"),
    with_all_parts("Conv2DTranspose", "kernel bias", TWO, 2, 2, dilation_rate=(1, 2), activation="tanh"),
    with_all_parts("Conv3DTranspose", "kernel bias", THREE, 3, 2, dilation_rate=(1, 2, 1), activation="relu"),
    case(
        "Conv3DTranspose",
        (1, 2, 3, 4, 3),
        1,
        (3, 2, 2),
        strides=2,
        output_padding=1,
        data_format="channels_first",
        use_bias=False,
        activity_regularizer="l2",
    ),
    with_all_parts("DepthwiseConv1D", "depthwise bias", ONE, 2, dilation_rate=2, activation="relu"),
    case("DepthwiseConv1D", (2, 4, 9), 2, data_format="channels_first", use_bias=False, activity_regularizer="l1"),
    with_all_parts("DepthwiseConv2D", "depthwise bias", TWO, 2, activity_regularizer="l1"),
    with_all_parts("SeparableConv1D", "depthwise pointwise bias", ONE, 2, 2, dilation_rate=2, activation="relu"),
    case("SeparableConv1D", (2, 4, 9), 2, 3, data_format="channels_first", use_bias=False, activity_regularizer="l1"),
    with_all_parts("SeparableConv2D", "depthwise pointwise bias", TWO, 2, 2, activity_regularizer="l1"),
    case("SeparableConv2D", FIRST, 3, 3, data_format="channels_first", pointwise_regularizer="l1"),
]
