"""`diff` and `merge`: network documents compared and merged, as git's tools too. No torch."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from pathlib import Path

from netloom.commands.networks import read_network
from netloom.commands.output import complain, one_line, say, say_json
from netloom.commands.problem import CommandError
from netloom.graph.compare import compare_documents
from netloom.graph.document import Document
from netloom.graph.match import align_document
from netloom.graph.merge import Merge, MergeRefused, merge_documents

FAILED = 2
GIT_ARGUMENTS = 7
"""What git hands to a diff driver: path, then file, hash and mode of the old and the new side."""


def diff_networks(options: Namespace) -> int:
    """Print what differs; exit status 1 when something does, like `diff`.

    Called by git as a diff driver, which takes any other status than 0 for a crash, it is 0.
    """
    paths: list[str] = options.paths
    is_git = len(paths) >= GIT_ARGUMENTS
    if not is_git and len(paths) != 2:
        return _refuse(options, CommandError("Give two networks: netloom diff BEFORE AFTER."))
    before, after = (paths[1], paths[4]) if is_git else (paths[0], paths[1])
    try:
        comparison = compare_documents(_read_side(before), _read_side(after))
    except CommandError as error:
        return _refuse(options, error)
    if options.json:
        say_json(comparison.model_dump(mode="json"))
    else:
        if is_git:
            say(f"network {paths[0]}")
        lines = comparison.lines or (
            ["only the layout differs"] if comparison.is_layout_changed and is_git else []
        )
        for line in lines:
            say(one_line(line))
    return 0 if is_git or comparison.is_same else 1


def merge_networks(options: Namespace) -> int:
    """Write the merged network; exit status 1 with conflicts, which are listed."""
    try:
        paths = (options.base, options.ours, options.theirs)
        base, ours, theirs = (_read_side(path) for path in paths)
        merge = merge_documents(base, align_document(base, ours), align_document(base, theirs))
        _write(options.out, merge.document)
    except (CommandError, MergeRefused) as error:
        return _refuse(options, error)
    if options.json:
        say_json(
            {
                "conflicts": [conflict.model_dump() for conflict in merge.conflicts],
                "notes": merge.notes,
            }
        )
    else:
        _report(options.out, merge)
    return 1 if merge.conflicts else 0


def _refuse(options: Namespace, error: Exception) -> int:
    """Say why, with a status of its own: 1 says that networks differ or conflict."""
    if options.json:
        say(json.dumps({"error": str(error)}))
    complain(f"netloom: {error}")
    return FAILED


def _report(path: Path, merge: Merge) -> None:
    for note in merge.notes:
        complain(one_line(f"note: {note}"))
    for conflict in merge.conflicts:
        complain(one_line(f"conflict: {conflict.message}"))
    if merge.conflicts:
        count = len(merge.conflicts)
        complain(
            f"netloom: {count} conflict{'' if count == 1 else 's'}; {path} keeps ours there. "
            "Look at each, then stage the file."
        )


def _read_side(path: str | Path) -> Document:
    """Read one side; a file that is not there yet, /dev/null to git, is an empty network."""
    if str(path) == os.devnull:
        return Document()
    path = Path(path)
    if path.is_file() and path.stat().st_size == 0:
        return Document()
    return read_network(path)[0]


def _write(path: Path, document: Document) -> None:
    """Write beside the file first: git's own copy is never half there."""
    text = json.dumps(document.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False)
    try:
        part = path.with_name(f"{path.name}.part")
        part.write_text(f"{text}\n", encoding="utf-8")
        part.replace(path)
    except ValueError as error:
        raise CommandError(f"{path} names no file.") from error
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from error
