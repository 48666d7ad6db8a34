"""Cases of layers that prepare data."""

import numpy as np

from ..oracle import case, cases

TOKENS = np.array([[0, 1, 1], [3, 0, 2], [9, -1, 3]], "int32")

CASES = [
    *cases("Rescaling", (2, 3, 4), vary={"scale": [0.5, 2], "offset": [0.0, -1]}),
    case("Rescaling", (2, 3), [1.0, 2.0, 3.0], offset=[0.0, 1.0, 2.0]),
    case("Rescaling", np.arange(6, dtype="uint8").reshape(2, 3), 1 / 255),
    case("Rescaling", (2, 3), 0.5, dtype="mixed_bfloat16", tolerance=2e-2),
    *cases("CategoryEncoding", TOKENS, vary={"num_tokens": [4], "output_mode": ["multi_hot", "one_hot", "count"]}),
    *cases("CategoryEncoding", TOKENS[:, :1], 4, vary={"output_mode": ["multi_hot", "one_hot", "count"]}),
    case("CategoryEncoding", TOKENS.astype("float32"), 4),
]
