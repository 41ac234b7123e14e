"""What every writer gives: what a format cannot express, and a report of what was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from netloom.formats.imported import ParityCheck, ReportModel, Text

_MOST_NAMED = 20


class ExportOptions(BaseModel):
    """What can be chosen of a format; its JSON schema makes forms and command line options."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ExportGap(ReportModel):
    """A node that a format cannot express, known before anything is written.

    Attributes:
        path: Of the node: `id`, or `instance/inner` in one use of a block; empty for what concerns
            the network as a whole.
        block: Definition that holds the node where the gap is in all its uses; None elsewhere.
        name: What the node is called, with the names of the blocks around it: `stage1.conv2`.
        type: Its layer type.
        reason: Why it cannot be written.
        next_step: What to do about it.
    """

    path: str = ""
    block: str | None = None
    name: Text = ""
    type: Text = ""
    reason: Text
    next_step: Text = ""

    def __str__(self) -> str:
        """Return it as one line for people."""
        subject = f"{self.name} ({self.type}): " if self.type and self.name else ""
        return f"{subject}{self.reason} {self.next_step}".strip()


class ExportError(ValueError):
    """A network that cannot be written in a format; the text says why and what to do.

    Attributes:
        gaps: The nodes that are the reason; empty where it is something else.
    """

    def __init__(self, message: str, gaps: Sequence[ExportGap] = ()) -> None:
        super().__init__(message)
        self.gaps = tuple(gaps)

    @classmethod
    def of(cls, title: str, gaps: Sequence[ExportGap]) -> ExportError:
        """Make an error that names every gap on its own line."""
        lines = [f"- {gap}" for gap in gaps[:_MOST_NAMED]]
        if len(gaps) > _MOST_NAMED:
            lines.append(f"- and {len(gaps) - _MOST_NAMED:,} more")
        count = "1 thing" if len(gaps) == 1 else f"{len(gaps):,} things"
        return cls("\n".join([f"{title} cannot express {count} of the network:", *lines]), gaps)


class ExportedFile(ReportModel):
    """Attributes: name: as written, with the folder it is in, where it is in one."""

    name: Text
    size_bytes: Annotated[int, Field(ge=0)]


class ExportReport(ReportModel):
    """What was written, and how it was proved.

    Attributes:
        format: Name of the format, e.g. `onnx`.
        title: The format for people, e.g. `ONNX (opset 18)`.
        files: All of them; the one to open first.
        notes: What a person should know before using it.
        parity: The files against the network, computed by the format's own runtime; None where
            nothing could compute them, and `notes` says why.
    """

    format: Text
    title: Text
    files: list[ExportedFile]
    notes: list[Text] = Field(default_factory=list[str])
    parity: ParityCheck | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer has to say of the files that it wrote.

    Attributes:
        title: More exact than the format's own, such as one with a version; empty to keep that.
    """

    notes: Sequence[str] = field(default=())
    parity: ParityCheck | None = None
    title: str = ""
