"""Numerical kernels that layers call: one function a concept, fast on the CPU inside compiled loops.

On other platforms every function is plain `jax.lax`, but for attention, which takes cuDNN's on a GPU.
Nothing here knows of layers or variables.
"""

from lamina.kernels.adam import adam_step
from lamina.kernels.attention import attend, flash_attention
from lamina.kernels.compiler import compiler_options
from lamina.kernels.convolution import conv, conv_transpose, depthwise_conv
from lamina.kernels.dropout import keep_mask, random_bits
from lamina.kernels.elementwise import vectorized
from lamina.kernels.extremes import largest
from lamina.kernels.layer_normalization import layer_norm
from lamina.kernels.losses import sigmoid_cross_entropy, softmax_cross_entropy, sparse_softmax_cross_entropy
from lamina.kernels.normalization import moments
from lamina.kernels.platform import fast_on_cpu, portable_kernels, reference_kernels
from lamina.kernels.pooling import average_pool, max_pool
from lamina.kernels.products import project
from lamina.kernels.rectifier import relu, relu_of_convolution
from lamina.kernels.recurrent import gru, lstm
from lamina.kernels.softmax import masked_softmax

__all__ = [
    "adam_step",
    "attend",
    "average_pool",
    "compiler_options",
    "conv",
    "conv_transpose",
    "depthwise_conv",
    "fast_on_cpu",
    "flash_attention",
    "gru",
    "keep_mask",
    "largest",
    "layer_norm",
    "lstm",
    "masked_softmax",
    "max_pool",
    "moments",
    "portable_kernels",
    "project",
    "random_bits",
    "reference_kernels",
    "relu",
    "relu_of_convolution",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "vectorized",
]
