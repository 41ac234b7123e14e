"""The dataset manifest: what a trainer reads, written by the studio or by hand.

One JSON file names the classes and every item with its label and split. Paths are absolute or
relative to the manifest's folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Split = Literal["train", "validation", "test"]


class Item(BaseModel):
    """One labelled image.

    Attributes:
        id: Stable id, echoed in predictions.
        path: File of the image; content decides the format, not the name.
        label: Index into `classes`, None where nobody said.
        digest: SHA-256 of the file's bytes in hex; saves reading every file just to name a cache.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    path: str
    label: int | None = None
    split: Split = "train"
    group: str = ""
    digest: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")


class Manifest(BaseModel):
    """A pinned dataset version."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    format: Literal["netloom.dataset"] = "netloom.dataset"
    schema_: Literal[1] = Field(default=1, alias="schema")
    classes: list[str]
    items: list[Item]

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a manifest; raises pydantic.ValidationError or OSError."""
        return cls.model_validate_json(path.read_bytes())
