"""Background work on networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.errors import Code, Problem
from designer.models import Network, WeightFile
from designer.reading import read_file
from designer.weight_files import LOAD, create_weight_file, load_into
from designer.weights import IMPORT, create_imported
from designer.zoo import read_entry
from jobs.models import Job, JobState, Lane
from jobs.registry import job_kind
from jobs.running import RunningJob
from netloom.formats.reading import FACTS
from storage.disk import scratch_folder
from storage.models import Upload
from storage.uploads import discard_upload, local_upload

_READ_SHARE = 0.9
"""Of the whole: the rest is storing."""


def import_ended(job: Job) -> None:
    """Forget the file, unless the same one may well be opened when it is tried again."""
    hopeless = (job.problem or {}).get("code") == Code.IMPORT_FAILED
    if hopeless or job.state in (JobState.SUCCEEDED, JobState.CANCELLED):
        for upload in Upload.objects.filter(pk__in=_upload_ids(job.payload)):
            discard_upload(upload)


def _upload_ids(payload: dict[str, Any]) -> list[str]:
    """The main file first; none for a network of a zoo that needs no file.

    Jobs that were queued by an older version have that one alone.
    """
    ids = [payload["upload_id"], *payload.get("side_upload_ids", [])]
    return [each for each in ids if each]


@job_kind(IMPORT, lane=Lane.BULK, max_attempts=2, on_state=import_ended)
def import_network(job: RunningJob) -> dict[str, Any]:
    """Open a file in a throwaway process, and make a network of what it wrote."""
    project = job.project
    source = job.payload.get("zoo")
    upload_ids = _upload_ids(job.payload)
    found = Upload.objects.in_bulk(upload_ids)
    needs_file = source is None or bool(upload_ids)
    if (needs_file and len(found) < max(1, len(set(upload_ids)))) or project is None:
        raise Problem(
            Code.FILE_MISSING, "The uploaded file is no longer there.", "Upload it again."
        )
    uploads = [found[each] for each in upload_ids]
    with scratch_folder() as folder:
        files = _side_by_side(uploads, folder)

        def tell(fraction: float | None, text: str) -> None:
            job.progress(None if fraction is None else fraction * _READ_SHARE, text)

        written = folder / "network"
        name = uploads[0].file_name if uploads else ""
        if source is not None:
            file = next(iter(files), None)
            name = read_entry(source, file, written, name, progress=tell, stopped=job.stopped)
        elif files:
            read_file(
                files[0],
                written,
                beside=files[1:],
                name=name,
                progress=tell,
                stopped=job.stopped,
            )
        if (written / FACTS).exists():
            job.progress(_READ_SHARE, "Storing the weights")
            waiting = create_weight_file(project, job.person, written, source=name)
            return {"weight_file_id": waiting.id}
        job.progress(_READ_SHARE, "Storing the network")
        made = create_imported(project, job.person, written, name=job.payload["name"], source=name)
    return {"network_id": made.network_id, "weight_set_id": made.id}


@job_kind(LOAD, lane=Lane.BULK, max_attempts=2)
def load_weights(job: RunningJob) -> dict[str, Any]:
    """Give a network the weights of a file that waited for it."""
    network = Network.objects.filter(pk=job.payload["network_id"], deleted_at=None).first()
    waiting = WeightFile.objects.filter(pk=job.payload["weight_file_id"]).first()
    if network is None or waiting is None:
        raise Problem(
            Code.FILE_MISSING,
            "The weights or the network are no longer there.",
            "Import the file again.",
        )
    job.progress(None, "Putting the weights into the network")
    with scratch_folder() as folder:
        made = load_into(network, waiting, job.person, job.payload["images"], folder)
    return {"network_id": network.id, "weight_set_id": made.id}


def _side_by_side(uploads: Sequence[Upload], folder: Path) -> list[Path]:
    """The files of a network, those of several under their own names: they name one another."""
    paths = [local_upload(upload, folder) for upload in uploads]
    if len(paths) < 2:
        return paths
    together = folder / "files"
    together.mkdir()
    found: list[Path] = []
    for number, (upload, path) in enumerate(zip(uploads, paths, strict=True)):
        name = upload.file_name.replace("\\", "/").rpartition("/")[2].replace("\0", "")
        link = together / (name if name not in ("", ".", "..") else f"file_{number}")
        if link.is_symlink():
            raise Problem(
                Code.IMPORT_FAILED,
                f"Two of the files are called {name}.",
                "Choose the files of one network.",
            )
        link.symlink_to(path.resolve())
        found.append(link)
    return found
