"""The parameter model of a layer type, and the field kinds the property form knows.

Everything a form needs (title, unit, range, choices, default) is read from these declarations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MAX_SIZE = 1_000_000_000
"""Largest channel or feature count that is taken seriously; larger ones are typing errors."""
MAX_KERNEL = 65_536

ParamKind = Literal[
    "int",
    "float",
    "bool",
    "choice",
    "text",
    "int_pair",
    "int_triple",
    "padding",
    "int_list",
    "float_list",
]

T = TypeVar("T")


class LayerParams(BaseModel):
    """Base of every layer's parameters: closed, immutable, no silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class FormKind:
    """Marks a type with the field the form shows for it, and the range of each number.

    Attributes:
        count: How many numbers a padding has: one for each direction.
    """

    kind: ParamKind
    minimum: float | None = None
    maximum: float | None = None
    count: int | None = None


def param(
    default: T,
    title: str,
    description: str = "",
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    on_card: bool = False,
    is_advanced: bool = False,
    section: str = "",
) -> T:
    """Declare a parameter: its default and what a person reads about it.

    Args:
        unit: Shown behind the value, e.g. `px`.
        on_card: Shown on the node itself, not only in the form.
        is_advanced: Folded away in the form.
        section: Name of the form's section it stands in; empty for the layer's own parameters.
    """
    extra: dict[str, Any] = {
        "unit": unit,
        "on_card": on_card,
        "is_advanced": is_advanced,
        "section": section,
    }
    return Field(
        default=default,
        title=title,
        description=description,
        ge=minimum,
        le=maximum,
        json_schema_extra=extra,
    )


def as_pair(value: object) -> object:
    """Accept one number for both directions, and the lists that JSON has instead of tuples."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value, value)
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value


def as_triple(value: object) -> object:
    """Accept one number for all three directions, and lists instead of tuples."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value, value, value)
    return _as_tuple(value)


def _as_tuple(value: object) -> object:
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value


def _as_padding(value: object) -> object:
    return value if value == "same" else as_pair(value)


def _as_padding_3d(value: object) -> object:
    return value if value == "same" else as_triple(value)


def as_ints(value: object) -> object:
    """Accept one number for a list of one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    return _as_tuple(value)


def _as_floats(value: object) -> object:
    """Accept one number for a list of one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (value,)
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value


_Positive = Annotated[int, Field(ge=1, le=MAX_KERNEL)]
_NonNegative = Annotated[int, Field(ge=0, le=MAX_KERNEL)]

Pair = tuple[int, int]
"""Height and width."""
PositivePair = Annotated[
    tuple[_Positive, _Positive], BeforeValidator(as_pair), FormKind("int_pair", 1, MAX_KERNEL)
]
NonNegativePair = Annotated[
    tuple[_NonNegative, _NonNegative],
    BeforeValidator(as_pair),
    FormKind("int_pair", 0, MAX_KERNEL),
]
Padding = Annotated[
    tuple[_NonNegative, _NonNegative] | Literal["same"],
    BeforeValidator(_as_padding),
    FormKind("padding", 0, MAX_KERNEL, count=2),
]
OptionalPair = Annotated[
    tuple[_Positive, _Positive] | None,
    BeforeValidator(as_pair),
    FormKind("int_pair", 1, MAX_KERNEL),
]

Triple = tuple[int, int, int]
"""Depth, height and width."""
PositiveTriple = Annotated[
    tuple[_Positive, _Positive, _Positive],
    BeforeValidator(as_triple),
    FormKind("int_triple", 1, MAX_KERNEL),
]
NonNegativeTriple = Annotated[
    tuple[_NonNegative, _NonNegative, _NonNegative],
    BeforeValidator(as_triple),
    FormKind("int_triple", 0, MAX_KERNEL),
]
OptionalTriple = Annotated[
    tuple[_Positive, _Positive, _Positive] | None,
    BeforeValidator(as_triple),
    FormKind("int_triple", 1, MAX_KERNEL),
]
Padding3d = Annotated[
    tuple[_NonNegative, _NonNegative, _NonNegative] | Literal["same"],
    BeforeValidator(_as_padding_3d),
    FormKind("padding", 0, MAX_KERNEL, count=3),
]

PositiveInt = Annotated[_Positive, FormKind("int", 1, MAX_KERNEL)]
NonNegativeInt = Annotated[_NonNegative, FormKind("int", 0, MAX_KERNEL)]
OptionalPositiveInt = Annotated[_Positive | None, FormKind("int", 1, MAX_KERNEL)]
OptionalInt = Annotated[
    Annotated[int, Field(ge=-MAX_SIZE, le=MAX_SIZE)] | None, FormKind("int", -MAX_SIZE, MAX_SIZE)
]
Padding1d = Annotated[_NonNegative | Literal["same"], FormKind("padding", 0, MAX_KERNEL, count=1)]
Sizes = int | tuple[int, ...]
"""One number in one dimension, a tuple in several: as torch takes kernel sizes and strides."""

MAX_RANK = 8
IntList = Annotated[
    Annotated[
        tuple[Annotated[int, Field(ge=-MAX_SIZE, le=MAX_SIZE)], ...], Field(max_length=MAX_RANK)
    ],
    BeforeValidator(as_ints),
    FormKind("int_list", -MAX_SIZE, MAX_SIZE),
]
OptionalSize = Annotated[
    Annotated[int, Field(ge=1, le=MAX_SIZE)] | None, FormKind("int", 1, MAX_SIZE)
]
"""A count that may be left empty."""
FloatList = Annotated[tuple[float, ...], BeforeValidator(_as_floats), FormKind("float_list")]
