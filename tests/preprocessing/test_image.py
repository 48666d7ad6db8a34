"""Images at random, against what Keras kept of Keras 2: each transformation alone, then the sources of batches."""

import numpy as np
import pytest

import lamina
from lamina.preprocessing import image

legacy = pytest.importorskip("keras.src.legacy.preprocessing.image")
Image = pytest.importorskip("PIL.Image")

# What Keras kept calls SciPy under a name that SciPy is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")

RNG = np.random.default_rng(0)
X = RNG.uniform(0, 255, (10, 9, 7, 3)).astype("float32")
Y = np.arange(10) % 2
SQUARE = X[0, :7]  # about whose middle Keras turns as well; it takes another point where the sides differ

CHANGES = [
    {"theta": 30},
    {"tx": 2, "ty": -1.5},
    {"shear": 20},
    {"zx": 0.7, "zy": 1.4},
    {"theta": -12, "tx": 1, "shear": 5, "zx": 0.9, "flip_horizontal": True},
    {"flip_vertical": True},
    {"channel_shift_intensity": 25.0},
    {"brightness": 0.6},
    {"brightness": 1.8},
    {},
]


@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_changes(change, fill_mode):
    options = {"fill_mode": fill_mode, "cval": 3.0}
    ours = image.ImageDataGenerator(**options).apply_transform(SQUARE.copy(), change)
    theirs = legacy.ImageDataGenerator(**options).apply_transform(SQUARE.copy(), change)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_shifts_and_turns_of_a_rectangle():
    generator = image.ImageDataGenerator()
    np.testing.assert_allclose(generator.apply_transform(X[0], {"tx": 2})[:, :5], X[0][:, 2:], rtol=1e-6)
    np.testing.assert_allclose(generator.apply_transform(X[0], {"ty": -1})[1:], X[0][:-1], rtol=1e-6)
    np.testing.assert_allclose(generator.apply_transform(X[0], {"theta": 180}), X[0][::-1, ::-1], rtol=1e-3)


@pytest.mark.parametrize("scale", [True, False])
def test_brightness(scale):
    shifted = X[0] / 10 - 5 if scale else X[0]
    ours, theirs = (module.apply_brightness_shift(shifted, 0.7, scale) for module in (image, legacy))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_channels_first():
    ours = image.ImageDataGenerator(data_format="channels_first")
    turned = ours.apply_transform(X[0].transpose(2, 0, 1), {"theta": 30, "flip_horizontal": True})
    usual = image.ImageDataGenerator().apply_transform(X[0], {"theta": 30, "flip_horizontal": True})
    np.testing.assert_allclose(turned.transpose(1, 2, 0), usual, atol=1e-4)


SCALES = [
    {"rescale": 1 / 255},
    {"samplewise_center": True},
    {"samplewise_std_normalization": True, "samplewise_center": True},
    {"featurewise_center": True},
    {"featurewise_std_normalization": True, "featurewise_center": True},
    {"zca_whitening": True, "featurewise_center": True},
    {"preprocessing_function": lambda x: x / 127.5 - 1},
]


@pytest.mark.parametrize("options", SCALES, ids=lambda options: "-".join(options))
def test_scales(options):
    ours, theirs = image.ImageDataGenerator(**options), legacy.ImageDataGenerator(**options)
    for generator in (ours, theirs):
        generator.fit(X.copy())
    np.testing.assert_allclose(ours.standardize(X[0].copy()), theirs.standardize(X[0].copy()), rtol=1e-3, atol=2e-3)


def test_draws_lie_in_their_ranges_and_follow_the_seed():
    generator = image.ImageDataGenerator(
        rotation_range=10, width_shift_range=0.2, height_shift_range=3, shear_range=5, zoom_range=[0.5, 2.0],
        channel_shift_range=4.0, brightness_range=(0.2, 0.4), horizontal_flip=True,
    )  # fmt: skip
    draws = [generator.get_random_transform((20, 10, 3), seed) for seed in range(60)]
    assert draws[3] == generator.get_random_transform((20, 10, 3), 3)
    assert all(abs(draw["theta"]) <= 10 and abs(draw["tx"]) <= 2 and abs(draw["shear"]) <= 5 for draw in draws)
    assert {draw["ty"] for draw in draws} == {-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0}
    assert all(0.5 <= draw["zx"] <= 2 and 0.2 <= draw["brightness"] <= 0.4 for draw in draws)
    assert {draw["flip_horizontal"] for draw in draws} == {True, False}
    assert {draw["flip_vertical"] for draw in draws} == {False}


def test_flow():
    batches = image.ImageDataGenerator(rescale=2.0).flow(X, Y, batch_size=4, shuffle=False)
    assert (len(batches), batches.n) == (3, 10)
    images, labels = batches[2]
    np.testing.assert_allclose(images, 2 * X[8:], rtol=1e-6)
    assert labels.tolist() == [0, 1]
    seen = [next(batches)[1] for _ in range(4)]
    assert [len(part) for part in seen] == [4, 4, 2, 4]  # for ever
    weighted = image.ImageDataGenerator().flow(X, Y, sample_weight=np.ones(10), batch_size=5)
    assert len(weighted[0]) == 3
    assert len(image.ImageDataGenerator().flow(X)[0]) == 1
    first = image.ImageDataGenerator(rotation_range=30).flow(X, Y, seed=1)
    second = image.ImageDataGenerator(rotation_range=30).flow(X, Y, seed=1)
    one_pass = next(first)[0]
    np.testing.assert_array_equal(one_pass, next(second)[0])
    assert not np.array_equal(one_pass, next(first)[0])
    with pytest.raises(IndexError, match="none at index 3"):
        batches[3]


def test_flow_in_parts():
    generator = image.ImageDataGenerator(validation_split=0.4)
    assert generator.flow(X, Y, subset="validation").n == 4
    assert generator.flow(X, Y, subset="training").n == 6
    with pytest.raises(ValueError, match="labels are in order"):
        generator.flow(X, np.sort(Y), subset="training")
    assert generator.flow(X, np.sort(Y), subset="training", ignore_class_split=True).n == 6
    with pytest.raises(ValueError, match="'training' or 'validation'"):
        generator.flow(X, Y, subset="test")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("images")
    for name, count in (("cats", 4), ("dogs", 6)):
        (root / name).mkdir()
        for index in range(count):
            pixels = RNG.integers(0, 255, (12, 16, 3)).astype("uint8")
            Image.fromarray(pixels).save(root / name / f"{index}.png")
        (root / name / "notes.txt").write_text("no image")
    return root


MODES = ["categorical", "binary", "sparse", "input", None]


@pytest.mark.parametrize("class_mode", MODES)
def test_flow_from_directory(folder, class_mode, capsys):
    options = {"target_size": (8, 6), "class_mode": class_mode, "shuffle": False, "batch_size": 3}
    ours = image.ImageDataGenerator(rescale=1 / 255).flow_from_directory(str(folder), **options)
    assert capsys.readouterr().out == "Found 10 images belonging to 2 classes.\n"
    theirs = legacy.ImageDataGenerator(rescale=1 / 255).flow_from_directory(str(folder), **options)
    assert (ours.class_indices, ours.filenames, ours.samples) == (
        theirs.class_indices,
        theirs.filenames,
        theirs.samples,
    )
    assert (ours.image_shape, ours.num_classes) == (theirs.image_shape, theirs.num_classes)
    np.testing.assert_array_equal(ours.classes, theirs.classes)
    for index in range(len(theirs)):
        mine, other = ours[index], theirs[index]
        mine, other = (mine[0] if class_mode is None else mine), other
        for a, b in zip([mine] if class_mode is None else mine, [other] if class_mode is None else other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
            assert a.dtype == b.dtype


def test_flow_from_directory_in_parts_and_colours(folder, tmp_path):
    generator = image.ImageDataGenerator(validation_split=0.5)
    part = generator.flow_from_directory(folder, subset="validation", color_mode="grayscale", target_size=(8, 8),
                                         save_to_dir=tmp_path / "out", save_prefix="x")  # fmt: skip
    assert part.samples == 5
    assert part[0][0].shape == (5, 8, 8, 1)
    assert len(list((tmp_path / "out").glob("x_*.png"))) == 5
    chosen = generator.flow_from_directory(folder, classes=["dogs"], keep_aspect_ratio=True)
    assert chosen.class_indices == {"dogs": 0} and chosen.samples == 6
    with pytest.raises(FileNotFoundError, match="no folder"):
        generator.flow_from_directory(folder / "nowhere")
    with pytest.raises(ValueError, match="class_mode must be one of"):
        generator.flow_from_directory(folder, class_mode="other")


@pytest.mark.parametrize("class_mode", ["categorical", "binary", "sparse", "raw", "multi_output", None])
def test_flow_from_dataframe(folder, class_mode):
    pandas = pytest.importorskip("pandas")
    names = [f"dogs/{index}.png" for index in range(4)] + ["cats/1.png", "cats/9.png"]
    frame = pandas.DataFrame({"filename": names, "class": ["d", "d", "d", "d", "c", "c"], "z": np.arange(6.0),
                              "w": np.ones(6)})  # fmt: skip
    y_col = {"raw": "z", "multi_output": ["z", "w"]}.get(class_mode, "class")
    options = {"x_col": "filename", "y_col": y_col, "class_mode": class_mode, "target_size": (8, 8), "shuffle": False}
    with pytest.warns(UserWarning, match="1 name in 'filename' lead to no image file .*cats/9.png"):
        ours = image.ImageDataGenerator().flow_from_dataframe(frame, folder, **options)
    with pytest.warns(UserWarning):
        theirs = legacy.ImageDataGenerator().flow_from_dataframe(frame, str(folder), **options)
    assert (ours.class_indices if ours.class_indices else None) == getattr(theirs, "class_indices", None)
    mine, other = ours[0], theirs[0]
    if class_mode is None:
        mine, other = mine, (other,)
    np.testing.assert_allclose(mine[0], other[0])
    if class_mode is not None:
        np.testing.assert_allclose(np.asarray(mine[1]), np.asarray(other[1]))


def test_flow_from_dataframe_says_what_is_wrong(folder):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"filename": ["dogs/0.png"], "class": [1]})
    generator = image.ImageDataGenerator()
    with pytest.raises(ValueError, match="no column 'label'; there are"):
        generator.flow_from_dataframe(frame, folder, y_col="label")
    with pytest.raises(TypeError, match=r"must be strings, got 1.*astype\(str\)"):
        generator.flow_from_dataframe(frame, folder)
    with pytest.raises(TypeError, match="'drop_duplicates'"):
        generator.flow_from_dataframe(frame, folder, drop_duplicates=True)


WRONG = [
    ({"fill_mode": "mirror"}, "fill_mode must be one of"),
    ({"validation_split": 1.0}, "must lie in"),
    ({"brightness_range": 0.5}, "pair of numbers"),
    ({"zoom_range": [1, 2, 3]}, "a number or a pair"),
    ({"data_format": "last"}, "data_format"),
]


@pytest.mark.parametrize(("options", "message"), WRONG, ids=[message for _, message in WRONG])
def test_wrong_settings(options, message):
    with pytest.raises(ValueError, match=message):
        image.ImageDataGenerator(**options)


def test_what_fit_did_not_see_is_said():
    with pytest.warns(UserWarning, match=r"needs the mean of the data.*generator.fit\(x\)"):
        image.ImageDataGenerator(featurewise_center=True).standardize(X[0])


def test_training_from_it():
    generator = image.ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
    model = lamina.Sequential([lamina.layers.Flatten(), lamina.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    batches = generator.flow(X, Y, batch_size=4, seed=1)
    history = model.fit(batches, epochs=2, validation_data=generator.flow(X, Y, shuffle=False), verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert batches.total_batches_seen >= 6
    assert model.predict(generator.flow(X, shuffle=False, batch_size=4), verbose=0).shape == (10, 1)
