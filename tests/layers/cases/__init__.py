from . import convolutional, core, normalization, pooling, recurrent

ALL = [
    *core.CASES,
    *convolutional.CASES,
    *pooling.CASES,
    *normalization.CASES,
    *recurrent.CASES,
]
