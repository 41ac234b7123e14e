"""The one rule of a three-way merge, and what it could not settle by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from netloom.graph.difference_words import value_words
from netloom.graph.document import Document, ExposedParam, Frame

Side = Literal["ours", "theirs"]
Choices = Mapping[str, Side]
Value = TypeVar("Value")
Key = TypeVar("Key", bound=str)

Kind = Literal["value", "deleted", "connection", "order", "loop"]


class MergeRefused(ValueError):
    """These documents cannot be merged; the text says why."""


class Sides(NamedTuple):
    """The three documents of a merge."""

    base: Document
    ours: Document
    theirs: Document


class Absent:
    """Stands for the value of a thing that the base does not have: equal to no other."""


ABSENT = Absent()


class Conflict(BaseModel):
    """Something that both sides changed differently, in words.

    Attributes:
        id: To choose a side by; the same for the same documents.
        scope: Block that it is in; None on the top level.
        what: The thing, e.g. `conv1: out_channels`.
        base: What it was, and what each side made of it.
        chosen: How it is settled in the merged document.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: Kind
    scope: str | None
    node_id: str | None
    what: str
    base: str
    ours: str
    theirs: str
    chosen: Side

    @property
    def message(self) -> str:
        """One line for a terminal."""
        return f"{self.what}: was {self.base}, ours {self.ours}, theirs {self.theirs}"


@dataclass(slots=True)
class Parts:
    """Decides value by value, and writes down what both sides changed."""

    sides: Sides
    choices: dict[str, Side]
    conflicts: list[Conflict] = field(default_factory=list[Conflict])
    notes: list[str] = field(default_factory=list[str])
    kept_blocks: set[str] = field(default_factory=set[str])
    restored: dict[str, Side] = field(default_factory=dict[str, Side])
    """Nodes and blocks that one side deleted and that stay, with the side that keeps them."""

    def pick(
        self,
        key: str,
        scope: str | None,
        node_id: str | None,
        what: str,
        base: Value,
        ours: Value,
        theirs: Value,
    ) -> Value:
        """The value that one side changed; a chosen side's when both changed it differently."""
        if _is_same(ours, theirs) or _is_same(theirs, base):
            return ours
        if _is_same(ours, base):
            return theirs
        words = tuple(words_of(value) for value in (base, ours, theirs))
        side = self.conflict(key, "value", scope, node_id, what, *words)
        return ours if side == "ours" else theirs

    def pick_each(
        self,
        key: str,
        scope: str | None,
        node_id: str | None,
        what: str,
        base: Mapping[Key, Value],
        ours: Mapping[Key, Value],
        theirs: Mapping[Key, Value],
    ) -> dict[Key, Value]:
        """Merge entry by entry."""
        merged: dict[Key, Value] = {}
        for name in sorted(base.keys() | ours.keys() | theirs.keys()):
            sides = [_Entry.of(values, name) for values in (base, ours, theirs)]
            label = f"{what} {name}"
            chosen = self.pick(f"{key}:{name}", scope, node_id, label, *sides)
            if chosen is not None:
                merged[name] = cast("Value", chosen.value)
        return merged

    def pick_list(
        self,
        key: str,
        scope: str | None,
        what: str,
        base: list[str],
        ours: list[str],
        theirs: list[str],
    ) -> list[str]:
        """Merge a list of ids: additions and removals of both; a conflict where order differs."""
        if ours == theirs or theirs == base:
            return ours
        if ours == base:
            return theirs
        stay = [item for item in base if item in ours and item in theirs]
        if all([i for i in side if i in stay] == stay for side in (ours, theirs)):
            return stay + sorted((set(ours) | set(theirs)) - set(base))
        words = tuple(", ".join(values) for values in (base, ours, theirs))
        side = self.conflict(key, "order", scope, None, what, *words)
        return ours if side == "ours" else theirs

    def presence(
        self,
        key: str,
        scope: str | None,
        node_id: str | None,
        what: str,
        base: object | None,
        ours: object | None,
        theirs: object | None,
    ) -> bool:
        """Whether a thing stays: a conflict when one side deleted what the other changed."""
        is_kept = ours is not None and theirs is not None
        if base is None:
            is_kept = ours is not None or theirs is not None
        elif (ours is None) != (theirs is None):
            other = theirs if ours is None else ours
            if not _is_same(other, base):
                words = tuple("deleted" if v is None else "changed" for v in (ours, theirs))
                side = self.conflict(key, "deleted", scope, node_id, what, "there", *words)
                is_kept = (ours if side == "ours" else theirs) is not None
                if is_kept:
                    self.restored[node_id or f"block:{scope}"] = side
        if is_kept and key.startswith("block:"):
            self.kept_blocks.add(key.removeprefix("block:"))
        return is_kept

    def conflict(
        self,
        key: str,
        kind: Kind,
        scope: str | None,
        node_id: str | None,
        what: str,
        base: str,
        ours: str,
        theirs: str,
    ) -> Side:
        """Write a conflict down; returns the side that settles it."""
        side = self.choices.get(key, "ours")
        self.conflicts.append(
            Conflict(
                id=key,
                kind=kind,
                scope=scope,
                node_id=node_id,
                what=what,
                base=base,
                ours=ours,
                theirs=theirs,
                chosen=side,
            )
        )
        return side


@dataclass(frozen=True, slots=True)
class _Entry:
    """A value that is there, which may be None itself."""

    value: object

    @classmethod
    def of(cls, values: Mapping[Key, object], name: Key) -> _Entry | None:
        return cls(values[name]) if name in values else None


def _is_same(one: object, other: object) -> bool:
    """Equal, and of one kind: 1 and True are different values of a parameter."""
    if isinstance(one, _Entry) and isinstance(other, _Entry):
        return _is_same(one.value, other.value)
    if isinstance(one, bool | int | float | list) and isinstance(other, bool | int | float | list):
        return json.dumps(one) == json.dumps(other)
    return one == other


def words_of(value: object) -> str:
    """A value of any part in words."""
    if value is None:
        return "not set"
    if isinstance(value, _Entry):
        return words_of(value.value)
    if isinstance(value, Absent):
        return "not there"
    if isinstance(value, ExposedParam):
        return f"{value.node}.{value.param}"
    if isinstance(value, Frame):
        return value_words(f"{value.title} {value.text}".strip() or "moved or resized")
    return value_words(value)
