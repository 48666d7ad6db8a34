"""What the process keeps between models."""

import gc

import jax


def clear_session(free_memory: bool = True) -> None:
    """Forget compiled programs; a notebook that makes many models does not grow.

    Names need no reset: they are unique inside a model, and no counter outlives it.

    Args:
        free_memory: whether to collect what is no longer referred to at once.

    Example:
        >>> lamina.utils.clear_session()
    """
    jax.clear_caches()
    if free_memory:
        gc.collect()
