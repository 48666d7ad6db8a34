"""Cases of the core layers."""

import numpy as np

from ..oracle import case, cases, mask_of

WORDS = np.array([[1, 3, 0, 4], [2, 0, 0, 1]])

CASES = [
    *cases("Dense", (3, 4), 5, vary={"activation": [None, "relu", "softmax"], "use_bias": [True, False]}),
    case("Dense", (3, 2, 4), 5, kernel_regularizer="l2", bias_constraint="non_neg"),
    case("Dense", (3, 2, 2, 4), 2, activation="gelu"),
    case("Dense", (3, 4), 5, dtype="mixed_bfloat16", tolerance=2e-2),
    case("Dense", (2, 5, 3), 4, call={"mask": mask_of(2, 5)}),
    case("Dense", np.arange(6, dtype="int32").reshape(2, 3), 4),
    *(case("Activation", (3, 4), name) for name in ("relu", "tanh", "softmax", "linear")),
    *cases("Embedding", WORDS, 6, 3, vary={"mask_zero": [True, False]}),
    case("Embedding", WORDS.astype("float32"), 6, 3),
    case("Embedding", WORDS, 6, 3, embeddings_regularizer="l1", embeddings_constraint="unit_norm"),
    case("Embedding", WORDS, 6, 3, dtype="mixed_bfloat16", tolerance=2e-2),
]
