"""`lamina demo`: trains a Sequential model on handwritten digits, from the first look at it to the reloaded file."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import lamina
from lamina.datasets import digits
from lamina.visualization import Picture, learning_curves, save_learning_curves

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_PICTURE_WIDTH = 16
_MOST_PICTURES = 6
_SHOWN_CLASSES = 3
_BAR_LENGTH = 6


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `demo` to the command line."""
    parser = subparsers.add_parser(
        "demo",
        help="train a model on handwritten digits before your eyes (some seconds)",
        description="Trains a small convolutional network on 1,437 handwritten digits, tests it on 360 others, shows "
        "some predictions and the learning curves, saves the model, reloads it and compares the predictions.",
    )
    parser.add_argument(
        "--output",
        metavar="FOLDER",
        type=Path,
        default=Path("lamina-demo"),
        help="where the model and the curves are saved (default: ./lamina-demo)",
    )
    parser.add_argument(
        "--epochs", metavar="N", type=_positive, default=20, help="passes over the training data (default: 20)"
    )
    parser.add_argument(
        "--seed", metavar="N", type=_seed, default=1, help="same seed, same machine: same numbers (default: 1)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the demonstration; returns 0, or 1 if the reloaded model does not predict the same."""
    from rich.console import Console

    console = Console(highlight=False)
    started = time.perf_counter()
    # First, since a folder that cannot be written should not be found out after the training.
    if arguments.output.exists() and not arguments.output.is_dir():
        raise ValueError(f"--output {arguments.output} is a file; name a folder, new or existing.")
    arguments.output.mkdir(parents=True, exist_ok=True)
    lamina.utils.set_random_seed(arguments.seed)

    (x_train, y_train), (x_test, y_test) = digits.load_data()
    console.print(f"\n[bold]lamina {lamina.__version__}[/]: reading handwritten digits\n")
    console.print(
        f"{len(x_train):,} pictures of 8x8 pixels to learn from and {len(x_test)} others for the test.\n"
        "[dim]Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, CC BY 4.0[/]\n"
    )
    # One channel of grey, which convolutions want said.
    x_train, x_test = x_train[..., None], x_test[..., None]
    model = build_model(x_train)
    model.summary()

    _headline(console, "Training")
    history = model.fit(
        x_train,
        y_train,
        epochs=arguments.epochs,
        validation_split=0.1,
        # Without a terminal a line an epoch says as much as a bar that moves.
        verbose=1 if console.is_terminal else 2,
    )
    trained = time.perf_counter()

    probabilities = model.predict(x_test, verbose=0)
    _headline(console, "Test: digits it has never seen")
    right = int((probabilities.argmax(axis=1) == y_test).sum())
    console.print(f"Accuracy [bold green]{right / len(y_test):.1%}[/]: {right} of {len(y_test)} right.\n")
    bar = "#" if console.options.ascii_only else "█"
    console.print(predictions_table(x_test, y_test, probabilities, count=_pictures_that_fit(console), bar=bar))

    _headline(console, "Learning curves")
    console.print(learning_curves(history, width=min(console.width, 100)))

    same = _save_and_reload(console, model, history, x_test, probabilities, arguments.output)
    finished = time.perf_counter()
    console.print(
        f"[dim]{finished - started:.1f} s in all, {trained - started:.1f} s until the model was trained.[/]\n"
    )
    return 0 if same else 1


def build_model(x_train: np.ndarray) -> "lamina.Sequential":
    """Return the compiled model, untrained, for pictures of grey levels as they come from the data set."""
    layers = lamina.layers
    # Part of the model, so that the saved file takes raw pictures.
    normalization = layers.Normalization(axis=None)
    normalization.adapt(x_train)
    model = lamina.Sequential(
        [
            lamina.Input((8, 8, 1)),
            normalization,
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.4),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def predictions_table(
    images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, count: int, bar: str = "#"
) -> "Table":
    """Return pictures beside each other with what the model takes them for: some it is sure of, then its worst.

    Args:
        images: pictures of shape `(rows, height, width)`.
        labels: what they are, integers of shape `(rows,)`.
        probabilities: what the model says, of shape `(rows, classes)`.
        count: how many pictures to show.
        bar: the character that the bars of the probabilities are made of.
    """
    from rich.table import Table

    of_the_label = probabilities[np.arange(len(labels)), labels]
    worst = list(np.argsort(of_the_label)[: max(1, count // 3)])
    first = [row for row in range(len(labels)) if row not in worst][: count - len(worst)]
    table = Table.grid(padding=(0, 3, 0, 0))
    chosen = [*first, *reversed(worst)]
    table.add_row(*(Picture(images[row], width=_PICTURE_WIDTH) for row in chosen))
    table.add_row(*(_in_words(probabilities[row], int(labels[row]), bar) for row in chosen))
    return table


def _in_words(probabilities: np.ndarray, label: int, bar: str) -> "Text":
    from rich.text import Text

    likely = np.argsort(-probabilities)[:_SHOWN_CLASSES]
    style = "bold green" if likely[0] == label else "bold red"
    verdict = "right" if likely[0] == label else f"wrong: a {label}"
    text = Text.assemble((f"{likely[0]}", style), f"  {verdict}")
    for rank, digit in enumerate(likely):
        length = round(float(probabilities[digit]) * _BAR_LENGTH)
        line = f"\n{digit} {bar * length:<{_BAR_LENGTH}} {probabilities[digit]:6.1%}"
        text.append(line, style="" if rank == 0 else "dim")
    return text


def _pictures_that_fit(console: "Console") -> int:
    return int(np.clip((console.width + 3) // (_PICTURE_WIDTH + 3), 1, _MOST_PICTURES))


def _save_and_reload(console: "Console", model, history, x_test, probabilities, folder: Path) -> bool:
    _headline(console, "Saved and reloaded")
    model_file, curves_file = folder / "digits.keras", folder / "learning_curves.png"
    model.save(model_file)
    console.print(
        f"{_shown(model_file, console)}  [dim]{model_file.stat().st_size / 1024:,.0f} KiB, Keras opens it too[/]"
    )
    try:
        save_learning_curves(history, curves_file)
        console.print(f"{_shown(curves_file, console)}  [dim]{curves_file.stat().st_size / 1024:,.0f} KiB[/]")
    except ImportError:
        console.print("[dim]The curves as a picture as well: pip install matplotlib[/]")
    reloaded = lamina.models.load_model(model_file)
    same = np.array_equal(reloaded.predict(x_test, verbose=0), probabilities)
    if same:
        console.print(
            f"The reloaded model predicts the same for all {len(x_test)} digits, [bold green]bit for bit[/].\n"
        )
    else:
        console.print("[bold red]The reloaded model does not predict the same.[/]\n")
    return same


def _shown(path: Path, console: "Console") -> str:
    """Return the path with `?` for what the output cannot show, and nothing in it read as markup."""
    from rich.markup import escape

    return escape(str(path).encode(console.encoding, errors="replace").decode(console.encoding))


def _headline(console: "Console", text: str) -> None:
    console.print()
    console.rule(f"[bold]{text}[/]", align="left", style="dim")
    console.print()


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}") from None


def _positive(text: str) -> int:
    number = _whole_number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


def _seed(text: str) -> int:
    number = _whole_number(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError(f"must be from 0 to 4,294,967,295, got {number}")
    return number
