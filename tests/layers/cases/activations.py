"""Cases of activation layers."""

import numpy as np

from ..oracle import case, cases, with_all_parts

X = (3, 4, 2)
SOME = np.array([[[True, False, True, True]] * 2] * 3).transpose(0, 2, 1)

CASES = [
    *cases("ReLU", X, vary={"max_value": [None, 0.8], "negative_slope": [0.0, 0.2], "threshold": [0.0, 0.3]}),
    *cases("LeakyReLU", X, vary={"negative_slope": [0.3, 0.0, 1.5]}),
    *cases("ELU", X, vary={"alpha": [1.0, 0.3]}),
    *cases("PReLU", X, vary={"shared_axes": [None, [1], [1, 2]], "alpha_regularizer": [None, "l2"]}),
    with_all_parts("PReLU", "alpha", X),
    *cases("Softmax", X, vary={"axis": [-1, 1, (1, 2)]}),
    case("Softmax", X, axis=1, call={"mask": SOME}),
    case("ReLU", X, dtype="mixed_float16", tolerance=2e-3),
]
