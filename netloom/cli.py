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
from typing import Any

from netloom import __version__
from netloom.commands.output import complain, say
from netloom.commands.overwriting import refuse_overwriting
from netloom.commands.problem import CommandError

_INTERRUPTED = 130
_SPLITS = ("train", "validation", "test", "all")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    module, _, function = options.command.partition(":")
    try:
        refuse_overwriting(options)
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


class _ListFormats(argparse.Action):
    """Answers as `--help` does, whatever else is asked."""

    def __init__(self, option_strings: Sequence[str], **described: Any) -> None:
        described["dest"] = argparse.SUPPRESS
        super().__init__(option_strings, nargs=0, **described)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from netloom.commands.format_list import format_list

        say(format_list())
        parser.exit()


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
        help="a file of a network, Netloom's or another tool's, or a template by name, made for "
        "ImageNet's sizes",
    )
    inspect.add_argument("--csv", type=Path, metavar="FILE", help="write the table of all layers")
    inspect.add_argument(
        "--batch", type=int, default=32, metavar="N", help="samples of a batch (default: 32)"
    )

    convert = add("convert", "convert:convert", "Open a file of any kind and write another kind")
    convert.add_argument("source", type=Path, help="a Keras file, a bundle, a network (.json)...")
    convert.add_argument("target", type=Path, help="file to write; its ending says the format")
    convert.add_argument("--format", default="", help="format to write, where the ending is not it")
    convert.add_argument(
        "--formats", action=_ListFormats, help="list formats with what can be set of each, and end"
    )
    convert.add_argument("--opset", type=_positive, metavar="N", help="ONNX: version of operators")
    convert.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the format; --formats lists them",
    )
    convert.add_argument(
        "--check", action="store_true", help="fail unless the numbers are proved to be the same"
    )

    convert.add_argument(
        "--run-code",
        action="store_true",
        help="run a file of Python whose layers cannot be read; only your own",
    )

    for command in (inspect, convert):
        command.add_argument(
            "--with",
            dest="beside",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="another file of the same network, such as the weights of Caffe; may be repeated",
        )

    push = add("push", "push:push_network", "Bring a network into a studio")
    push.add_argument("file", type=Path, help="a file of any kind that can be imported")
    push.add_argument("--to", required=True, metavar="URL", help="address of the studio")
    push.add_argument("--project", default="", help="name or id, where there is more than one")
    push.add_argument("--name", default="", help="of the network (the file's name)")
    push.add_argument(
        "--token-file", type=Path, metavar="FILE", help="with a token (NETLOOM_TOKEN without it)"
    )
    push.add_argument(
        "--run-code", action="store_true", help="run a file of Python here, and bring what it makes"
    )

    verify = add("verify", "verify:verify", "Compare a file with an independent runtime")
    verify.add_argument("file", type=Path, help="a network of any kind that can be opened")
    verify.add_argument("--input", type=Path, metavar="IMAGE", help="compare on a real image")

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

    zoo = add("zoo", "zoo:zoo", "List networks that others have made, or get one")
    zoo.add_argument("action", choices=("list", "get"), help="what to do")
    zoo.add_argument("name", nargs="?", default="", help="a network; for list, part of its name")
    zoo.add_argument("-o", "--out", type=Path, help="get: bundle to write")
    zoo.add_argument(
        "--pretrained", action="store_true", help="get: with trained weights, downloaded if need be"
    )
    zoo.add_argument("--weights", type=Path, metavar="FILE", help="get: trained weights of a file")
    zoo.add_argument(
        "--classes", type=_positive, metavar="N", help="get: another number of classes"
    )

    match = add("match", "match:match", "Bring the weights of a file into a network")
    match.add_argument("network", type=Path, help="a file, a template, or a network of the zoo")
    match.add_argument("weights", type=Path, help=".pt, .pth, .safetensors, .h5, or a bundle...")
    match.add_argument("-o", "--out", type=Path, help="bundle to write")
    match.add_argument(
        "--images",
        choices=("imagenet", "caffe", "symmetric", "unit"),
        help="how images were given where the weights were trained (as the network says)",
    )

    transfer = add(
        "transfer", "transfer:transfer_network", "Make a trained network ready for other classes"
    )
    transfer.add_argument("network", type=Path, help="a file with weights: a bundle, Keras, ONNX")
    transfer.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="a folder of images per class"
    )
    transfer.add_argument(
        "--freeze", default="backbone", metavar="WHAT", help="backbone, none, or a layer (backbone)"
    )
    transfer.add_argument("--head", choices=("same", "pooled"), default="same", help="(same)")
    transfer.add_argument(
        "--backbone-rate", type=float, default=0.1, metavar="F",
        help="learning rate of earlier layers, times the run's (0.1)",
    )  # fmt: skip
    transfer.add_argument("--graded", action="store_true", help="rising from the first layer on")
    transfer.add_argument(
        "--unfreeze-every", type=_positive, metavar="N", help="thaw a group every N epochs"
    )
    transfer.add_argument("--size", type=_positive, nargs=2, metavar=("H", "W"), help="of images")
    transfer.add_argument("-o", "--out", type=Path, help="bundle to write")
    transfer.add_argument("--run", type=Path, metavar="FOLDER", help="train, and keep the run here")
    transfer.add_argument("--epochs", type=_positive, metavar="N", help="of the run (10)")
    transfer.add_argument(
        "--no-start", action="store_true", help="write the run's specification, do not train"
    )

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

    predict = add("predict", "predict:predict_images", "Say what images show")
    predict.add_argument("network", type=Path, help="a bundle, or another tool's trained network")
    predict.add_argument(
        "paths", type=Path, nargs="*", metavar="path", help="images, and folders of images"
    )
    predict.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="images in folders named after their classes: also says which answers are right",
    )
    predict.add_argument("--split", choices=_SPLITS, default="all", help="part of --data (all)")
    predict.add_argument("--csv", type=Path, metavar="FILE", help="write a table")
    predict.add_argument(
        "--top-k", "--top", dest="top", type=_positive, default=5, help="classes to show (5)"
    )
    predict.add_argument(
        "--min-score",
        type=_share,
        metavar="SCORE",
        help="of a detector: drop boxes with a lower score (what its layer says)",
    )
    _add_device(predict)

    explain = add("explain", "explain:explain_image", "Draw where a network looks")
    explain.add_argument("network", type=Path, help="a bundle, or another tool's trained network")
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

    features = add("features", "features:features", "Take what a layer sees of images as numbers")
    features.add_argument("network", type=Path, help="a bundle, or another tool's trained network")
    _add_feature_options(features)
    features.add_argument("--split", choices=_SPLITS[:3], default="train", help="(train)")
    features.add_argument("-o", "--out", type=Path, metavar="FOLDER", help="table to write")

    classical = add("classical", "features:classical", "Fit classical models and compare them")
    classical.add_argument(
        "network", type=Path, nargs="?", help="whose features to learn from; none: hand-made ones"
    )
    _add_feature_options(classical, needs_data=True)
    classical.add_argument(
        "--model",
        nargs="+",
        choices=("logistic", "linear_svm", "rbf_svm", "neighbours", "forest"),
        default=["logistic"],
        help="(logistic)",
    )
    classical.add_argument(
        "--baseline",
        nargs="*",
        choices=("pixels", "hog", "colours"),
        default=[],
        help="hand-made features to compare with",
    )
    classical.add_argument("--split", choices=_SPLITS[1:3], default="test", help="(test)")
    classical.add_argument("--c", type=float, default=1.0, help="of logistic and SVMs (1)")
    classical.add_argument("--seed", type=int, default=0, help="(0)")
    classical.add_argument("--most", type=_positive, metavar="N", help="training images to use")
    classical.add_argument("-o", "--out", type=Path, help="keep a linear model (.npz)")

    add("doctor", "health:show_report", "Say what this machine offers and what is missing")
    return parser


def _add_feature_options(parser: argparse.ArgumentParser, *, needs_data: bool = False) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        required=needs_data,
        metavar="FOLDER",
        help="images in folders named after their classes, or train/ and test/ with such folders",
    )
    parser.add_argument("--layer", help="its name (the last one before the classifier)")
    parser.add_argument(
        "--pool",
        choices=("average", "max", "flat"),
        default="average",
        help="what becomes of positions (average)",
    )
    parser.add_argument(
        "--cache", type=Path, metavar="FOLDER", help="keep tables for the next time"
    )
    _add_device(parser)


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="cpu, cuda or cuda:N (the best there is)")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give a number of at least 1")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("give a number from 0 to 1")
    return share


if __name__ == "__main__":
    sys.exit(main())
