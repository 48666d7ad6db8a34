"""Data sets of folders and windows, image files, and parts of data sets, against Keras."""

import keras
import numpy as np
import pytest

import lamina

PIL = pytest.importorskip("PIL.Image")
IMAGE = np.random.default_rng(0).uniform(0, 255, (6, 9, 3)).astype("uint8").astype("float32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    for number, name in enumerate(("ant", "bee")):
        (root / name).mkdir()
        for index in range(3 + number):
            lamina.utils.save_img(
                root / name / f"{index}.png", np.full((4, 5, 3), 10.0 * index + 100 * number), scale=False
            )
            (root / name / f"{index}.txt").write_text(f"{name} {index}")
    return root


@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize("options", [{}, {"target_size": (4, 4)}, {"target_size": (4, 4), "keep_aspect_ratio": True}])
def test_images_as_keras(tmp_path, color_mode, options):
    path = tmp_path / "image.png"
    lamina.utils.save_img(path, IMAGE, scale=False)
    ours = lamina.utils.img_to_array(lamina.utils.load_img(path, color_mode, interpolation="bilinear", **options))
    theirs = keras.utils.img_to_array(keras.utils.load_img(path, color_mode, interpolation="bilinear", **options))
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, atol=1.0 if "keep_aspect_ratio" in options else 0)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_arrays_to_images_and_back(data_format, scale, channels):
    array = np.random.default_rng(1).uniform(0, 200, (5, 4, channels)).astype("float32")
    array = array.transpose(2, 0, 1) if data_format == "channels_first" else array
    ours = lamina.utils.array_to_img(array, data_format, scale)
    theirs = keras.utils.array_to_img(array, data_format, scale)
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    back = lamina.utils.img_to_array(ours, data_format)
    np.testing.assert_array_equal(back, keras.utils.img_to_array(theirs, data_format))


def test_smart_resize_as_keras():
    ours = lamina.preprocessing.image.smart_resize(IMAGE, (4, 4))
    assert isinstance(ours, np.ndarray)
    np.testing.assert_allclose(ours, keras.preprocessing.image.smart_resize(IMAGE, (4, 4)), rtol=1e-5, atol=1e-3)


def test_a_folder_of_images(folder, capsys):
    data = lamina.utils.image_dataset_from_directory(folder, batch_size=4, image_size=(2, 3), shuffle=False)
    assert capsys.readouterr().out == "7 files in 2 classes\n"
    assert data.class_names == ["ant", "bee"]
    images, labels = data[0]
    assert images.shape == (4, 2, 3, 3)
    np.testing.assert_array_equal(images[:, 0, 0, 0], [0, 10, 20, 100])
    assert np.concatenate([data[index][1] for index in range(len(data))]).tolist() == [0, 0, 0, 1, 1, 1, 1]
    model = lamina.Sequential([lamina.Input((2, 3, 3)), lamina.layers.Flatten(), lamina.layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(data, verbose=0)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("binary", [[0.0], [0.0], [0.0], [1.0]]),
        ("categorical", [[1, 0], [1, 0], [1, 0], [0, 1]]),
        ("int", [0, 0, 0, 1]),
    ],
)
def test_labels(folder, mode, expected):
    data = lamina.utils.text_dataset_from_directory(
        folder, label_mode=mode, batch_size=4, shuffle=False, verbose=False, max_length=3
    )
    texts, labels = data[0]
    assert texts.tolist() == ["ant", "ant", "ant", "bee"]
    assert labels.tolist() == expected
    alone = lamina.utils.text_dataset_from_directory(
        folder, label_mode=None, batch_size=None, shuffle=False, verbose=False
    )
    assert alone[0] == "ant 0"
    assert len(alone) == 7


def test_training_and_validation_share_no_file(folder):
    options = dict(validation_split=0.3, seed=1, image_size=(2, 2), verbose=False)
    one, other = lamina.utils.image_dataset_from_directory(folder, subset="both", **options)
    assert not set(one.file_paths) & set(other.file_paths)
    assert len({*one.file_paths, *other.file_paths}) == 7
    again = lamina.utils.image_dataset_from_directory(folder, subset="validation", **options)
    assert again.file_paths == other.file_paths


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sequence_stride": 2},
        {"sampling_rate": 2, "batch_size": 3},
        {"start_index": 2, "end_index": 9},
        {"batch_size": None},
    ],
)
@pytest.mark.parametrize("with_targets", [True, False])
def test_windows_as_keras(options, with_targets):
    pytest.importorskip("tensorflow")
    data = np.arange(24.0).reshape(12, 2)
    targets = np.arange(100, 112) if with_targets else None
    ours = lamina.utils.timeseries_dataset_from_array(data, targets, 3, **options)
    theirs = list(keras.utils.timeseries_dataset_from_array(data, targets, 3, **options))
    assert len(ours) == len(theirs)
    for index, expected in enumerate(theirs):
        received = ours[index]
        for one, other in zip(received, expected, strict=True) if with_targets else [(received, expected)]:
            np.testing.assert_array_equal(one, np.asarray(other))


def test_windows_in_another_order_each_epoch():
    data = lamina.utils.timeseries_dataset_from_array(np.arange(50), None, 2, batch_size=49, shuffle=True, seed=1)
    first = data[0][:, 0].tolist()
    data.on_epoch_end()
    assert first != data[0][:, 0].tolist()
    assert sorted(first) == sorted(data[0][:, 0].tolist()) == list(range(49))


def test_parts_of_a_data_set():
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    left, right = lamina.utils.split_dataset((x, y), left_size=0.7)
    np.testing.assert_array_equal(left[0], x[:7])
    np.testing.assert_array_equal(right[1], y[7:])
    left, right = lamina.utils.split_dataset({"y": y}, right_size=4, shuffle=True, seed=3)
    assert sorted([*left["y"], *right["y"]]) == list(range(10))
    assert len(right["y"]) == 4


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda u, f: u.load_img(f / "ant/0.png", color_mode="x"), "color_mode must be one of 'grayscale'"),
        (lambda u, f: u.array_to_img(np.ones((2, 2))), "expected an array with 3 axes"),
        (lambda u, f: u.array_to_img(np.ones((2, 2, 2))), "expected 1, 3 or 4 channels, got 2"),
        (lambda u, f: u.image_dataset_from_directory(f / "none"), "there is no folder '.*none'"),
        (lambda u, f: u.image_dataset_from_directory(f, class_names=["cow"]), "there is no folder 'cow'"),
        (lambda u, f: u.image_dataset_from_directory(f, subset="both"), "go together"),
        (lambda u, f: u.image_dataset_from_directory(f, subset="both", validation_split=0.2), "pass a seed"),
        (lambda u, f: u.image_dataset_from_directory(f, format="grain"), "leave format at 'tf'"),
        (lambda u, f: u.image_dataset_from_directory(f, labels=[1]), "1 labels were given for 7 files"),
        (lambda u, f: u.timeseries_dataset_from_array(np.ones(3), None, 4), "sequence_length must be a whole number"),
        (lambda u, f: u.timeseries_dataset_from_array(np.ones(3), None, 1, start_index=5), "start_index and end_index"),
        (lambda u, f: u.split_dataset(np.ones(3)), "pass left_size, right_size or both"),
        (lambda u, f: u.split_dataset(np.ones(3), 1.5), "left_size must be a share"),
        (lambda u, f: u.split_dataset(np.ones(3), 2, 2), "3 rows can't be split into 2 and 2"),
    ],
)
def test_errors(folder, act, message):
    with pytest.raises(ValueError, match=message):
        act(lamina.utils, folder)
