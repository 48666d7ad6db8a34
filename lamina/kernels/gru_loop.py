"""The two loops of a GRU on the CPU, forward and backward, with the reset after the recurrent product.

Inputs are scaled so that one tanh serves both gates: with a = tanh(u), z and r are (1 + a) / 2.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels.loop_helpers import before, gate, gate_slope, keep_apart, matrix
from lamina.kernels.native_product import matmul


@partial(jax.custom_vjp, nondiff_argnums=(5, 6))
def gru_loop(u, recurrent, state_bias, h0, mask, return_sequences, reverse):
    """Run the steps.

    Args:
        u: Projected inputs, (steps, batch, 3 × units), scaled.
        recurrent: (units, 3 × units), scaled alike.
        state_bias: Bias inside of the reset, (units,).
        h0: (batch, units).
        mask: (steps, batch, 1) of booleans, or None.
        return_sequences: Whether to return all outputs, or the last.
        reverse: Whether to start at the last step.

    Returns:
        (outputs, h), the outputs in the order of `u`.
    """
    return _forward(u, recurrent, state_bias, h0, mask, return_sequences, reverse)[0]


def _forward(u, recurrent, state_bias, h0, mask, return_sequences, reverse):
    units = h0.shape[-1]

    def step(h, inputs):
        projected, keep = inputs
        product = h @ recurrent
        a = keep_apart(jnp.tanh(projected[:, : 2 * units] + product[:, : 2 * units]))
        z, r = gate(a[:, :units]), gate(a[:, units:])
        inner = product[:, 2 * units :] + state_bias
        n = keep_apart(jnp.tanh(projected[:, 2 * units :] + r * inner))
        h_new = keep_apart(z * (h - n) + n)
        if keep is not None:
            h_new = jnp.where(keep, h_new, h)
        return h_new, (a, n, inner, h_new)

    h, (a, n, inner, outputs) = lax.scan(step, h0, (u, mask), reverse=reverse)
    return (outputs if return_sequences else h, h), (recurrent, h0, mask, a, n, inner, outputs)


def _backward(return_sequences, reverse, kept, cotangents):
    recurrent, h0, mask, a, n, inner, outputs = kept
    dout, dh = cotangents
    if not return_sequences:
        dh, dout = dh + dout, None
    through_z, factor_z, r, factor_n, found = _factors(a, n, outputs, h0, mask, reverse)
    factor_r = factor_n * inner * _gate_slopes(a)[1]
    factors = keep_apart(jnp.concatenate([factor_z, factor_r, factor_n * r], axis=-1))
    transposed = keep_apart(recurrent.T)

    def step(dh, inputs):
        through, factor, d = inputs
        dh = keep_apart(dh if d is None else dh + d)
        dproduct = keep_apart(jnp.concatenate([dh, dh, dh], axis=-1) * factor)
        return dh * through + dproduct @ transposed, (dh, dproduct)

    dh, (dhs, dproduct) = lax.scan(step, dh, (through_z, factors, dout), reverse=not reverse)
    units = h0.shape[-1]
    drecurrent = matmul(matrix(found), matrix(dproduct), transpose_a=True)
    dstate_bias = matrix(dproduct[..., 2 * units :]).sum(0)
    du = jnp.concatenate([dproduct[..., : 2 * units], dhs * factor_n], axis=-1)
    return du, drecurrent, dstate_bias, dh, None


gru_loop.defvjp(_forward, _backward)


def _factors(a, n, outputs, h0, mask, reverse):
    """Compute for all steps what the backward loops multiply dh with, zero where a step was masked.

    Returns:
        (for dh itself, for the argument of z, the gate r, for the argument of n, the state each step found).
    """
    units = h0.shape[-1]
    z, r = gate(a[..., :units]), gate(a[..., units:])
    found = keep_apart(before(outputs, h0, reverse))
    factor_z = (found - n) * _gate_slopes(a)[0]
    factor_n = (1 - z) * gate_slope(n)
    if mask is not None:
        z, factor_z, factor_n = jnp.where(mask, z, 1), jnp.where(mask, factor_z, 0), jnp.where(mask, factor_n, 0)
    return *keep_apart((z, factor_z, r, factor_n)), found


def _gate_slopes(a: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the slopes of z and r for their scaled arguments."""
    slope_z, slope_r = jnp.split(gate_slope(a) * 0.5, 2, axis=-1)
    return slope_z, slope_r
