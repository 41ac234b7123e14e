"""What is read about files."""

from __future__ import annotations

from django.db.models import Sum

from accounts.models import Project
from storage.models import Blob, Upload


def used_bytes(project: Project) -> int:
    """Bytes a project holds, what open uploads have announced included."""
    kept = Blob.objects.filter(uses__project=project).aggregate(total=Sum("size_bytes"))["total"]
    announced = Upload.objects.filter(project=project).aggregate(total=Sum("size_bytes"))["total"]
    return (kept or 0) + (announced or 0)
