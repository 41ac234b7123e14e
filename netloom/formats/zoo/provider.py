"""What a provider of networks offers: names with their facts, and the networks themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from netloom.formats.imported import ImportedNetwork

Task = Literal["classification", "segmentation", "video classification", "detection", "other"]


class ZooInput(BaseModel):
    """What a network takes, and how an image becomes that.

    Attributes:
        height: Of what it is usually given, in pixels.
        frames: Of a video; None for images.
        resize: Shorter side to which images are resized before the middle is cut out; None where
            nothing is cut.
        mean: Subtracted after scaling to 0..1, one for each channel.
        std: Divides behind that.
    """

    model_config = ConfigDict(frozen=True)

    channels: int = 3
    height: int = 224
    width: int = 224
    frames: int | None = None
    resize: int | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


class ZooWeights(BaseModel):
    """One set of trained weights.

    Attributes:
        url: Where it can be had; the file's name is the last part.
        size_mb: Of the file, in millions of bytes.
        metrics: By data set and measure, e.g. `ImageNet-1K acc@1`, as the provider states them.
        licence: As far as the provider says; empty where it does not.
        num_classes: How many it knows; 0 where nobody says.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    is_default: bool = False
    url: str = ""
    size_mb: float | None = None
    parameters: int | None = None
    gflops: float | None = None
    metrics: dict[str, float] = Field(default_factory=dict[str, float])
    licence: str = ""
    num_classes: int = 0
    note: str = ""
    input: ZooInput = Field(default_factory=ZooInput)

    @property
    def file_name(self) -> str:
        """What the file is called that holds them; empty where nobody says."""
        return self.url.rpartition("/")[2]


class ZooEntry(BaseModel):
    """One network.

    Attributes:
        weights: What it has been trained to; the default first.
        can_open: Whether it opens as a graph; `reason` says why not.
    """

    model_config = ConfigDict(frozen=True)

    provider: str
    name: str
    task: Task
    weights: tuple[ZooWeights, ...] = ()
    can_open: bool = True
    reason: str = ""

    @property
    def default(self) -> ZooWeights | None:
        """The weights that are meant where none are named."""
        return self.weights[0] if self.weights else None


class ZooError(ValueError):
    """A network of a zoo cannot be had; the text says why and what to do."""


class Provider(Protocol):
    """A source of networks. Lists without torch where that is possible."""

    name: str

    def entries(self) -> list[ZooEntry]:
        """Return everything it offers.

        Raises:
            ZooError: It is not installed.
        """
        ...

    def open(
        self,
        name: str,
        *,
        weights: str | Path | None = None,
        file: Path | None = None,
        may_download: bool = False,
        num_classes: int | None = None,
    ) -> ImportedNetwork:
        """Build a network as an editable graph, folded by module.

        Args:
            weights: Name of a set of weights, or a file; None leaves them as they are initialised.
            file: Where the named weights are; without it they are looked for.
            may_download: Named weights that are not on this machine may be fetched.

        Raises:
            ZooError: No such network or weights, or they may not be downloaded.
        """
        ...
