"""The two loops of an LSTM on the CPU, forward and backward.

Inputs are scaled so that one tanh serves all gates: with a = tanh(u), the gates are i, f, o = (1 + a) / 2 and g = a.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels.loop_helpers import before, gate, gate_slope, keep_apart, matrix, present
from lamina.kernels.native_loop import loop_primitive, takes
from lamina.kernels.native_product import matmul


@partial(jax.custom_vjp, nondiff_argnums=(6, 7))
def lstm_loop(u, recurrent, bias, h0, c0, mask, return_sequences, reverse):
    """Run the steps.

    Args:
        u: Projected inputs, (steps, batch, 4 × units), scaled.
        recurrent: (units, 4 × units), scaled alike.
        bias: (4 × units,), scaled alike.
        h0: (batch, units).
        c0: (batch, units).
        mask: (steps, batch, 1) of booleans, or None.
        return_sequences: Whether to return all outputs, or the last.
        reverse: Whether to start at the last step.

    Returns:
        (outputs, h, c), the outputs in the order of `u`.
    """
    return _forward(u, recurrent, bias, h0, c0, mask, return_sequences, reverse, for_gradient=False)[0]


def _forward(u, recurrent, bias, h0, c0, mask, return_sequences, reverse, for_gradient=True):
    compiled = takes(_loop, recurrent, u)
    # The plain loop is quicker without outputs that are no results: they are computed once more in bulk.
    outputs = return_sequences or (for_gradient and (compiled or mask is not None))
    run = _loop.bind if compiled else _plain_loop
    h, c, *kept = run(
        recurrent, bias, u, h0, c0, *present(mask), reverse=reverse, outputs=outputs, for_gradient=for_gradient
    )
    outputs = kept.pop(0) if outputs else None
    return (outputs if return_sequences else h, h, c), (recurrent, h0, c0, mask, *kept, outputs)


def _backward(return_sequences, reverse, kept, cotangents):
    recurrent, h0, c0, mask, a, memories, outputs = kept
    dout, dh, dc = cotangents
    if not return_sequences:
        dh, dout = dh + dout, None
    run = _backward_loop.bind if takes(_backward_loop, recurrent, a) else _plain_backward_loop
    du, dh, dc = run(
        recurrent,
        c0,
        a,
        memories,
        dh,
        dc,
        *present(mask, dout),
        reverse=reverse,
        masked=mask is not None,
        sequences=return_sequences,
    )
    if outputs is None:
        outputs = keep_apart(_gates(a)[3] * jnp.tanh(memories))
    drecurrent = matmul(matrix(before(outputs, h0, reverse)), matrix(du), transpose_a=True)
    return du, drecurrent, matrix(du).sum(0), dh, dc, None


def _plain_loop(recurrent, bias, u, h0, c0, mask=None, *, reverse, outputs, for_gradient):
    """Return [h, c], then the outputs if they are wanted, and for the gradient tanh of the gates, and memories."""

    def step(state, inputs):
        h, c = state
        projected, keep = inputs
        a = keep_apart(jnp.tanh(projected + h @ recurrent))
        i, f, g, o = _gates(a)
        c_new = keep_apart(f * c + i * g)
        h_new = o * jnp.tanh(c_new)
        if keep is not None:
            h_new, c_new = jnp.where(keep, h_new, h), jnp.where(keep, c_new, c)
        return (h_new, c_new), [*([h_new] if outputs else []), *([a, c_new] if for_gradient else [])]

    state, kept = lax.scan(step, (h0, c0), (u + bias, mask), reverse=reverse)
    return [*state, *kept]


def _plain_backward_loop(recurrent, c0, a, memories, dh, dc, *optional, reverse, masked, sequences):
    """Return gradients [du, dh, dc]."""
    mask = optional[0] if masked else None
    dout = optional[-1] if sequences else None
    i, f, g, o = _gates(a)
    tanh_memories = keep_apart(jnp.tanh(memories))
    # What the loop multiplies dh and dc with.
    through_tanh, through_forget = o * (1 - tanh_memories**2), f
    slopes = gate_slope(a)
    si, sf, so = (_quarter(slopes, number) / 2 for number in (0, 1, 3))
    factors = (g * si, before(memories, c0, reverse) * sf, i * _quarter(slopes, 2), tanh_memories * so)
    factors = jnp.concatenate(keep_apart(factors), axis=-1)
    if mask is not None:
        through_tanh = jnp.where(mask, through_tanh, 0)
        through_forget = jnp.where(mask, through_forget, 1)
        factors = jnp.where(mask, factors, 0)
    factors, through_tanh, through_forget = keep_apart((factors, through_tanh, through_forget))
    transposed = keep_apart(recurrent.T)

    def step(state, inputs):
        dh, dc = state
        factor, tanh_factor, forget_factor, keep, d = inputs
        if d is not None:
            dh = dh + d
        dc = keep_apart(dc + dh * tanh_factor)
        du = keep_apart(jnp.concatenate([dc, dc, dc, dh], axis=-1) * factor)
        dh_before = du @ transposed
        if keep is not None:
            dh_before = dh_before + jnp.where(keep, 0, dh)
        return (dh_before, dc * forget_factor), du

    inputs = (factors, through_tanh, through_forget, mask, dout)
    (dh, dc), du = lax.scan(step, (dh, dc), inputs, reverse=not reverse)
    return [du, dh, dc]


_loop = loop_primitive("lamina_lstm", _plain_loop, ("reverse", "outputs", "for_gradient"), weights=2)
_backward_loop = loop_primitive("lamina_lstm_backward", _plain_backward_loop, ("reverse", "masked", "sequences"))
lstm_loop.defvjp(_forward, _backward)


def _quarter(a: jax.Array, number: int) -> jax.Array:
    units = a.shape[-1] // 4
    return a[..., number * units : (number + 1) * units]


def _gates(a: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """Return i, f, g, o."""
    i, f, g, o = (_quarter(a, number) for number in range(4))
    return gate(i), gate(f), g, gate(o)
