"""Secrets made once per installation and kept beside its data, readable by its owner only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from config.environment import SettingProblem

FILE_NAME = "secrets.json"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Attributes: installation_id: short and public, part of cookie names."""

    secret_key: str
    installation_id: str


def installation_secrets(data_folder: Path) -> Secrets:
    """Read the secrets, making them on the first start. Safe when two processes race.

    Raises:
        SettingProblem: The data folder cannot be used.
    """
    path = data_folder / FILE_NAME
    try:
        if not path.exists():
            _make(data_folder, path)
        return Secrets(**json.loads(path.read_text()))
    except OSError as error:
        raise SettingProblem(
            f"The data folder {data_folder} cannot be used ({error.strerror}). Change its"
            " permissions or free some disk, or choose another folder with NETLOOM_DATA."
        ) from None


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
