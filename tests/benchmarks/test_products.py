from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.products import Product, work


def test_dense_layers_need_no_gradient_for_the_data():
    weights = [np.zeros((5, 7), np.float32), np.zeros((7, 3), np.float32)]
    found = work(lambda params, x: jnp.tanh(x @ params[0]) @ params[1], weights, np.zeros((2, 5), np.float32))
    assert found.forward == Counter({Product(1, 2, 5, 7): 1, Product(1, 2, 7, 3): 1})
    assert found.backward == Counter({Product(1, 5, 2, 7): 1, Product(1, 7, 2, 3): 1, Product(1, 2, 3, 7): 1})
    assert found.parameters == 56
    assert found.predict_operations == 2 * (2 * 5 * 7 + 2 * 7 * 3)


def test_a_convolution_is_the_product_of_its_windows_and_its_kernel():
    def convolve(kernel, x):
        return lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    found = work(convolve, np.zeros((3, 3, 4, 8), np.float32), np.zeros((2, 6, 6, 4), np.float32))
    assert found.forward == Counter({Product(1, 2 * 3 * 3, 3 * 3 * 4, 8): 1})
    assert found.backward == Counter({Product(1, 3 * 3 * 4, 2 * 3 * 3, 8): 1})


def test_groups_are_products_of_their_own_and_zeros_between_inputs_are_not_counted():
    def spread(kernel, x):
        return lax.conv_general_dilated(
            x, kernel, (1,), [(1, 1)], lhs_dilation=(2,), feature_group_count=2, dimension_numbers=("NWC", "WIO", "NWC")
        )

    found = work(spread, np.zeros((2, 3, 8), np.float32), np.zeros((4, 5, 6), np.float32))
    ((product, count),) = found.forward.items()
    outputs = 2 * (5 - 1) + 1 + 2 - 2 + 1
    assert (product, count) == (Product(2, 4 * outputs // 2, 2 * 3, 4), 1)


def test_depthwise_products_are_thin():
    assert Product(32, 100, 9, 1).is_thin and Product(32, 9, 100, 1).is_thin and Product(32, 100, 1, 9).is_thin
    assert not Product(1, 100, 9, 1).is_thin and not Product(4, 5, 6, 7).is_thin
    assert Product(4, 5, 6, 7).largest == 4 * 6 * 7


def test_steps_of_a_scan_share_the_gradient_of_their_kernel():
    def recurrent(params, x):
        def step(state, now):
            return jnp.tanh(now @ params["kernel"] + state @ params["recurrent"]), None

        return lax.scan(step, jnp.zeros((2, 4)), x)[0]

    weights = {"kernel": np.zeros((3, 4), np.float32), "recurrent": np.zeros((4, 4), np.float32)}
    found = work(jax.jit(recurrent), weights, np.zeros((9, 2, 3), np.float32))
    assert found.forward == Counter({Product(1, 2, 3, 4): 9, Product(1, 2, 4, 4): 9})
    # For the state a product each step; for each kernel one after the loop.
    assert found.backward == Counter({Product(1, 2, 4, 4): 9, Product(1, 3, 18, 4): 1, Product(1, 4, 18, 4): 1})


def test_a_product_of_two_things_that_depend_on_parameters_has_two_gradients():
    def attention(w, x):
        return jnp.einsum("bqd,bkd->bqk", x @ w, x @ w)

    found = work(attention, np.zeros((3, 4), np.float32), np.zeros((2, 5, 3), np.float32))
    assert found.forward[Product(2, 5, 4, 5)] == 1
    assert found.backward[Product(2, 5, 5, 4)] + found.backward[Product(2, 4, 5, 5)] == 2
