"""Cases of layers that regularize. What is random while training is tested by its statistics elsewhere."""

from ..oracle import case, cases

X = (3, 4, 2)

CASES = [
    *(
        case(name, X, 0.4, seed=3, random=True)
        for name in ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise")
    ),
    *(case(name, X, 0.0) for name in ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise")),
    *cases("Dropout", X, 0.4, random=True, vary={"noise_shape": [(None, 1, 2), (3, 4, 1)]}),
    case("SpatialDropout1D", X, 0.4, random=True),
    *cases(
        "SpatialDropout2D", (2, 3, 4, 2), 0.4, random=True, vary={"data_format": ["channels_last", "channels_first"]}
    ),
    *cases(
        "SpatialDropout3D", (2, 3, 4, 2, 2), 0.4, random=True, vary={"data_format": ["channels_last", "channels_first"]}
    ),
    case("AlphaDropout", X, 0.2, noise_shape=(3, 1, 2), random=True),
    *cases("ActivityRegularization", X, vary={"l1": [0.0, 0.1], "l2": [0.0, 0.2]}),
]
