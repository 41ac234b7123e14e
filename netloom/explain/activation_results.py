"""What a live preview shows of each layer. No torch.

Legend: C channels, H height, W width, T time, F features.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from netloom.explain.detection_results import Box

NUM_BINS = 32
PictureKind = Literal["image", "maps", "matrix", "bars", "boxes"]
PositiveInt = Annotated[int, Field(ge=1)]


class ActivationOptions(BaseModel):
    """How much of each tensor is drawn. The defaults suit a card on the canvas.

    Attributes:
        first: Channel, or number of a vector, that the picture begins with.
        num_maps: Most channels in one picture.
        num_columns: Channels beside one another.
        tile_px: Longest side of one channel; larger ones are averaged, small ones stay as they are.
        matrix_px: Most columns and rows of a matrix such as time by features.
        num_bars: Numbers of a vector; a longer one is shown by its largest per stretch, or from
            `first` on when `is_exact`.
        is_exact: Show a part of a vector number by number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: Annotated[int, Field(ge=0)] = 0
    num_maps: Annotated[int, Field(ge=1, le=64)] = 3
    num_columns: Annotated[int, Field(ge=1, le=16)] = 3
    tile_px: Annotated[int, Field(ge=8, le=512)] = 44
    matrix_px: tuple[PositiveInt, PositiveInt] = (160, 44)
    num_bars: Annotated[int, Field(ge=1, le=1024)] = 64
    is_exact: bool = False


class Picture(BaseModel):
    """A small picture of a tensor.

    Attributes:
        kind: `image` shows the colours themselves; `maps` channels, each over its own range;
            `matrix` two axes as they are; `bars` numbers, drawn by whoever shows them; `boxes`
            what was found, over the input.
        url: PNG as a data URL; None for bars, and for boxes without a real image behind them.
        boxes: In pixels of the network's input, the best first.
        height, width: Of what the boxes are measured in, in pixels; 0 where that is not known.
        values: Of the bars; None where a value is not finite.
        names: Of the bars, when they are classes.
        first, num_shown, num_all: Which channels or numbers are shown, of how many.
        num_columns: Of the channels in the picture.
        is_pooled: A bar stands for several numbers: the largest of them, its sign kept.
    """

    model_config = ConfigDict(frozen=True)

    kind: PictureKind
    url: str | None = None
    values: list[float | None] | None = None
    names: list[str] | None = None
    boxes: list[Box] | None = None
    height: int = 0
    width: int = 0
    first: int = 0
    num_shown: int
    num_all: int
    num_columns: int = 1
    is_pooled: bool = False


class TensorSummary(BaseModel):
    """One tensor that leaves a layer.

    Attributes:
        shape: With the batch of one sample.
        minimum, maximum, mean, std: Over the finite values; None when there are none.
        zero_share, nan_share, infinite_share: Of all values.
        num_dead: Channels that are zero at every position; None without channels.
        histogram: Counts of the finite values in 32 bins from minimum to maximum.
    """

    model_config = ConfigDict(frozen=True)

    port: str
    shape: list[int]
    dtype: str
    minimum: float | None
    maximum: float | None
    mean: float | None
    std: float | None
    zero_share: float
    nan_share: float
    infinite_share: float
    num_dead: int | None
    histogram: list[int]
    picture: Picture | None = None


class NodeActivation(BaseModel):
    """What one node gave for the sample.

    Attributes:
        outputs: By port; the first is the one a card shows.
        notes: What a person should know about it, as sentences.
    """

    model_config = ConfigDict(frozen=True)

    outputs: list[TensorSummary]
    notes: list[str]


class PreviewError(ValueError):
    """The sample does not pass through; the text says where and why."""
