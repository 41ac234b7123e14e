"""Reports of jobs that were run, kept by what they depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from pydantic import ValidationError

from conformance.report import Job, Report

_ROOT = Path(__file__).parent.parent
_CODE = ("netloom", "conformance")


class Cache:
    """Reports in a folder, by the job, the code and what is installed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._code = code_digest(_ROOT)

    def get(self, job: Job) -> Report | None:
        """Return what came of a job with this code; None where it has not been run."""
        try:
            return Report.model_validate_json(self._path(job).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def put(self, job: Job, report: Report) -> None:
        """Keep what came of a job."""
        path = self._path(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        half.write_text(report.model_dump_json(indent=2))
        half.replace(path)

    def _path(self, job: Job) -> Path:
        parts = [self._code, job.model_dump_json()]
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
        return self._folder / f"{job.name}-{key}.json"


def code_digest(root: Path) -> str:
    """Return a digest of the code that results depend on, and of all that is installed.

    A package that is missing changes a result as a new version of it does.
    """
    digest = hashlib.sha256()
    for text in _texts(root):
        digest.update(hashlib.sha256(text).digest())
    return digest.hexdigest()


def _texts(root: Path) -> Iterator[bytes]:
    yield "\n".join(sorted({f"{each.name} {each.version}" for each in distributions()})).encode()
    for part in _CODE:
        for path in sorted((root / part).rglob("*.py")):
            yield str(path.relative_to(root)).encode()
            yield path.read_bytes()
