"""Operations on images and on label sequences, as expressions that mean the same with `keras.ops` and `lamina.ops`."""

import json

import jax
import keras
import numpy as np
import pytest

import lamina

_random = np.random.default_rng(3)
ARRAYS = {
    "rgb": _random.uniform(0, 1, (2, 6, 8, 3)).astype("float32"),
    "first": _random.uniform(0, 1, (2, 3, 6, 8)).astype("float32"),
    "bytes_": _random.integers(0, 255, (2, 6, 8, 3)).astype("uint8"),
    "hsv": _random.uniform(0, 1, (2, 4, 5, 3)).astype("float32"),
    "large": _random.uniform(0, 1, (2, 12, 13, 2)).astype("float32"),
    "volume": _random.uniform(0, 1, (2, 5, 6, 7, 2)).astype("float32"),
    "moves": np.array([[1, 0, 1.5, 0, 1, -0.5, 0, 0], [0.8, 0.3, 0, -0.2, 1.1, 1, 0, 0]], "float32"),
    "corners": np.array([[0, 0], [7, 0], [0, 5], [7, 5]], "float32"),
    "elsewhere": np.array([[1, 0.5], [6, 0], [0, 5], [7, 4]], "float32"),
    "places": _random.uniform(-2, 9, (2, 5)).astype("float32"),
    "plane": _random.uniform(0, 1, (6, 8)).astype("float32"),
    "logits": _random.normal(size=(2, 7, 4)).astype("float32"),
    "labels": np.array([[1, 2, 2], [3, 1, 0]], "int32"),
    "label_lengths": np.array([3, 2], "int32"),
    "step_lengths": np.array([7, 5], "int32"),
}

CASES = """
image.resize(rgb, (5, 7)); image.resize(rgb, (12, 4), interpolation="nearest"); image.resize(rgb[0], (3, 9), "bicubic")
image.resize(rgb, (3, 4), antialias=True); image.resize(rgb, (9, 5), "lanczos3"); image.resize(rgb, (9, 5), "lanczos5")
image.resize(rgb, (4, 4), crop_to_aspect_ratio=True); image.resize(rgb, (9, 5), crop_to_aspect_ratio=True)
image.resize(rgb, (4, 4), pad_to_aspect_ratio=True, fill_value=0.5); image.resize(rgb, (3, 9), pad_to_aspect_ratio=True)
image.resize(first, (4, 5), data_format="channels_first"); image.resize(bytes_, (4, 5))
image.resize(bytes_, (9, 5), "nearest")
image.affine_transform(rgb, moves); image.affine_transform(rgb[0], moves[1])
image.affine_transform(rgb, moves, "nearest"); image.affine_transform(rgb, moves, fill_mode="nearest")
image.affine_transform(rgb, moves, fill_mode="reflect"); image.affine_transform(rgb, moves, fill_mode="wrap")
image.affine_transform(rgb, moves, fill_mode="mirror"); image.affine_transform(rgb, moves, fill_value=0.3)
image.affine_transform(first, moves, data_format="channels_first"); image.affine_transform(bytes_, moves)
image.perspective_transform(rgb[0], corners, elsewhere); image.perspective_transform(rgb[0], elsewhere, corners)
image.perspective_transform(rgb, stack([corners, elsewhere]), stack([elsewhere, corners]), fill_value=0.5)
image.perspective_transform(rgb[0], corners, elsewhere, interpolation="nearest")
image.perspective_transform(first[0], corners, elsewhere, data_format="channels_first")
image.map_coordinates(plane, places, 1); image.map_coordinates(plane, places, 0)
image.map_coordinates(plane, places, 1, "nearest"); image.map_coordinates(plane, places, 1, "wrap")
image.map_coordinates(plane, places, 1, "mirror"); image.map_coordinates(plane, places, 1, "reflect")
image.map_coordinates(plane, places, 1, fill_value=2.0)
image.crop_images(rgb, 1, 2, 1, 3); image.crop_images(rgb[0], 1, 2, target_height=3, target_width=4)
image.crop_images(rgb, bottom_cropping=1, right_cropping=0, target_height=3, target_width=4)
image.crop_images(first, 1, 2, 1, 3, data_format="channels_first")
image.pad_images(rgb, 1, 2, 1, 3); image.pad_images(rgb[0], 1, 2, target_height=9, target_width=14)
image.pad_images(first, None, None, 1, 0, target_height=9, target_width=9, data_format="channels_first")
image.extract_patches(rgb, (2, 3)); image.extract_patches(rgb[0], 2); image.extract_patches(rgb, (2, 3), 1)
image.extract_patches(rgb, 3, padding="same"); image.extract_patches(rgb, 2, strides=1, dilation_rate=2)
image.extract_patches(first, 3, data_format="channels_first"); image.extract_patches(rgb, 4)
image.extract_patches_3d(volume, (2, 3, 2)); image.extract_patches_3d(volume, 2, strides=1)
image.extract_patches_3d(volume[0], 3, padding="same")
image.rgb_to_grayscale(rgb); image.rgb_to_grayscale(bytes_); image.rgb_to_grayscale(first, "channels_first")
image.rgb_to_hsv(rgb); image.rgb_to_hsv(first, "channels_first"); image.hsv_to_rgb(hsv); image.rgb_to_hsv(rgb * 0)
image.rgb_to_hsv(round(rgb)); image.hsv_to_rgb(image.rgb_to_hsv(rgb))
image.gaussian_blur(first, data_format="channels_first")
image.gaussian_blur(first, (5, 5), (2.0, 2.0), "channels_first")
image.sobel_edges(rgb); image.sobel_edges(first, "channels_first")
image.ssim(large, large * 0.9); image.ssim(large[0], large[1]); image.ssim(large, large, 1.0, 5, 1.0, 0.02, 0.05)
image.scale_and_translate(rgb, (2, 9, 10, 3), (1.5, 0.7), (0.5, 1.0), (1, 2), "linear")
image.scale_and_translate(rgb, (2, 4, 4, 3), (0.5, 0.5), (0.0, 0.0), (1, 2), "cubic", antialias=False)
ctc_loss(labels, logits, label_lengths, step_lengths); ctc_loss(labels, logits, label_lengths, step_lengths, 0)
ctc_decode(logits, step_lengths); ctc_decode(logits, step_lengths, merge_repeated=False)
ctc_decode(logits, step_lengths, mask_index=3)
ctc_decode(logits, step_lengths, "beam_search", beam_width=12, top_paths=4)
ctc_decode(logits, step_lengths, "beam_search", beam_width=6, top_paths=2, mask_index=3)
numpy.ndim(rgb); numpy.size(rgb)
"""
EXPRESSIONS = [part.strip() for line in CASES.splitlines() for part in line.split(";") if part.strip()]


def evaluate(expression, ops, arrays=ARRAYS):
    return eval(expression, {**vars(ops), **arrays})


@pytest.fixture(autouse=True, scope="module")
def quick_compilation():
    """Tiny programs are compiled here, and none is run twice."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.filterwarnings("ignore")  # Keras's own
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_values_and_types(expression):
    expected, received = evaluate(expression, keras.ops), evaluate(expression, lamina.ops)
    ours, theirs = jax.tree.leaves(received), jax.tree.leaves(expected)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        if isinstance(other, int):
            assert one == other
            continue
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)


def config_of(package, name, **settings):
    tensor = package.Input(batch_shape=(2, 12, 12, 3), name="rgb")
    arguments = [tensor, tensor] if name == "ssim" else [tensor]
    model = package.Model(tensor, getattr(package.ops.image, name)(*arguments, **settings))
    layer = model.get_config()["layers"][-1]
    return json.loads(json.dumps([layer["module"], layer["class_name"], layer["config"]])), model.output_shape


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("resize", {"size": (5, 7), "interpolation": "bicubic"}),
        ("crop_images", {"top_cropping": 1, "left_cropping": 1, "target_height": 3, "target_width": 3}),
        ("pad_images", {"top_padding": 1, "left_padding": 1, "target_height": 13, "target_width": 13}),
        ("extract_patches", {"size": (2, 2)}),
        ("rgb_to_grayscale", {}),
        ("rgb_to_hsv", {}),
        ("hsv_to_rgb", {}),
        ("gaussian_blur", {}),
        ("sobel_edges", {}),
        ("ssim", {}),
    ],
)
def test_in_a_graph_as_keras_writes_it(name, settings):
    keras.utils.clear_session(free_memory=False)
    (ours, our_shape), (theirs, their_shape) = (config_of(package, name, **settings) for package in (lamina, keras))
    assert ours[:2] == theirs[:2]
    assert our_shape == their_shape
    settings = set(ours[2]) & set(theirs[2]) - {"data_format", "strides"}  # written out, where Keras may say None
    assert {key: ours[2][key] for key in settings} == {key: theirs[2][key] for key in settings}


def test_blur_spreads_each_channel_over_height_and_width():
    point = np.zeros((1, 5, 7, 2), "float32")
    point[0, 2, 3, 0] = 1
    blurred = np.asarray(lamina.ops.image.gaussian_blur(point, (3, 5), (1.0, 2.0)))
    column, row = (np.exp(-0.5 * (np.arange(size) - size // 2) ** 2 / sigma**2) for size, sigma in ((3, 1.0), (5, 2.0)))
    kernel = np.outer(column / column.sum(), row / row.sum())
    np.testing.assert_allclose(blurred[0, 1:4, 1:6, 0], kernel, rtol=1e-5)
    assert blurred.sum() == pytest.approx(1.0, rel=1e-5)  # Keras 3.15 blurs columns and channels here


def test_elastic_transform_bends_by_seed():
    rgb = ARRAYS["rgb"]
    bend = lamina.ops.image.elastic_transform
    np.testing.assert_allclose(bend(rgb, alpha=0.0, seed=1), rgb, atol=1e-6)
    one, same, other = bend(rgb, sigma=1.0, seed=1), bend(rgb, sigma=1.0, seed=1), bend(rgb, sigma=1.0, seed=2)
    assert one.shape == rgb.shape
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.05
    assert float(one.min()) >= rgb.min() - 1e-6
    assert float(one.max()) <= rgb.max() + 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda op: op.resize(np.ones((4, 4)), (2, 2)), "resize: images must have 3 axes"),
        (lambda op: op.resize(ARRAYS["rgb"], (2, 2), "cubical"), "interpolation must be one of 'bilinear'.*'cubical'"),
        (lambda op: op.resize(ARRAYS["rgb"], (0, 2)), "size must hold a height and a width of at least 1"),
        (lambda op: op.resize(ARRAYS["rgb"], (2, 2), crop_to_aspect_ratio=True, pad_to_aspect_ratio=True), "only one"),
        (lambda op: op.affine_transform(ARRAYS["rgb"], np.ones(6)), r"transform must have shape \(8,\).*\(6,\)"),
        (lambda op: op.affine_transform(ARRAYS["rgb"], np.ones((3, 8))), "3 transforms were given for 2 images"),
        (lambda op: op.perspective_transform(ARRAYS["rgb"], np.ones((3, 2)), np.ones((4, 2))), "start_points must"),
        (
            lambda op: op.map_coordinates(ARRAYS["plane"], np.ones((3, 2)), 1),
            "one row for each axis of the inputs, got 3",
        ),
        (lambda op: op.map_coordinates(ARRAYS["plane"], np.ones((2, 2)), 3), "order must be 0"),
        (
            lambda op: op.crop_images(ARRAYS["rgb"], 1, 1),
            "exactly two of top_cropping, bottom_cropping and target_height",
        ),
        (lambda op: op.crop_images(ARRAYS["rgb"], 4, 1, 4, 1), "an image of height 6 can't become one of height -2"),
        (
            lambda op: op.pad_images(ARRAYS["rgb"], 1, 1, target_height=4, target_width=20),
            "can't become one of height 4",
        ),
        (lambda op: op.rgb_to_hsv(ARRAYS["bytes_"]), "must hold floats"),
        (lambda op: op.rgb_to_grayscale(ARRAYS["large"]), "must have 3 channels"),
        (lambda op: op.extract_patches(ARRAYS["rgb"], (1, 2, 3)), "size must hold 2 positive whole numbers"),
        (lambda op: op.ssim(ARRAYS["rgb"], ARRAYS["rgb"]), "at least 11 pixels"),
        (lambda op: op.ssim(ARRAYS["rgb"], ARRAYS["large"]), "must have one shape"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call(lamina.ops.image)


def test_errors_of_ctc():
    logits, steps = ARRAYS["logits"], ARRAYS["step_lengths"]
    with pytest.raises(ValueError, match="strategy must be 'greedy' or 'beam_search', got 'best'"):
        lamina.ops.ctc_decode(logits, steps, "best")
    with pytest.raises(ValueError, match="merge_repeated=False is not supported"):
        lamina.ops.ctc_decode(logits, steps, "beam_search", merge_repeated=False)
    with pytest.raises(ValueError, match="top_paths must be from 1 to beam_width"):
        lamina.ops.ctc_decode(logits, steps, "beam_search", beam_width=2, top_paths=3)
    with pytest.raises(ValueError, match=r"ctc_loss needs target of shape \(batch, labels\)"):
        lamina.ops.ctc_loss(logits, logits, steps, steps)
