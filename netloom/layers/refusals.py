"""Why a value of a parameter is not accepted, in words for the field that holds it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from pydantic import BaseModel

from netloom.layers.fields import ParamDescription, describe_param

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


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


class RefusedArgument(ValueError):
    """A value within a parameter that is not accepted.

    Attributes:
        param: The parameter and the value within it, `arguments.dim`; the parameter alone where
            several values do not fit together.
    """

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


def explain_refusal(owner: str, model: type[BaseModel], detail: ErrorDetails) -> ParamError:
    """Return what validation found as a problem for people.

    Args:
        owner: What the parameters are of, for problems of several together.
        detail: Of a `ValidationError` of `model`.
    """
    name = str(detail["loc"][0]) if detail["loc"] else None
    if name is None:
        reason = detail["msg"].removeprefix("Value error, ")
        error = detail.get("ctx", {}).get("error")
        if isinstance(error, RefusedArgument):
            return ParamError(error.param, str(error))
        return ParamError(None, f"{owner}: {reason}.")
    if name not in model.model_fields:
        return ParamError(name, f"{owner} has no parameter {name!r}.")
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
    if not isinstance(value, int | float) or not isfinite(value):
        return None
    low, high = description.minimum, description.maximum
    if low is not None and value < low:
        return low
    if high is not None and value > high:
        return high
    return round(value) if description.kind == "int" else None
