"""A worker process: Celery with threads for one lane, and the reconciler beside it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable

from celery import Celery
from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import DatabaseError, connection

from common.priority import BACKGROUND, make_nicer
from jobs import running
from jobs.models import WorkerReport
from jobs.reconcile import Reconciler
from jobs.tasks import worker_name

logger = logging.getLogger(__name__)

# Decoders, and whatever else a job of such a lane starts, inherit its priority.
BACKGROUND_LANES = {"bulk"}

StartHook = Callable[[], None]
_start_hooks: dict[str, list[StartHook]] = {}


def on_worker_start(lane: str, hook: StartHook) -> None:
    """Have something done once when a worker of `lane` starts, such as warming up its child."""
    _start_hooks.setdefault(lane, []).append(hook)


def slots_of(lane: str) -> int:
    """How many jobs a worker of this lane does at a time."""
    environment = settings.ENVIRONMENT
    # The interactive lane has one warm child; a second request would wait for it anyway.
    return {"bulk": environment.bulk_slots, "train": environment.train_slots}.get(lane, 1)


def serve(app: Celery, lane: str) -> None:
    """Work until told to stop by SIGTERM; running jobs are given back."""
    if lane in BACKGROUND_LANES:
        make_nicer(os.getpid(), BACKGROUND)
    stopped = threading.Event()
    slots = slots_of(lane)
    reconciler = Reconciler(lane, lambda: running.num_active() < slots)
    threads = [threading.Thread(target=reconciler.run, args=[stopped], name="reconcile")]
    if lane == "train":
        threads.append(
            threading.Thread(target=_report_devices, args=[stopped], name="devices", daemon=True)
        )

    def stop(**_signal: object) -> None:
        stopped.set()
        running.stop_all()

    worker_shutting_down.connect(stop, weak=False)
    for thread in threads:
        thread.start()
    for hook in _start_hooks.get(lane, []):
        hook()
    try:
        app.worker_main(
            [
                "--quiet",
                "worker",
                f"--queues={lane}",
                "--pool=threads",
                f"--concurrency={slots}",
                f"--hostname={lane}@{worker_name()}",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                f"--loglevel={settings.ENVIRONMENT.log_level}",
            ]
        )
    finally:
        stopped.set()


def _report_devices(stopped: threading.Event) -> None:
    """Ask `netloom doctor` once, in a process of its own because it loads torch."""
    name = worker_name()
    asked = subprocess.run(
        [sys.executable, "-m", "netloom.cli", "doctor", "--json"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    try:
        report = json.loads(asked.stdout)
    except ValueError:
        logger.warning("`netloom doctor` gave no report: %s", asked.stderr[-2000:])
        return
    while True:
        try:
            WorkerReport.objects.update_or_create(name=name, defaults={"report": report})
        except DatabaseError as error:
            logger.warning("Could not report the devices: %s", error)
        connection.close()
        if stopped.wait(60):
            break
    WorkerReport.objects.filter(name=name).delete()
    connection.close()
