"""Remarks on layers and regions: kept beside the document, which they never change."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Length
from django.utils import timezone

from accounts.access import may
from accounts.models import Person
from common.errors import Code, Problem, not_found
from common.topics import publish
from designer import comments_schemas as schemas
from designer.documents import stored_document
from designer.models import Comment, Network
from netloom.graph.document import Document, Node

MAX_COMMENTS = 2_000
MAX_CHARACTERS = 400_000
"""In all threads of a network: every page that shows them gets all of them."""


def thread_list(network: Network, person: Person) -> schemas.ThreadList:
    """All threads, oldest first; those wholly deleted are left out."""
    found = network.comments.select_related("author", "resolved_by").order_by("created_at", "pk")
    replies: dict[str, list[Comment]] = {}
    roots: list[Comment] = []
    for comment in found:
        if comment.thread_id is None:
            roots.append(comment)
        else:
            replies.setdefault(comment.thread_id, []).append(comment)
    nodes = _nodes(stored_document(network.document))
    can_edit = may(person, network.project_id, "edit")
    return schemas.ThreadList(
        threads=[
            _thread(root, replies.get(root.pk, []), nodes, person, can_edit)
            for root in roots
            if any(each.deleted_at is None for each in [root, *replies.get(root.pk, [])])
        ],
        can_comment=may(person, network.project_id, "label"),
    )


def _nodes(document: Document) -> dict[str, tuple[str | None, Node]]:
    """Every layer with the block that it is in."""
    graph = document.graph
    nodes: dict[str, tuple[str | None, Node]] = {
        key: (None, node) for key, node in graph.nodes.items()
    }
    for block_id, block in graph.blocks.items():
        nodes.update({key: (block_id, node) for key, node in block.nodes.items()})
    return nodes


def _thread(
    root: Comment,
    replies: list[Comment],
    nodes: dict[str, tuple[str | None, Node]],
    person: Person,
    can_edit: bool,
) -> schemas.Thread:
    scope, node = nodes.get(root.node_id, (root.scope or None, None))
    return schemas.Thread(
        id=root.pk,
        scope=scope,
        node_id=root.node_id or None,
        node_name=node.name if node else root.node_name,
        region=schemas.Region(**root.region) if root.region else None,
        is_orphan=bool(root.node_id) and node is None,
        is_resolved=root.resolved_at is not None,
        resolved_by=root.resolved_by.name if root.resolved_by else None,
        resolved_at=root.resolved_at,
        can_resolve=can_edit or root.author_id == person.pk,
        comments=[
            schemas.Comment(
                id=each.pk,
                author=each.author.name if each.author else None,
                text=each.text,
                created_at=each.created_at,
                edited_at=each.edited_at,
                is_deleted=each.deleted_at is not None,
                can_edit=each.author_id == person.pk and each.deleted_at is None,
                can_delete=(can_edit or each.author_id == person.pk) and each.deleted_at is None,
            )
            for each in [root, *replies]
        ],
    )


def start_thread(network: Network, person: Person, wanted: schemas.NewThread) -> None:
    """Begin a thread on a layer or a region.

    Raises:
        Problem: `not_found` for a layer or block that is not there; `quota_exceeded`.
    """
    document = stored_document(network.document)
    scope, name = wanted.scope, ""
    if wanted.node_id is not None:
        if wanted.node_id not in (nodes := _nodes(document)):
            raise not_found("layer")
        scope, node = nodes[wanted.node_id]
        name = node.name
    elif scope is not None and scope not in document.graph.blocks:
        raise not_found("block")
    with transaction.atomic():
        _require_room(network, wanted.text)
        comment = Comment.objects.create(
            network=network,
            scope=scope or "",
            node_id=wanted.node_id or "",
            node_name=name,
            region=wanted.region.model_dump() if wanted.region else None,
            text=wanted.text,
            author=person,
        )
    _tell(comment)


def reply(thread: Comment, person: Person, text: str) -> None:
    """Answer a thread, which is open again by that; raises Problem `quota_exceeded`."""
    root = thread.thread or thread
    with transaction.atomic():
        _require_room(root.network, text)
        Comment.objects.create(network=root.network, thread=root, text=text, author=person)
        Comment.objects.filter(pk=root.pk).update(resolved_at=None, resolved_by=None)
    _tell(root)


def change_comment(comment: Comment, person: Person, change: schemas.CommentChange) -> None:
    """Edit one's own text, or resolve a thread: its author may, and who may edit the network."""
    fields: dict[str, object] = {}
    if change.text is not None:
        _require(comment.author_id == person.pk, "Only its author edits a comment.")
        fields |= {"text": change.text, "edited_at": timezone.now()}
    if change.is_resolved is not None:
        _require(comment.thread_id is None, "Only a whole thread is resolved.")
        is_allowed = comment.author_id == person.pk or may(
            person, comment.network.project_id, "edit"
        )
        _require(is_allowed, "The author of a thread or an editor resolves it.")
        fields |= {
            "resolved_at": timezone.now() if change.is_resolved else None,
            "resolved_by": person if change.is_resolved else None,
        }
    with transaction.atomic():
        if change.text is not None:
            _require_room(comment.network, change.text, instead_of=comment)
        # Only what is changed is written: somebody else may resolve or delete it meanwhile.
        present = Comment.objects.filter(pk=comment.pk, deleted_at=None)
        if fields and not present.update(**fields):
            raise not_found("comment")
    _tell(comment)


def delete_comment(comment: Comment, person: Person) -> None:
    """Take back one's own remark; an editor may take any. Its place in the thread stays."""
    is_allowed = comment.author_id == person.pk or may(person, comment.network.project_id, "edit")
    _require(is_allowed, "Only its author or an editor deletes a comment.")
    root = comment.thread or comment
    with transaction.atomic():
        _lock(comment.network)
        Comment.objects.filter(pk=comment.pk).update(text="", deleted_at=timezone.now())
        if not Comment.objects.filter(Q(pk=root.pk) | Q(thread=root.pk), deleted_at=None).exists():
            Comment.objects.filter(pk=root.pk).delete()  # with its answers
    _tell(comment)


def _require(is_allowed: bool, reason: str) -> None:
    if not is_allowed:
        raise Problem(Code.NOT_FOUND, reason, "Answer in the thread instead.")


def _require_room(network: Network, text: str, instead_of: Comment | None = None) -> None:
    """Check, within the transaction that writes it, that one more comment may be there."""
    _lock(network)
    others = network.comments.exclude(pk=instead_of.pk if instead_of else "")
    characters = others.aggregate(total=Sum(Length("text")))["total"] or 0
    for present, most, what in (
        (others.count() + 1, MAX_COMMENTS, "comments"),
        (characters + len(text), MAX_CHARACTERS, "characters of comments"),
    ):
        if present > most:
            raise Problem(
                Code.QUOTA_EXCEEDED,
                f"A network takes {most:,} {what}, and this would be more.",
                "Delete threads that are done with.",
                quota="comments",
                most=most,
            )


def _lock(network: Network) -> None:
    """Two who write at once are counted one after the other."""
    Network.objects.select_for_update(no_key=True).only("pk").get(pk=network.pk)


def _tell(comment: Comment) -> None:
    message = schemas.CommentMessage(thread_id=comment.thread_id or comment.pk)
    publish(f"network:{comment.network_id}", message.model_dump())
