"""The zoo of the installation: what installed packages and a folder of bundles offer.

What packages offer is listed by a process of its own, since that loads torch, and kept in a file
until a version changes. Nothing here fetches anything over a network.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from django.conf import settings
from pydantic import ValidationError

from accounts.models import Person, Project
from common.errors import Code, Problem
from common.priority import give_way
from designer.reading import follow_reader
from designer.throwaway import PASSED_ON, Progress
from designer.weights import IMPORT
from jobs.models import Job
from jobs.services import enqueue
from netloom import __version__
from netloom.formats.zoo.bundles import BundleFolder
from netloom.formats.zoo.catalogue import CatalogueRow, catalogue_row, is_here, weights_file
from netloom.formats.zoo.listing import Listing
from netloom.formats.zoo.provider import ZooEntry, ZooWeights
from storage.disk import write_atomically
from storage.models import Upload

logger = logging.getLogger(__name__)

LIST_WITHIN_S = 600
FAILED_FOR_S = 300
_PACKAGES = ("torchvision", "torch")
_listing = threading.Lock()
_failed: dict[Path, float] = {}


def zoo_folder() -> Path:
    """The installation's own bundles, and weights files for networks of packages."""
    return settings.ENVIRONMENT.zoo_folder


def weights_folders() -> list[Path]:
    """Where weights files are looked for: the zoo's folder, then torch's own cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    torch_home = os.environ.get("TORCH_HOME") or str(Path(cache) / "torch")
    own = zoo_folder()
    return [own, own / "weights", Path(torch_home) / "hub" / "checkpoints"]


def listing() -> Listing | None:
    """What packages offer; None while that is being looked up, which this call begins."""
    path = _listing_file()
    try:
        return _read_listing(path, path.stat().st_mtime_ns)
    except (OSError, ValidationError):
        if time.monotonic() - _failed.get(path, -FAILED_FOR_S) < FAILED_FOR_S:
            return Listing(notes=["The networks of installed packages could not be listed."])
        _begin_listing()
        return None


def entries() -> tuple[list[ZooEntry], list[str], bool]:
    """Everything there is, notes, and whether that is all of it already."""
    found = listing()
    packages = Listing() if found is None else found
    own = BundleFolder(zoo_folder()).entries()
    return [*packages.entries, *own], packages.notes, found is not None


def rows() -> tuple[list[CatalogueRow], list[str], bool]:
    """The same as rows of a table."""
    everything, notes, is_complete = entries()
    folders = weights_folders()
    return [catalogue_row(entry, folders) for entry in everything], notes, is_complete


def entry(provider: str, name: str) -> ZooEntry:
    """One network; raises Problem `not_found`."""
    for found in entries()[0]:
        if (found.provider, found.name) == (provider, name):
            return found
    raise Problem(Code.NOT_FOUND, f"The zoo has no network {name!r} of {provider!r}.")


def has_weights(found: ZooEntry, weights: ZooWeights) -> bool:
    """Say whether weights are on this machine."""
    return is_here(found, weights, weights_folders())


def start_opening(
    person: Person,
    project: Project,
    found: ZooEntry,
    *,
    name: str,
    weights: str,
    upload: Upload | None,
) -> Job:
    """Queue the opening of a network by name; the job is that of files.

    Args:
        weights: Name of a set of weights; empty for the first that is on the machine.
        upload: A file with weights, instead of one that is there.

    Raises:
        Problem: `invalid` for what cannot be opened, or weights that nobody has trained.
    """
    if not found.can_open:
        raise Problem(Code.INVALID, f"{found.name} cannot be opened. {found.reason}")
    chosen = _chosen(found, weights)
    source = {
        "provider": found.provider,
        "name": found.name,
        "weights": "" if chosen is None else chosen.name,
        "file_name": "" if chosen is None else chosen.file_name,
    }
    return enqueue(
        IMPORT,
        {
            "zoo": source,
            "upload_id": "" if upload is None else upload.id,
            "name": name or found.name,
        },
        person=person,
        project=project,
        subject=("project", project.id) if upload is None else ("upload", upload.id),
        message=f"Opening {found.name}",
    )


def _chosen(found: ZooEntry, weights: str) -> ZooWeights | None:
    if weights:
        for each in found.weights:
            if each.name == weights:
                return each
        raise Problem(Code.INVALID, f"{found.name} has no weights {weights!r}.")
    here = [each for each in found.weights if has_weights(found, each)]
    return here[0] if here else found.default


def read_entry(
    source: dict[str, str],
    file: Path | None,
    folder: Path,
    file_name: str,
    *,
    progress: Progress,
    stopped: threading.Event,
) -> str:
    """Have a network of the zoo written into a folder, as `designer.reading.read_file` does.

    Args:
        source: Provider, name, and the weights that were chosen when the job was queued.
        file: Weights that were uploaded; otherwise they are looked for on this machine.

    Returns:
        Where it came from, in words.
    """
    weights = source["weights"]
    if file is None and source["file_name"]:
        file = weights_file(ZooWeights(name="", url=source["file_name"]), weights_folders())
        file_name = source["file_name"]
    elif file is not None:
        weights = ""  # the file's name says which they are, if it is known
    arguments = [
        source["provider"],
        source["name"],
        str(folder),
        f"--bundles={zoo_folder()}",
        f"--weights={weights}",
        *([f"--file={file}", f"--file-name={file_name}"] if file is not None else []),
    ]
    follow_reader(
        "netloom.formats.zoo.opening",
        arguments,
        folder,
        name=source["name"],
        progress=progress,
        stopped=stopped,
    )
    with_weights = file_name if file is not None else ""
    return ", ".join(each for each in (source["name"], with_weights) if each)


def _listing_file() -> Path:
    versions: list[str] = []
    for package in _PACKAGES:
        try:
            versions.append(metadata.version(package))
        except metadata.PackageNotFoundError:
            versions.append("none")
    return settings.DATA_FOLDER / "cache" / f"zoo-{'-'.join([__version__, *versions])}.json"


@lru_cache(maxsize=2)
def _read_listing(path: Path, changed_ns: int) -> Listing:
    del changed_ns
    return Listing.model_validate_json(path.read_bytes())


def _begin_listing() -> None:
    if _listing.acquire(blocking=False):
        threading.Thread(target=_make_listing, name="zoo-listing", daemon=True).start()


def _make_listing() -> None:
    try:
        path = _listing_file()
        if not path.exists():
            write_atomically(path, _listed())
    except (OSError, subprocess.SubprocessError, ValidationError) as error:
        _failed[_listing_file()] = time.monotonic()
        logger.warning("The zoo's packages cannot be listed: %s", error)
    finally:
        _listing.release()


def _listed() -> bytes:
    """Have a process list the packages; what it prints is checked before it is kept."""
    kept = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "netloom.formats.zoo.listing"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parent.parent,
        env={**kept, "HOME": str(Path.home()), "OMP_NUM_THREADS": "1"},
    )
    give_way(process.pid)
    with process:
        try:
            content, _ = process.communicate(timeout=LIST_WITHIN_S)
        finally:
            process.kill()
    return Listing.model_validate_json(content).model_dump_json().encode()
