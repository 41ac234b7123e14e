"""The throwaway process that opens a network of a zoo by name.

`python -m netloom.formats.zoo.opening PROVIDER NAME FOLDER [--weights NAME] [--file FILE]` writes
what `netloom.formats.reading` writes of a file, within the same limits.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.reading import add_limits, guarded, write_network
from netloom.formats.telling import tell
from netloom.formats.zoo.provider import Provider, ZooEntry, ZooError

_OWN_TENSORS = ("Constant", "Parameter")
"""Layers whose tensors do not come from a layer's own way to begin."""


def main(arguments: list[str]) -> int:
    """Open the network and write the folder; the exit status is 1 when it cannot be done."""
    parser = argparse.ArgumentParser(prog="netloom.formats.zoo.opening")
    parser.add_argument("provider")
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", default="", help="name of a set of weights")
    parser.add_argument("--file", type=Path, help="where those weights are, or others")
    parser.add_argument("--file-name", default="", help="what the file is called for people")
    parser.add_argument("--bundles", type=Path, help="folder of bundles")
    add_limits(parser)
    options = parser.parse_args(arguments)

    def read() -> None:
        write_network(_opened(options), options.folder)

    path: Path | None = options.file
    shown = options.file_name or options.name
    return guarded(read, options, file_name=path.name if path else "", shown=shown)


def _opened(options: argparse.Namespace) -> ImportedNetwork:
    from netloom.formats.zoo import providers

    tell(None, "Looking what there is")
    try:
        for provider in providers(options.bundles):
            if provider.name == options.provider:
                return _from(provider, options)
    except ZooError as error:
        raise FormatError(str(error)) from error
    raise FormatError(f"There is no zoo called {options.provider[:80]!r} here.")


def _from(provider: Provider, options: argparse.Namespace) -> ImportedNetwork:
    entry = next((each for each in provider.entries() if each.name == options.name), None)
    if entry is None:
        raise FormatError(f"{provider.name} offers no network {options.name[:80]!r}.")
    if not entry.can_open:
        raise FormatError(f"{entry.name}: {entry.reason}")
    tell(0.2, f"Building {entry.name}, and following what it computes")
    file: Path | None = options.file
    if provider.name == "bundles":
        imported = provider.open(entry.name)
    elif file is None:
        return _untrained(provider.open(entry.name), entry, options.weights)
    else:
        known = (each.name for each in entry.weights if each.file_name == options.file_name)
        named = options.weights or next(known, "")
        imported = provider.open(entry.name, weights=named or file, file=file if named else None)
    source = f"{provider.name}, {entry.name}"
    return _told(imported, source, f"The weights are those of {options.file_name or file.name}."
                 if file else "")  # fmt: skip


def _untrained(imported: ImportedNetwork, entry: ZooEntry, wanted: str) -> ImportedNetwork:
    """Leave out what training decides, and say how to get trained weights."""
    graph = imported.document.graph
    scopes = [graph.nodes, *(block.nodes for block in graph.blocks.values())]
    types = {node_id: node.type for nodes in scopes for node_id, node in nodes.items()}
    kept = {
        key: tensor
        for key, tensor in imported.weights.items()
        if types.get(key.rpartition(":")[0].rpartition("/")[2]) in _OWN_TENSORS
    }
    facts = next((each for each in entry.weights if each.name == wanted), entry.default)
    note = "The network starts from random weights"
    if facts is None:
        note = f"{note}: {entry.provider} has no trained ones for it."
    else:
        note = (
            f"{note}: {facts.name} are not on this machine. Download {facts.url}, then open the "
            "network again with that file."
        )
    told = _told(imported, f"{entry.provider}, {entry.name}", note)
    return replace(told, weights=kept, meta=told.meta.model_copy(update={"classes": []}))


def _told(imported: ImportedNetwork, source: str, note: str) -> ImportedNetwork:
    report = imported.report
    notes = [*([note] if note else []), *report.notes]
    return replace(imported, report=report.model_copy(update={"format": source, "notes": notes}))


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
