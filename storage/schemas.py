"""What the API says about uploads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field, StringConstraints

from common.ids import Id


class UploadIn(Schema):
    project_id: Id
    file_name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    size_bytes: Annotated[int, Field(ge=0)]
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
