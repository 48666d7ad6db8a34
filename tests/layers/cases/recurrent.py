"""Cases of recurrent layers."""

from ..oracle import Case, case, cases, mask_of, nested

SEQUENCES = (2, 4, 3)
YES_OR_NO = [False, True]


def of_each_kind(layer: str) -> list[Case]:
    mask = {"mask": mask_of(2, 4, size=4)}
    return [
        *cases(layer, SEQUENCES, 4, vary={"return_sequences": YES_OR_NO, "go_backwards": YES_OR_NO}, return_state=True),
        *cases(layer, SEQUENCES, 4, vary={"return_sequences": YES_OR_NO}),
        *cases(layer, SEQUENCES, 4, vary={"use_bias": [True, False], "activation": ["relu", None]}),
        *cases(
            layer,
            SEQUENCES,
            4,
            call=mask,
            vary={"return_sequences": YES_OR_NO, "zero_output_for_mask": YES_OR_NO},
        ),
        case(layer, SEQUENCES, 4, call=mask, return_sequences=True, go_backwards=True, return_state=True),
        case(layer, SEQUENCES, 4, call=mask, unroll=True, return_sequences=True),
        case(layer, SEQUENCES, 4, activation="sigmoid", call=mask, return_sequences=True, return_state=True),
        case(layer, SEQUENCES, 4, kernel_regularizer="l2", recurrent_constraint="unit_norm"),
        case(layer, SEQUENCES, 4, dropout=0.5, recurrent_dropout=0.3, random=True),
    ]


def any_cell(cell: str, **options: bool) -> Case:
    return nested(f"RNN({cell}, {options})", lambda layers: layers.RNN(getattr(layers, cell)(4), **options), SEQUENCES)


def stack(call: dict, **options: bool) -> Case:
    return nested(
        f"RNN([LSTMCell, GRUCell], {options}, {list(call)})",
        lambda layers: layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], **options),
        SEQUENCES,
        call=call,
    )


CASES = [
    *of_each_kind("LSTM"),
    *of_each_kind("GRU"),
    *of_each_kind("SimpleRNN"),
    *cases("GRU", SEQUENCES, 4, reset_after=False, vary={"use_bias": [True, False], "return_sequences": YES_OR_NO}),
    case("GRU", SEQUENCES, 4, reset_after=False, recurrent_activation="hard_sigmoid"),
    case("LSTM", SEQUENCES, 4, recurrent_activation="hard_sigmoid", unit_forget_bias=False),
    *(any_cell(cell) for cell in ("SimpleRNNCell", "LSTMCell", "GRUCell")),
    any_cell("LSTMCell", return_sequences=True, return_state=True),
    stack({}),
    stack({"mask": mask_of(2, 4, size=4)}, return_sequences=True, return_state=True),
]
