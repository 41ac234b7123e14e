"""What is said about weights alone, and about where they would go."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from common.ids import Id
from designer.schemas import RawDocument
from netloom.formats.matching import Matching
from netloom.formats.normalisations import NormalisationName
from netloom.surgery.standing import WeightStanding


class WeightFileSummary(Schema):
    """Weights that wait for the network they belong to."""

    id: str
    project_id: str
    source: str
    format: str
    num_tensors: int
    size_bytes: int
    created_at: datetime


class NetworkFit(Schema):
    """How much of a file a network takes.

    Attributes:
        share: Of the network's learned numbers, 0 to 1.
    """

    network_id: str
    name: str
    num_matched: int
    num_places: int
    num_by_name: int
    share: float


class WeightFileFits(WeightFileSummary):
    """The same with the networks of the project that it fits, best first."""

    fits: list[NetworkFit]


class MatchRequest(Schema):
    """Which network, and how images were given where the weights were trained."""

    network_id: Id
    images: NormalisationName | None = None


class WeightMatching(Matching):
    """Which tensor of a file goes where in a network."""


class StandingRequest(Schema):
    """A network as it is drawn now."""

    document: RawDocument


class Standing(Schema):
    """Where the weights of each layer stand, by path without the numbers of repeats.

    Attributes:
        weight_set_id: What they are compared with; None where the network has no weights.
    """

    weight_set_id: str | None = None
    source: str = ""
    nodes: Annotated[dict[str, WeightStanding], Field()] = {}
