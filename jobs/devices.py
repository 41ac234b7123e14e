"""The devices of the machines that work for this studio."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from jobs.models import WorkerReport
from jobs.schemas import DeviceOut

REPORT_LIFETIME = timedelta(minutes=5)


def devices() -> list[DeviceOut]:
    """What living workers have reported; the CPU alone while none has."""
    found: dict[str, DeviceOut] = {}
    since = timezone.now() - REPORT_LIFETIME
    for worker in WorkerReport.objects.filter(seen_at__gte=since).order_by("name"):
        for device in worker.report.get("devices", []):
            told = DeviceOut(
                id=device["id"],
                name=device.get("name") or device["id"],
                memory_bytes=device.get("memory_bytes"),
                is_available=bool(device.get("is_available", True)),
                reason=device.get("reason") or "",
            )
            found.setdefault(told.id, told)
    if not found:
        found["cpu"] = DeviceOut(
            id="cpu", name="CPU", memory_bytes=None, is_available=True, reason=""
        )
    return list(found.values())
