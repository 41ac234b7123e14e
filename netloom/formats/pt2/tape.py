"""Runs operators of ATen one by one and writes down those that depend on the input.

Only operators that compute tensors of tensors are run, each taken by its name from a fixed list.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from torch import Tensor

from netloom.formats.damage import reason_of
from netloom.formats.imported import FormatError
from netloom.formats.pt2.form import NoForm
from netloom.formats.pt2.forms import FORMS, MAKERS, plain_form
from netloom.formats.traced.calls import CHANGED, Call, Out, Ref, Stored
from netloom.formats.traced.importing import FUNCTIONS

MAX_NUMBERS = 2**28
"""Most numbers of one tensor while a program runs."""

ALLOWED = frozenset((*FUNCTIONS, *FORMS, *MAKERS, "conv1d", "conv2d", "conv3d", "linear", "rsub"))
"""Operators that are run: those that a function of a module would be drawn for."""

_RENAMED = {"mm": "matmul", "_to_copy": "to"}


def is_allowed(base: str) -> bool:
    """Say whether an operator of ATen is run, by its name without the overload."""
    return base.rstrip("_") in ALLOWED or base in ALLOWED


class CannotCompute(FormatError):
    """An operator does not take what it is given."""


class Stock:
    """Parameters, buffers and constants of a program.

    Attributes:
        names: By the identity of the tensor.
        learned: Names of those that are parameters.
        memories: Where their numbers lie.
    """

    def __init__(self, tensors: Mapping[str, Tensor], learned: Collection[str]) -> None:
        self.names = {id(tensor): name for name, tensor in tensors.items()}
        self.learned = learned
        self.memories = {_memory(tensor) for tensor in tensors.values()} - {0}


@dataclass(slots=True)
class Tape:
    """What was computed in one run.

    Attributes:
        stock: What the program holds.
    """

    stock: Stock
    calls: list[Call] = field(default_factory=list[Call])
    _numbers: dict[int, int] = field(default_factory=dict[int, int])
    _sources: dict[int, tuple[str, ...]] = field(default_factory=dict[int, "tuple[str, ...]"])
    _kept: list[Tensor] = field(default_factory=list[Tensor])
    _views: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    _changed: set[int] = field(default_factory=set[int])
    _count: int = 0

    def follow(self, tensor: Tensor) -> Out:
        """Take a tensor that depends on the input."""
        number, self._count = self._count, self._count + 1
        self._numbers[id(tensor)] = number
        self._changed.discard(id(tensor))
        self._kept.append(tensor)  # so that no other tensor gets its id
        self._views.setdefault(_memory(tensor), []).append(id(tensor))
        return Out(number, tuple(tensor.shape), tensor.dtype)

    def is_followed(self, value: object) -> bool:
        """Say whether a tensor depends on the input."""
        return id(value) in self._numbers

    def run(
        self,
        base: str,
        overload: object,
        args: Mapping[str, object],
        path: str,
        *,
        is_whole: bool = False,
    ) -> list[Tensor]:
        """Compute an operator that `is_allowed`; written down if it depends on the input.

        Args:
            path: Of the module whose `forward` calls it.
            is_whole: It is all that the module computes.

        Raises:
            FormatError: It does not take what it is given, or would take too much memory.
        """
        inner = tensors_in(args)
        is_any_followed = any(map(self.is_followed, inner))
        is_in_place = base.endswith("_") and not base.startswith("__")
        if is_in_place:
            self._check_change(base, inner, is_any_followed=is_any_followed)
        check_size(base, args)
        results = _computed(overload, args)
        if not is_in_place:
            given = {id(each) for each in inner}
            results = [each.view_as(each) if id(each) in given else each for each in results]
        if is_any_followed:
            self._write(base, overload, args, results, path, is_whole=is_whole)
            if is_in_place:
                self._change(results[0])
        else:
            names = tuple(dict.fromkeys(name for each in inner for name in self._made_of(each)))
            for each in results:
                self._sources[id(each)] = names
                self._kept.append(each)
        return results

    def unknown(self, name: str, given: Sequence[object], path: str,
                results: Sequence[Tensor]) -> None:  # fmt: skip
        """Write down what nobody knows, which becomes a placeholder."""
        replaced = cast("Sequence[object]", self.replaced(list(given)))
        outs = tuple(self.follow(each) for each in results)
        self.calls.append(Call(name, None, path, replaced, {}, outs, "", is_known=False))

    def replaced(self, value: object) -> object:
        """Return arguments with what a recording has in the place of tensors."""
        match value:
            case Tensor():
                if id(value) in self._changed:
                    return CHANGED
                number = self._numbers.get(id(value))
                return Ref(number) if number is not None else self._stored(value)
            case list():
                return [self.replaced(each) for each in cast("list[object]", value)]
            case tuple():
                items = cast("tuple[object, ...]", value)
                return tuple(self.replaced(each) for each in items)
            case _:
                return value

    def _write(
        self,
        base: str,
        overload: object,
        args: Mapping[str, object],
        results: Sequence[Tensor],
        path: str,
        *,
        is_whole: bool,
    ) -> None:
        followed = {id(each) for each in tensors_in(args) if self.is_followed(each)}
        plain = base.rstrip("_") if not base.startswith("__") else base
        make = FORMS.get(base) or FORMS.get(plain)
        is_known = True
        try:
            form = make(args, results) if make is not None else plain_form(plain, overload, args)
            told = {id(each) for each in tensors_in([*form.args, *form.kwargs.values()])}
            if not followed <= told:
                raise NoForm("it is called otherwise")
        except NoForm:
            form, is_known = plain_form(plain, overload, args), False
        given = self.replaced(list(form.args))
        kwargs = {key: self.replaced(value) for key, value in form.kwargs.items()}
        outs = [self.follow(each) for each in results]
        is_all = is_whole or form.module is not None
        self.calls.append(
            Call(
                _RENAMED.get(form.name, form.name),
                form.module,
                path,
                cast("Sequence[object]", given),
                cast("Mapping[str, object]", kwargs),
                tuple(outs[: form.num_outputs]),
                "",
                label=path.replace(".", "_") if is_all else "",
                is_known=is_known,
            )
        )

    def _check_change(self, base: str, inner: Sequence[Tensor], *, is_any_followed: bool) -> None:
        if not inner or _memory(inner[0]) in self.stock.memories:
            raise FormatError("The program changes its own weights while it computes.")
        if is_any_followed and not self.is_followed(inner[0]):
            raise FormatError(
                f"The program fills a tensor bit by bit ({base}), which no layer does."
            )

    def _change(self, changed: Tensor) -> None:
        """Remember that what other views of a tensor show is not what was written down."""
        if memory := _memory(changed):
            self._changed |= {each for each in self._views.get(memory, ()) if each != id(changed)}

    def _stored(self, tensor: Tensor) -> Stored:
        learned = self.stock.learned
        own = self.stock.names.get(id(tensor))
        if own is not None:
            return Stored(tensor, own, (own,), own in learned)
        made_of = self._sources.get(id(tensor), ())
        return Stored(tensor, "", made_of, any(name in learned for name in made_of))

    def _made_of(self, tensor: Tensor) -> tuple[str, ...]:
        own = self.stock.names.get(id(tensor))
        return self._sources.get(id(tensor), ()) if own is None else (own,)


def tensors_in(value: object) -> list[Tensor]:
    """Return the tensors at any depth."""
    return [each for each in leaves(value) if isinstance(each, Tensor)]


def leaves(value: object) -> Iterator[object]:
    """Give what is at the ends of lists and mappings."""
    match value:
        case dict():
            for each in cast("dict[str, object]", value).values():
                yield from leaves(each)
        case list() | tuple():
            for each in cast("Sequence[object]", value):
                yield from leaves(each)
        case _:
            yield value


def check_size(name: str, args: Mapping[str, object]) -> None:
    """Refuse what would make a tensor that is too large, before any memory is taken.

    Only sizes that a file can write out are looked at; the others follow from those of its weights.

    Raises:
        FormatError: It would.
    """
    count = 1
    for key, value in args.items():
        numbers = [each for each in leaves(value) if isinstance(each, int | float)]
        if key in ("size", "shape", "output_size", "repeats", "dims"):
            count *= math.prod(max(1, abs(each)) for each in numbers)
        elif key == "scale_factors":
            count *= math.prod(max(1.0, abs(each)) for each in numbers)
        elif key in ("pad", "padding") or name in MAKERS:
            count *= max([1, *(abs(each) for each in numbers)])
    if args.keys() & {"repeats", "pad", "scale_factors"}:
        count *= max([1, *(each.numel() for each in tensors_in(args))])
    if count > MAX_NUMBERS:
        raise FormatError(
            f"{name} would make a tensor of {count:,.0f} numbers; {MAX_NUMBERS:,} are allowed."
        )


def _computed(overload: Any, args: Mapping[str, object]) -> list[Tensor]:
    try:
        found: object = overload(**args)
    except Exception as error:  # torch raises what it likes
        reason = reason_of(error, "its settings do not fit")
        raise CannotCompute(
            f"{overload} cannot compute with what it is given: {reason}."
        ) from error
    items = cast("Sequence[object]", found) if isinstance(found, list | tuple) else [found]
    return [each for each in items if isinstance(each, Tensor)]


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
