"""`predict`: what a trained network says of images."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from netloom.commands.bundles import LoadedBundle, load_bundle, open_image
from netloom.commands.output import complain, say, say_json
from netloom.commands.problem import CommandError


def predict_images(options: Namespace) -> int:
    """Print the most probable classes of each image; 1 when an image could not be read."""
    bundle = load_bundle(options)
    answers: list[dict[str, object]] = []
    is_complete = True
    for path in options.images:
        try:
            classes = _predict(bundle, path, options.top)
        except CommandError as error:
            is_complete = False
            answers.append({"image": str(path), "error": str(error)})
            if not options.json:
                complain(str(error))
            continue
        answers.append({"image": str(path), "classes": classes})
        if not options.json:
            words = [f"{found['name']} {found['probability']:.1%}" for found in classes]
            say(f"{path}: {', '.join(words)}")
    if options.json:
        say_json(answers)
    return 0 if is_complete else 1


def _predict(bundle: LoadedBundle, path: Path, top: int) -> list[dict[str, str | int | float]]:
    from netloom.explain import ExplainError, predict

    image_1CHW = bundle.to_input(open_image(path))
    try:
        probabilities_K = predict(bundle.network, image_1CHW)[0].cpu()
    except ExplainError as error:
        raise CommandError(str(error)) from error
    best = probabilities_K.topk(min(top, len(probabilities_K)))
    return [
        {"index": int(index), "name": bundle.class_name(int(index)), "probability": float(share)}
        for share, index in zip(best.values, best.indices, strict=True)
    ]
