"""The two loops of a GRU on the CPU, forward and backward, with the reset after the recurrent product.

Inputs are scaled so that one tanh serves both gates: with a = tanh(u), z and r are (1 + a) / 2.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels.loop_helpers import before, gate, gate_slope, keep_apart, matrix, present
from lamina.kernels.native_loop import loop_primitive, takes
from lamina.kernels.native_product import matmul


@partial(jax.custom_vjp, nondiff_argnums=(6, 7))
def gru_loop(u, recurrent, bias, state_bias, h0, mask, return_sequences, reverse):
    """Run the steps.

    Args:
        u: Projected inputs, (steps, batch, 3 × units), scaled.
        recurrent: (units, 3 × units), scaled alike.
        bias: (3 × units,), scaled alike.
        state_bias: Bias inside of the reset, (units,).
        h0: (batch, units).
        mask: (steps, batch, 1) of booleans, or None.
        return_sequences: Whether to return all outputs, or the last.
        reverse: Whether to start at the last step.

    Returns:
        (outputs, h), the outputs in the order of `u`.
    """
    return _forward(u, recurrent, bias, state_bias, h0, mask, return_sequences, reverse, for_gradient=False)[0]


def _forward(u, recurrent, bias, state_bias, h0, mask, return_sequences, reverse, for_gradient=True):
    run = _loop.bind if takes(_loop, recurrent, u) else _plain_loop
    outputs = return_sequences or for_gradient
    h, *kept = run(
        recurrent,
        bias,
        state_bias,
        u,
        h0,
        *present(mask),
        reverse=reverse,
        outputs=outputs,
        for_gradient=for_gradient,
    )
    return (kept[0] if return_sequences else h, h), (recurrent, h0, mask, *kept)


def _backward(return_sequences, reverse, kept, cotangents):
    recurrent, h0, mask, outputs, a, n, inner = kept
    dout, dh = cotangents
    if not return_sequences:
        dh, dout = dh + dout, None
    found = keep_apart(before(outputs, h0, reverse))
    run = _backward_loop.bind if takes(_backward_loop, recurrent, a) else _plain_backward_loop
    du, dproduct, dh = run(
        recurrent,
        a,
        n,
        inner,
        found,
        dh,
        *present(mask, dout),
        reverse=reverse,
        masked=mask is not None,
        sequences=return_sequences,
    )
    drecurrent = matmul(matrix(found), matrix(dproduct), transpose_a=True)
    dstate_bias = matrix(dproduct[..., 2 * n.shape[-1] :]).sum(0)
    return du, drecurrent, matrix(du).sum(0), dstate_bias, dh, None


def _plain_loop(recurrent, bias, state_bias, u, h0, mask=None, *, reverse, outputs, for_gradient):
    """Return [h], then the outputs if they are wanted, and for the gradient tanh of z and r, n, and its inner part."""
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
        return h_new, [*([h_new] if outputs else []), *([a, n, inner] if for_gradient else [])]

    h, kept = lax.scan(step, h0, (u + bias, mask), reverse=reverse)
    return [h, *kept]


def _plain_backward_loop(recurrent, a, n, inner, found, dh, *optional, reverse, masked, sequences):
    """Return gradients: for u, for the product with the recurrent kernel, and for the first h."""
    mask = optional[0] if masked else None
    dout = optional[-1] if sequences else None
    units = n.shape[-1]
    # What the loop multiplies dh with, zero where a step was masked.
    z, r = gate(a[..., :units]), gate(a[..., units:])
    slope_z, slope_r = jnp.split(gate_slope(a) * 0.5, 2, axis=-1)
    factor_z = (found - n) * slope_z
    factor_n = (1 - z) * gate_slope(n)
    if mask is not None:
        z, factor_z, factor_n = jnp.where(mask, z, 1), jnp.where(mask, factor_z, 0), jnp.where(mask, factor_n, 0)
    z, factor_z, r, factor_n = keep_apart((z, factor_z, r, factor_n))
    factor_r = factor_n * inner * slope_r
    factors = keep_apart(jnp.concatenate([factor_z, factor_r, factor_n * r], axis=-1))
    transposed = keep_apart(recurrent.T)

    def step(dh, inputs):
        through, factor, d = inputs
        dh = keep_apart(dh if d is None else dh + d)
        dproduct = keep_apart(jnp.concatenate([dh, dh, dh], axis=-1) * factor)
        return dh * through + dproduct @ transposed, (dh, dproduct)

    dh, (dhs, dproduct) = lax.scan(step, dh, (z, factors, dout), reverse=not reverse)
    return [jnp.concatenate([dproduct[..., : 2 * units], dhs * factor_n], axis=-1), dproduct, dh]


_loop = loop_primitive("lamina_gru", _plain_loop, ("reverse", "outputs", "for_gradient"), weights=3)
_backward_loop = loop_primitive("lamina_gru_backward", _plain_backward_loop, ("reverse", "masked", "sequences"))
gru_loop.defvjp(_forward, _backward)
