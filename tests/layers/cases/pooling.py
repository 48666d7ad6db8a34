"""Cases of poolings."""

from ..oracle import case, cases, mask_of

SHAPES = {1: (2, 7, 3), 2: (2, 6, 7, 3), 3: (1, 5, 6, 4, 2)}
CHANNELS_FIRST = {1: (2, 3, 7), 2: (2, 3, 6, 7), 3: (1, 2, 5, 6, 4)}

CASES = [
    *(
        one
        for kind in ("Max", "Average")
        for rank, shape in SHAPES.items()
        for one in [
            *cases(f"{kind}Pooling{rank}D", shape, 2, vary={"padding": ["valid", "same"], "strides": [None, 1, 3]}),
            case(f"{kind}Pooling{rank}D", CHANNELS_FIRST[rank], 3, data_format="channels_first", padding="same"),
        ]
    ),
    *(
        one
        for kind in ("Max", "Average")
        for rank, shape in SHAPES.items()
        for one in [
            *cases(f"Global{kind}Pooling{rank}D", shape, vary={"keepdims": [True, False]}),
            case(f"Global{kind}Pooling{rank}D", CHANNELS_FIRST[rank], data_format="channels_first"),
        ]
    ),
    case("GlobalAveragePooling1D", (2, 5, 3), call={"mask": mask_of(2, 5)}),
    case("GlobalAveragePooling1D", (2, 5, 3), keepdims=True, call={"mask": mask_of(1, 4)}),
    *(
        one
        for kind in ("Max", "Average")
        for rank, shape in SHAPES.items()
        for one in [
            *cases(f"Adaptive{kind}Pooling{rank}D", shape, vary={"output_size": [1, 2, 3, (4,) * rank]}),
            case(f"Adaptive{kind}Pooling{rank}D", CHANNELS_FIRST[rank], 3, data_format="channels_first"),
        ]
    ),
]
