import numpy as np
import pytest

import lamina

from .event_reader import values


def tags(folder):
    """Return {tag: step} of all files in a folder."""
    found = {}
    for path in sorted(folder.glob("events*")):
        found.update({tag: value[0] for tag, value in values(path).items()})
    return found


def test_what_is_written_where(model, data, tmp_path):
    board = lamina.callbacks.TensorBoard(
        tmp_path, histogram_freq=1, write_images=True, write_steps_per_second=True, update_freq=2
    )
    model.fit(*data, 8, 2, verbose=0, validation_data=data, callbacks=[board])
    train, validation = tags(tmp_path / "train"), tags(tmp_path / "validation")
    assert {"epoch_loss", "epoch_mae", "epoch_learning_rate", "epoch_steps_per_second"} <= set(train)
    assert {"batch_loss": 6, "batch_mae": 6, "batch_steps_per_second": 6}.items() <= train.items()
    kernel, bias = (variable.path for variable in model.weights)
    assert {f"{kernel}/histogram", f"{bias}/image", "summary", "keras"} <= set(train)
    assert set(validation) == {
        "epoch_loss",
        "epoch_mae",
        "evaluation_loss_vs_iterations",
        "evaluation_mae_vs_iterations",
    }


def test_evaluation_alone(model, data, tmp_path):
    model.evaluate(*data, verbose=0, callbacks=[lamina.callbacks.TensorBoard(tmp_path)])
    assert "evaluation_loss_vs_iterations" in tags(tmp_path / "validation")


def test_epochs_alone_do_not_watch_batches():
    callbacks = lamina.callbacks.CallbackList([lamina.callbacks.TensorBoard("x")])
    assert callbacks.batches_allowed("train") is None
    callbacks = lamina.callbacks.CallbackList([lamina.callbacks.TensorBoard("x", profile_batch=(3, 5))])
    assert callbacks.batches_allowed("train") == 2


def test_profile(model, data, tmp_path):
    model.fit(*data, 8, 1, verbose=0, callbacks=[lamina.callbacks.TensorBoard(tmp_path, profile_batch=2)])
    assert list(tmp_path.glob("plugins/profile/*/*"))


def test_embeddings_for_the_projector(tmp_path):
    model = lamina.Sequential(
        [lamina.Input((2,)), lamina.layers.Embedding(5, 3, name="words"), lamina.layers.Flatten()]
    )
    model.compile("sgd", "mse")
    board = lamina.callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"words": "words.tsv"})
    board.set_model(model)
    board.on_epoch_end(0, {"loss": 1.0})
    board.on_train_end()
    table = np.loadtxt(tmp_path / "train" / "words.tsv", delimiter="\t")
    np.testing.assert_allclose(table, model.layers[0].get_weights()[0], rtol=1e-6)
    assert 'metadata_path: "words.tsv"' in (tmp_path / "train" / "projector_config.pbtxt").read_text()
    board = lamina.callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"other": "x"})
    with pytest.raises(ValueError, match="other"):
        board.set_model(model)


@pytest.mark.parametrize(
    "options", [{"update_freq": 0}, {"histogram_freq": -1}, {"profile_batch": (3, 2)}, {"profile_batch": (0, 2)}]
)
def test_values_that_are_refused(options):
    with pytest.raises(ValueError, match="TensorBoard"):
        lamina.callbacks.TensorBoard("x", **options)


def test_tensorboard_reads_it(model, data, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    model.fit(*data, 8, 2, verbose=0, callbacks=[lamina.callbacks.TensorBoard(tmp_path, histogram_freq=1)])
    read = accumulator.EventAccumulator(str(tmp_path / "train"), size_guidance={"tensors": 0})
    read.Reload()
    assert {"epoch_loss", "summary", f"{model.weights[0].path}/histogram"} <= set(read.Tags()["tensors"])
    assert [event.step for event in read.Tensors("epoch_loss")] == [0, 1]
