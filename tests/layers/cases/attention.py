"""Cases of attention layers."""

import numpy as np

from ..oracle import case, cases, mask_of, with_all_parts

QUERY, VALUE = (2, 3, 4), (2, 5, 4)
PAIR, TRIPLE = [QUERY, VALUE], [QUERY, VALUE, VALUE]
QUERY_MASK, VALUE_MASK = mask_of(2, 1, size=3), mask_of(3, 5)
YES_OR_NO = [False, True]
SEEN = np.random.default_rng(5).uniform(size=(2, 3, 5)) > 0.4
IMAGE = (2, 3, 4, 5)
SCORES = {"return_attention_scores": True}
MASKED = [
    {"query_mask": QUERY_MASK},
    {"value_mask": VALUE_MASK},
    {"query_mask": QUERY_MASK, "value_mask": VALUE_MASK, "key_mask": mask_of(4, 4)},
    {"attention_mask": SEEN},
    {"use_causal_mask": True},
    {"use_causal_mask": True, "value_mask": VALUE_MASK, "attention_mask": SEEN},
]

CASES = [
    *cases("Attention", PAIR, vary={"use_scale": YES_OR_NO, "score_mode": ["dot", "concat"]}),
    *cases("AdditiveAttention", PAIR, vary={"use_scale": YES_OR_NO}),
    *(
        one
        for layer in ("Attention", "AdditiveAttention")
        for one in [
            case(layer, TRIPLE, call={"return_attention_scores": True}),
            case(layer, PAIR, call={"mask": [QUERY_MASK, VALUE_MASK]}),
            case(layer, PAIR, call={"mask": [None, VALUE_MASK], "use_causal_mask": True}),
            case(layer, PAIR, dropout=0.3, random=True),
        ]
    ),
    *cases(
        "MultiHeadAttention", PAIR, 2, 3, spread=True, call=SCORES, vary={"value_dim": [None, 5], "use_bias": YES_OR_NO}
    ),
    *cases("MultiHeadAttention", PAIR, 2, 3, spread=True, vary={"output_shape": [7, (2, 3)], "use_gate": YES_OR_NO}),
    case("MultiHeadAttention", PAIR, 2, 3, spread=True, dropout=0.3, random=True),
    case("MultiHeadAttention", PAIR, 2, 3, spread=True, kernel_regularizer="l2", bias_constraint="non_neg"),
    case("MultiHeadAttention", PAIR, 2, 3, spread=True, dtype="mixed_bfloat16", tolerance=5e-2),
    *(
        case("MultiHeadAttention", [IMAGE, IMAGE], 2, 3, attention_axes=axes, spread=True, call=SCORES)
        for axes in (1, (2,), (1, 2))
    ),
    *(
        one
        for layer, sizes in (("MultiHeadAttention", (2, 3)), ("GroupQueryAttention", (3, 4, 2)))
        for one in [
            case(layer, TRIPLE, *sizes, spread=True),
            case(layer, [VALUE, VALUE], *sizes, sliding_window=2, spread=True, call=SCORES),
            # Keras drops a query_mask that is passed to MultiHeadAttention by hand, but not one that a graph passes.
            *(
                case(layer, PAIR, *sizes, spread=True, call={**call, **SCORES})
                for call in MASKED
                if layer != "MultiHeadAttention" or "query_mask" not in call
            ),
        ]
    ),
    *cases(
        "GroupQueryAttention", PAIR, 3, 4, spread=True, vary={"num_key_value_heads": [1, 2, 4], "use_gate": YES_OR_NO}
    ),
    case("GroupQueryAttention", PAIR, 3, 4, 2, use_bias=False, spread=True),
    case("GroupQueryAttention", PAIR, 2, 2, 1, dropout=0.3, seed=3, spread=True, random=True),
    with_all_parts("GroupQueryAttention", "kernel bias", PAIR, 2, 2, 1, flash_attention=False, spread=True),
    with_all_parts("MultiHeadAttention", "kernel bias", PAIR, 1, 2, activity_regularizer="l1", seed=3, spread=True),
]
