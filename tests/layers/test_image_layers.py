"""Layers of images against Keras: with factors that leave nothing to chance, and by what random ones may do."""

import keras
import numpy as np
import pytest

import lamina

_random = np.random.default_rng(5)
IMAGES = _random.uniform(0, 255, (3, 7, 9, 3)).astype("float32")
FIRST = np.moveaxis(IMAGES, -1, 1).copy()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("layer", "args", "options"),
    [
        ("Resizing", (5, 6), {}),
        ("Resizing", (5, 6), {"interpolation": "nearest"}),
        ("Resizing", (5, 6), {"interpolation": "bicubic", "antialias": True}),
        ("Resizing", (4, 4), {"crop_to_aspect_ratio": True}),
        ("Resizing", (4, 4), {"pad_to_aspect_ratio": True, "fill_value": 9.0}),
        ("CenterCrop", (4, 4), {}),
        ("CenterCrop", (3, 6), {}),
        ("CenterCrop", (8, 4), {}),
        ("RandomRotation", ((0.1, 0.1),), {}),
        ("RandomRotation", ((-0.2, -0.2),), {"fill_mode": "constant", "fill_value": 3.0}),
        ("RandomRotation", ((0.25, 0.25),), {"interpolation": "nearest", "fill_mode": "nearest"}),
        ("RandomTranslation", ((0.2, 0.2), (-0.3, -0.3)), {}),
        ("RandomTranslation", ((0.1, 0.1), (0.3, 0.3)), {"fill_mode": "wrap"}),
        ("RandomTranslation", ((0.1, 0.1), (0.3, 0.3)), {"fill_mode": "constant", "fill_value": 1.0}),
        ("RandomZoom", ((0.3, 0.3),), {}),
        ("RandomZoom", ((-0.4, -0.4), (0.2, 0.2)), {"fill_mode": "nearest"}),
        ("RandomBrightness", ((0.2, 0.2),), {}),
        ("RandomBrightness", ((-0.3, -0.3),), {"value_range": (0.0, 200.0)}),
        ("RandomContrast", (0.0,), {}),
    ],
)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_as_keras(layer, args, options, data_format):
    if layer not in ("RandomBrightness", "RandomContrast"):
        options = {**options, "data_format": data_format}
    elif data_format == "channels_first":
        pytest.skip("takes no data_format")
    images = IMAGES if data_format == "channels_last" else FIRST
    ours = getattr(lamina.layers, layer)(*args, **options)
    theirs = getattr(keras.layers, layer)(*args, **options)
    received, expected = ours(images, training=True), theirs(images, training=True)
    assert (received.dtype, received.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=2e-2)
    np.testing.assert_allclose(ours(images, training=False), theirs(images, training=False), rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(ours(images[0], training=True), theirs(images[0], training=True), rtol=1e-4, atol=2e-2)
    config = ours.get_config()
    assert {key: config[key] for key in ("name", "trainable")} == {"name": ours.name, "trainable": True}
    missing = set(theirs.get_config()) - set(config)
    assert not missing
    rebuilt = type(ours).from_config(config)
    np.testing.assert_array_equal(rebuilt(images, training=True), received)
    assert ours.compute_output_shape((None, *images.shape[1:])) == (None, *received.shape[1:])


def test_contrast_as_keras():
    drawn = {"contrast_factor": np.array([0.6, 1.0, 1.4], "float32")}
    ours = lamina.layers.RandomContrast(0.5).transform_images(IMAGES, drawn)
    theirs = keras.layers.RandomContrast(0.5).transform_images(
        IMAGES, {"contrast_factor": drawn["contrast_factor"][:, None, None, None]}
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-2)


def test_flips_are_drawn_for_each_image():
    images = _random.uniform(0, 1, (200, 2, 3, 1)).astype("float32")
    for mode, axes in (("horizontal", (2,)), ("vertical", (1,)), ("horizontal_and_vertical", (1, 2))):
        flipped = np.asarray(lamina.layers.RandomFlip(mode, seed=1)(images, training=True))
        ways = [images]
        for axis in axes:
            ways += [np.flip(way, axis) for way in ways]
        matches = [np.all(np.isclose(flipped, way), axis=(1, 2, 3)) for way in ways]
        assert np.all(np.any(matches, 0))
        assert all(0.5 < one.mean() * len(ways) < 1.5 for one in matches)


def test_crops_are_windows():
    layer = lamina.layers.RandomCrop(3, 4, seed=2)
    places = set()
    for _ in range(12):
        crop = np.asarray(layer(IMAGES, training=True))
        found = [(y, x) for y in range(5) for x in range(6) if np.array_equal(crop, IMAGES[:, y : y + 3, x : x + 4])]
        assert len(found) == 1
        places.add(found[0])
    assert len(places) > 3
    np.testing.assert_array_equal(layer(IMAGES, training=False), IMAGES[:, 2:5, 2:6])


@pytest.mark.parametrize("name", ["RandomRotation", "RandomZoom", "RandomBrightness", "RandomContrast"])
def test_each_image_is_drawn_anew_in_training_only(name):
    layer = getattr(lamina.layers, name)(0.4, seed=3)
    same = np.repeat(IMAGES[:1], 4, 0)
    one, other = np.asarray(layer(same, training=True)), np.asarray(layer(same, training=True))
    assert np.abs(one - other).max() > 1e-3
    assert np.abs(one[0] - one[1]).max() > 1e-3
    np.testing.assert_array_equal(layer(same, training=False), same)


def test_in_a_compiled_model():
    model = lamina.Sequential(
        [
            lamina.Input((8, 8, 1)),
            lamina.layers.RandomFlip(seed=1),
            lamina.layers.RandomTranslation(0.1, 0.1, seed=2),
            lamina.layers.RandomContrast(0.2, (0, 1), seed=3),
            lamina.layers.Flatten(),
            lamina.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    x = _random.uniform(0, 1, (16, 8, 8, 1)).astype("float32")
    model.fit(x, x.mean((1, 2)), epochs=1, verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))


def test_masks_turn_with_their_images_and_labels_stay():
    masks = (IMAGES[..., :1] > 128).astype("int32")
    layer = lamina.layers.RandomRotation((0.1, 0.1), fill_mode="constant")
    out = layer({"images": IMAGES, "segmentation_masks": masks, "labels": np.arange(3)}, training=True)
    np.testing.assert_array_equal(out["images"], layer(IMAGES, training=True))
    assert out["segmentation_masks"].dtype == "int32"
    assert set(np.unique(out["segmentation_masks"])) <= {0, 1}
    np.testing.assert_array_equal(out["labels"], np.arange(3))


def test_pipeline():
    pipeline = lamina.layers.Pipeline([lamina.layers.Rescaling(1 / 255), lamina.layers.CenterCrop(2, 2)])
    np.testing.assert_allclose(pipeline(IMAGES), IMAGES[:, 2:4, 3:5] / 255, rtol=1e-6)
    again = lamina.layers.Pipeline.from_config(pipeline.get_config())
    np.testing.assert_array_equal(again(IMAGES), pipeline(IMAGES))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda layers: layers.Resizing(0, 2), "height must be a positive whole number, got 0"),
        (lambda layers: layers.Resizing(1, 2, interpolation="x"), "interpolation must be one of"),
        (lambda layers: layers.RandomFlip("sideways"), "mode must be one of"),
        (lambda layers: layers.RandomRotation((0.3, 0.1)), r"a pair \(lower, upper\) in order, got \(0.3, 0.1\)"),
        (lambda layers: layers.RandomZoom(2.0), r"height_factor must lie in \[-1, 1\], got 2.0"),
        (lambda layers: layers.RandomContrast(1.5), r"factor must be a number in \[0, 1\]"),
        (lambda layers: layers.RandomBrightness(0.1, (1, 0)), "value_range must be a pair in order"),
        (lambda layers: layers.RandomTranslation(0.1, 0.1, fill_mode="x"), "fill_mode must be one of"),
        (lambda layers: layers.Pipeline("x"), "Pipeline takes a list of layers"),
        (lambda layers: layers.CenterCrop(2, 2)(np.ones((4, 4))), r"takes images of shape.*received shape \(4, 4\)"),
        (
            lambda layers: layers.RandomFlip()({"images": IMAGES, "bounding_boxes": 1}),
            "Bounding boxes are not supported",
        ),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make(lamina.layers)
