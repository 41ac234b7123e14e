"""`transfer`: a trained network made ready for the classes of a folder, and trained if asked."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from netloom.commands.output import say, say_json
from netloom.commands.overwriting import refuse_other_endings
from netloom.commands.problem import CommandError
from netloom.data.folder import FolderError, training_manifest
from netloom.formats.imported import FormatError
from netloom.surgery.adapting import layer_names
from netloom.transfer_learning import TransferError, Transferred, transfer


def transfer_network(options: Namespace) -> int:
    """Write the network as a bundle, the run as a specification, or train at once."""
    if options.out is None and options.run is None:
        raise CommandError("Say what to write: -o BUNDLE, or --run FOLDER to train.")
    if options.out is not None:
        refuse_other_endings(options.out)
    try:
        classes = training_manifest(options.data).classes
        ready = transfer(
            options.network,
            classes,
            freeze=options.freeze,
            head=options.head,
            backbone_rate=options.backbone_rate,
            is_graded=options.graded,
            unfreeze_every_epochs=options.unfreeze_every,
            input_size_px=None if options.size is None else tuple(options.size),
        )
        if options.json:
            say_json(_answer(ready))
        else:
            say(_describe(ready))
        if options.out is not None:
            ready.save(options.out)
        if options.run is not None:
            _run(ready, options)
    except (FolderError, FormatError, TransferError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        where = options.out or options.run
        raise CommandError(f"{where} cannot be written: {error.strerror or error}.") from error
    return 0


def _run(ready: Transferred, options: Namespace) -> None:
    settings: dict[str, object] = {}
    if options.epochs is not None:
        settings["epochs"] = options.epochs
    data: Path = options.data
    if options.no_start:
        spec = ready.prepare_run(data, options.run, **settings)
        say(f"netloom train {spec}")
    else:
        ready.train(data, options.run, **settings)


def _answer(ready: Transferred) -> dict[str, object]:
    survival = ready.adapted.survival
    return {
        "classes": list(ready.meta.classes),
        "kept": survival.kept,
        "new": survival.new,
        "frozen": ready.adapted.frozen,
        "run": ready.adapted.run.model_dump(),
        "layers": layer_names(ready.document),
        "warnings": ready.adapted.warnings,
    }


def _describe(ready: Transferred) -> str:
    survival = ready.adapted.survival
    run = ready.adapted.run
    total = survival.kept + survival.resized + survival.new
    lines = [
        f"{len(ready.meta.classes)} classes: {', '.join(ready.meta.classes[:8])}",
        f"{survival.kept:,} of {total:,} learned numbers are kept, {survival.new:,} start new.",
        f"Frozen: {', '.join(ready.adapted.frozen) or 'nothing'}.",
    ]
    if survival.new:
        lines.append("What starts new is random: train the network before it predicts.")
    if run.unfreeze_every_epochs is not None:
        lines.append(f"One more group learns every {run.unfreeze_every_epochs} epochs.")
    return "\n".join([*lines, *ready.adapted.warnings])
