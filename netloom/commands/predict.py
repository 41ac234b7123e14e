"""`predict`: what a trained network says of images."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from netloom.commands.bundles import LoadedBundle, load_bundle, open_image
from netloom.commands.output import complain, say, say_json
from netloom.commands.problem import CommandError

if TYPE_CHECKING:
    from torch import Tensor

_BATCH = 32


class RankedClass(TypedDict):
    """One of the most probable classes of an image."""

    index: int
    name: str
    probability: float


def predict_images(options: Namespace) -> int:
    """Print the most probable classes of each image; 1 when an image could not be read."""
    bundle = load_bundle(options)
    answers: list[dict[str, object]] = []
    is_complete = True
    for start in range(0, len(options.images), _BATCH):
        paths: list[Path] = options.images[start : start + _BATCH]
        for path, found in zip(paths, _predict(bundle, paths, options.top), strict=True):
            if isinstance(found, CommandError):
                is_complete = False
                answers.append({"image": str(path), "error": str(found)})
            else:
                answers.append({"image": str(path), "classes": found})
            if not options.json:
                _tell(path, found)
    if options.json:
        say_json(answers)
    return 0 if is_complete else 1


def _tell(path: Path, found: list[RankedClass] | CommandError) -> None:
    if isinstance(found, CommandError):
        complain(str(found))
        return
    words = [f"{ranked['name']} {ranked['probability']:.1%}" for ranked in found]
    say(f"{path}: {', '.join(words)}")


def _predict(
    bundle: LoadedBundle, paths: Sequence[Path], top: int
) -> list[list[RankedClass] | CommandError]:
    """Return for each image its classes, or why it could not be read."""
    import torch

    from netloom.explain import ExplainError, predict

    images: dict[Path, Tensor] = {}
    problems: dict[Path, CommandError] = {}
    for path in dict.fromkeys(paths):
        try:
            images[path] = bundle.to_input(open_image(path))
        except CommandError as error:
            problems[path] = error
    ranked: dict[Path, list[RankedClass]] = {}
    if images:
        try:
            probabilities_BK = predict(bundle.network, torch.cat(list(images.values()))).cpu()
        except ExplainError as error:
            raise CommandError(str(error)) from error
        ranked = {
            path: _rank(bundle, probabilities_K, top)
            for path, probabilities_K in zip(images, probabilities_BK, strict=True)
        }
    return [problems.get(path) or ranked[path] for path in paths]


def _rank(bundle: LoadedBundle, probabilities_K: Tensor, top: int) -> list[RankedClass]:
    best = probabilities_K.topk(min(top, len(probabilities_K)))
    return [
        {"index": int(index), "name": bundle.class_name(int(index)), "probability": float(share)}
        for share, index in zip(best.values, best.indices, strict=True)
    ]
