"""Every setting an operator can make, in one typed place.

A setting is an environment variable named `NETLOOM_` and the field's name in capitals, for
example `NETLOOM_PORT=9000`. The descriptions below are the documentation: `manage.py settings`
prints them with their present values. A value that does not fit, or a `NETLOOM_` variable that
does not exist, is named when anything starts.
"""

from __future__ import annotations

import difflib
import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "NETLOOM_"
MIN_KEY_CHARS = 50
MIN_KEY_VARIETY = 10
SECRET_SETTINGS = ("secret_key", "database_url", "redis_url", "s3_secret_key")


class SettingProblem(Exception):
    """A setting is wrong; the text names it and says what to do."""


def _default_data_folder() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "netloom"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _split_paths(value: object) -> object:
    if isinstance(value, str):
        return [part for part in value.split(os.pathsep) if part]
    return value


def _split_commas(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _no_star(hosts: list[str]) -> list[str]:
    if "*" in hosts:
        raise ValueError("'*' would let any web page reach the studio; list the host names")
    return hosts


def key_weakness(key: str) -> str:
    """Why a signing key could be guessed; empty when it could not."""
    if len(key) < MIN_KEY_CHARS:
        return f"a signing key has at least {MIN_KEY_CHARS} characters"
    if len(set(key)) < MIN_KEY_VARIETY:
        return "the signing key repeats a few characters"
    return ""


def _strong_key(key: str) -> str:
    weakness = key_weakness(key) if key else ""
    if weakness:
        raise ValueError(f"{weakness}; `openssl rand -hex 32` prints one")
    return key


def _plain_url(value: str) -> str:
    if value:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected an address such as https://studio.example.org/netloom")
    return value.rstrip("/")


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
PathList = Annotated[list[AbsolutePath], NoDecode, BeforeValidator(_split_paths)]
HostList = Annotated[list[str], NoDecode, BeforeValidator(_split_commas), AfterValidator(_no_star)]
SigningKey = Annotated[str, AfterValidator(_strong_key)]
PublicUrl = Annotated[str, AfterValidator(_plain_url)]
Megabytes = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]


class Environment(BaseSettings):
    """What the operator decided, read from `NETLOOM_*` variables."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    data: AbsolutePath = Field(
        default_factory=_default_data_folder,
        description="Folder that holds the database, files and secrets.",
    )
    host: str = Field(default="127.0.0.1", description="Address the web server listens on.")
    port: int = Field(
        default=8780, ge=0, le=65535, description="Port it listens on; 0 takes a free one."
    )
    public_url: PublicUrl = Field(
        default="",
        description="Address people type when it is not http://host:port, for example behind a "
        "proxy or on a sub-path: https://studio.example.org/netloom.",
    )
    allowed_hosts: HostList = Field(
        default_factory=list,
        description="Further host names the studio answers to, separated by commas.",
    )
    behind_proxy: bool = Field(
        default=False,
        description="Trust X-Forwarded-For and X-Forwarded-Proto; only when a proxy sets them.",
    )
    database_url: str = Field(
        default="",
        description="postgresql://user:password@host/name, with ?host=/folder for a socket and"
        " libpq's other options; empty is SQLite in the data folder.",
    )
    redis_url: str = Field(
        default="",
        description="Redis or Valkey of your own; empty lets `manage.py up` start a private one.",
    )
    s3_bucket: str = Field(
        default="",
        description="Bucket of an S3-compatible store that keeps all files instead of the data"
        " folder; what several machines need.",
    )
    s3_endpoint: PublicUrl = Field(
        default="", description="Address of that store; empty is Amazon's."
    )
    s3_region: str = Field(default="", description="Region of the bucket, where the store has any.")
    s3_access_key: str = Field(
        default="", description="Access key; empty takes what the machine's environment gives."
    )
    s3_secret_key: str = Field(default="", description="Secret that belongs to the access key.")
    cache_mb: Megabytes = Field(
        default=50_000,
        description="Megabytes of fetched files that a machine keeps for the next who needs them.",
    )
    machine: str = Field(
        default="",
        max_length=60,
        pattern=r"^[A-Za-z0-9._-]*$",
        description="Name of this machine, unlike that of any other; empty is its host name.",
    )
    database_pool: int = Field(
        default=20, ge=1, description="Most connections of one process to PostgreSQL."
    )
    secret_key: SigningKey = Field(
        default="",
        description="Signing key shared by several machines; empty makes one per installation.",
    )
    installation_id: str = Field(
        default="",
        pattern=r"^([a-z0-9]{4,32})?$",
        description="Name of the installation in cookies and in Redis, shared by its machines; "
        "empty makes one per data folder.",
    )
    web_processes: int = Field(
        default=1, ge=1, le=64, description="Web processes that `manage.py up` starts."
    )
    import_roots: PathList = Field(
        default_factory=list,
        description=f"Folders people may bring data in from, separated by '{os.pathsep}'.",
    )
    quota_mb: Megabytes = Field(
        default=50_000, description="Megabytes of files one project may hold."
    )
    person_quota_mb: Megabytes = Field(
        default=200_000,
        description="Megabytes of files the projects of one person may hold together; a project"
        " counts for its longest-standing owner.",
    )
    project_networks: int = Field(
        default=1000,
        ge=1,
        description="Networks one project may have, those in the bin included.",
    )
    upload_mb: Megabytes = Field(default=20_000, description="Megabytes of the largest upload.")
    open_uploads: int = Field(
        default=500,
        ge=1,
        description="Uploads one person may have that are unfinished or not used yet.",
    )
    bin_days: int = Field(
        default=30, ge=1, description="Days after which what is in the bin is deleted for good."
    )
    body_mb: Megabytes = Field(default=8, description="Megabytes of the largest request body.")
    request_s: Seconds = Field(
        default=300.0, description="Seconds in which a request, body and all, has to arrive."
    )
    reserve_mb: int = Field(
        default=500,
        ge=0,
        description="Megabytes of disk kept free; writes that would use them are refused.",
    )
    session_days: int = Field(default=30, ge=1, description="Days a sign-in lasts.")
    bulk_slots: int = Field(
        default=1, ge=1, le=64, description="Ingests, imports and exports at a time."
    )
    train_slots: int = Field(default=1, ge=1, le=64, description="Training runs at a time.")
    interactive_jobs: int = Field(
        default=8,
        ge=1,
        description="Predictions, explanations and evaluations one person may have waiting.",
    )
    bulk_jobs: int = Field(
        default=20, ge=1, description="Imports and exports one person may have waiting or running."
    )
    queued_runs: int = Field(
        default=100, ge=1, description="Training runs one person may have waiting or running."
    )
    run_hours: float = Field(
        default=168.0,
        gt=0,
        description="Hours one training run may compute in all; it is then stopped with a"
        " checkpoint.",
    )
    week_run_hours: float = Field(
        default=1000.0,
        gt=0,
        description="Hours of training one person may use within seven days; further runs are"
        " refused until some have passed.",
    )
    heartbeat_s: Seconds = Field(
        default=5.0, description="Seconds between heartbeats of running work."
    )
    lease_s: Seconds = Field(
        default=45.0, description="Seconds without heartbeat until work counts dead."
    )
    reconcile_s: Seconds = Field(
        default=10.0, description="Seconds between two looks for stranded work."
    )
    stop_grace_s: Seconds = Field(
        default=25.0, description="Seconds a training run has to save and end before it is killed."
    )
    max_restarts: int = Field(
        default=3, ge=0, description="Crashes from which a training run is resumed before it fails."
    )
    socket_check_s: Seconds = Field(
        default=3.0,
        description="Seconds between two checks that an open socket is still allowed.",
    )
    warm_child_mb: Megabytes = Field(
        default=6000,
        description="Megabytes at which the process that explains predictions is renewed.",
    )
    warm_child_requests: int = Field(
        default=200, ge=1, description="Requests after which that process is renewed."
    )
    import_mb: Megabytes = Field(
        default=8000, description="Megabytes that reading or writing a network's file may take."
    )
    import_s: Seconds = Field(
        default=1800.0,
        description="Seconds after which reading or writing a network's file is given up.",
    )
    tensorflow_python: AbsolutePath | None = Field(
        default=None,
        description="Python with tensorflow-cpu and tf2onnx, for reading and writing SavedModels"
        " and files of TensorFlow Lite.",
    )
    import_python: bool = Field(
        default=False,
        description="Run imported files of Python in a process without network, as this account.",
    )
    zoo: AbsolutePath | None = Field(
        default=None,
        description="Folder of bundles, and of weights files for networks of installed packages,"
        " that everybody may open; empty is `zoo` in the data folder.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least serious message written to the log."
    )
    test_data: AbsolutePath | None = Field(
        default=None, description="Folder with the real data that the tests use."
    )

    @property
    def database_file(self) -> Path:
        return self.data / "netloom.sqlite3"

    @property
    def zoo_folder(self) -> Path:
        return self.zoo or self.data / "zoo"


@cache
def environment() -> Environment:
    """Read the settings once; raises SettingProblem that names what is wrong."""
    known = {PREFIX + name.upper() for name in Environment.model_fields}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise SettingProblem(f"There is no setting {name}.{hint} Unset it and start again.")
    try:
        return Environment()
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        told = "" if field in SECRET_SETTINGS else f"={first['input']!r}"
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingProblem(
            f"The setting {PREFIX}{field.upper()}{told} does not fit: {reason}."
            " Change it and start again."
        ) from None
