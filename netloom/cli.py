"""`netloom`: networks on the command line, without the studio.

Exit status: 0 done; 1 it could not be done, the reason is on standard error; 2 wrong usage;
130 interrupted. `diff` and `merge` answer 1 when
networks differ or conflict, and 2 when that cannot be said.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from netloom import __version__
from netloom.commands.output import complain, say
from netloom.commands.problem import CommandError

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    module, _, function = options.command.partition(":")
    try:
        # Each command's file is loaded when it is asked for: most need no torch.
        return int(getattr(importlib.import_module(module), function)(options))
    except CommandError as error:
        if options.json:
            say(json.dumps({"error": str(error)}))
        complain(f"netloom: {error}")
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        complain("netloom: interrupted")
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="netloom", description="Networks on the command line.")
    parser.add_argument("--version", action="version", version=f"netloom {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: str, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=f"{summary}.")
        added.add_argument("--json", action="store_true", help="answer with JSON")
        added.set_defaults(command=f"netloom.commands.{command}")
        return added

    inspect = add("inspect", "networks:inspect_network", "Show layers, sizes and problems")
    inspect.add_argument(
        "network",
        type=Path,
        help="a network (.json), a bundle, or a template by name, made for ImageNet's sizes",
    )
    inspect.add_argument("--csv", type=Path, metavar="FILE", help="write the table of all layers")
    inspect.add_argument(
        "--batch", type=int, default=32, metavar="N", help="samples of a batch (default: 32)"
    )

    read = add("read", "source:read_file", "Open a PyTorch module as a network")
    read.add_argument("source", type=Path, help="a Python file; it is read, never executed")
    read.add_argument("-o", "--out", type=Path, required=True, help="network to write (.json)")

    notebook = add("notebook", "source:write_notebook", "Write a notebook that trains a network")
    notebook.add_argument("network", type=Path, help="a network (.json) or a bundle")
    notebook.add_argument("-o", "--out", type=Path, required=True, help="notebook (.ipynb)")

    layers = add("layers", "layers:list_layers", "List the layer types, or check a package's")
    layers.add_argument(
        "--check",
        metavar="PACKAGE",
        help="try every layer of an installed package: shapes, backward pass, code",
    )
    add("blocks", "catalogue:list_blocks", "List the library of blocks")
    add("templates", "catalogue:list_templates", "List the networks to begin with")

    diff = add("diff", "versions:diff_networks", "Show what differs between two networks")
    diff.add_argument(
        "paths", nargs="+", metavar="network", help="two networks, or git's arguments"
    )

    merge = add("merge", "versions:merge_networks", "Merge two changes of one network")
    merge.add_argument("base", type=Path, help="what both sides began with (git's %%O)")
    merge.add_argument("ours", type=Path, help="our side, kept where both conflict (%%A)")
    merge.add_argument("theirs", type=Path, help="the other side (%%B)")
    merge.add_argument("-o", "--out", type=Path, required=True, help="network to write (%%A)")

    surgery = add("surgery", "surgery:operate", "Change a network and say which weights survive")
    surgery.add_argument("act", help="replace_head, freeze_up_to, ...; “list” names them all")
    surgery.add_argument("network", type=Path, nargs="?", help="a network (.json) or a bundle")
    surgery.add_argument(
        "--node", action="append", default=[], help="a layer by name, `block.layer` inside a block"
    )
    surgery.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the act"
    )
    surgery.add_argument("--other", type=Path, help="a second network, to merge")
    surgery.add_argument("-o", "--out", type=Path, help="write the changed network here (.json)")

    train = add("train", "train:train", "Train as a run specification says")
    train.add_argument("spec", type=Path, help="run specification (.json)")
    train.add_argument("--bundle", type=Path, help="write the best checkpoint as a bundle")

    predict = add("predict", "predict:predict_images", "Classify images with a trained network")
    predict.add_argument("bundle", type=Path, help="a bundle")
    predict.add_argument("images", type=Path, nargs="+", metavar="image", help="image files")
    predict.add_argument("--top", type=_positive, default=5, help="classes to show (5)")
    _add_device(predict)

    explain = add("explain", "explain:explain_image", "Draw where a network looks")
    explain.add_argument("bundle", type=Path, help="a bundle")
    explain.add_argument("image", type=Path, help="an image file")
    explain.add_argument(
        "--method", choices=("gradcam", "occlusion", "lime"), default="gradcam", help="(gradcam)"
    )
    explain.add_argument(
        "--out", type=Path, required=True, help="picture to write, or .npy for the numbers"
    )
    explain.add_argument("--class", dest="target", help="name or number (the predicted class)")
    explain.add_argument("--layer", help="Grad-CAM: a layer's name, e.g. stage1.0.conv2")
    explain.add_argument("--seed", type=int, default=0, help="of LIME's samples (0)")
    explain.add_argument("--quiet", action="store_true", help="show no progress")
    _add_device(explain)

    add("doctor", "health:show_report", "Say what this machine offers and what is missing")
    return parser


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="cpu, cuda or cuda:N (the best there is)")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give a number of at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
