"""How much people and projects may hold, and the refusals that say so."""

from __future__ import annotations

from django.conf import settings

from accounts.models import Project
from common.errors import Code, Problem
from storage.disk import MEGABYTE
from storage.selectors import used_bytes


def require_quota(project: Project, more_bytes: int) -> None:
    """Raise Problem quota_exceeded when a project would hold more than it may."""
    quota = settings.ENVIRONMENT.quota_mb * MEGABYTE
    used = used_bytes(project)
    if used + more_bytes > quota:
        raise Problem(
            Code.QUOTA_EXCEEDED,
            f"The project holds {used // MEGABYTE} of {quota // MEGABYTE} MB; this needs"
            f" {-(-more_bytes // MEGABYTE)} MB more.",
            "Delete what is no longer needed, or ask the operator to raise NETLOOM_QUOTA_MB.",
            used_bytes=used,
            quota_bytes=quota,
            needed_bytes=more_bytes,
        )
