"""What the API says about files: uploads, the storage page, the bin."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from common.ids import Id
from storage.bin import KindName
from storage.usage import FreeName, PartName


class UploadIn(Schema):
    project_id: Id
    file_name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    size_bytes: Annotated[int, Field(ge=0, strict=True)]
    sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-fA-F]{64})?$")] = ""


class UploadOut(Schema):
    """Send the next chunk, of at most `chunk_bytes`, at `offset`."""

    id: str
    project_id: str
    file_name: str
    size_bytes: int
    offset: int
    chunk_bytes: int
    is_complete: bool
    created_at: datetime


KindInBin = Literal["bin"]


class StoragePart(Schema):
    """What one sort of files takes; `num` of them. What is in the bin counts in `bin` alone."""

    name: PartName | KindInBin
    size_bytes: int
    num: int


class StoredThing(Schema):
    """A dataset or run and what it takes: itself, or its checkpoints and explanations."""

    kind: KindName
    id: str
    name: str
    size_bytes: int


class FreeableOut(Schema):
    """What can be freed at once: `num` files, uploads or things of `size_bytes` together."""

    name: FreeName | KindInBin
    size_bytes: int
    num: int


class DiskOut(Schema):
    """The disk of the data folder, for the operator."""

    total_bytes: int
    free_bytes: int
    reserve_bytes: int


class LimitOut(Schema):
    """How much of what one may use is used."""

    name: str
    used: float
    most: float


class ProjectStorage(Schema):
    """What takes the space of a project.

    `counted_once_bytes` is what the same content in several places would take more: the parts add
    up to `used_bytes` and it.
    """

    project_id: str
    used_bytes: int
    quota_bytes: int
    counted_once_bytes: int
    parts: list[StoragePart]
    things: list[StoredThing]
    num_things: int
    freeable: list[FreeableOut]
    can_free: bool
    limits: list[LimitOut]


class StoredProject(Schema):
    id: str
    name: str
    used_bytes: int
    quota_bytes: int
    is_in_bin: bool


class OpenUpload(Schema):
    """An upload of one's own that is unfinished or not used yet."""

    id: str
    project_name: str
    file_name: str
    size_bytes: int
    offset: int
    changed_at: datetime


class PersonStorage(Schema):
    """What the projects that count for a person hold, and how far the other limits are."""

    used_bytes: int
    quota_bytes: int
    projects: list[StoredProject]
    uploads: list[OpenUpload]
    limits: list[LimitOut]
    disk: DiskOut | None


class FreeIn(Schema):
    what: FreeName


class FreedOut(Schema):
    freed_bytes: int


class BinnedThing(Schema):
    """Something in the bin. `kept_because` says what still needs it; then it outlasts its time."""

    kind: KindName
    id: str
    name: str
    what: str
    size_bytes: int
    deleted_at: datetime
    deleted_by: str | None
    purged_at: datetime
    is_purging: bool
    kept_because: str


class BinOut(Schema):
    items: list[BinnedThing]
    total: int
    size_bytes: int
    bin_days: int
    can_restore: bool
    can_purge: bool
    next: str | None = None


class BinnedProject(Schema):
    id: str
    name: str
    what: str
    size_bytes: int
    deleted_at: datetime
    deleted_by: str | None
    purged_at: datetime
    is_purging: bool


class BinnedProjectList(Schema):
    items: list[BinnedProject]
    total: int
    bin_days: int
    next: str | None = None
