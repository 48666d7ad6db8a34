from . import (
    activations,
    attention,
    convolutional,
    core,
    merging,
    normalization,
    pooling,
    preprocessing,
    recurrent,
    regularization,
    reshaping,
)

ALL = [
    *core.CASES,
    *activations.CASES,
    *attention.CASES,
    *convolutional.CASES,
    *merging.CASES,
    *normalization.CASES,
    *pooling.CASES,
    *preprocessing.CASES,
    *recurrent.CASES,
    *regularization.CASES,
    *reshaping.CASES,
]
