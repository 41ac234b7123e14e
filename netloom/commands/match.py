"""`match`: bring the weights of a file into a network, and show which tensor went where."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from netloom.commands.networks import Opened, open_network
from netloom.commands.output import say, say_json
from netloom.commands.overwriting import refuse_other_endings
from netloom.commands.problem import CommandError
from netloom.formats.bundle import write_bundle
from netloom.formats.imported import FormatError
from netloom.formats.loading import LoadedWeights, load_weight_file, matching_words
from netloom.formats.matching import MatchRow
from netloom.formats.zoo import ZooError, providers
from netloom.templates import templates

_WIDEST_NAME = 48


def match(options: Namespace) -> int:
    """Print the table, and write the network with its weights where `--out` says."""
    if options.out is not None:
        refuse_other_endings(options.out)
    opened = open_or_fetch(options.network)
    try:
        loaded = load_weight_file(
            opened.document,
            options.weights,
            normalisation=options.images,
            meta=opened.meta,
        )
    except FormatError as error:
        raise CommandError(str(error)) from error
    matching = loaded.matching
    if not options.json:
        say("\n".join(_describe(loaded)))
    if options.out is not None:
        _write(loaded, options.out)
    if options.json:
        say_json({"matching": matching.model_dump(mode="json"), **_totals(loaded, options.out)})
    elif options.out is not None:
        say(f"Written to {options.out}")
    return 0 if matching.num_matched else 1


def open_or_fetch(network: Path) -> Opened:
    """Open a file or a template, or a network of the zoo by its name, with new weights.

    Raises:
        CommandError: There is no such network.
    """
    name = str(network)
    if not network.exists() and "/" not in name and "." not in name:
        for provider in providers():
            try:
                if any(entry.name == name for entry in provider.entries()):
                    found = provider.open(name)
                    return Opened(found.document, found.meta, provider.name, found.report)
            except ZooError as error:
                raise CommandError(str(error)) from error
        if name not in {template.id for template in templates()}:
            raise CommandError(
                f"{name} is neither a file nor a template nor a network of the zoo. "
                "`netloom templates` and `netloom zoo list` name those there are."
            )
    return open_network(network)


def _write(loaded: LoadedWeights, out: Path) -> None:
    if not loaded.matching.num_matched:
        raise CommandError("Nothing in the file fits the network, so nothing is written.")
    network = loaded.network
    try:
        write_bundle(out, network.document, network.weights, network.meta)
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror or error}.") from error


def _totals(loaded: LoadedWeights, out: Path | None) -> dict[str, object]:
    report = loaded.network.report
    matching = loaded.matching
    return {
        "format": report.format,
        "share": matching.share,
        "how": {how: matching.count(how) for how in ("name", "prefix", "shape in order")},
        "notes": report.notes,
        "written": None if out is None else str(out),
    }


def _describe(loaded: LoadedWeights) -> Iterator[str]:
    rows = loaded.matching.rows
    width = min(_WIDEST_NAME, max((len(row.file_key) for row in rows), default=0))
    for row in rows:
        yield _line(row, width)
    yield ""
    yield from matching_words(loaded.matching)
    yield from loaded.network.report.notes[len(matching_words(loaded.matching)) :]


def _line(row: MatchRow, width: int) -> str:
    arrow = "->" if row.how != "none" else "  "
    own = f"{row.layer}.{row.tensor}" if row.weight_key else "-"
    shape = " x ".join(map(str, row.shape or row.file_shape))
    given = row.file_key or "-"
    return f"{given:<{width}} {arrow} {own}  [{shape}]  {row.how}: {row.note}".rstrip(": ")
