"""Bytes below the data folder: durable when told so, whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from common.errors import Code, Problem
from storage.disk import disk_problems, move_into_place, require_free, write_batch_atomically


class FolderStore:
    """Keeps what `storage.store.Store` describes as files; a key is a path below the folder."""

    def path(self, key: str) -> Path:
        """The file of a key, which is always ours and never a user's."""
        return settings.DATA_FOLDER / key

    def prepare(self) -> bool:
        """Folders are made when something comes into them."""
        return False

    def write(self, contents: Mapping[str, bytes]) -> None:
        files = [(self.path(key), data) for key, data in contents.items()]
        new = [(path, data) for path, data in files if not path.exists()]
        require_free(sum(len(data) for _, data in new))
        write_batch_atomically(new)

    def take(self, source: Path, key: str, *, is_movable: bool) -> None:
        path = self.path(key)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if not is_movable:
            require_free(source.stat().st_size)
        _bring_into_place(source, path, is_linked=is_movable)

    def size_bytes(self, key: str) -> int | None:
        try:
            return self.path(key).stat().st_size
        except FileNotFoundError:
            return None

    def missing(self, keys: Iterable[str]) -> list[str]:
        return [key for key in keys if not self.path(key).exists()]

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        del end  # whoever reads knows where to stop
        try:
            file = self.path(key).open("rb")
        except FileNotFoundError:
            raise _lost() from None
        file.seek(start)
        return file

    def fetch(self, key: str, target: Path) -> None:
        try:
            with disk_problems():
                shutil.copyfile(self.path(key), target)
        except FileNotFoundError:
            raise _lost() from None

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.path(key).unlink(missing_ok=True)

    def delete_folder(self, folder: str) -> None:
        shutil.rmtree(self.path(folder), ignore_errors=True)


def _lost() -> Problem:
    return Problem(
        Code.FILE_MISSING,
        "The file is no longer on the studio's disk.",
        "Bring it in again, or ask the operator to restore a backup.",
    )


def _bring_into_place(source: Path, path: Path, *, is_linked: bool) -> None:
    """Copy or link whole or not at all: what a full disk cuts off is not left to fill it."""
    draft = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}")
    try:
        with disk_problems():
            if not (is_linked and _link(source, draft)):
                shutil.copyfile(source, draft)
        move_into_place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _link(source: Path, draft: Path) -> bool:
    """Name the same bytes twice; False where that cannot be: another disk, or no hard links."""
    try:
        os.link(source, draft)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True
