"""Cases of recurrent layers."""

from ..oracle import Case, case, cases, mask_of, nested, with_all_parts

SEQUENCES = (2, 4, 3)
YES_OR_NO = [False, True]


def of_each_kind(layer: str) -> list[Case]:
    mask = {"mask": mask_of(2, 4, size=4)}
    # Keras leaves these two out of the configuration of a SimpleRNN.
    seed, penalty = ({}, {}) if layer == "SimpleRNN" else ({"seed": 3}, {"activity_regularizer": "l2"})
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
        case(layer, SEQUENCES, 4, dropout=0.5, recurrent_dropout=0.3, random=True, **seed),
        with_all_parts(layer, "kernel recurrent bias", SEQUENCES, 2, **penalty),
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


def around(wrapper: str, layer: str, inputs=SEQUENCES, units=4, of=None, call=None, **options) -> Case:
    size = () if units is None else (units,)
    return nested(
        f"{wrapper}({layer}({of or ''}), {options}, {list(call or {})})",
        lambda layers: getattr(layers, wrapper)(getattr(layers, layer)(*size, **(of or {})), **options),
        inputs,
        call=call or {},
    )


MODES = ["concat", "sum", "mul", "ave", None]
OF_LAYER = [
    {},
    {"return_sequences": True},
    {"return_state": True},
    {"return_sequences": True, "return_state": True},
]

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
    *(around("Bidirectional", "LSTM", merge_mode=mode, of=OF_LAYER[index % 4]) for index, mode in enumerate(MODES)),
    *(around("Bidirectional", "GRU", of=options) for options in OF_LAYER),
    around("Bidirectional", "SimpleRNN", of={"return_sequences": True}, call={"mask": mask_of(2, 4, size=4)}),
    around(
        "Bidirectional", "LSTM", of={"return_sequences": True}, merge_mode=None, call={"mask": mask_of(2, 4, size=4)}
    ),
    nested(
        "Bidirectional(LSTM, backward_layer=GRU)",
        lambda layers: layers.Bidirectional(layers.LSTM(4), backward_layer=layers.GRU(4, go_backwards=True)),
        SEQUENCES,
    ),
    around("TimeDistributed", "Dense"),
    around("TimeDistributed", "LSTM", inputs=(2, 3, 4, 2)),
    around("TimeDistributed", "BatchNormalization", units=None),
    nested("TimeDistributed(Conv2D)", lambda layers: layers.TimeDistributed(layers.Conv2D(3, 2)), (2, 3, 4, 4, 2)),
    *cases("ConvLSTM1D", (2, 3, 6, 2), 3, 2, vary={"padding": ["valid", "same"], "strides": [1, 2]}),
    *cases("ConvLSTM1D", (2, 3, 6, 2), 3, 2, return_state=True, vary={"return_sequences": YES_OR_NO}),
    case("ConvLSTM1D", (2, 3, 2, 6), 3, 3, data_format="channels_first", return_sequences=True, go_backwards=True),
    case("ConvLSTM1D", (2, 3, 6, 2), 3, 2, dropout=0.5, recurrent_dropout=0.5, random=True),
    case("ConvLSTM1D", (2, 3, 6, 2), 3, 2, use_bias=False, activation="relu", dilation_rate=2),
    *cases(
        "ConvLSTM2D", (2, 3, 4, 5, 2), 3, (2, 3), vary={"padding": ["valid", "same"], "return_sequences": YES_OR_NO}
    ),
    case("ConvLSTM2D", (2, 3, 2, 4, 5), 3, 2, data_format="channels_first", return_state=True),
    case("ConvLSTM3D", (1, 2, 4, 3, 4, 2), 2, 2, recurrent_activation="hard_sigmoid", unit_forget_bias=False),
    with_all_parts("ConvLSTM1D", "kernel recurrent bias", (2, 3, 6, 2), 2, 2, recurrent_activation="hard_sigmoid"),
    with_all_parts(
        "ConvLSTM2D",
        "kernel recurrent bias",
        (2, 3, 4, 5, 2),
        2,
        2,
        strides=(2, 1),
        activation="relu",
        go_backwards=True,
        unit_forget_bias=False,
    ),
    case("ConvLSTM2D", (2, 2, 4, 5, 2), 2, 2, dilation_rate=(1, 2), use_bias=False, recurrent_activation="relu"),
    with_all_parts(
        "ConvLSTM3D",
        "kernel recurrent bias",
        (1, 2, 2, 4, 3, 4),
        1,
        (2, 2, 1),
        strides=(1, 1, 2),
        padding="same",
        data_format="channels_first",
        return_sequences=True,
        activation="relu",
    ),
    any_cell("GRUCell", go_backwards=True, unroll=True, return_sequences=True),
    stack({"mask": mask_of(2, 4, size=4)}, zero_output_for_mask=True, return_sequences=True),
    stack({"mask": mask_of(2, 4, size=4)}, return_sequences=True, return_state=True),
]
