"""What is said about networks that come from files, and about their weights."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field, StringConstraints

from common.ids import Id
from netloom.formats.imported import ImportReport

MOST_SIDE_FILES = 31


class NewNetworkImport(Schema):
    """A file that has been uploaded, to be opened as a network.

    Attributes:
        side_upload_ids: Other files that belong to it, such as the weights of a Caffe network or
            the tensors that an ONNX file keeps outside. Which of them is the main one is found out.
        name: Of the network; empty takes the file's.
    """

    project_id: Id
    upload_id: Id
    side_upload_ids: Annotated[list[Id], Field(max_length=MOST_SIDE_FILES)] = []
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""


class WeightSetSummary(Schema):
    """Weights that came with a file.

    Attributes:
        source: Name of the file.
        num_tensors: 0 where the file held an architecture alone.
        classes: Class names in the order of the output, as far as the file says.
    """

    id: str
    network_id: str
    source: str
    format: str
    num_tensors: int
    size_bytes: int
    classes: list[str]
    created_at: datetime


class NetworkImportReport(ImportReport):
    """How a network came in. What a row calls nodes may be gone by now."""


class WeightSet(WeightSetSummary):
    """The same with how it came in."""

    report: NetworkImportReport
