"""Celery's side of training: a message says only "look at the queue"."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import close_old_connections

from common.errors import Code, Problem
from datasets.models import DatasetVersion
from datasets.services import write_manifest
from designer.documents import stored_document
from designer.models import Network
from jobs.models import Lane
from jobs.registry import job_kind
from jobs.running import RunningJob
from jobs.worker import on_worker_start
from netloom.train.spec import RunConfig, TrainSpec
from storage.disk import scratch_folder
from training import lifecycle
from training.devices import local_worker
from training.publishing import publish_run
from training.queue import claim_next
from training.services import ESTIMATE
from training.supervision.prepare import threads_per_slot
from training.supervision.process import plain_environment
from training.supervision.supervise import Supervisor
from training.tidy import pixel_cache

logger = logging.getLogger(__name__)

TRIAL_FILES = 32
"""Originals fetched for a trial, which reads half as many."""

_shutting_down = threading.Event()


@worker_shutting_down.connect
def _on_shutdown(**_: object) -> None:
    """Trainers save a checkpoint and end; their runs wait for the next worker."""
    _shutting_down.set()


def register() -> None:
    """Called once, when Django is ready: a worker looks at the queue when it starts."""
    on_worker_start("train", lifecycle.wake_workers)


@shared_task(name="training.work", ignore_result=True)
def work() -> None:
    """Execute what is queued, one run after the other, until nothing is left for this worker."""
    while not _shutting_down.is_set() and execute_next():
        pass


def execute_next() -> bool:
    """Claim and execute one run; False when none waits for a free slot of this machine."""
    close_old_connections()
    worker = local_worker()
    attempt = claim_next(worker)
    if attempt is None:
        return False
    logger.info("Run %s attempt %s starts on %s", attempt.run_id, attempt.number, attempt.device)
    publish_run(attempt.run)
    num_threads = threads_per_slot(worker.slots["cpu"])
    Supervisor(attempt, num_threads, _shutting_down.is_set).supervise()
    close_old_connections()
    return True


@job_kind(ESTIMATE, lane=Lane.INTERACTIVE)
def estimate(job: RunningJob) -> dict[str, Any]:
    """Measure a few steps in a process of its own."""
    network = Network.objects.get(pk=job.payload["network_id"])
    version = DatasetVersion.objects.get(pk=job.payload["dataset_version_id"])
    with scratch_folder() as folder:
        config = RunConfig.model_validate(job.payload["config"])
        spec = TrainSpec(
            document=stored_document(network.document),
            manifest=str(write_manifest(version, folder, most_files=TRIAL_FILES)),
            output=str(folder / "output"),
            config=config,
            cache=str(pixel_cache()),
            num_threads=threads_per_slot(settings.ENVIRONMENT.train_slots),
        )
        path = folder / "spec.json"
        path.write_text(spec.model_dump_json(by_alias=True))
        job.progress(None, "Measuring a few steps")
        return _measure(job, path)


def _measure(job: RunningJob, spec: Path) -> dict[str, Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", "netloom.train", str(spec), "--estimate"],
        cwd=settings.BASE_DIR,
        env=plain_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while True:
            job.check_stopped()
            try:
                output, errors = process.communicate(timeout=0.25)
                break
            except subprocess.TimeoutExpired:
                continue
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        last = (errors.strip().splitlines() or ["no message"])[-1]
        raise Problem(
            Code.RUN_CANNOT_START,
            f"The trial steps failed: {last}",
            "Correct the network or make the batch smaller, then estimate again.",
        )
    return json.loads(output.strip().splitlines()[-1])
