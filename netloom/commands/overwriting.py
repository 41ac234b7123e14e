"""What a command writes is never what it reads."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from netloom.commands.problem import CommandError

_READ = ("source", "network", "file", "weights", "image", "spec", "other", "beside", "paths")
_BUNDLES = (".netloom", ".zip")
_WRITTEN = ("target", "out", "csv", "bundle")


def refuse_overwriting(options: Namespace) -> None:
    """Refuse to write over a file that is read; links to it are the same file.

    `merge` names its sides otherwise: git hands it one file to read and to write.

    Raises:
        CommandError: Names the file.
    """
    for target in _paths(options, _WRITTEN):
        for source in _paths(options, _READ):
            if _is_same(source, target):
                name = f"{target}" if source == target else f"{target} (which is {source})"
                raise CommandError(
                    f"{name} would be read and overwritten, so nothing was done. "
                    "Give what is written another name."
                )


def refuse_other_endings(bundle: Path) -> None:
    """Refuse to write a bundle under the name of another kind of file.

    Raises:
        CommandError: Names the endings.
    """
    if bundle.suffix not in _BUNDLES:
        raise CommandError(
            f"{bundle} would hold a bundle: let it end in {' or '.join(_BUNDLES)}. "
            "`netloom convert` makes other kinds of file of it."
        )


def _paths(options: Namespace, names: Iterable[str]) -> Iterator[Path]:
    for name in names:
        value: object = getattr(options, name, None)
        several = cast("list[object]", value) if isinstance(value, list) else [value]
        yield from (each for each in several if isinstance(each, Path))


def _is_same(source: Path, target: Path) -> bool:
    try:
        return source.samefile(target)
    except OSError:  # one of them is not there, or a template's name
        return False
