"""From the plain parameters of a document to a layer's typed ones, with problems as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from netloom.graph.document import ParamValue
from netloom.layers.base import AnyLayer
from netloom.layers.learning import DEFAULT_LEARNING, LEARNING_NAMES, LearningParams
from netloom.layers.params import LayerParams
from netloom.layers.refusals import ParamError, explain_refusal

M = TypeVar("M", bound=LayerParams)


@dataclass(frozen=True, slots=True)
class ParsedParams:
    """Typed parameters, or why there are none.

    Attributes:
        unknown: Names the layer type does not have; they are ignored.
        learning: How the layer's weights start and learn.
    """

    params: LayerParams | None
    errors: tuple[ParamError, ...] = ()
    unknown: tuple[str, ...] = ()
    learning: LearningParams = DEFAULT_LEARNING

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to complain of."""
        return self.params is not None and not self.errors and not self.unknown


def parse_params(layer: AnyLayer, raw: Mapping[str, ParamValue]) -> ParsedParams:
    """Validate raw parameters against a layer type; absent ones take their default."""
    fields = layer.Params.model_fields
    unknown: tuple[str, ...] = ()
    learning: LearningParams | None = DEFAULT_LEARNING
    by_param: dict[str | None, ParamError] = {}
    if not raw.keys() <= fields.keys():
        known = LEARNING_NAMES if layer.role == "layer" else frozenset[str]()
        unknown = tuple(sorted(raw.keys() - fields.keys() - known))
        own = {name: value for name, value in raw.items() if name in known}
        if own:
            learning = _validated(layer.title, LearningParams, own, by_param)
        raw = {name: value for name, value in raw.items() if name in fields}
    params = _validated(layer.title, layer.Params, raw, by_param)
    if params is None or learning is None:
        return ParsedParams(None, tuple(by_param.values()), unknown)
    return ParsedParams(params, unknown=unknown, learning=learning)


def _validated(
    title: str,
    model: type[M],
    raw: Mapping[str, ParamValue],
    by_param: dict[str | None, ParamError],
) -> M | None:
    """Return typed parameters, or None and in `by_param` the first problem of each."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False)
    for detail in details:
        found = explain_refusal(title, model, detail)
        by_param.setdefault(found.param, found)
    return None
