"""Which formulation a kernel takes: the fast one for the CPU, or plain `jax.lax`."""

import contextlib
import contextvars
from collections.abc import Iterator

import jax

_reference = contextvars.ContextVar("lamina_reference_kernels", default=False)
_portable = contextvars.ContextVar("lamina_portable_kernels", default=False)


def fast_on_cpu() -> bool:
    """Return whether kernels should take the formulation made for the CPU.

    Asked while a program is traced, so a compiled program keeps the answer it was traced with.
    """
    return not _reference.get() and jax.default_backend() == "cpu"


def fast_on_gpu() -> bool:
    """Return whether kernels may take what the libraries of an NVIDIA GPU offer; asked while a program is traced."""
    return not _reference.get() and jax.default_backend() == "gpu"


def reference_wanted() -> bool:
    """Return whether the plain formulation is asked for on every platform."""
    return _reference.get()


def portable_wanted() -> bool:
    """Return whether the program is for others, who know nothing of calls of the compiled extension."""
    return _portable.get()


@contextlib.contextmanager
def portable_kernels() -> Iterator[None]:
    """Trace without calls of the compiled extension, for programs that are written to files or read step by step.

    The formulations are otherwise the usual ones.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from lamina import kernels
        >>> x = kernel = jnp.ones((512, 512))
        >>> with kernels.portable_kernels():
        ...     "dot_general" in str(jax.make_jaxpr(kernels.project)(x, kernel))
        True
    """
    token = _portable.set(True)
    try:
        yield
    finally:
        _portable.reset(token)


@contextlib.contextmanager
def reference_kernels() -> Iterator[None]:
    """Trace with the plain `jax.lax` formulations, on every platform.

    The fast formulations define only reverse-mode derivatives, to any order. Forward mode (`jax.jvp`,
    `jax.jacfwd`, `jax.hessian`) needs the plain ones; so do tests, which compare the two.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from lamina import kernels
        >>> x, kernel = jnp.ones((1, 5, 1)), jnp.ones((3, 1, 1))
        >>> with kernels.reference_kernels():
        ...     value, slope = jax.jvp(lambda x: kernels.conv(x, kernel), (x,), (x,))
    """
    token = _reference.set(True)
    try:
        yield
    finally:
        _reference.reset(token)
