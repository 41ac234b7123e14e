"""The one way to an upload."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.access import require_role
from accounts.models import Person
from common.errors import Code, Problem, not_found
from storage.models import Upload


def access_upload(person: Person, upload_id: str) -> Upload:
    """Fetch one's own upload, as long as one may still edit in its project."""
    upload = Upload.objects.select_related("project").filter(pk=upload_id).first()
    if upload is None:
        raise not_found("upload")
    if upload.person_id != person.id:
        raise not_found("upload")
    require_role(person, upload.project_id, "edit", "upload")
    return upload


def access_complete_upload(person: Person, upload_id: str, project_id: str) -> Upload:
    """Fetch an upload that has arrived, for use in its project."""
    upload = access_upload(person, upload_id)
    if upload.project_id != project_id:
        raise not_found("upload")
    if not upload.is_complete:
        raise _incomplete(upload)
    return upload


def access_complete_uploads(
    person: Person, upload_ids: Sequence[str], project_id: str
) -> list[Upload]:
    """The same for many, in their order and in one query."""
    require_role(person, project_id, "edit", "upload")
    found = Upload.objects.filter(person=person, project_id=project_id).in_bulk(list(upload_ids))
    uploads = [found[upload_id] for upload_id in upload_ids if upload_id in found]
    if len(uploads) != len(upload_ids):
        raise not_found("upload")
    for upload in uploads:
        if not upload.is_complete:
            raise _incomplete(upload)
    return uploads


def _incomplete(upload: Upload) -> Problem:
    return Problem(
        Code.UPLOAD_INCOMPLETE,
        f"{upload.file_name} has not arrived completely"
        f" ({upload.offset} of {upload.size_bytes} bytes).",
        "Wait for the upload to end, or start it again.",
    )
