"""From the plain parameters of a document to a layer's typed ones, with problems as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from netloom.graph.document import ParamValue
from netloom.layers.base import AnyLayer
from netloom.layers.describe import ParamDescription, describe_param
from netloom.layers.learning import DEFAULT_LEARNING, LEARNING_NAMES, LearningParams
from netloom.layers.params import LayerParams

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=LayerParams)


@dataclass(frozen=True, slots=True)
class ParamError:
    """Why a value is not accepted.

    Attributes:
        param: Name, None where several values do not fit together.
        is_missing: The parameter has no default and no value.
        nearest: The closest accepted number, where the value is one that is out of range.
    """

    param: str | None
    message: str
    is_missing: bool = False
    nearest: int | float | None = None


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
        found = _explain(title, model, detail)
        by_param.setdefault(found.param, found)
    return None


def _explain(layer_title: str, model: type[LayerParams], detail: ErrorDetails) -> ParamError:
    name = str(detail["loc"][0]) if detail["loc"] else None
    if name is None:
        reason = detail["msg"].removeprefix("Value error, ")
        return ParamError(None, f"{layer_title}: {reason}.")
    description = describe_param(name, model.model_fields[name])
    title = description.title
    if detail["type"] == "missing":
        return ParamError(name, f"{title} has no value.", is_missing=True)
    return ParamError(
        name,
        f"{title} must be {_accepted(description)}, not {_shown(detail['input'])}.",
        nearest=_nearest(description, detail["input"]),
    )


def _accepted(description: ParamDescription) -> str:
    limits = _range_text(description)
    match description.kind:
        case "int":
            words = f"a whole number{limits}"
        case "float":
            words = f"a number{limits}"
        case "bool":
            words = "on or off"
        case "choice":
            words = "one of " + ", ".join(str(choice) for choice in description.choices)
        case "text":
            words = "text"
        case "int_pair" | "int_triple":
            words = f"{_one_or(description.count)}{limits}"
        case "padding":
            words = f"“same”, or {_one_or(description.count)}{limits}"
        case "int_list":
            words = f"a list of whole numbers{limits}"
        case "float_list":
            words = "a list of numbers"
    return f"{words}, or empty" if description.is_optional else words


def _one_or(count: int | None) -> str:
    words = {2: "one or two whole numbers", 3: "one or three whole numbers"}
    return words.get(count or 1, "a whole number")


def _range_text(description: ParamDescription) -> str:
    low, high = description.minimum, description.maximum
    if low is not None and high is not None:
        return f" from {low:,} to {high:,}"
    if low is not None:
        return f" of at least {low:,}"
    return "" if high is None else f" of at most {high:,}"


def _shown(value: object) -> str:
    if isinstance(value, int) and abs(value) >= 10**18:
        return "such a large one"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _nearest(description: ParamDescription, value: object) -> int | float | None:
    if description.kind not in ("int", "float") or isinstance(value, bool):
        return None
    if not isinstance(value, int | float):
        return None
    low, high = description.minimum, description.maximum
    if low is not None and value < low:
        return low
    if high is not None and value > high:
        return high
    return round(value) if description.kind == "int" else None
