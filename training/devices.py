"""The devices of this machine and how many runs each takes at a time."""

from __future__ import annotations

from django.conf import settings

from jobs.models import WorkerReport
from jobs.tasks import machine_name, worker_name
from training.queue import Worker


def local_worker() -> Worker:
    """This process as a place where runs execute: the CPU's slots are a setting, a GPU has one."""
    host = machine_name()
    slots = {"cpu": settings.ENVIRONMENT.train_slots}
    report = WorkerReport.objects.filter(name__startswith=f"{host}:").order_by("-seen_at").first()
    for device in report.report.get("devices", []) if report else []:
        if device["id"].startswith("cuda") and device.get("is_available"):
            slots[device["id"]] = 1
    return Worker(host=host, name=worker_name(), slots=slots)
