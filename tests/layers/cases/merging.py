"""Cases of layers that merge."""

import numpy as np

from ..oracle import case, cases, mask_of

SAME = [(2, 3, 4)] * 3
BROADCAST = [(2, 3, 4), (2, 1, 4), (2, 3, 1)]
PAIR = [(2, 3, 4), (2, 3, 4)]
MASKS = [mask_of(1, 3, size=3), mask_of(2, 0, size=3)]

CASES = [
    *(
        case(name, inputs)
        for name in ("Add", "Average", "Multiply", "Maximum", "Minimum")
        for inputs in (SAME, BROADCAST)
    ),
    *(case("Subtract", inputs) for inputs in (PAIR, BROADCAST[:2])),
    *(case(name, [(2, 4), (2, 3, 4)]) for name in ("Add", "Multiply")),
    case("Add", PAIR, call={"mask": MASKS}),
    case("Multiply", PAIR, call={"mask": [MASKS[0], None]}),
    *(case("Concatenate", [(2, 3, 4), (2, 3, 2)], axis=axis) for axis in (-1, 2)),
    case("Concatenate", [(2, 3, 4), (2, 1, 4), (2, 5, 4)], axis=1),
    *cases("Concatenate", PAIR, vary={"axis": [1, -1]}, call={"mask": MASKS}),
    *cases("Concatenate", PAIR, vary={"axis": [1, -1]}, call={"mask": [MASKS[0], None]}),
    case("Concatenate", [(2, 4), np.ones((2, 1), "int32")]),
    *cases("Dot", [(2, 4), (2, 4)], vary={"axes": [1, -1], "normalize": [True, False]}),
    *cases("Dot", [(2, 3, 4), (2, 4, 5)], vary={"axes": [(2, 1), (-1, 1)], "normalize": [True, False]}),
    case("Dot", [(2, 3, 4), (2, 5, 4)], axes=-1),
    case("Dot", [(2, 4), (2, 3, 4)], axes=-1),
    case("Dot", [(2, 3, 4), (2, 5, 4, 6)], axes=(2, 2)),
]
