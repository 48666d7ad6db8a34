"""`tf.image`."""

import numpy as np
import pytest

from lamina.compat.tensorflow import image

PICTURE = np.arange(4 * 6 * 3, dtype="uint8").reshape(4, 6, 3)


def test_turned_and_mirrored():
    np.testing.assert_array_equal(image.flip_left_right(PICTURE), PICTURE[:, ::-1])
    np.testing.assert_array_equal(image.flip_up_down(PICTURE), PICTURE[::-1])
    np.testing.assert_array_equal(image.rot90(PICTURE), np.rot90(PICTURE))
    np.testing.assert_array_equal(image.central_crop(PICTURE, 0.5), PICTURE[1:3, 1:5])
    assert image.resize(PICTURE, [2, 3]).shape == (2, 3, 3)
    flipped = image.random_flip_left_right(np.stack([PICTURE] * 64), seed=1)
    shares = np.mean([np.array_equal(one, PICTURE) for one in flipped])
    assert 0.2 < shares < 0.8
    assert all(any(np.array_equal(one, way) for way in (PICTURE, PICTURE[:, ::-1])) for one in flipped)
    assert image.random_flip_up_down(PICTURE).shape == PICTURE.shape


def test_colours():
    floats = image.convert_image_dtype(PICTURE, "float32")
    np.testing.assert_allclose(floats, PICTURE / 255, rtol=1e-6)
    np.testing.assert_array_equal(image.convert_image_dtype(floats, "uint8"), PICTURE)
    grey = image.rgb_to_grayscale(np.float32([[[1, 0, 0], [0, 1, 0], [0, 0, 1]]]))
    np.testing.assert_allclose(grey[0, :, 0], [0.2989, 0.587, 0.114], rtol=1e-6)
    assert image.grayscale_to_rgb(grey).shape == (1, 3, 3)
    assert int(image.adjust_brightness(PICTURE, 1.0).min()) == 255
    np.testing.assert_allclose(image.adjust_contrast(floats, 0.0), np.broadcast_to(floats.mean((0, 1)), floats.shape))
    even = image.per_image_standardization(PICTURE)
    np.testing.assert_allclose([even.mean(), even.std()], [0, 1], atol=1e-6)
    assert image.random_contrast(floats, 0.5, 1.5).shape == image.random_brightness(floats, 0.1).shape == floats.shape


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: image.central_crop(PICTURE, 2), "central_fraction"),
        (lambda: image.random_brightness(PICTURE, -1), "max_delta"),
        (lambda: image.random_contrast(PICTURE, 2, 1), "lower"),
        (lambda: image.resize(PICTURE, (2, 2), preserve_aspect_ratio=True), "preserve_aspect_ratio is not supported"),
    ],
)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match):
        call()
