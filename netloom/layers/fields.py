"""A parameter as data: the field that a form shows for it, read from its declaration."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from netloom.graph.document import ParamValue, Scalar
from netloom.layers.params import FormKind, ParamKind


class ParamDescription(BaseModel):
    """One field of the property form.

    Attributes:
        minimum: Smallest number accepted (of each number, where there are several).
        choices: Accepted values of a `choice`.
        count: How many numbers there are where each direction has its own; None for any number.
        is_optional: None is accepted and has a meaning of its own.
        section: Empty for the layer's own parameters; `learning` for those that every layer with
            weights has.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: ParamKind
    title: str
    description: str
    default: ParamValue
    is_required: bool
    minimum: int | float | None
    maximum: int | float | None
    unit: str
    choices: list[Scalar]
    count: int | None
    is_optional: bool
    is_advanced: bool
    on_card: bool
    section: str


def describe_params(model: type[BaseModel]) -> list[ParamDescription]:
    """Return every parameter of a model as data, in order."""
    return [describe_param(name, field) for name, field in model.model_fields.items()]


def describe_param(name: str, field: FieldInfo) -> ParamDescription:
    """Return one parameter as data, read from its annotation and `param(...)` metadata."""
    form = next((item for item in field.metadata if isinstance(item, FormKind)), None)
    annotation = _without_none(field.annotation)
    minimum, maximum = _limits([*field.metadata, *_item_metadata(annotation)])
    extra = cast("dict[str, Any]", field.json_schema_extra or {})
    default: object = None if field.is_required() else cast("object", field.default)
    choices = _choices(field.annotation)
    return ParamDescription(
        name=name,
        kind=form.kind if form else _plain_kind(annotation, name),
        title=field.title or name,
        description=field.description or "",
        default=_plain(default),
        is_required=field.is_required(),
        minimum=form.minimum if form else minimum,
        maximum=form.maximum if form else maximum,
        unit=extra.get("unit", ""),
        choices=choices,
        count=_count(form),
        is_optional=_accepts_none(field.annotation),
        is_advanced=extra.get("is_advanced", False),
        on_card=extra.get("on_card", False),
        section=extra.get("section", ""),
    )


_PLAIN_KINDS: dict[object, ParamKind] = {int: "int", float: "float", bool: "bool", str: "text"}


def _plain_kind(annotation: object, name: str) -> ParamKind:
    if get_origin(annotation) is Literal:
        return "choice"
    if _item(annotation) is int:
        return "int_list"
    if annotation not in _PLAIN_KINDS:
        raise TypeError(f"parameter {name} needs a FormKind beside its type {annotation}")
    return _PLAIN_KINDS[annotation]


def _without_none(annotation: object) -> object:
    if not _accepts_none(annotation):
        return annotation
    [*others] = (each for each in get_args(annotation) if each is not type(None))
    return others[0] if len(others) == 1 else annotation


def _item(annotation: object) -> object:
    """Return the type of each number of a tuple of any length; None of anything else."""
    match get_args(annotation):
        case (item, more) if get_origin(annotation) is tuple and more is Ellipsis:
            return get_args(item)[0] if get_origin(item) is Annotated else item
        case _:
            return None


def _item_metadata(annotation: object) -> list[object]:
    """Return what is declared of each number of a tuple of any length."""
    if _item(annotation) is None:
        return []
    [item, _] = get_args(annotation)
    declared = cast("tuple[FieldInfo, ...]", get_args(item)[1:])
    return [each for field in declared for each in field.metadata]


def _limits(metadata: list[object]) -> tuple[int | float | None, int | float | None]:
    minimum = next((item.ge for item in metadata if isinstance(item, Ge)), None)
    maximum = next((item.le for item in metadata if isinstance(item, Le)), None)
    return cast("int | float | None", minimum), cast("int | float | None", maximum)


def _count(form: FormKind | None) -> int | None:
    counts: dict[str, int] = {"int_pair": 2, "int_triple": 3}
    return None if form is None else form.count or counts.get(form.kind)


def _plain(default: object) -> ParamValue:
    """Return a default as the document would hold it."""
    if isinstance(default, tuple):
        return list(cast("tuple[Scalar, ...]", default))
    return cast("ParamValue", default)


def _choices(annotation: object) -> list[Scalar]:
    if get_origin(annotation) is not Literal:
        return []
    return list(cast("tuple[Scalar, ...]", get_args(annotation)))


def _accepts_none(annotation: object) -> bool:
    return get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation)
