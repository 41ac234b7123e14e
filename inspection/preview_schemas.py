"""What a page asks of a live preview, and what it is shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StringConstraints, model_validator

from common.ids import Id
from netloom.explain.activation_results import ActivationOptions
from netloom.serve.requests import Preview

PageName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
NodePath = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class MadeUpSample(Schema):
    """Random numbers or tokens, decided by the seed."""

    kind: Literal["random"] = "random"
    seed: Seed = 0


class ItemSample(Schema):
    """An image of a dataset."""

    kind: Literal["item"] = "item"
    item_id: Id


class UploadSample(Schema):
    """An image that was just uploaded."""

    kind: Literal["upload"] = "upload"
    upload_id: Id


class RandomWeights(Schema):
    """Weights as a new run with this seed would begin with them."""

    kind: Literal["random"] = "random"
    seed: Seed = 0


class RunWeights(Schema):
    """The newest or best weights of a run, also of one that is still going."""

    kind: Literal["run"] = "run"
    run_id: Id
    pick: Literal["best", "last"] = "best"


class CheckpointWeights(Schema):
    """The weights of one checkpoint."""

    kind: Literal["checkpoint"] = "checkpoint"
    checkpoint_id: Id


class FileWeights(Schema):
    """The weights that came with a file."""

    kind: Literal["file"] = "file"
    weight_set_id: Id


class PretrainedWeights(Schema):
    """Published weights of a known network."""

    kind: Literal["pretrained"] = "pretrained"


Sample = Annotated[MadeUpSample | ItemSample | UploadSample, Field(discriminator="kind")]
Weights = Annotated[
    RandomWeights | RunWeights | CheckpointWeights | FileWeights | PretrainedWeights,
    Field(discriminator="kind"),
]


class PreviewIn(Schema):
    """One sample through a document as it is drawn.

    Attributes:
        page: Names the page that asks; its next request overtakes this one.
        only: Path of the one node to look at closely; it does not overtake the view of all.
    """

    document: Annotated[
        dict[str, Any],
        Field(description="A network document of any schema version; the server migrates it."),
    ]
    page: PageName
    sample: Sample = MadeUpSample()
    weights: Weights = RandomWeights()
    only: NodePath | None = None
    options: ActivationOptions = ActivationOptions()

    @model_validator(mode="after")
    def _stays_small(self) -> PreviewIn:
        columns, rows = self.options.matrix_px
        if columns > MOST_PX or rows > MOST_PX:
            raise ValueError(f"a matrix is shown with up to {MOST_PX} columns and rows")
        if self.only is None and self.options != ActivationOptions():
            raise ValueError("options go with `only`, the one node to look at closely")
        return self


MOST_PX = 512


class PreviewOut(Preview):
    """A finished preview; see the job's result for the checkpoint its weights came from."""


class PreviewCheckpoint(Schema):
    """Whose weights a preview shows, in its job's result."""

    id: str
    run_id: str
    step: int
    epoch: float
