"""Secrets made once per installation and kept beside its data, readable by its owner only."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.environment import SettingProblem, key_weakness

FILE_NAME = "secrets.json"
FOR_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Secrets:
    """Attributes: installation_id: short and public, part of cookie names."""

    secret_key: str
    installation_id: str


def installation_secrets(data_folder: Path) -> Secrets:
    """Read the secrets, making them on the first start. Safe when two processes race.

    Raises:
        SettingProblem: The data folder cannot be used, or the secrets in it are none.
    """
    path = data_folder / FILE_NAME
    try:
        if not path.exists():
            _make(data_folder, path)
        _keep_private(path)
        return _read(path)
    except OSError as error:
        raise SettingProblem(
            f"The data folder {data_folder} cannot be used ({error.strerror}). Change its"
            " permissions or free some disk, or choose another folder with NETLOOM_DATA."
        ) from None


def _read(path: Path) -> Secrets:
    try:
        found = Secrets(**json.loads(path.read_text()))
        weakness = key_weakness(found.secret_key)
    except (ValueError, TypeError):
        raise _unusable(path, "the file is damaged") from None
    if weakness:
        raise _unusable(path, weakness)
    return found


def _unusable(path: Path, why: str) -> SettingProblem:
    return SettingProblem(
        f"The secrets in {path} cannot be used: {why}. Restore the file from a backup, or delete"
        " it: new ones are made, and everybody signs in again."
    )


def _keep_private(path: Path) -> None:
    """Take away what a careless copy has given to others; `check --deploy` tells what stays."""
    if path.stat().st_mode & FOR_OTHERS:
        with suppress(PermissionError):  # someone else's file, on purpose readable to us
            path.chmod(0o600)


def _make(data_folder: Path, path: Path) -> None:
    data_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = {
        "secret_key": secrets.token_urlsafe(64),
        "installation_id": secrets.token_hex(4),
    }
    draft = path.with_name(f"{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(made, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its secrets count
    finally:
        draft.unlink()
