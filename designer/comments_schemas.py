"""What the comment endpoints take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints, model_validator

from netloom.graph.document import NodeId

MAX_TEXT = 4000
CommentText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)
]
Place = Annotated[float, Field(ge=-1e7, le=1e7, allow_inf_nan=False)]


class Region(Schema):
    """A rectangle of the canvas, in document pixels."""

    x: Place
    y: Place
    width_px: Annotated[float, Field(gt=0, le=100_000)]
    height_px: Annotated[float, Field(gt=0, le=100_000)]


class NewThread(Schema):
    """A remark on a layer (`node_id`) or on a region of a scope."""

    text: CommentText
    node_id: NodeId | None = None
    scope: NodeId | None = None
    region: Region | None = None

    @model_validator(mode="after")
    def _on_one_thing(self) -> NewThread:
        if (self.node_id is None) == (self.region is None):
            raise ValueError("give either node_id or region")
        return self


class NewReply(Schema):
    text: CommentText


class CommentChange(Schema):
    """What is left out stays. `is_resolved` is of the thread, so of its first remark."""

    text: CommentText | None = None
    is_resolved: bool | None = None


class Comment(Schema):
    """One remark; its text is empty once it is deleted."""

    id: str
    author: str | None
    text: str
    created_at: datetime
    edited_at: datetime | None
    is_deleted: bool
    can_edit: bool
    can_delete: bool


class Thread(Schema):
    """A remark with its answers. `is_orphan`: the layer it is on was deleted."""

    id: str
    scope: str | None
    node_id: str | None
    node_name: str
    region: Region | None
    is_orphan: bool
    is_resolved: bool
    resolved_by: str | None
    resolved_at: datetime | None
    can_resolve: bool
    comments: list[Comment]


class ThreadList(Schema):
    threads: list[Thread]
    can_comment: bool


class CommentMessage(Schema):
    """What the topic `network:<id>` says when a thread changed: read the list again."""

    type: Literal["comment"] = "comment"
    thread_id: str
