"""LSTM and GRU with tanh and sigmoid, the activations nearly everybody uses.

On the CPU a step of a recurrent loop costs mostly the start of its few operations, so the loops hold as little as
possible (`docs/design/0102-recurrent.md`), or are one call of the compiled extension. A sigmoid is a tanh of half its
argument, so with the weights halved beforehand one tanh serves all gates. The forward loop keeps only what cannot be
recomputed in bulk; the factors of the backward pass are computed for all steps at once before its loop, and the
weights' gradients by one product after it.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels.gru_loop import gru_loop
from lamina.kernels.lstm_loop import lstm_loop
from lamina.kernels.native_product import affine
from lamina.kernels.platform import fast_on_cpu


def lstm(
    x: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None,
    h0: jax.Array,
    c0: jax.Array,
    *,
    mask: jax.Array | None = None,
    reverse: bool = False,
    return_sequences: bool = True,
    zero_output_for_mask: bool = False,
    time_major: bool = False,
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Run a long short-term memory over a batch of sequences; gates in the order i, f, c, o.

    On the CPU only reverse-mode derivatives exist, of any order; forward mode needs `reference_kernels`.

    Args:
        x: (batch, steps, features), or (steps, batch, features) if `time_major`.
        kernel: (features, 4 × units).
        recurrent_kernel: (units, 4 × units).
        bias: (4 × units,) or None.
        h0: Output before the first step, (batch, units).
        c0: Memory before the first step, (batch, units).
        mask: Booleans, (batch, steps) or (steps, batch) if `time_major`; a step that is False keeps the state.
        reverse: Whether to go from the last step to the first; the outputs then come in that order.
        return_sequences: Whether to return the outputs of all steps, or of the last one.
        zero_output_for_mask: Whether the output of a masked step is zero; otherwise it is the output before it, at
            first `h0`.
        time_major: Whether steps come before the batch, in `x`, `mask` and the outputs.

    Returns:
        `(outputs, (h, c))` in the type of `x`: outputs (batch, steps, units), or (steps, batch, units), or
        (batch, units) without `return_sequences`; `h` and `c` the state after the last step.

    Raises:
        ValueError: If shapes do not fit together.

    Example:
        >>> import jax.numpy as jnp
        >>> state = jnp.zeros((2, 3))
        >>> outputs, _ = lstm(jnp.ones((2, 7, 5)), jnp.ones((5, 12)), jnp.ones((3, 12)), None, state, state)
        >>> outputs.shape
        (2, 7, 3)

    Reference:
        Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 1997.
    """
    _check_shapes(x, kernel, recurrent_kernel, h0, mask, gates=4, time_major=time_major)
    for name, array, shape in (("c0", c0, h0.shape), ("bias", bias, kernel.shape[1:])):
        if array is not None and array.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {array.shape}.")
    parts = _Sequence(x, mask, reverse, return_sequences, zero_output_for_mask, time_major)
    units = h0.shape[-1]
    weights: list[Any] = [
        None if part is None else part.astype(parts.wide) for part in (kernel, recurrent_kernel, bias)
    ]
    state = (h0.astype(parts.wide), c0.astype(parts.wide))
    if fast_on_cpu() and x.size:
        # Halved are the arguments of sigmoids: i, f and o.
        halves = jnp.asarray([0.5, 0.5, 1.0, 0.5], parts.wide).repeat(units)
        kernel, recurrent_kernel, bias = (0 * halves if part is None else part * halves for part in weights)
        loop: Any = lstm_loop  # the decorator hides its type
        outputs, *state = loop(
            parts.project(kernel), recurrent_kernel, bias, *state, parts.mask, return_sequences, reverse
        )
    else:
        kernel, recurrent_kernel, bias = weights

        def step(state, projected):
            h, c = state
            i, f, g, o = jnp.split(projected + h @ recurrent_kernel, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return jax.nn.sigmoid(o) * jnp.tanh(c), c

        outputs, state = parts.scan(step, state, parts.project(kernel, bias))
    return parts.finish(outputs, tuple(state))


def gru(
    x: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None,
    h0: jax.Array,
    *,
    reset_after: bool = True,
    mask: jax.Array | None = None,
    reverse: bool = False,
    return_sequences: bool = True,
    zero_output_for_mask: bool = False,
    time_major: bool = False,
) -> tuple[jax.Array, jax.Array]:
    """Run a gated recurrent unit over a batch of sequences; gates in the order z (update), r (reset), h.

    On the CPU only reverse-mode derivatives exist, of any order; forward mode needs `reference_kernels`. With the
    reset before the product no gradient was found that is faster than the plain one, which is taken then.

    Args:
        x: (batch, steps, features), or (steps, batch, features) if `time_major`.
        kernel: (features, 3 × units).
        recurrent_kernel: (units, 3 × units).
        bias: None; or (2, 3 × units), for inputs and for states, if `reset_after`; or (3 × units,).
        h0: Output before the first step, (batch, units).
        reset_after: Whether the reset gate acts after the product with the recurrent kernel, or before it.
        mask: As for `lstm`.
        reverse: As for `lstm`.
        return_sequences: As for `lstm`.
        zero_output_for_mask: As for `lstm`.
        time_major: As for `lstm`.

    Returns:
        `(outputs, h)`, shaped as for `lstm`.

    Raises:
        ValueError: If shapes do not fit together.

    Example:
        >>> import jax.numpy as jnp
        >>> outputs, _ = gru(jnp.ones((2, 7, 5)), jnp.ones((5, 9)), jnp.ones((3, 9)), None, jnp.zeros((2, 3)))
        >>> outputs.shape
        (2, 7, 3)

    Reference:
        Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014.
    """
    _check_shapes(x, kernel, recurrent_kernel, h0, mask, gates=3, time_major=time_major)
    parts = _Sequence(x, mask, reverse, return_sequences, zero_output_for_mask, time_major)
    units = h0.shape[-1]
    kernel, recurrent_kernel, h0 = (part.astype(parts.wide) for part in (kernel, recurrent_kernel, h0))
    input_bias, state_bias = _gru_biases(bias, units, reset_after, parts.wide)
    if reset_after and fast_on_cpu() and x.size:
        halves = jnp.asarray([0.5, 0.5, 1.0], parts.wide).repeat(units)
        loop: Any = gru_loop  # the decorator hides its type
        results = loop(
            parts.project(kernel * halves),
            recurrent_kernel * halves,
            input_bias * halves,
            state_bias,
            h0,
            parts.mask,
            return_sequences,
            reverse,
        )
        return parts.finish(*results)

    def step(state, projected):
        (h,) = state
        recurrent = h @ (recurrent_kernel if reset_after else recurrent_kernel[:, : 2 * units])
        z, r = jnp.split(jax.nn.sigmoid(projected[:, : 2 * units] + recurrent[:, : 2 * units]), 2, axis=-1)
        if reset_after:
            reset = r * (recurrent[:, 2 * units :] + state_bias)
        else:
            reset = (r * h) @ recurrent_kernel[:, 2 * units :]
        return (z * h + (1 - z) * jnp.tanh(projected[:, 2 * units :] + reset),)

    outputs, (h,) = parts.scan(step, (h0,), parts.project(kernel, input_bias))
    return parts.finish(outputs, h)


class _Sequence:
    """Inputs and mask of a run, time first and in a type that loops can carry; and its outputs, brought back."""

    def __init__(self, x, mask, reverse, return_sequences, zero_output_for_mask, time_major):
        self.dtype, self.wide = x.dtype, jnp.promote_types(x.dtype, jnp.float32)
        self.x = (x if time_major else jnp.swapaxes(x, 0, 1)).astype(self.wide)
        if mask is not None:
            mask = (mask if time_major else jnp.swapaxes(mask, 0, 1))[..., None].astype(bool)
        self.mask = mask
        self.reverse, self.return_sequences, self.time_major = reverse, return_sequences, time_major
        self.zero_output_for_mask = zero_output_for_mask

    def project(self, kernel, bias=None):
        """Return x @ kernel + bias for all steps at once."""
        steps, batch, features = self.x.shape
        return affine(self.x.reshape(steps * batch, features), kernel, bias).reshape(steps, batch, -1)

    def scan(self, step, state, projected):
        """Run the plain loop: `step(state, projected) -> state`, the output being the first of the state."""

        def masked(state, inputs):
            projected, keep = inputs
            following = step(state, projected)
            if keep is not None:
                following = tuple(jnp.where(keep, new, old) for new, old in zip(following, state, strict=True))
            return following, following[0] if self.return_sequences else None

        state, outputs = lax.scan(masked, state, (projected, self.mask), reverse=self.reverse)
        return (outputs if self.return_sequences else state[0]), state

    def finish(self, outputs, state):
        """Apply the mask to the outputs, order them as asked, and return to the type of x."""
        if self.mask is not None and self.zero_output_for_mask:
            shown = self.mask if self.return_sequences else self.mask[0 if self.reverse else -1]
            outputs = jnp.where(shown, outputs, 0)
        if self.return_sequences:
            outputs = jnp.flip(outputs, 0) if self.reverse else outputs
            outputs = outputs if self.time_major else jnp.swapaxes(outputs, 0, 1)
        return jax.tree.map(lambda array: array.astype(self.dtype), (outputs, state))


def _gru_biases(bias, units, reset_after, dtype):
    """Return the bias that the inputs' projection takes, and the one inside of the reset."""
    zeros = jnp.zeros(units, dtype)
    if bias is None:
        return jnp.tile(zeros, 3), zeros
    expected = (2, 3 * units) if reset_after else (3 * units,)
    if bias.shape != expected:
        raise ValueError(f"bias must have shape {expected} for reset_after={reset_after}, got {bias.shape}.")
    bias = bias.astype(dtype)
    if not reset_after:
        return bias, zeros
    outside = jnp.concatenate([bias[1, : 2 * units], zeros])
    return bias[0] + outside, bias[1, 2 * units :]


def _check_shapes(x, kernel, recurrent_kernel, h0, mask, *, gates, time_major):
    if x.ndim != 3:
        raise ValueError(f"A recurrent kernel takes x with three axes, batch, steps and features, got {x.shape}.")
    units, features = h0.shape[-1], x.shape[-1]
    steps_and_batch = x.shape[:2]
    for name, array, shape in (
        ("kernel", kernel, (features, gates * units)),
        ("recurrent_kernel", recurrent_kernel, (units, gates * units)),
        ("h0", h0, (x.shape[1 if time_major else 0], units)),
        ("mask", mask, steps_and_batch),
    ):
        if array is not None and array.shape != shape:
            raise ValueError(f"{name} must have shape {shape} for x of shape {x.shape}, got {array.shape}.")
