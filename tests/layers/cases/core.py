"""Cases of the core layers."""

import numpy as np

from ..oracle import case, cases, mask_of, nested, with_all_parts

PADDED = np.array([[[1.0, 2.0], [0.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [3.0, 4.0], [0.0, 0.0]]], "float32")
WORDS = np.array([[1, 3, 0, 4], [2, 0, 0, 1]])


def scaled(x, by):
    return x * by


CASES = [
    *cases("Dense", (3, 4), 5, vary={"activation": [None, "relu", "softmax"], "use_bias": [True, False]}),
    case("Dense", (3, 2, 4), 5, kernel_regularizer="l2", bias_constraint="non_neg"),
    case("Dense", (3, 2, 2, 4), 2, activation="gelu"),
    # So large that bias and rectifier belong to a compiled product.
    *cases("Dense", (2, 160, 128), 100, vary={"activation": [None, "relu", "tanh"], "use_bias": [True, False]}),
    case("Dense", (3, 4), 5, dtype="mixed_bfloat16", tolerance=2e-2),
    case("Dense", (2, 5, 3), 4, call={"mask": mask_of(2, 5)}),
    case("Dense", np.arange(6, dtype="int32").reshape(2, 3), 4),
    *(case("Activation", (3, 4), name) for name in ("relu", "tanh", "softmax", "linear")),
    *cases("Embedding", WORDS, 6, 3, vary={"mask_zero": [True, False]}),
    case("Embedding", WORDS.astype("float32"), 6, 3),
    case("Embedding", WORDS, 6, 3, embeddings_regularizer="l1", embeddings_constraint="unit_norm"),
    case("Embedding", WORDS, 6, 3, dtype="mixed_bfloat16", tolerance=2e-2),
    case("EinsumDense", (3, 4), "ab,bc->ac", 5, bias_axes="c"),
    case("EinsumDense", (2, 3, 4), "abc,cd->abd", (None, 5), bias_axes="d", activation="relu"),
    *cases("EinsumDense", (2, 3, 4), "...x,xy->...y", 5, vary={"bias_axes": ["y", None]}),
    *cases("EinsumDense", (2, 3, 4), "abc,cde->abde", (None, 2, 5), vary={"bias_axes": ["de", "e", "d"]}),
    *cases(
        "EinsumDense",
        (2, 160, 128),
        "abc,cde->abde",
        (None, 4, 25),
        vary={"bias_axes": ["de", "e", "d"], "activation": [None, "relu"]},
    ),
    case("EinsumDense", (2, 3, 2, 5), "abde,dec->abc", (None, 4), bias_axes="c", kernel_regularizer="l2"),
    with_all_parts("Dense", "kernel bias", (3, 4), 2, activity_regularizer="l1"),
    with_all_parts("EinsumDense", "kernel bias", (3, 4), "ab,bc->ac", 2, bias_axes="c"),
    with_all_parts("Embedding", "embeddings", WORDS, 7, 2),
    with_all_parts("ReversibleEmbedding", "embeddings", WORDS, 7, 2),
    case("EinsumDense", (2, 3, 4), "ab...,bc->ac...", 5, bias_axes="c"),
    case("EinsumDense", (2, 3, 4), "...ab,bc->...ac", (3, 5), bias_axes="ac"),
    *cases("Masking", PADDED, vary={"mask_value": [0.0, 1.0]}, call={"mask": None}),
    case("Identity", (2, 3, 4)),
    nested("Lambda(x**2)", lambda layers: layers.Lambda(lambda x: x**2), (2, 3), in_config=False),
    nested("Lambda(arguments)", lambda layers: layers.Lambda(scaled, arguments={"by": 3.0}), (2, 3), in_config=False),
    *cases("ReversibleEmbedding", WORDS, 6, 3, vary={"tie_weights": [True, False], "mask_zero": [True, False]}),
    *cases(
        "ReversibleEmbedding",
        (2, 4, 3),
        6,
        3,
        call={"reverse": True},
        vary={"tie_weights": [True, False], "logit_soft_cap": [None, 1.5]},
    ),
]
