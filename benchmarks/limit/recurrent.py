"""LSTM and GRU with hand-written gradients, lean inside the loop over time.

The input's product is taken for all moments at once before the loop; one tanh serves all gates, as
sigmoid(x) = (1 + tanh(x / 2)) / 2 with the halves in the weights; the backward loop keeps only what truly recurs,
coefficients are computed in bulk before it, and weight gradients are one product after it. Barriers keep XLA from
computing a value twice. Shapes are time-major: x (time, rows, inputs).
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

keep = lax.optimization_barrier


def _lstm_scale(units):
    """Halves for the gates i, f, o (sigmoid by tanh); the candidate g keeps its size. Order i, f, g, o as Keras."""
    return jnp.concatenate([jnp.full(2 * units, 0.5), jnp.ones(units), jnp.full(units, 0.5)])


def _lstm_gates(a, units):
    i, f, g, o = jnp.split(a, 4, axis=-1)
    return i * 0.5 + 0.5, f * 0.5 + 0.5, g, o * 0.5 + 0.5


@jax.custom_vjp
def lstm(x, kernel, recurrent, bias):
    """The last hidden state (rows, units) of an LSTM over x (time, rows, inputs), from zeros."""
    return _lstm_forward(x, kernel, recurrent, bias)[0]


def _lstm_forward(x, kernel, recurrent, bias):
    units = recurrent.shape[0]
    time, rows, inputs = x.shape
    scale = _lstm_scale(units)
    projected = (x.reshape(time * rows, inputs) @ (kernel * scale) + bias * scale).reshape(time, rows, -1)
    scaled_recurrent = recurrent * scale

    def step(carry, moment):
        h, c = carry
        a = keep(jnp.tanh(moment + h @ scaled_recurrent))
        i, f, g, o = _lstm_gates(a, units)
        c = keep(f * c + i * g)
        h = o * jnp.tanh(c)
        return (h, c), (a, c)

    nothing = jnp.zeros((rows, units))
    (last, _), (gates, cells) = lax.scan(step, (nothing, nothing), projected)
    return last, (x, kernel, recurrent, gates, cells)


def _lstm_backward(kept, gradient):
    x, kernel, recurrent, gates, cells = kept
    time, rows, inputs = x.shape
    units = recurrent.shape[0]
    transposed = keep(recurrent.T)
    nothing = jnp.zeros((1, rows, units))
    i, f, g, o = _lstm_gates(gates, units)
    tanh_cells = keep(jnp.tanh(cells))
    before = jnp.concatenate([nothing, keep(o * tanh_cells)[:-1]])
    cells_before = jnp.concatenate([nothing, cells[:-1]])
    to_cell = keep(o * (1 - tanh_cells * tanh_cells))
    forget = keep(f)
    factors = keep((g * i * (1 - i), cells_before * f * (1 - f), i * (1 - g * g), tanh_cells * o * (1 - o)))
    factors = keep(jnp.concatenate(factors, axis=-1))

    def step(carry, moment):
        of_h, of_c = carry
        factor, cell_factor, kept_share = moment
        of_c = keep(of_c + of_h * cell_factor)
        of_gates = keep(jnp.concatenate([of_c, of_c, of_c, of_h], axis=-1) * factor)
        return (of_gates @ transposed, of_c * kept_share), of_gates

    _, of_gates = lax.scan(step, (gradient, nothing[0]), (factors, to_cell, forget), reverse=True)
    of_gates = of_gates.reshape(time * rows, -1)
    both = jnp.concatenate([x.reshape(time * rows, inputs), before.reshape(time * rows, units)], axis=1)
    of_weights = both.T @ of_gates
    of_x = (of_gates @ kernel.T).reshape(time, rows, inputs)
    return of_x, of_weights[:inputs], of_weights[inputs:], of_gates.sum(0)


lstm.defvjp(_lstm_forward, _lstm_backward)


@partial(jax.custom_vjp, nondiff_argnums=(4,))
def gru(x, kernel, recurrent, bias, sequences: bool):
    """A GRU over x (time, rows, inputs), from zeros, reset after the product as Keras's default; gates z, r, h.

    Args:
        bias: (2, 3 · units): of the input's product, of the state's.
        sequences: whether all hidden states (time, rows, units) come back, or only the last.
    """
    return _gru_forward(x, kernel, recurrent, bias, sequences)[0]


def _gru_forward(x, kernel, recurrent, bias, sequences):
    units = recurrent.shape[0]
    time, rows, inputs = x.shape
    scale = jnp.concatenate([jnp.full(2 * units, 0.5), jnp.ones(units)])
    # The state's bias of z and r is added here, outside of the loop; that of the candidate is multiplied by r.
    early_bias = bias[0] * scale + jnp.concatenate([bias[1, : 2 * units] * 0.5, jnp.zeros(units)])
    projected = (x.reshape(time * rows, inputs) @ (kernel * scale) + early_bias).reshape(time, rows, -1)
    scaled_recurrent = recurrent * scale
    late_bias = bias[1, 2 * units :]

    def step(h, moment):
        product = h @ scaled_recurrent
        gates = keep(jnp.tanh(moment[:, : 2 * units] + product[:, : 2 * units]))
        z, r = gates[:, :units] * 0.5 + 0.5, gates[:, units:] * 0.5 + 0.5
        inner = product[:, 2 * units :] + late_bias
        candidate = keep(jnp.tanh(moment[:, 2 * units :] + r * inner))
        h = keep(z * (h - candidate) + candidate)
        return h, (gates, candidate, inner, h)

    last, (gates, candidates, inners, states) = lax.scan(step, jnp.zeros((rows, units)), projected)
    return (states if sequences else last), (x, kernel, recurrent, gates, candidates, inners, states)


def _gru_backward(sequences, kept, gradient):
    x, kernel, recurrent, gates, candidates, inners, states = kept
    time, rows, inputs = x.shape
    units = recurrent.shape[0]
    before = jnp.concatenate([jnp.zeros((1, rows, units)), states[:-1]])
    transposed = keep(recurrent.T)

    def step(of_h, moment):
        gate, candidate, inner, h_before, *of_output = moment
        of_h = of_h + of_output[0] if sequences else of_h
        z, r = gate[:, :units] * 0.5 + 0.5, gate[:, units:] * 0.5 + 0.5
        of_candidate = of_h * (1 - z) * (1 - candidate * candidate)
        of_z = of_h * (h_before - candidate) * z * (1 - z)
        of_r = of_candidate * inner * r * (1 - r)
        of_product = keep(jnp.concatenate([of_z, of_r, of_candidate * r], axis=-1))
        return of_h * z + of_product @ transposed, (of_product, of_candidate)

    moments = (gates, candidates, inners, before) + ((gradient,) if sequences else ())
    start = jnp.zeros((rows, units)) if sequences else gradient
    _, (of_products, of_candidates) = lax.scan(step, start, moments, reverse=True)
    of_products = of_products.reshape(time * rows, -1)
    of_inputs = jnp.concatenate([of_products[:, : 2 * units], of_candidates.reshape(time * rows, units)], axis=1)
    return (
        (of_inputs @ kernel.T).reshape(time, rows, inputs),
        x.reshape(time * rows, inputs).T @ of_inputs,
        before.reshape(time * rows, units).T @ of_products,
        jnp.stack([of_inputs.sum(0), of_products.sum(0)]),
    )


gru.defvjp(_gru_forward, _gru_backward)
