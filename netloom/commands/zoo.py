"""`zoo`: networks that others have made, listed and fetched."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import get_args

from netloom.commands.output import say, say_json
from netloom.commands.overwriting import refuse_other_endings
from netloom.commands.problem import CommandError
from netloom.formats.bundle import write_bundle
from netloom.formats.imported import FormatError, Outcome
from netloom.formats.zoo import Provider, ZooEntry, ZooError, providers


def zoo(options: Namespace) -> int:
    """List what there is, or write one network as a bundle."""
    try:
        return _get(options) if options.action == "get" else _list(options)
    except (ZooError, FormatError) as error:
        raise CommandError(str(error)) from error


def _list(options: Namespace) -> int:
    found = [entry for provider in providers() for entry in provider.entries()]
    if options.name:
        found = [entry for entry in found if options.name in entry.name]
    if options.json:
        say_json([entry.model_dump(mode="json") for entry in found])
        return 0
    task = ""
    for entry in sorted(found, key=lambda each: (each.task, each.name)):
        if entry.task != task:
            task = entry.task
            say(f"\n{task.capitalize()}")
        say(f"  {entry.name:<28} {_facts(entry)}")
    return 0


def _facts(entry: ZooEntry) -> str:
    if not entry.can_open:
        return entry.reason
    weights = entry.default
    if weights is None:
        return "no trained weights"
    words = [
        f"{weights.parameters / 1e6:6.1f} M parameters" if weights.parameters else "",
        f"{weights.gflops:7.2f} G multiply-adds" if weights.gflops else "",
        f"{weights.size_mb:6.0f} MB" if weights.size_mb else "",
        next((f"{name} {value:g}" for name, value in weights.metrics.items()), ""),
        weights.licence,
    ]
    return "  ".join(word for word in words if word)


def _get(options: Namespace) -> int:
    if not options.name:
        raise CommandError("Name a network; `netloom zoo list` shows them.")
    if options.out is None:
        raise CommandError("Say where to write the bundle: -o FILE.")
    provider = _provider_of(options.name)
    refuse_other_endings(options.out)
    weights: str | Path | None = options.weights
    if weights is None and options.pretrained:
        weights = "DEFAULT"
    imported = provider.open(
        options.name,
        weights=weights,
        may_download=options.pretrained,
        num_classes=options.classes,
    )
    try:
        write_bundle(options.out, imported.document, imported.weights, imported.meta)
    except OSError as error:
        raise CommandError(f"{options.out} cannot be written: {error.strerror}.") from error
    report = imported.report
    if options.json:
        counts = {outcome: report.count(outcome) for outcome in get_args(Outcome)}
        nodes = len(imported.document.graph.nodes)
        say_json({"out": str(options.out), "nodes": nodes, "pieces": counts, "notes": report.notes})
        return 0
    say(f"{options.name} is in {options.out}: {report.summary}")
    if weights is None:
        say(
            "  Its weights are random: --pretrained downloads trained ones, --weights takes a file."
        )
    for note in report.notes[:20]:
        say(f"  {note}")
    return 0


def _provider_of(name: str) -> Provider:
    for provider in providers():
        if any(entry.name == name for entry in provider.entries()):
            return provider
    raise CommandError(f"There is no network {name!r}; `netloom zoo list` shows what there is.")
