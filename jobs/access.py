"""The one way to a job."""

from __future__ import annotations

from accounts.access import Action, require_role
from accounts.models import Person
from common.errors import not_found
from jobs.models import Job


def access_job(person: Person, job_id: str, action: Action) -> Job:
    """Fetch a job of a project the person may act in, or their own without a project."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise not_found("job")
    if job.project_id is None:
        if job.person_id != person.id:
            raise not_found("job")
    else:
        require_role(person, job.project_id, action, "job")
    return job
