"""Recording what a module of PyTorch computes, call by call, while it runs on an example.

`torch.fx.symbolic_trace` hands placeholders through a module, which stops wherever a size decides
something: window attention pads and shifts by sizes, detectors resize by them. So a module is run
on real numbers, and what reaches torch's functions is written down. Run at two batch sizes, every
number that follows from the batch shows itself (see `merging`). What depends on the numbers of the
input rather than on sizes is refused, with the line that does.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.overrides import (
    TorchFunctionMode,
    resolve_name,  # pyright: ignore[reportUnknownVariableType] - untyped in torch
)

from netloom.formats.imported import FormatError
from netloom.formats.traced.calls import (
    CHANGED,
    Call,
    Out,
    Recording,
    Ref,
    Stored,
    Values,
    refs_in,
    tensors_in,
)
from netloom.formats.traced.lines import current_line, failing_line

_DECISIONS = frozenset(
    {"__bool__", "__int__", "__float__", "__index__", "item", "tolist", "numpy", "__array__"}
)
"""Functions that make a tensor a number of Python."""
_QUESTIONS = frozenset(
    {"size", "dim", "ndimension", "numel", "stride", "is_contiguous", "is_floating_point", "type",
     "__len__", "__repr__", "__format__", "__hash__", "__iter__", "element_size", "is_complex",
     "requires_grad_", "get_device", "is_nonzero", "data_ptr", "is_same_size"}
)  # fmt: skip
"""Functions that ask a tensor something and compute nothing."""
_FRESH = frozenset(
    {"zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full", "new_empty",
     "empty_like", "new_tensor"}
)  # fmt: skip
"""Functions that take size and type of a tensor and none of its numbers."""


class DecidesByNumbers(FormatError):
    """What a module computes depends on the numbers of its input.

    Attributes:
        path: Of the innermost module that does; empty for the one that is recorded.
        line: Of its code.
    """

    def __init__(self, path: str, line: str) -> None:
        super().__init__(
            f"What this network computes depends on the numbers of its input, at {line}: such "
            "a network is a program, not a graph. Rewrite the line with torch.where or a mask, "
            "put it into a module of its own, which is then kept as a whole, or import the part "
            "before it."
        )
        self.path = path
        self.line = line


class _Recorder(TorchFunctionMode):
    """Writes down what reaches torch's functions."""

    def __init__(
        self,
        module: nn.Module,
        is_leaf: Callable[[nn.Module], bool],
        whole: Mapping[str, str],
    ) -> None:
        super().__init__()
        self.is_leaf = is_leaf
        self.whole = whole
        self.versions: list[tuple[Tensor, int]] = []
        self.values = Values()
        self.calls: list[Call] = []
        self.stack: list[str] = []
        self.inside: nn.Module | None = None
        named = [*module.named_parameters(), *module.named_buffers()]
        self.stored = {id(tensor): (name, tensor) for name, tensor in named}
        self.learned = {name for name, _ in module.named_parameters()}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.inside is not None:
            return func(*args, **kwargs)
        name = _function_name(func)
        given = list(tensors_in((args, kwargs)))
        depends = any(self.values.number(tensor) is not None for tensor in given)
        if not depends or name in _QUESTIONS or name in _FRESH or name.endswith(".__get__"):
            result = func(*args, **kwargs)
            if name not in _FRESH and not (depends and name in _QUESTIONS):
                self._follow(name, given, result, depends=depends)
            return result
        line = current_line()
        if name in _DECISIONS:
            raise DecidesByNumbers(self.stack[-1] if self.stack else "", line)
        if name == "__setitem__" and _is_own_place(*args):
            self.values.written_back(args[0], args[2])
        kept = self.captured((list(args), kwargs))
        args_kept, kwargs_kept = cast("tuple[list[object], dict[str, object]]", kept)
        result = func(*args, **kwargs)
        if _is_in_place(name) or kwargs.get("inplace") is True:
            self.values.change(given[0])
        path = self.stack[-1] if self.stack else ""
        outputs = self._outputs(result)
        if not outputs and name == "__setitem__":
            outputs = self._outputs(args[0])
        if outputs:
            self.calls.append(Call(name, None, path, args_kept, kwargs_kept, outputs, line))
        return result

    def _follow(self, name: str, given: list[Tensor], result: object, *, depends: bool) -> None:
        """Remember what a tensor that does not depend on the input was made of."""
        if depends:
            return  # A property of a tensor that does, such as its shape.
        names = tuple(dict.fromkeys(each for tensor in given for each in self._names(tensor)))
        changed = [given[0]] if given and _is_in_place(name) else []
        for tensor in [*tensors_in(result), *changed]:
            if id(tensor) not in self.stored:
                self.values.set_made_of(tensor, names)

    def _names(self, tensor: Tensor) -> tuple[str, ...]:
        known = self.stored.get(id(tensor))
        return (known[0],) if known is not None else self.values.made_of(tensor)

    def _outputs(self, result: object) -> tuple[Out, ...]:
        return tuple(
            Out(self.values.new(tensor), tuple(tensor.shape), tensor.dtype)
            for tensor in tensors_in(result)
        )

    def captured(self, value: object) -> object:
        """Return a value with its tensors replaced."""
        match value:
            case Tensor():
                number = self.values.number(value)
                if number in self.values.changed:
                    return CHANGED
                return self._stored(value) if number is None else Ref(number)
            case list():
                return [self.captured(item) for item in cast("list[object]", value)]
            case tuple():
                return tuple(self.captured(item) for item in cast("tuple[object, ...]", value))
            case dict():
                items = cast("dict[object, object]", value).items()
                return {key: self.captured(item) for key, item in items}
            case _:
                return value

    def _stored(self, tensor: Tensor) -> Stored:
        known = self.stored.get(id(tensor))
        if known is not None:
            name = known[0]
            return Stored(tensor.detach(), name, (name,), name in self.learned)
        names = self.values.made_of(tensor)
        return Stored(tensor.detach().clone(), "", names, any(n in self.learned for n in names))

    def enter(self, module: nn.Module, path: str, given: object) -> None:
        """A module is about to be called."""
        if self.inside is None:
            self.stack.append(path)
            if path in self.whole or self.is_leaf(module):
                self.inside = module
                self.versions = [(tensor, tensor._version) for tensor in tensors_in(given)]

    def leave(self, module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
        """A module has been called."""
        if self.inside is not None and self.inside is not module:
            return
        path = self.stack.pop()
        if self.inside is module:
            self.inside = None
            decides_at = self.whole.get(path, "")
            if decides_at and not self._is_function(result):
                raise DecidesByNumbers(self.stack[-1] if self.stack else "", decides_at)
            kept = cast(
                "tuple[list[object], dict[str, object]]", self.captured((list(args), kwargs))
            )
            if any(True for _ in refs_in(kept)):
                if getattr(module, "inplace", False):
                    for tensor in tensors_in(result):
                        self.values.change(tensor)
                outputs = self._outputs(result)
                name = type(module).__name__
                self.calls.append(
                    Call(name, module, path, kept[0], kept[1], outputs, "", decides_at=decides_at)
                )

    def _is_function(self, result: object) -> bool:
        """Whether a module gave tensors alone and left what it was given as it was.

        Otherwise the module around it goes on with what no graph shows: it is kept instead.
        """
        is_unchanged = all(tensor._version == version for tensor, version in self.versions)
        return is_unchanged and _is_of_tensors(result)


def _is_of_tensors(value: object) -> bool:
    match value:
        case Tensor() | None:
            return True
        case list() | tuple():
            return all(_is_of_tensors(item) for item in cast("Sequence[object]", value))
        case dict():
            items = cast("dict[object, object]", value).values()
            return all(_is_of_tensors(item) for item in items)
        case _:
            return False


def record(
    module: nn.Module,
    inputs: Sequence[Tensor],
    is_leaf: Callable[[nn.Module], bool],
    whole: Mapping[str, str] | None = None,
) -> Recording:
    """Run a module and write down what it calls.

    Args:
        is_leaf: Whether a module is one call as a whole.
        whole: Paths of modules that are one call whatever they do, with the line that is why.

    Raises:
        DecidesByNumbers: It, or a module within it, decides by the numbers of its input.
        FormatError: It cannot be run.
    """
    recorder = _Recorder(module, is_leaf, whole or {})
    with torch.no_grad(), _hooked(module, recorder):
        given = tuple(
            Out(recorder.values.new(tensor), tuple(tensor.shape), tensor.dtype) for tensor in inputs
        )
        try:
            with recorder:
                result = module(*inputs)
        except FormatError:
            raise
        except Exception as error:
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in inputs)
            raise FormatError(
                f"The module fails on an input of {shapes}, at {failing_line(error)}: "
                f"{type(error).__name__}: {str(error)[:300]}. Give an example that it accepts."
            ) from error
        return Recording(given, recorder.calls, recorder.captured(result))


@contextmanager
def _hooked(module: nn.Module, recorder: _Recorder) -> Generator[None]:
    with ExitStack() as stack:
        for path, inner in named_modules(module):
            hooks = _Hooks(recorder, path)
            before = inner.register_forward_pre_hook(hooks.before, with_kwargs=True)
            stack.callback(before.remove)
            after = inner.register_forward_hook(hooks.after, with_kwargs=True)
            stack.callback(after.remove)
        yield


@dataclass(frozen=True, slots=True)
class _Hooks:
    """What one module tells the recorder."""

    recorder: _Recorder
    path: str

    def before(self, module: nn.Module, args: object, kwargs: object) -> None:
        self.recorder.enter(module, self.path, (args, kwargs))

    def after(self, module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
        self.recorder.leave(module, args, kwargs, result)


def named_modules(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return every module within a module by its path, the module itself first."""
    found = cast("Iterator[tuple[str, nn.Module]]", module.named_modules())
    return list(found)


def _function_name(func: object) -> str:
    """Return e.g. `add` or `shape.__get__`."""
    full = resolve_name(func) or getattr(func, "__name__", "") or str(func)
    parts = full.split(".")
    if parts[-1] == "__get__" and len(parts) > 1:
        return ".".join(parts[-2:])
    return parts[-1]


_AUGMENTED = frozenset(
    {"__iadd__", "__isub__", "__imul__", "__itruediv__", "__idiv__", "__ipow__", "__setitem__"}
)


def _is_own_place(tensor: Tensor, index: Any, part: object) -> bool:
    """Say whether a tensor is the very view of another that an index gives."""
    if not isinstance(part, Tensor):
        return False
    place = tensor[index]
    return (place.data_ptr(), place.shape, place.stride()) == (
        part.data_ptr(), part.shape, part.stride(),
    )  # fmt: skip


def _is_in_place(name: str) -> bool:
    return name in _AUGMENTED or (name.endswith("_") and not name.startswith("__"))
