import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import kernels
from lamina.kernels import attention


@pytest.fixture
def pretend_gpu(monkeypatch):
    """Let the choice be made as on a GPU, with XLA's formula in the place of cuDNN's, which no CPU has."""
    calls = []
    real = jax.nn.dot_product_attention

    def counted(*args, **kwargs):
        calls.append(kwargs["implementation"])
        return real(*args, **{**kwargs, "implementation": "xla"})

    monkeypatch.setattr(attention, "fast_on_gpu", lambda: True)
    monkeypatch.setattr(jax.nn, "dot_product_attention", counted)
    return calls


def _layer(name, **kwargs):
    kwargs = {"dtype": "mixed_bfloat16", "kernel_initializer": "he_normal", **kwargs}
    if name == "GroupQueryAttention":
        return lamina.layers.GroupQueryAttention(8, 4, 2, **kwargs)
    return lamina.layers.MultiHeadAttention(4, 8, **kwargs)


@pytest.mark.parametrize("name", ["MultiHeadAttention", "GroupQueryAttention"])
@pytest.mark.parametrize("masks", ["none", "causal", "keys", "all of a row", "by head"])
def test_fused_attention_is_the_plain_one(pretend_gpu, name, masks):
    rng = np.random.default_rng(0)
    query, value = rng.normal(size=(2, 5, 12)).astype("float32"), rng.normal(size=(2, 5, 12)).astype("float32")
    see = rng.random((2, 5, 5)) > 0.4
    see[:, 1] = False
    arguments = {
        "none": {},
        "causal": {"use_causal_mask": True},
        "keys": {"value_mask": jnp.asarray(rng.random((2, 5)) > 0.3)},
        "all of a row": {"attention_mask": jnp.asarray(see)},
        "by head": {"attention_mask": jnp.asarray(np.stack([see, ~see] * 2, 1))},
    }[masks]
    fused = _layer(name)
    out = fused(query, value, **arguments)
    plain = _layer(name, flash_attention=False)
    plain.build(query.shape, value.shape)
    plain.set_weights(fused.get_weights())
    assert pretend_gpu == ["cudnn"]
    np.testing.assert_allclose(
        np.asarray(out, "float32"), np.asarray(plain(query, value, **arguments), "float32"), atol=0.06
    )
    assert pretend_gpu == ["cudnn"]


def test_where_it_can_not_be_fused_the_plain_formula_is_taken(pretend_gpu, monkeypatch):
    x = np.ones((2, 5, 12), "float32")
    _layer("MultiHeadAttention", dtype="float32")(x, x)  # only 16-bit floats
    _layer("MultiHeadAttention")(x, x, return_attention_scores=True)
    _layer("MultiHeadAttention", dropout=0.5)(x, x, training=True)
    _layer("MultiHeadAttention", value_dim=16)(x, x)
    lamina.config.disable_flash_attention()
    _layer("MultiHeadAttention")(x, x)
    lamina.config.enable_flash_attention()
    assert lamina.config.is_flash_attention_enabled()
    with kernels.reference_kernels():
        monkeypatch.undo()
        _layer("MultiHeadAttention")(x, x)
    assert pretend_gpu == []


def test_a_refusal_by_the_library_is_no_error(monkeypatch):
    def refuse(*args, **kwargs):
        raise NotImplementedError("no such card")

    monkeypatch.setattr(attention, "fast_on_gpu", lambda: True)
    monkeypatch.setattr(jax.nn, "dot_product_attention", refuse)
    x = np.ones((2, 5, 12), "float32")
    assert _layer("MultiHeadAttention")(x, x).shape == (2, 5, 12)


@pytest.mark.parametrize(
    ("axes", "shapes", "equations"),
    [
        ((1,), ((2, 5, 3, 4), (2, 6, 3, 4)), ("aqhe,akhe->ahqk", "ahqk,akhe->aqhe")),
        ((2,), ((2, 7, 5, 3, 4), (2, 7, 6, 3, 4)), ("abqhe,abkhe->abhqk", "abhqk,abkhe->abqhe")),
        ((1, 2), ((2, 5, 3, 2, 4), (2, 4, 3, 2, 4)), ("apqhe,arshe->ahpqrs", "ahpqrs,arshe->apqhe")),
        ((2, 1), ((2, 5, 3, 2, 4), (2, 4, 3, 2, 4)), ("apqhe,arshe->ahqpsr", "ahqpsr,arshe->apqhe")),
    ],
)
def test_attend_is_the_formula(random_arrays, assert_close, axes, shapes, equations):
    query, key, value = random_arrays(0, shapes[0], shapes[1], (*shapes[1][:-1], 6))
    hidden = jnp.asarray(np.random.default_rng(1).random(jnp.einsum(equations[0], query, key).shape) > 0.3)

    def formula(query, key, value):
        scores = jnp.einsum(equations[0], query, key) / jnp.sqrt(query.shape[-1])
        weights = kernels.masked_softmax(scores, hidden, tuple(range(scores.ndim - len(axes), scores.ndim)))
        return jnp.einsum(equations[1], weights / 2, value), weights

    def attend(query, key, value):
        return kernels.attend(query, key, value, hidden, axes, lambda weights: weights / 2)

    results = []
    for function in (attend, formula):
        found, pull = jax.vjp(function, query, key, value)
        results.append((found, pull(jax.tree.map(jnp.cos, found))))
    assert_close(*results, 1e-5)
