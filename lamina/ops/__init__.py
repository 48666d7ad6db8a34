"""Operations on arrays, as in `keras.ops`."""

from lamina.ops.numpy import array, convert_to_numpy, convert_to_tensor, ones, zeros

__all__ = ["array", "convert_to_numpy", "convert_to_tensor", "ones", "zeros"]
