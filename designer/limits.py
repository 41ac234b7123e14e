"""What networks may take of the database: how large each is, how many, room on the disk."""

from __future__ import annotations

from accounts.limits import Limit, limit_of_project
from accounts.models import Project
from common.errors import Code, Problem
from designer.models import Network
from netloom.graph.document import Document
from netloom.graph.limits import MAX_DOCUMENT_BYTES, params_problem
from storage.disk import MEGABYTE, require_free


def count_networks(project: Project) -> int:
    """Return how many networks a project has.

    Those in the bin count: they take as much room as the others until they are deleted for good.
    """
    return Network.objects.filter(project=project).count()


def require_network_allowed(project: Project) -> None:
    """Check that a project may have one more network; within the transaction that makes it.

    Raises:
        Problem: `quota_exceeded`.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    most = int(limit_of_project(Limit.NETWORKS, project))
    present = count_networks(project)
    if present >= most:
        raise Problem(
            Code.QUOTA_EXCEEDED,
            f"The project has {present:,} networks, those in the bin included; {most:,} are"
            " allowed.",
            "Delete some for good, or ask the operator to raise NETLOOM_PROJECT_NETWORKS.",
            quota="networks",
            present=present,
            most=most,
        )


def require_storable(document: Document) -> None:
    """Check a document that is new to the database, and that the disk has room for it.

    Raises:
        Problem: `document_invalid` for parameters beyond what operations let anybody set,
            `too_large`, or `disk_full`.
    """
    for scope in (document.graph, *document.graph.blocks.values()):
        for node in scope.nodes.values():
            message = params_problem(node)
            if message is not None:
                raise Problem(Code.DOCUMENT_INVALID, message, "Correct the network and try again.")
    require_room(document)


def require_room(document: Document) -> None:
    """Check the size of a document and that the disk keeps its reserve with one more of it.

    Raises:
        Problem: `too_large`, or `disk_full`.
    """
    size_bytes = len(document.model_dump_json(by_alias=True).encode())
    if size_bytes > MAX_DOCUMENT_BYTES:
        raise Problem(
            Code.TOO_LARGE,
            f"The network would take {size_bytes / MEGABYTE:.1f} MB;"
            f" {MAX_DOCUMENT_BYTES / MEGABYTE:.1f} MB are allowed.",
            "Remove layers, shorten long parameters, or draw what repeats as a block.",
            size_bytes=size_bytes,
            most_bytes=MAX_DOCUMENT_BYTES,
        )
    require_free(size_bytes)
