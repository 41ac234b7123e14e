"""Exports, written by a throwaway process and kept for a day."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from common.errors import Code, Problem
from datasets.services import binding_of
from designer.documents import file_stem
from designer.models import Network, WeightSet
from designer.throwaway import Work, do_work
from inspection.exports import EXPORT, NEXT_STEP, ExportKeeper
from inspection.models import Export
from inspection.weights import chosen_weights, trained_weights
from jobs.models import Lane
from jobs.reconcile import reconcile_chore
from jobs.registry import job_kind
from jobs.running import RunningJob
from netloom.formats.exported import ExportReport
from netloom.formats.reading import REPORT
from netloom.formats.write import get_writer
from netloom.serve.requests import ExportRequest
from storage.disk import scratch_folder
from storage.models import Blob
from storage.services import store_file
from training.models import Checkpoint

MAX_REPORT_BYTES = 32 * 2**20
_WRITTEN_SHARE = 0.95
"""Of the whole: the rest is storing."""


def register() -> None:
    """Called once, when Django is ready. Importing this file has named the kind of work."""
    reconcile_chore(ExportKeeper().look)


@job_kind(EXPORT, lane=Lane.BULK, max_attempts=2)
def export_network(job: RunningJob) -> dict[str, Any]:
    """Write a network in a throwaway process, and keep what it wrote."""
    payload = job.payload
    network = (
        Network.objects.select_related("dataset", "project")
        .filter(pk=payload["network_id"])
        .first()
    )
    if network is None:
        raise Problem(Code.NOT_FOUND, "The network was deleted meanwhile.")
    with scratch_folder() as folder:
        request = _request(network, payload, folder)
        asked, written = folder / "request.json", folder / "written"
        asked.write_text(request.model_dump_json())

        def tell(fraction: float | None, text: str) -> None:
            job.progress(None if fraction is None else fraction * _WRITTEN_SHARE, text)

        work = Work(
            module="netloom.serve.exporting",
            arguments=[str(asked), str(written)],
            doing=f"Writing {request.file_name}",
            failed=Code.EXPORT_FAILED,
            too_large="Ask the operator to raise NETLOOM_IMPORT_MB.",
            next_step=NEXT_STEP,
            refused_next=NEXT_STEP,
        )
        do_work(work, folder, progress=tell, stopped=job.stopped)
        job.progress(_WRITTEN_SHARE, "Storing the file")
        report = _read_report(written / REPORT)
        file = _one_file(written, request.file_name)
        file_name = file.name
        blob = store_file(network.project, file, is_movable=True)
    job.check_stopped()
    _keep(job, network, blob, request.format, file_name, report)
    return {"export_id": job.id}


def _request(network: Network, payload: dict[str, Any], folder: Path) -> ExportRequest:
    document = folder / "network.json"
    document.write_text(json.dumps(payload["document"]))
    chosen = chosen_weights(payload["weights"])
    endings = get_writer(payload["format"]).endings
    ending = next((each for each in endings if each), ".zip")  # a folder comes as a zip
    return ExportRequest(
        document=document,
        trained=trained_weights(chosen, folder),
        weights_seed=payload["weights"].get("seed", 0),
        file_name=f"{file_stem(network.name)}{ending}",
        format=payload["format"],
        options=payload["options"],
        classes=_classes(network, chosen),
        metrics=_metrics(chosen),
        description=_description(network, chosen),
    )


def _classes(network: Network, chosen: Checkpoint | WeightSet | None) -> list[str]:
    """Names in the order of the outputs, from whoever decided that order last."""
    if isinstance(chosen, Checkpoint):
        return [entry["name"] for entry in chosen.run.dataset_version.classes]
    if isinstance(chosen, WeightSet) and chosen.classes:
        return chosen.classes
    return [] if network.dataset is None else binding_of(network.dataset).class_names or []


def _metrics(chosen: Checkpoint | WeightSet | None) -> dict[str, float]:
    if isinstance(chosen, Checkpoint) and chosen.metric is not None:
        return {chosen.run.config["best_metric"]: chosen.metric}
    return {}


def _description(network: Network, chosen: Checkpoint | WeightSet | None) -> str:
    if isinstance(chosen, Checkpoint):
        return f"{network.name}, {chosen.run.name}, step {chosen.step}"
    return f"{network.name}, weights of {chosen.source}" if chosen else network.name


def _read_report(path: Path) -> ExportReport:
    try:
        if path.is_symlink() or path.stat().st_size > MAX_REPORT_BYTES:
            raise OSError("it is too long")
        return ExportReport.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise Problem(
            Code.JOB_CRASHED, f"The report on the file cannot be read: {error}", NEXT_STEP
        ) from error


def _one_file(folder: Path, file_name: str) -> Path:
    """The file that was written; several go into one zip, as a browser downloads one."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path != folder / REPORT
    )
    if files == [folder / file_name]:
        return files[0]
    if not files:
        raise Problem(Code.JOB_CRASHED, "Nothing was written.", NEXT_STEP)
    return _zipped(folder, files, f"{Path(file_name).stem}.zip")


def _zipped(folder: Path, files: Sequence[Path], name: str) -> Path:
    target = folder.parent / name
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in files:
            archive.write(path, path.relative_to(folder).as_posix())
    return target


def _keep(
    job: RunningJob,
    network: Network,
    blob: Blob,
    format_name: str,
    file_name: str,
    report: ExportReport,
) -> None:
    with transaction.atomic():
        Export.objects.update_or_create(
            job_id=job.id,
            defaults={
                "network": network,
                "blob": blob,
                "format": format_name,
                "file_name": file_name,
                "report": report.model_dump(mode="json"),
            },
        )
