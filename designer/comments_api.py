"""The comment endpoints. Who may view a network reads; who may label or edit in it writes."""

from __future__ import annotations

from ninja import Router, Status

from accounts.auth import PersonRequest
from designer import comments
from designer import comments_schemas as schemas
from designer.access import access_comment, access_network

router = Router(tags=["networks"])


@router.get(
    "/networks/{network_id}/comments", response=schemas.ThreadList, operation_id="list_comments"
)
def list_comments(request: PersonRequest, network_id: str) -> schemas.ThreadList:
    """Threads on the layers and regions of a network, oldest first."""
    network = access_network(request.person, network_id, "view")
    return comments.thread_list(network, request.person)


@router.post(
    "/networks/{network_id}/comments",
    response={201: schemas.ThreadList},
    operation_id="start_thread",
)
def start_thread(
    request: PersonRequest, network_id: str, payload: schemas.NewThread
) -> Status[schemas.ThreadList]:
    """Begin a thread on a layer or a region."""
    network = access_network(request.person, network_id, "label")
    comments.start_thread(network, request.person, payload)
    return Status(201, comments.thread_list(network, request.person))


@router.post(
    "/comments/{comment_id}/replies",
    response={201: schemas.ThreadList},
    operation_id="reply_to_comment",
)
def reply_to_comment(
    request: PersonRequest, comment_id: str, payload: schemas.NewReply
) -> Status[schemas.ThreadList]:
    """Answer in a thread; a resolved one is open again."""
    comment = access_comment(request.person, comment_id)
    comments.reply(comment, request.person, payload.text)
    return Status(201, comments.thread_list(comment.network, request.person))


@router.patch("/comments/{comment_id}", response=schemas.ThreadList, operation_id="change_comment")
def change_comment(
    request: PersonRequest, comment_id: str, payload: schemas.CommentChange
) -> schemas.ThreadList:
    """Edit one's own remark, or resolve or reopen a thread."""
    comment = access_comment(request.person, comment_id)
    comments.change_comment(comment, request.person, payload)
    return comments.thread_list(comment.network, request.person)


@router.delete("/comments/{comment_id}", response={204: None}, operation_id="delete_comment")
def delete_comment(request: PersonRequest, comment_id: str) -> Status[None]:
    """Take a remark back; what was answered to it stays."""
    comment = access_comment(request.person, comment_id)
    comments.delete_comment(comment, request.person)
    return Status(204, None)
