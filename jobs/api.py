"""Background work: list, look, cancel; and the devices that workers have."""

from __future__ import annotations

from ninja import Router

from accounts.access import access_project
from accounts.auth import PersonRequest
from jobs import services
from jobs.access import access_job
from jobs.devices import devices
from jobs.schemas import DeviceOut, JobList, JobOut, StateName
from jobs.selectors import job_out, jobs_out, visible_jobs

router = Router(tags=["jobs"])
MAX_LISTED = 200


@router.get("/jobs", response=JobList, operation_id="list_jobs")
def list_jobs(
    request: PersonRequest,
    project: str | None = None,
    state: StateName | None = None,
    subject_type: str | None = None,
    subject_id: str | None = None,
    limit: int = 50,
) -> JobList:
    """Newest first."""
    jobs = visible_jobs(request.person)
    if project is not None:
        jobs = jobs.filter(project=access_project(request.person, project, "view"))
    if state is not None:
        jobs = jobs.filter(state=state)
    if subject_type is not None:
        jobs = jobs.filter(subject_type=subject_type, subject_id=subject_id or "")
    listed = jobs[: min(max(limit, 1), MAX_LISTED)]
    return JobList(items=jobs_out(listed), total=jobs.count())


@router.get("/jobs/{job_id}", response=JobOut, operation_id="get_job")
def get_job(request: PersonRequest, job_id: str) -> JobOut:
    return job_out(access_job(request.person, job_id, "view"))


@router.post("/jobs/{job_id}/cancel", response=JobOut, operation_id="cancel_job")
def cancel_job(request: PersonRequest, job_id: str) -> JobOut:
    """Who started it may cancel it, and who may edit in its project."""
    job = access_job(request.person, job_id, "view")
    if job.person_id != request.person.id:
        job = access_job(request.person, job_id, "edit")
    return job_out(services.cancel_job(job))


@router.get("/devices", response=list[DeviceOut], operation_id="list_devices", tags=["devices"])
def list_devices(request: PersonRequest) -> list[DeviceOut]:
    del request
    return devices()
