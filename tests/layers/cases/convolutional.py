"""Cases of convolutions."""

from ..oracle import case, cases

ONE, TWO, THREE = (2, 9, 4), (2, 8, 7, 4), (1, 5, 6, 4, 2)

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
]
