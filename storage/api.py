"""Uploads in chunks."""

from __future__ import annotations

from typing import Annotated

from ninja import Router, Status
from ninja.params.functions import Query

from accounts.access import access_project
from accounts.auth import PersonRequest
from storage import uploads
from storage.access import access_upload
from storage.api_bin import router as storage_router
from storage.models import Upload
from storage.schemas import UploadIn, UploadOut

router = Router(tags=["uploads"])
router.add_router("", storage_router)

CHUNK_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/uploads", response={201: UploadOut}, operation_id="create_upload")
def create_upload(request: PersonRequest, payload: UploadIn) -> Status[UploadOut]:
    project = access_project(request.person, payload.project_id, "edit")
    upload = uploads.create_upload(
        request.person,
        project,
        file_name=payload.file_name,
        size_bytes=payload.size_bytes,
        sha256=payload.sha256,
    )
    return Status(201, _upload(upload))


@router.get("/uploads/{upload_id}", response=UploadOut, operation_id="get_upload")
def get_upload(request: PersonRequest, upload_id: str) -> UploadOut:
    """Where to go on after a lost connection."""
    return _upload(access_upload(request.person, upload_id))


@router.put(
    "/uploads/{upload_id}",
    response=UploadOut,
    operation_id="append_to_upload",
    openapi_extra=CHUNK_BODY,
)
def append_to_upload(
    request: PersonRequest, upload_id: str, offset: Annotated[int, Query(ge=0)]
) -> UploadOut:
    """The body is the chunk itself, as application/octet-stream."""
    upload = access_upload(request.person, upload_id)
    return _upload(uploads.append_chunk(upload, offset, request.body))


@router.delete("/uploads/{upload_id}", response={204: None}, operation_id="discard_upload")
def discard_upload(request: PersonRequest, upload_id: str) -> Status[None]:
    uploads.discard_upload(access_upload(request.person, upload_id))
    return Status(204, None)


def _upload(upload: Upload) -> UploadOut:
    return UploadOut(
        id=upload.id,
        project_id=upload.project_id,
        file_name=upload.file_name,
        size_bytes=upload.size_bytes,
        offset=upload.offset,
        chunk_bytes=uploads.chunk_bytes(),
        is_complete=upload.is_complete,
        created_at=upload.created_at,
    )
