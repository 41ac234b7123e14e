"""What is said about weights alone, and about where they would go."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from ninja import Schema
from pydantic import Field, model_validator

from common.ids import Id
from netloom.formats.matching import Matching
from netloom.formats.normalisations import NormalisationName


class WeightFileSummary(Schema):
    """Weights that wait for the network they belong to."""

    id: str
    project_id: str
    source: str
    format: str
    num_tensors: int
    size_bytes: int
    created_at: datetime


class Fit(Schema):
    """How much of a file a network takes.

    Attributes:
        num_in_file: Tensors that a network could take.
        share: Of the network's learned numbers, 0 to 1.
    """

    name: str
    num_matched: int
    num_in_file: int
    num_places: int
    num_by_name: int
    share: float


class NetworkFit(Fit):
    """A network of the project."""

    network_id: str


class TemplateFit(Fit):
    """A template, with the channels and classes of the file."""

    template: str


class ZooFit(Schema):
    """A network of the zoo with weights of this name, or with as many parameters."""

    provider: str
    name: str
    is_same_name: bool


class WeightFileFits(WeightFileSummary):
    """The same with what it fits, best first: networks of the project, templates, the zoo.

    Attributes:
        num_parameters: Learned numbers.
    """

    num_parameters: int
    fits: list[NetworkFit]
    templates: list[TemplateFit]
    zoo: list[ZooFit]


class MatchRequest(Schema):
    """Which network or template, and how images were given where the weights were trained."""

    network_id: Id | None = None
    template: Annotated[str, Field(max_length=100)] | None = None
    images: NormalisationName | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.network_id is None) == (self.template is None):
            raise ValueError("Name a network or a template, and not both.")
        return self


class WeightMatching(Matching):
    """Which tensor of a file goes where in a network."""
