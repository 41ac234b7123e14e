"""A backup is one zip: the database, the secrets and every file stored below the data folder.

What lies in a shared store is for the store's own tools to copy; `backup` says so.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from django.db import connection

from config.launcher.database import copy_database
from config.launcher.postgres import dump_postgres, restore_postgres
from config.launcher.problem import LaunchProblem
from config.secrets import FILE_NAME as SECRETS_FILE

DATABASE_FILE = "netloom.sqlite3"
DUMP_FILE = "netloom.pgdump"
# What can be made again is left out: logs, sockets, backups, work in progress.
LEFT_OUT = ("backups", "logs", "uploads", "runs", "cache", "tmp")


def write_backup(data_folder: Path, target: Path) -> Path:
    """Write a consistent backup; the studio may run meanwhile.

    A `target` that is a folder gets a file with the date in its name; any other ends in .zip.

    Stored files never change, so every row finds its bytes when those there before the database
    is copied go in first, and those that came until then afterwards.
    """
    if target.is_dir():
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        target = target / f"netloom-backup-{stamp}.zip"
    _require_place(target)
    draft = target.with_name(f".{target.name}.part")
    copy = data_folder / f".backup-{secrets.token_hex(4)}.part"
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            archive.write(data_folder / SECRETS_FILE, SECRETS_FILE)
            written = _add_files(archive, data_folder, set())
            archive.write(copy, _copy_of_database(data_folder, copy))
            _add_files(archive, data_folder, written)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        copy.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)
    return target


def _require_place(target: Path) -> None:
    """Refuse a name that was meant for a folder."""
    if target.suffix == ".zip" and target.parent.is_dir():
        return
    if target.exists():
        raise LaunchProblem(f"{target} is a file: name a file that ends in .zip, or a folder.")
    folder = target.parent if target.suffix == ".zip" else target
    raise LaunchProblem(
        f"There is no folder {folder}. Make it first (mkdir -p {shlex.quote(str(folder))}): the"
        " backup gets a name with the date in it. Or name a file that ends in .zip."
    )


def restore_backup(source: Path, data_folder: Path) -> Path | None:
    """Put a backup in the place of the data folder; what was there is kept beside it.

    Returns the folder that keeps the former data, None when there was none.
    """
    if not source.is_file() or not zipfile.is_zipfile(source):
        raise LaunchProblem(f"{source} is not a backup. Name a file written by `manage.py backup`.")
    draft = data_folder.with_name(f".{data_folder.name}-restoring-{secrets.token_hex(4)}")
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            found = next((name for name in (DATABASE_FILE, DUMP_FILE) if name in names), None)
            if found is None or SECRETS_FILE not in names:
                raise LaunchProblem(f"{source} is a zip, but not a backup of a studio.")
            _require_same_database(source, found)
            if any(not _stays_inside(name) for name in names):
                raise LaunchProblem(f"{source} names files outside of the data folder.")
            archive.extractall(draft)  # names were checked above
        (draft / SECRETS_FILE).chmod(0o600)
        draft.chmod(0o700)
        if found == DUMP_FILE:
            restore_postgres(draft / DUMP_FILE)
            (draft / DUMP_FILE).unlink()
        kept = _move_aside(data_folder)
        draft.replace(data_folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return kept


def _copy_of_database(data_folder: Path, copy: Path) -> str:
    """Write a consistent copy; returns its name in the archive."""
    if connection.vendor == "postgresql":
        dump_postgres(copy)
        return DUMP_FILE
    copy_database(data_folder / DATABASE_FILE, copy)
    return DATABASE_FILE


def _require_same_database(source: Path, found: str) -> None:
    """A backup of one kind of database cannot be put into the other."""
    wanted = DUMP_FILE if connection.vendor == "postgresql" else DATABASE_FILE
    if found != wanted:
        kinds = {DATABASE_FILE: "SQLite (no NETLOOM_DATABASE_URL)", DUMP_FILE: "PostgreSQL"}
        raise LaunchProblem(
            f"{source} holds a database of {kinds[found]}, and the settings name the other kind."
            " Restore it with the settings it was made with."
        )


def _add_files(archive: zipfile.ZipFile, data_folder: Path, written: set[Path]) -> set[Path]:
    """Add the stored files that are not `written` yet; returns all that are now."""
    added = set[Path]()
    for path in _files(data_folder):
        if path in written:
            continue
        try:
            archive.write(path, path.relative_to(data_folder).as_posix())
        except FileNotFoundError:
            continue  # deleted since it was listed, and its row with it
        added.add(path)
    return written | added


def _files(data_folder: Path) -> list[Path]:
    """Finished files: what is being written has a name that starts with a dot."""
    found: list[Path] = []
    for entry in sorted(data_folder.iterdir()):
        if entry.is_dir() and entry.name not in LEFT_OUT:
            paths = sorted(entry.rglob("*"))
            found += [path for path in paths if not path.name.startswith(".") and path.is_file()]
    return found


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _move_aside(data_folder: Path) -> Path | None:
    if not data_folder.exists() or not any(data_folder.iterdir()):
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    kept = data_folder.with_name(f"{data_folder.name}-before-restore-{stamp}")
    data_folder.replace(kept)
    return kept
