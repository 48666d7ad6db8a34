"""Cases of normalizations."""

import numpy as np

from ..oracle import case, cases, mask_of, nested, with_all_parts

CASES = [
    *cases("BatchNormalization", (4, 3), momentum=0.7, vary={"center": [True, False], "scale": [True, False]}),
    *cases("BatchNormalization", (3, 4, 5, 2), vary={"axis": [-1, 1, 2]}, momentum=0.5, epsilon=0.01),
    case("BatchNormalization", (2, 5, 3), momentum=0.6, call={"mask": mask_of(2, 5)}),
    *cases(
        "BatchNormalization",
        (4, 3),
        renorm=True,
        momentum=0.5,
        vary={"renorm_clipping": [None, {"rmax": 1.5, "rmin": 0.6, "dmax": 0.3}], "renorm_momentum": [0.9, 0.5]},
    ),
    case("BatchNormalization", (4, 3), gamma_regularizer="l2", beta_constraint="non_neg", gamma_initializer="zeros"),
    case("BatchNormalization", (4, 3), dtype="mixed_bfloat16", tolerance=2e-2),
    case("BatchNormalization", (4, 3), trainable=False),
    with_all_parts(
        "BatchNormalization",
        "beta gamma",
        (4, 3),
        moving_mean_initializer="ones",
        moving_variance_initializer="zeros",
    ),
    with_all_parts("LayerNormalization", "beta gamma", (4, 3)),
    with_all_parts("GroupNormalization", "beta gamma", (2, 5, 6), 3),
    *cases("Normalization", (4, 3, 2), vary={"axis": [-1, 1, (1, 2), None], "invert": [False, True]}),
    case("Normalization", (4, 3), mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0]),
    case("Normalization", (4, 3), mean=1.0, variance=4.0, invert=True),
    case("Normalization", np.arange(6, dtype="int32").reshape(2, 3)),
    *cases("LayerNormalization", (3, 4, 5), vary={"axis": [-1, 1, (1, 2), (2, 1)]}),
    *cases("LayerNormalization", (4, 3), epsilon=0.1, vary={"center": [True, False], "scale": [True, False]}),
    case("LayerNormalization", (4, 3), gamma_regularizer="l2", beta_constraint="non_neg", beta_initializer="ones"),
    case("LayerNormalization", (4, 3), dtype="mixed_bfloat16", tolerance=3e-2),
    *cases("GroupNormalization", (2, 5, 6), vary={"groups": [1, 2, 3, -1], "axis": [-1]}),
    case("GroupNormalization", (2, 6, 5), groups=3, axis=1),
    case("GroupNormalization", (2, 3, 4, 6), groups=2, epsilon=0.1, center=False),
    case("GroupNormalization", (2, 3, 4), groups=2, scale=False),
    *cases("RMSNormalization", (3, 4, 5), vary={"axis": [-1, (1, 2)], "epsilon": [1e-6, 0.1]}),
    *cases("UnitNormalization", (3, 4, 5), vary={"axis": [-1, 1, (1, 2)]}),
    *(
        nested(
            f"SpectralNormalization({name}, power_iterations={iterations})",
            lambda layers, iterations=iterations, make=make: layers.SpectralNormalization(make(layers), iterations),
            inputs,
        )
        for name, make, inputs in [
            ("Dense", lambda layers: layers.Dense(4), (3, 5)),
            ("Conv2D", lambda layers: layers.Conv2D(4, 2), (2, 4, 4, 3)),
        ]
        for iterations in (1, 3)
    ),
]
