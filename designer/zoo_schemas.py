"""What is said about networks that others have made."""

from __future__ import annotations

from typing import Annotated

from ninja import Schema
from pydantic import StringConstraints

from common.ids import Id
from netloom.formats.zoo.catalogue import CatalogueRow
from netloom.formats.zoo.provider import ZooWeights


class ZooTaskCount(Schema):
    """How many networks there are for a task."""

    task: str
    count: int


class ZooPage(Schema):
    """A page of the zoo.

    Attributes:
        total: How many match, on all pages.
        tasks: Of everything that matches but for the task.
        is_complete: False while installed packages are being looked into: ask again.
        folder: Of the studio's machine; bundles and weights files that lie there are offered.
    """

    items: list[CatalogueRow]
    total: int
    tasks: list[ZooTaskCount]
    notes: list[str]
    is_complete: bool
    folder: str


class ZooWeightsOut(ZooWeights):
    """One set of trained weights.

    Attributes:
        file: What the file is called that holds them.
        is_here: Whether it is on the studio's machine.
    """

    file: str
    is_here: bool


class ZooEntryOut(Schema):
    """One network with all its weights, the usual ones first, and the row of the table."""

    row: CatalogueRow
    weights: list[ZooWeightsOut]


class OpenZooEntry(Schema):
    """A network of the zoo to be opened.

    Attributes:
        name: Of the network; empty takes the zoo's.
        weights: Name of a set of weights; empty takes those that are there.
        upload_id: A file with weights that was uploaded for it.
    """

    project_id: Id
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""
    weights: Annotated[str, StringConstraints(max_length=120)] = ""
    upload_id: Id | None = None
