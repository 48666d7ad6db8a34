"""Every operation as an expression that means the same with `keras.ops` and `lamina.ops`."""

import json

import jax
import keras
import numpy as np
import pytest

import lamina

_random = np.random.default_rng(7)


def _uniform(*shape, low=-2.0, high=2.0):
    return _random.uniform(low, high, shape).astype("float32")


ARRAYS = {
    "x": _uniform(2, 3),
    "y": _uniform(2, 3),
    "v": _uniform(3),
    "p": _uniform(2, 3, low=0.1, high=0.9),  # probabilities
    "big": _uniform(2, 3, low=1.5, high=40.0),
    "t": _uniform(2, 4, 6),
    "u": _uniform(2, 6, 4),
    "n": np.array([[np.nan, 1.0, 5.0], [2.0, np.nan, -1.0]], "float32"),
    "inf": np.array([[np.inf, 1.0, -np.inf], [np.nan, 0.0, -1.0]], "float32"),
    "i": np.array([[3, -7, 12], [5, 1, 2]], "int32"),
    "j": np.array([[2, 3, 4], [1, 2, 6]], "int32"),
    "small": np.array([[1, 2, 3], [4, 5, 6]], "int8"),
    "natural": np.array([[0, 2, 1], [2, 2, 0]], "int32"),
    "flags": np.array([[True, False, True], [False, False, True]]),
    "flags2": np.array([[True, True, False], [False, True, True]]),
    "labels": np.array([2, 0], "int32"),
    "increasing": np.array([-1.0, 0.0, 0.5, 1.0], "float32"),
    "z": (_uniform(2, 3) + 1j * _uniform(2, 3)).astype("complex64"),
    "half": _uniform(2, 3).astype("float16"),
    "image": _uniform(2, 6, 6, 4, low=0.0, high=1.0),
    "first": _uniform(2, 4, 6, 6, low=0.0, high=1.0),
    "rgb": _uniform(2, 8, 8, 3, low=0.0, high=1.0),
    "gray": _uniform(2, 12, 12, 1, low=0.0, high=1.0),
    "volume": _uniform(2, 5, 5, 5, 2),
    "steps": _uniform(2, 8, 4),
    "signal": _uniform(2, 16),
    "square_": _uniform(2, 3, 3) + 3 * np.eye(3, dtype="float32"),
    "definite": np.array([[[4, 1, 0], [1, 3, 1], [0, 1, 5]], [[8, 2, 0], [2, 6, 2], [0, 2, 10]]], "float32"),
    "heads": _uniform(2, 4, 2, 3),
    "kernel": _uniform(3, 3, 4, 2),
    "grouped": _uniform(3, 3, 2, 6),
    "kernel1": _uniform(3, 4, 2),
    "transposed": _uniform(3, 3, 2, 4),
    "depthwise": _uniform(3, 3, 4, 2),
    "pointwise": _uniform(1, 1, 8, 5),
    "frames": _uniform(2, 6, 4),
}  # fmt: skip

# Called with arrays, then with symbolic tensors; the values, types, shapes and configurations must be Keras's.
CASES = """
abs(x); absolute(i); angle(z); arccos(p); arccosh(big); arcsin(p); arcsinh(x); arctan(x); arctanh(p)
bitwise_invert(i); bitwise_not(i); cbrt(x); cbrt(i); ceil(x); ceil(i); conj(z); conjugate(z); copy(x); cos(x); cosh(x)
deg2rad(x); exp(x); exp(i); exp2(x); expm1(x); fabs(x); floor(x); floor(i); i0(x); imag(z); isfinite(inf); isinf(inf)
isnan(inf); isneginf(inf); isposinf(inf); isreal(z); log(p); log10(p); log1p(p); log2(p); logical_not(flags)
logical_not(x); nan_to_num(inf); nan_to_num(inf, nan=7.0, posinf=1.0, neginf=2.0); negative(x); rad2deg(x); real(z)
reciprocal(x); round(x); round(x, decimals=1); round(i); sign(x); sign(i); signbit(x); sin(x); sinc(x); sinh(x)
sqrt(p); sqrt(natural); square(x); square(i); square(flags); tan(x); tanh(x); trunc(x); trunc(i)
view(x, dtype="int32"); exp(half); sin(flags)

add(x, y); add(x, 1); add(i, 1.5); add(small, i); add(half, x); add(x, v); arctan2(x, y); bitwise_and(i, j)
bitwise_or(i, j); bitwise_xor(i, j); bitwise_left_shift(i, natural); bitwise_right_shift(i, natural)
left_shift(i, natural); right_shift(i, natural); clip(x, -0.5, 0.5); clip(i, 0, 5); divide(x, y); divide(i, j)
divide_no_nan(x, natural); equal(i, j); floor_divide(x, y); floor_divide(i, j); fmax(n, y); fmin(n, y); fmod(x, y)
fmod(i, j); gcd(i, j); greater(x, y); greater_equal(i, j); heaviside(x, y); hypot(x, y); isclose(x, y)
isclose(n, n, equal_nan=True); allclose(x, x); allclose(x, y); lcm(i, j); ldexp(x, j); less(x, y); less_equal(i, j)
logaddexp(x, y); logaddexp2(x, y); logical_and(flags, flags2); logical_or(flags, flags2); logical_xor(flags, flags2)
maximum(x, y); maximum(x, 0.0); minimum(x, y); minimum(i, j); mod(x, y); mod(i, j); multiply(x, y)
multiply(small, small); nextafter(x, y); not_equal(i, j); power(p, y); power(x, 2); power(j, natural); subtract(x, y)
subtract(2, x); true_divide(x, y)

all(flags); all(flags, axis=1, keepdims=True); amax(x); amax(x, axis=1); amin(x, axis=(0, 1)); any(flags, axis=0)
argmax(x); argmax(x, axis=1); argmax(x, axis=1, keepdims=True); argmin(x, axis=0); average(x)
average(x, axis=1, weights=v); average(x, axis=1); corrcoef(x); count_nonzero(natural); count_nonzero(natural, axis=1)
cumprod(x, axis=1); cumsum(x); cumsum(x, axis=1); cumsum(i, axis=0, dtype="float32"); cumsum(flags, axis=1)
cumsum(small, axis=1); diff(t); diff(t, n=2, axis=1); max(x); max(x, axis=1, keepdims=True); max(i, axis=1, initial=4)
mean(x); mean(i, axis=1); mean(t, axis=[1, 2]); mean(half, axis=1); mean(flags); median(x); median(t, axis=1)
median(i, axis=1, keepdims=True); min(x); min(x, axis=1, initial=0.0); nanargmax(n, axis=1); nanargmin(n, axis=1)
nancumprod(n, axis=1); nancumsum(n, axis=1); nanmax(n, axis=1); nanmean(n); nanmean(n, axis=1, keepdims=True)
nanmedian(n, axis=1); nanmin(n, axis=1); nanpercentile(n, 30.0, axis=1); nanprod(n, axis=1)
nanquantile(n, 0.3, axis=1); nanstd(n, axis=1); nansum(n, axis=1); nanvar(n, axis=1); percentile(x, 30.0, axis=1)
prod(x); prod(small, axis=1); prod(x, axis=1, dtype="float16"); ptp(x); ptp(x, axis=1, keepdims=True)
quantile(x, 0.3, axis=1); quantile(t, [0.25, 0.5], axis=1); quantile(x, 0.4, axis=1, method="nearest", keepdims=True)
std(x); std(i, axis=1); sum(x); sum(small); sum(flags, axis=1); sum(x, axis=1, keepdims=True)
trace(t, axis1=1, axis2=2); trapezoid(t); trapezoid(t, dx=0.5, axis=1); var(x); var(t, axis=(1, 2))

append(x, y); append(x, y, axis=1); array_split(t, 4, axis=2); broadcast_to(v, (2, 3)); concatenate([x, y])
concatenate([x, y], axis=-1); concatenate([x, i], axis=1); diag(v); diag(x); diagflat(v)
diagonal(t, axis1=1, axis2=2); dsplit(t, 2); dstack([x, y]); expand_dims(x, -1); expand_dims(x, (1, 3))
flip(x, axis=1); flip(x); fliplr(x); flipud(x); hsplit(t, 2); hstack([x, y]); moveaxis(t, 1, 2)
moveaxis(t, [0, 1], [1, 0]); pad(x, 1); pad(t, ((0, 0), (1, 2), (0, 1)))
pad(t, ((0, 0), (1, 1), (0, 0)), mode="reflect"); pad(x, ((0, 0), (1, 1)), constant_values=3.0); ravel(x)
repeat(x, 2); repeat(x, 2, axis=1); reshape(t, (-1, 24)); reshape(t, (2, -1)); roll(x, 1); roll(x, 1, axis=1)
rot90(x); rot90(t, k=3, axes=(1, 2)); split(t, 2, axis=1); split(t, [1, 3], axis=1); squeeze(expand_dims(x, 1))
squeeze(expand_dims(x, 1), axis=1); stack([x, y]); stack([x, y], axis=1); swapaxes(t, 1, 2); tile(x, 2)
tile(x, (1, 2)); transpose(x); transpose(t, (0, 2, 1)); tril(t); triu(t, k=1); vsplit(concatenate([x, y]), 2)
vstack([x, y])

arange(3); arange(1, 7, 2); arange(3.0); arange(0, 1, 0.25); arange(3, dtype="int8"); array([1, 2])
array([1.5, 2], dtype="float16"); bartlett(5); blackman(5); empty_like(x, dtype="int32") * 0; eye(3)
eye(2, 3, k=1, dtype="int32"); full((2, 2), 3); full((2, 2), 3, dtype="int8"); full_like(x, 2.0)
full_like(x, 2, dtype="int32"); geomspace(1, 8, 4); hamming(5); hanning(5); identity(3); kaiser(5, 2.0)
linspace(0, 1, 5); linspace(0, 1, 5, endpoint=False); linspace(0, 1, 3, retstep=True); logspace(0, 2, 3)
logspace(0, 2, 3, base=2); meshgrid(v, v); meshgrid(v, v, indexing="ij"); ones((2, 2)); ones_like(i)
ones_like(x, dtype="bool"); tri(3); tri(2, 3, k=1, dtype="int32"); vander(v); vander(v, N=2, increasing=True)
zeros((2,), dtype="int32"); zeros_like(x); convert_to_tensor([1.0, 2.0]); convert_to_tensor([1, 2])
convert_to_tensor(True); convert_to_tensor(x, dtype="float16")

argpartition(t, 1); argsort(x); argsort(x, axis=0); bincount(natural); bincount(labels, minlength=4)
bincount(natural, weights=p, minlength=4); digitize(x, [-1.0, 0.0, 1.0]); histogram(v, 4)
histogram(v, 4, (-1.0, 1.0)); isin(natural, [0, 2]); isin(natural, [0, 2], invert=True); nonzero(natural)
searchsorted(increasing, x[0]); searchsorted(increasing, [0.0], side="right"); select([x > 0, y > 0], [x, y], 9.0)
sort(x); sort(t, axis=1); take(x, [0, 2], axis=1); take(x, natural); take(t, [5, -1], axis=1)
take_along_axis(x, natural, axis=1); unique(natural); unique(natural, return_counts=True, return_index=True)
unique(natural, return_inverse=True); unravel_index([3, 5], (2, 3)); unique(natural, size=4, fill_value=-1)
where(x > 0); where(x > 0, x, y); where(flags, x, 0.0); get_item(x, 0); get_item(x, (1, 0))

correlate(v, v); correlate(v, v, mode="full"); cross(x, y); dot(x, v); dot(t, u[0]); einsum("bij,bjk->bik", t, u)
inner(x, y); einsum("ij->ji", x); kron(x, y); matmul(t, u); matmul(x, v); matmul(small, transpose(small)); outer(x, v)
slogdet(square_); tensordot(x, v, axes=1); tensordot(t, u, axes=[[1, 2], [2, 1]]); vdot(v, v)
vectorize(lambda a, b: a + b)(x, 1)

celu(x, alpha=0.5); elu(x); elu(i); gelu(x); gelu(x, approximate=False); glu(t); hard_shrink(x); hard_sigmoid(x)
hard_silu(x); hard_swish(x); hard_tanh(x); leaky_relu(x); leaky_relu(x, negative_slope=0.5); log_sigmoid(x)
log_softmax(x); log_softmax(t, axis=1); relu(x); relu(i); relu6(x * 9); selu(x); sigmoid(x); silu(x); swish(x)
soft_shrink(x); softmax(x); softmax(t, axis=1); softmax(t, axis=(1, 2)); softmax(x, axis=None); softplus(x)
softsign(x); sparse_plus(x); sparse_sigmoid(x); squareplus(x); tanh_shrink(x); threshold(x, 0.5, -1.0)

batch_normalization(x, v, abs(v), -1)
batch_normalization(image, v0, abs(v0) + 1, 3, offset=v0, scale=v0, epsilon=0.1); layer_normalization(x)
layer_normalization(x, gamma=v, beta=v, axis=-1, epsilon=0.1); layer_normalization(t, axis=(1, 2))
layer_normalization(x, rms_scaling=True); rms_normalization(x); rms_normalization(x, scale=v, epsilon=0.1)
rms_normalization(t, axis=(1, 2)); moments(image, [0, 1, 2]); moments(t, axes=[1], keepdims=True)
moments(half, axes=[0]); normalize(x); normalize(x, axis=0, order=1); normalize(x * 1e-5, order=2)
normalize(x * 1e-9, order=3); normalize(x, order=3); psnr(x, y, 2.0); polar(x, y); one_hot(natural, 3)
one_hot(natural, 3, axis=1, dtype="int32"); multi_hot(natural, 3); multi_hot(labels, 3)
binary_crossentropy(p, flags * 1.0); binary_crossentropy(p, x, from_logits=True); categorical_crossentropy(p, p)
categorical_crossentropy(p, x, from_logits=True); categorical_crossentropy(p, p, axis=0)
sparse_categorical_crossentropy(labels, p); sparse_categorical_crossentropy(labels, x, from_logits=True)
sparse_categorical_crossentropy(labels[:, None], p); average_pool(image, 2, 2)
average_pool(image, 3, strides=2, padding="same"); average_pool(steps, 2, 1); max_pool(image, 2, 2)
max_pool(image, 3, strides=2, padding="same"); max_pool(steps, 2, 1); adaptive_average_pool(image, 4)
adaptive_average_pool(image, (3, 5)); adaptive_max_pool(image, 4); adaptive_max_pool(steps, 3); conv(image, kernel)
conv(image, kernel, strides=2, padding="same"); conv(image, grouped); conv(steps, kernel1, dilation_rate=2)
conv(first, kernel, data_format="channels_first"); conv_transpose(image, transposed)
conv_transpose(image, transposed, strides=2, padding="same"); depthwise_conv(image, depthwise)
separable_conv(image, depthwise, pointwise, strides=2, padding="same"); depth_to_space(image, 2)
space_to_depth(image, 2); depth_to_space(first, 2, data_format="channels_first")
space_to_depth(first, 2, data_format="channels_first"); unfold(first, 2)
unfold(first, (2, 3), dilation=2, padding=1, stride=2); fold(ones((2, 8, 9)), (4, 4), 2)
fold(steps * 1.0, (4, 3), 2, stride=(2, 1)); dot_product_attention(heads, heads, heads)
dot_product_attention(heads, heads, heads, scale=0.5, is_causal=True)
dot_product_attention(heads, heads, heads, mask=tril(ones((1, 1, 4, 4), dtype="bool")), bias=ones((1, 2, 4, 4)))

cdist(t, t); erf(x); erfc(x); erfinv(p); extract_sequences(signal, 4, 3); fft((x, y)); fft2((x, y)); ifft2((x, y))
in_top_k(labels, x, 2); in_top_k(labels, x, 1); irfft((x, y)); irfft((x, y), fft_length=5); logdet(definite)
logsumexp(x); logsumexp(x, axis=1, keepdims=True); rfft(signal); rfft(signal, fft_length=5); rsqrt(p)
segment_max(x, labels, num_segments=3); segment_min(x, labels, num_segments=3)
segment_prod(x, labels // 2, num_segments=2); segment_sum(x, labels - 1, num_segments=2)
segment_sum(x, -labels * 3 + 7, num_segments=3, sorted=True); stft(signal, 4, 2, 8)
stft(signal, 4, 2, 8, window=None, center=False); stft(signal, 4, 2, 6, window="hamming")
istft(stft(signal, 4, 2, 8), 4, 2, 8); istft(stft(signal, 4, 2, 8), 4, 2, 8, length=13)
istft(stft(signal, 4, 2, 8, center=False), 4, 2, 8, center=False); top_k(x, 2); view_as_complex(t[:, :, :2])
view_as_real(z)

cholesky(definite); cholesky(definite, upper=True); cholesky_inverse(cholesky(definite[0])); det(square_)
eigh(definite)[0]; inv(square_); lstsq(u[0], u[1]); lu_factor(square_); matrix_rank(square_)
matrix_rank(square_, tol=3.0); norm(x); norm(x, ord=1); norm(x, ord="nuc"); norm(t, ord=2, axis=-1, keepdims=True)
norm(t, axis=(1, 2)); norm(x, ord="fro"); norm(x, ord=float_inf, axis=1); pinv(t); pinv(x, rcond=0.5); qr(definite)[0]
qr(u, mode="complete")[1]; solve(square_, definite); solve_triangular(square_, definite, lower=True)
svd(t, compute_uv=False); svd(t, full_matrices=False)[1]; jvp(lambda a: a * a, (v,), (v,)); linalg.norm(x)
eig(square_)[0].shape

cast(x, "int32"); cast(i, "float16"); cast(x, "bool"); saturate_cast(x * 200, "int8"); saturate_cast(x * 200, "uint8")
saturate_cast(i, "float16"); scatter(convert_to_tensor([[0], [2], [0]]), v, (4,))
scatter_update(v, [[0], [2]], [5.0, 6.0]); scatter_update(x, [[0, 1]], [5.0], reduction="add")
scatter_update(v, [[1], [1]], [5.0, -6.0], reduction="max"); slice(x, [0, 1], [2, 2])
slice_update(x, [0, 1], ones((1, 2))); stop_gradient(x); unstack(t, axis=1); unstack(t, num=6, axis=2)
rearrange(t, "b h w -> b (h w)"); rearrange(t, "b (h k) w -> b k w h", k=2); dtype(x); dtype(half); shape(t); ndim(t)
size(t); is_tensor(ones(1)); cond(v[0] > 9, lambda: v, lambda: -v); associative_scan(lambda a, b: a + b, t, axis=1)
associative_scan(lambda a, b: a * b, v, reverse=True); fori_loop(0, 4, lambda k, a: a + k, v); map(lambda a: a * 2, x)
vectorized_map(lambda a: a * 2, x); scan(lambda c, a: (c + a, c * a), v * 0, x)
while_loop(lambda k: k < 5, lambda k: (k + 2,), (0,)); scan(lambda c, a: (c + a, c * a), v * 0, x, reverse=True)
switch(1, [lambda a: a, lambda a: -a], v)
while_loop(lambda k, a: k < 5, lambda k, a: (k + 1, a * 2), [0, 1.5], maximum_iterations=3)
"""
EXPRESSIONS = [part.strip() for line in CASES.splitlines() for part in line.split(";") if part.strip()]

CONSTANTS = {"v0": np.array([0.5, -1.0, 2.0, 0.1], "float32"), "float_inf": float("inf")}


def evaluate(expression, ops, arrays=ARRAYS):
    return eval(expression, {**vars(ops), **arrays, **CONSTANTS})


def leaves(result):
    return jax.tree.leaves(list(result) if isinstance(result, tuple) else result)


@pytest.fixture(autouse=True, scope="module")
def quick_compilation():
    """Hundreds of tiny programs are compiled here, and none is run twice."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.filterwarnings("ignore")  # Keras's own
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_values_and_types(expression):
    expected, received = evaluate(expression, keras.ops), evaluate(expression, lamina.ops)
    assert jax.tree.structure(leaves(received)) == jax.tree.structure(leaves(expected))
    for one, other in zip(leaves(received), leaves(expected), strict=True):
        if isinstance(other, str | int):
            assert one == other
            continue
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        tolerance = 2e-3 if one.dtype == "float16" else 1e-5
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


WEIGHTS = {"kernel", "grouped", "kernel1", "transposed", "depthwise", "pointwise"}
DEPENDS_ON_VALUES = (
    "nonzero(",
    "unique(",
    "where(x > 0)",
    "bincount(natural)",
    "vsplit(",
    "lambda",
    "size(",
    "dtype(",
    "shape(",
)
SYMBOLIC = [case for case in EXPRESSIONS if not case.startswith(DEPENDS_ON_VALUES) and "lambda" not in case]
SYMBOLIC.remove("diag(x)")  # as long as the shorter axis, and which one that is an unknown batch does not tell


def symbolic(expression, package):
    """Evaluate a case on symbolic tensors of unknown batch size; return the outputs and the operations."""
    keras.utils.clear_session(free_memory=False)  # Keras counts names over the whole process
    used = set(compile(expression, "case", "eval").co_names) - WEIGHTS
    names = [name for name, array in ARRAYS.items() if name in used and (array.ndim > 1 or name == "labels")]
    tensors = {
        name: package.Input(batch_shape=(None, *ARRAYS[name].shape[1:]), dtype=str(ARRAYS[name].dtype), name=name)
        for name in names
    }
    outputs = leaves(evaluate(expression, package.ops, {**ARRAYS, **tensors}))
    if not names or not all(isinstance(output, package.KerasTensor) for output in outputs):
        return None
    config = package.Model(list(tensors.values()), outputs).get_config()
    layers = [layer for layer in config["layers"] if layer["class_name"] != "InputLayer"]
    written = json.loads(json.dumps([layer["config"] for layer in layers], default=str))  # as a file holds them
    return outputs, [(layer["module"], layer["class_name"], one) for layer, one in zip(layers, written, strict=True)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", SYMBOLIC)
def test_symbolic_shapes_and_configurations(expression):
    received = symbolic(expression, lamina)
    if received is None:
        return  # makes an array from nothing, or a number
    for tensor, array in zip(received[0], leaves(evaluate(expression, lamina.ops)), strict=True):
        assert tensor.dtype == array.dtype
        assert len(tensor.shape) == array.ndim
        assert all(size in (None, real) for size, real in zip(tensor.shape, array.shape, strict=True))
    try:
        expected = symbolic(expression, keras)
    except Exception:
        return  # some of Keras's operations need to know the batch size
    assert expected is None or received[1] == expected[1]
