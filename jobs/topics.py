"""`job:<id>`: progress of one job, for the dialog that waits for it."""

from __future__ import annotations

from accounts.models import Person
from common.topics import Replay, register_topic
from jobs.access import access_job
from jobs.selectors import job_out


def _replay(person: Person, job_id: str, since: int) -> Replay:
    del since
    job = access_job(person, job_id, "view")
    return Replay(snapshot=job_out(job).model_dump(mode="json"))


register_topic("job", lambda person, job_id: access_job(person, job_id, "view"), _replay)
