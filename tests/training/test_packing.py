import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.training.packing import Packed, Packing

quick = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
shapes = st.sampled_from([(), (1,), (3, 2), (0,), (2, 1, 4), (100, 100)])  # the last is too large to be joined
dtypes = st.sampled_from(["float32", "int32", "uint32", "bool", "float16", "int8"])


def arrays_of(kinds):
    random = np.random.default_rng(0)
    any_bits = [random.integers(0, 2**32, shape, "uint64").astype("uint32") for shape, _ in kinds]
    return [
        bits.view(dtype) if dtype == "float32" else (bits % 100).astype(dtype)
        for bits, (_, dtype) in zip(any_bits, kinds)
    ]


def bits(array):
    return np.asarray(array).tobytes()


@quick
@given(st.lists(st.tuples(shapes, dtypes), max_size=6))
def test_what_is_packed_comes_out_bit_by_bit(kinds):
    arrays = arrays_of(kinds)
    packing = Packing(arrays)
    in_program = jax.jit(packing.pack)([jnp.asarray(array) for array in arrays])
    for packed in (packing.pack_on_host(arrays), in_program):
        apart = [shape == (100, 100) or dtype not in ("float32", "int32", "uint32") for shape, dtype in kinds]
        assert len(packed.rest) == sum(apart)
        for index, (array, back) in enumerate(zip(arrays, packing.unpack(packed), strict=True)):
            assert back.shape == array.shape and back.dtype == array.dtype
            assert bits(back) == bits(packing.view(packed, index)) == bits(array)


def test_some_are_replaced_and_nobody_else_sees_it():
    arrays = [np.zeros((2, 2), "float32"), np.int32(1), np.zeros(3, "float16")]
    packing = Packing(arrays)
    packed = packing.pack_on_host(arrays)
    seen = packing.view(packed, 1)
    changed = packing.replaced(packed, {1: np.int32(-7), 2: np.ones(3, "float16")})
    assert int(seen) == 1 and int(packing.view(changed, 1)) == -7
    assert packing.view(changed, 2).tolist() == [1, 1, 1] and packing.view(packed, 2).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        packing.view(changed, 0)[:] = 5


def test_only_the_shapes_and_dtypes_matter():
    assert Packing([jnp.ones(3)]) == Packing([jax.ShapeDtypeStruct((3,), "float32")]) != Packing([jnp.ones(4)])
    assert isinstance(Packing([]).pack([]), Packed)
