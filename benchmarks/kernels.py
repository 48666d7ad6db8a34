"""How much faster each kernel is than plain `jax.lax`, forward and backward, inside a loop on this CPU.

    python benchmarks/kernels.py                 all kernels
    python benchmarks/kernels.py conv max_pool   those whose name contains a word

The two programs of a row take turns, so that what else the machine does hits both; believe the ratio before the times.
"""

import argparse
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina import kernels

RANDOM = np.random.default_rng(0)
CASES: dict[str, tuple[Callable, list]] = {}


def arrays(*shapes: tuple[int, ...]) -> list[jax.Array]:
    """Return one random array of each shape."""
    return [jnp.asarray(RANDOM.normal(size=shape), jnp.float32) for shape in shapes]


def add_convolutions() -> None:
    def add(name, x, kernel, function=kernels.conv, **arguments):
        shape = "×".join(map(str, x))
        CASES[f"{name} {shape} {arguments or ''}"] = (
            lambda x, kernel: function(x, kernel, **arguments),
            arrays(x, kernel),
        )

    same = {"padding": "same"}
    add("conv 3×3", (128, 28, 28, 1), (3, 3, 1, 32))
    add("conv 3×3", (128, 13, 13, 32), (3, 3, 32, 64))
    add("conv 3×3", (64, 32, 32, 3), (3, 3, 3, 32), **same)
    add("conv 3×3", (16, 32, 32, 32), (3, 3, 32, 32), **same)
    add("conv 3×3", (32, 16, 16, 64), (3, 3, 64, 64), **same)
    add("conv 3×3", (32, 8, 8, 128), (3, 3, 128, 128), **same)
    add("conv 3×3", (4, 56, 56, 64), (3, 3, 64, 64), **same)
    add("conv 5×5", (16, 16, 16, 32), (5, 5, 32, 64), **same)
    add("conv 7×7", (8, 64, 64, 3), (7, 7, 3, 64), strides=2, **same)
    add("conv 3×3", (32, 32, 32, 32), (3, 3, 32, 64), strides=2, **same)
    add("conv 1×1", (32, 16, 16, 64), (1, 1, 64, 128))
    add("conv 1×1", (64, 16, 16, 64), (1, 1, 64, 128), strides=2)
    add("conv dilated", (16, 32, 32, 32), (3, 3, 32, 32), dilation=2, **same)
    add("conv grouped", (32, 16, 16, 64), (3, 3, 16, 64), groups=4, **same)
    add("conv grouped", (32, 16, 16, 64), (3, 3, 2, 64), groups=32, **same)
    add("conv depthwise", (32, 16, 16, 64), (3, 3, 64, 1), kernels.depthwise_conv, **same)
    add("conv transposed", (32, 8, 8, 64), (3, 3, 32, 64), kernels.conv_transpose, strides=2, **same)
    add("conv 1D", (32, 256, 32), (5, 32, 64), padding="causal")
    add("conv 3D", (4, 16, 16, 16, 16), (3, 3, 3, 16, 32), **same)


def add_poolings() -> None:
    for name, function in (("max_pool", kernels.max_pool), ("average_pool", kernels.average_pool)):
        for shape, window, strides, padding in (
            ((64, 32, 32, 32), 2, 2, "valid"),
            ((128, 11, 11, 64), 2, 2, "valid"),
            ((64, 32, 32, 32), 3, 2, "same"),
            ((64, 16, 16, 64), 3, 1, "same"),
            ((32, 100, 64), 2, 2, "valid"),
            ((8, 16, 16, 16, 16), 2, 2, "valid"),
        ):
            title = f"{name} {'×'.join(map(str, shape))} window {window} strides {strides}"
            CASES[title] = (
                lambda x, f=function, arguments=(window, strides, padding): f(x, *arguments),
                arrays(shape),
            )


def add_recurrent() -> None:
    def last(outputs, state):
        return outputs

    lstm = arrays((32, 100, 64), (64, 256), (64, 256), (256,), (32, 64), (32, 64))
    gru = arrays((32, 30, 8), (8, 96), (32, 96), (2, 96), (32, 32))
    mask = jnp.arange(100) < jnp.arange(20, 52)[:, None]
    for title, arguments in (
        ("last", {"return_sequences": False}),
        ("sequences", {}),
        ("masked", {"return_sequences": False, "mask": mask}),
    ):
        CASES[f"lstm 32×100×64 units 64 {title}"] = (
            lambda *a, arguments=arguments: last(*kernels.lstm(*a, **arguments)),
            lstm,
        )
    for title, arguments in (
        ("last", {"return_sequences": False}),
        ("sequences", {}),
        ("reset before", {"reset_after": False}),
    ):
        bias = gru[3] if arguments.get("reset_after", True) else gru[3][0]
        CASES[f"gru 32×30×8 units 32 {title}"] = (
            lambda *a, arguments=arguments: last(*kernels.gru(*a, **arguments)),
            [*gru[:3], bias, gru[4]],
        )


def add_others() -> None:
    def batch_norm(x, scale, offset):
        mean, variance = kernels.moments(x, tuple(range(x.ndim - 1)))
        factor = lax.rsqrt(variance + 1e-3) * scale
        return x * factor + (offset - mean * factor)

    for shape in ((64, 32, 32, 32), (64, 8, 8, 128), (256, 128)):
        title = "×".join(map(str, shape))
        CASES[f"moments in batch norm {title}"] = (batch_norm, arrays(shape, shape[-1:], shape[-1:]))
    for shape in ((32, 128, 128), (16, 64, 512)):
        title = "×".join(map(str, shape))
        CASES[f"layer_norm {title}"] = (kernels.layer_norm, arrays(shape, shape[-1:], shape[-1:]))
    for x, kernel in (((32, 64, 128), (128, 512)), ((32, 64, 512), (512, 128)), ((32, 64, 128), (128, 4, 32))):
        title = " on ".join("×".join(map(str, shape)) for shape in (kernel, x))
        CASES[f"project {title}"] = (kernels.project, arrays(x, kernel, kernel[1:]))
    key = jax.random.key(0)

    def dropout(x):
        # The key depends on x, as that of a step depends on the step: the mask cannot leave the loop.
        mask = kernels.keep_mask(jax.random.fold_in(key, x[0, 0].astype(jnp.int32)), x.shape, 0.8)
        return jnp.where(mask, x / 0.8, 0)

    CASES["keep_mask in dropout 128×1600"] = (dropout, arrays((128, 1600)))


def in_loop(function: Callable, arguments: list, options: dict | None) -> Callable:
    """Return a compiled program that runs `function` forward and backward a given number of times."""

    def once(cotangent, *arguments):
        value, pull = jax.vjp(function, *arguments)
        return value, pull(cotangent)

    shape = jax.eval_shape(function, *arguments)
    everything = [jnp.asarray(RANDOM.normal(size=shape.shape), shape.dtype), *arguments]
    start = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(once, *everything))

    def program(trips, everything):
        def body(trip, _):
            # Tied to the trip, nothing can be computed once before the loop.
            varying, _ = lax.optimization_barrier((everything, trip))
            return once(*varying)

        return lax.fori_loop(0, trips, body, start)

    compiled = jax.jit(program, compiler_options=options)
    compiled(1, everything)
    return lambda trips: compiled(trips, everything)


def seconds(program: Callable, trips: int) -> float:
    begin = time.perf_counter()
    jax.block_until_ready(program(trips))
    return (time.perf_counter() - begin) / trips


def measure(name: str, function: Callable, arguments: list, repeats: int) -> None:
    options = kernels.compiler_options(has_convolution="conv" in name)
    fast = in_loop(function, arguments, options)
    with kernels.reference_kernels():
        plain = in_loop(lambda *arguments: function(*arguments), arguments, options)
    trips = [max(1, min(500, int(0.03 / seconds(program, 1)))) for program in (fast, plain)]
    turns = [[seconds(fast, trips[0]), seconds(plain, trips[1])]]
    # A row takes a few seconds: a plain convolution may need one for itself.
    while len(turns) < repeats and sum(map(sum, turns)) < 2:
        turns.append([seconds(fast, trips[0]), seconds(plain, trips[1])])
    quick, slow = np.median(turns, axis=0) * 1e3
    ratio = np.median([plain / fast for fast, plain in turns])
    print(f"{name:68s} kernel {quick:8.3f} ms   plain {slow:8.3f} ms   {ratio:6.2f}× as fast", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="measure only rows that contain one of these words")
    parser.add_argument("--repeats", type=int, default=7, help="how often the two programs take turns")
    options = parser.parse_args()
    for add in (add_convolutions, add_poolings, add_recurrent, add_others):
        add()
    for name, (function, arguments) in CASES.items():
        if not options.words or any(word in name for word in options.words):
            measure(name, function, arguments, options.repeats)


if __name__ == "__main__":
    main()
