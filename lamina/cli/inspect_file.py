"""`lamina inspect`: what is in a model file, without building or running anything of it."""

import argparse
import dataclasses
import json
from pathlib import Path

import lamina


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `inspect` to the command line."""
    parser = subparsers.add_parser(
        "inspect",
        help="tell what is in a model file, without building or running it",
        description="Tells the layers, shapes, numbers of parameters, optimizer, versions and sizes of a .keras file "
        "or folder, .h5, .weights.h5, .weights.json or .safetensors file, and whatever in it is suspicious. Nothing in "
        "the file is built or run.",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the model or weight file")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument(
        "--summary", action="store_true", help="load the model, safely as always, and print its summary as well"
    )
    parser.add_argument(
        "--picture",
        metavar="IMAGE",
        type=Path,
        help="load the model likewise and draw it to IMAGE: .svg, .html, .png or .pdf",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what is in the file; returns 0."""
    contents = lamina.saving.inspect(arguments.file)
    if arguments.json:
        told = {**dataclasses.asdict(contents), "parameters": contents.parameters}
        print(json.dumps(told, indent=2))
    else:
        print(contents)
    if arguments.summary or arguments.picture:
        model = lamina.models.load_model(arguments.file, compile=False)
        if arguments.summary:
            model.summary()
        if arguments.picture:
            lamina.utils.plot_model(model, arguments.picture, show_shapes=True, show_layer_names=True)
    return 0
