"""Operators of ATen as TorchScript calls them: without an overload, with numbers for types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from netloom.formats.imported import FormatError
from netloom.formats.pt2.tape import CannotCompute, Tape, check_size, is_allowed, tensors_in
from netloom.formats.torchscript.lists import MAX_ITEMS
from netloom.formats.torchscript.numbers import TYPES
from netloom.formats.torchscript.sizes import check_result

MAX_CALLS = 50_000
MAX_NUMBERS_MADE = 2**31
"""Most numbers that all tensors of one run may have together."""
_NOT_DRAWN = frozenset(
    ("floor_divide", "baddbmm", "addbmm", "glu", "prelu", "hardshrink", "softshrink", "threshold",
     "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell", "max", "min", "median",
     "sort", "argsort", "var_mean", "std_mean", "cross", "dot", "outer", "triu", "tril", "diag",
     "diagonal", "unfold", "im2col", "col2im", "grid_sampler", "affine_grid_generator", "index",
     "index_add", "scatter", "scatter_add", "repeat_interleave", "addcmul", "addcdiv", "lerp",
     "logaddexp", "cdist", "trunc", "frac", "fmod", "atan2", "sinh", "cosh", "asin", "acos",
     "log2", "log10", "erfc", "sigmoid", "bitwise_and", "bitwise_or", "bitwise_not", "isnan",
     "logical_xor", "all", "any", "pairwise_distance", "cosine_similarity", "bilinear",
     "channel_shuffle", "max_pool1d_with_indices", "adaptive_max_pool2d", "pad", "movedim", "mv",
     "square", "swapaxes", "nan_to_num", "masked_fill", "reflection_pad1d", "reflection_pad2d",
     "replication_pad1d", "replication_pad2d", "feature_dropout", "alpha_dropout", "conv_tbc",
     "fft_rfft", "fft_irfft", "stft", "rms_norm", "tensordot", "expm1", "xlogy", "meshgrid",
     "_transformer_encoder_layer_fwd", "_convolution_mode")
)  # fmt: skip
"""Operators that are computed but drawn as placeholders where they depend on the input."""
_C: Any = getattr(torch, "_C")  # noqa: B009 - there is no public way to it
_resolve = cast("Callable[..., str]", _C._jit_resolve_packet)
_WHERE = frozenset(("device", "layout", "pin_memory", "memory_format", "non_blocking"))
"""Arguments that say where numbers lie, not what they are."""
_WEIGHTS = ("weight", "params", "mat2", "other", "qkv_weight", "running_mean")


class Met(Exception):
    """The input has come to the first operator with weights.

    Attributes:
        name: Of the operator.
        given: Its arguments by name.
        has_reshaped: The input was given another number of axes before.
        at: Which input it is.
    """

    def __init__(
        self, name: str, args: Mapping[str, object], *, has_reshaped: bool, at: int
    ) -> None:
        super().__init__(name)
        self.name = name
        self.at = at
        self.given = args
        self.has_reshaped = has_reshaped


class Operators:
    """Computes operators for one run of the code.

    Args:
        sought: Inputs by the identity of the tensor: stop at the first operator with weights that
            takes what depends on one of them, by raising `Met`.

    Attributes:
        notes: What a person should know.
    """

    def __init__(self, tape: Tape, *, sought: Mapping[int, int] | None = None) -> None:
        self.tape = tape
        self.notes: list[str] = []
        self._origins = {key: {at} for key, at in (sought or {}).items()}
        self._has_reshaped = False
        self._num_calls = 0
        self._num_numbers = 0

    def __call__(
        self, name: str, args: Sequence[object], kwargs: Mapping[str, object], path: str
    ) -> object:
        """Compute an operator; returns a tensor, a list, or a tuple of tensors and None.

        Raises:
            CannotCompute: It does not take what it is given.
            FormatError: It is not known, or may not be called so.
        """
        self._num_calls += 1
        if self._num_calls > MAX_CALLS:
            raise FormatError(f"it calls more than {MAX_CALLS:,} operators")
        if name in ("tensor", "as_tensor"):
            return _made(args)
        if name == "add_" and self._is_counter(args[0] if args else None):
            self._note_training()
            return args[0]
        if not is_allowed(name) and name.rstrip("_") not in _NOT_DRAWN:
            raise FormatError(f"it calls the operator {name[:100]}, which is not known here")
        name, overload, given = _bound(name, args, kwargs)
        self._evaluate(name, given)
        origins = self._origins_of(given)
        if origins:
            self._meet(name, given, min(origins))
        if name == "_transformer_encoder_layer_fwd":
            return _encoder_layer(self, given, path)
        check_size(name, given)
        check_result(name, overload, given)
        found = self.tape.run(name, overload, given, path)
        if origins:
            self._origins |= {id(each): origins for each in found}
        self._num_numbers += sum(each.numel() for each in found)
        if self._num_numbers > MAX_NUMBERS_MADE:
            raise FormatError(f"it computes more than {MAX_NUMBERS_MADE:,} numbers")
        schema: Any = overload._schema  # there is no public way to it
        if len(schema.returns) > 1:
            return (*found, *([None] * (len(schema.returns) - len(found))))
        if str(schema.returns[0].type) == "List[Tensor]":
            return found
        if len(found) != 1:
            raise FormatError(f"{name} gives no tensor")
        return found[0]

    def _evaluate(self, name: str, given: dict[str, object]) -> None:
        """Make an operator of training one of use."""
        keys = {"dropout": "train", "dropout_": "train", "feature_dropout": "train",
                "alpha_dropout": "train", "lstm": "train", "gru": "train", "rnn_tanh": "train",
                "batch_norm": "training"}  # fmt: skip
        key = keys.get(name)
        if key is None or not given.get(key):
            return
        if name == "batch_norm" and given.get("running_mean") is None:
            return
        given[key] = False
        self._note_training()

    def _is_counter(self, value: object) -> bool:
        """Say whether it is a stored count, such as that of the batches in training."""
        is_count = isinstance(value, Tensor) and not value.ndim and not value.is_floating_point()
        return is_count and id(value) in self.tape.stock.names

    def _note_training(self) -> None:
        note = "It was traced while it was training; it was opened as it is used after training."
        if note not in self.notes:
            self.notes.append(note)

    def _origins_of(self, given: Mapping[str, object]) -> set[int]:
        """Return the inputs that are sought and that arguments depend on."""
        if not self._origins:
            return set()
        return {at for each in tensors_in(given) for at in self._origins.get(id(each), ())}

    def _meet(self, name: str, given: Mapping[str, object], at: int) -> None:
        for key in _WEIGHTS:
            weight = given.get(key)
            if isinstance(weight, list) and weight:
                weight = cast("list[object]", weight)[0]
            is_weight = isinstance(weight, Tensor) and not self.tape.is_followed(weight)
            is_product = name in ("mm", "matmul", "bmm", "linear") or key not in ("mat2", "other")
            if is_weight and is_product:
                raise Met(name, given, has_reshaped=self._has_reshaped, at=at)
        if name == "layer_norm":
            raise Met(name, given, has_reshaped=self._has_reshaped, at=at)
        self._has_reshaped |= name in ("flatten", "view", "reshape")


def _bound(
    name: str, args: Sequence[object], kwargs: Mapping[str, object]
) -> tuple[str, Any, dict[str, object]]:
    """Return the name, the overload that takes such arguments, and the arguments by name."""
    plain = [_plain(each) for each in args]
    named = {key: _plain(value) for key, value in kwargs.items()}
    if "out" in named:
        raise FormatError(f"{name} writes into a tensor of its own")
    try:
        likes = [_like(each) for each in plain]
        chosen = _resolve(f"aten::{name}", *likes, **{k: _like(v) for k, v in named.items()})
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise CannotCompute(f"{name} does not take what it is given") from error
    if chosen == "data":
        raise FormatError(f"{name} reads packed sequences, which no layer does")
    if name in ("max", "min") and chosen == "other":
        name, chosen = f"{name}imum", ""  # of two tensors, which is what a layer computes
    overload: Any = getattr(getattr(torch.ops.aten, name), chosen or "default")
    arguments: list[Any] = list(overload._schema.arguments)
    given = dict(zip((each.name for each in arguments), plain, strict=False)) | named
    if any(_is_list(each) and isinstance(given.get(each.name), Tensor) for each in arguments):
        raise CannotCompute(f"{name} does not take what it is given")
    for key in _WHERE:
        given.pop(key, None)
    if isinstance(given.get("dtype"), int):
        given["dtype"] = TYPES.get(cast("int", given["dtype"]))
    if isinstance(given.get("padding"), str):
        given["padding"] = padding = _padding(given)
        name = f"conv{len(padding)}d"
        return name, getattr(torch.ops.aten, name).default, given
    return name, overload, given


def _like(value: object) -> object:
    """Return two rows for a tensor: who looks for a list reads every row of it.

    Of one row alone a number could be made, and it would be taken where a number belongs.
    """
    return value[:2] if isinstance(value, Tensor) and value.ndim else value


def _is_list(argument: Any) -> bool:
    return str(argument.type).removeprefix("Optional[").startswith("List[")


def _plain(value: object) -> object:
    """Return an argument as operators take them: no lists in lists, no objects.

    Raises:
        FormatError: It is something else.
    """
    match value:
        case None | bool() | int() | float() | str() | Tensor():
            return value
        case list() | tuple():
            items = cast("Sequence[object]", value)
            if len(items) > MAX_ITEMS or not all(
                isinstance(each, bool | int | float | Tensor | None) for each in items
            ):
                raise FormatError("an operator is given lists in a list")
            return list(items)
        case _:
            raise FormatError("an operator is given what is neither tensor nor number")


def _padding(given: Mapping[str, object]) -> list[int]:
    """Return numbers for a padding in words."""
    weight, words = given.get("weight"), given["padding"]
    if not isinstance(weight, Tensor) or not 3 <= weight.ndim <= 5:
        raise FormatError("a convolution has no weights")
    kernel = list(weight.shape[2:])
    if words == "valid":
        return [0] * len(kernel)
    dilation = cast("list[int]", given.get("dilation") or [1])
    dilation = dilation * len(kernel) if len(dilation) == 1 else dilation
    if len(dilation) != len(kernel):
        raise CannotCompute("a convolution has steps for other axes than its weights")
    total = [step * (size - 1) for step, size in zip(dilation, kernel, strict=True)]
    if words != "same" or any(each % 2 for each in total):
        raise FormatError(f"a convolution pads unevenly ({str(words)[:20]})")
    return [each // 2 for each in total]


def _made(args: Sequence[object]) -> Tensor:
    value = _plain(args[0]) if args else None
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    if isinstance(value, Tensor):
        return value
    if not all(isinstance(each, bool | int | float) for each in items):
        raise FormatError("a tensor is made of what is no number")
    try:
        return torch.tensor(value)
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"a tensor cannot be made: {str(error)[:100]}") from error


def _encoder_layer(
    call: Callable[[str, Sequence[object], Mapping[str, object], str], object],
    given: Mapping[str, object],
    path: str,
) -> object:
    """Compute a layer of a transformer that one operator does, step by step."""
    if given.get("mask") is not None:
        raise FormatError("a layer of a transformer is called with a mask")

    def within(name: str) -> str:
        return f"{path}.{name}" if path else ""

    def norm(number: int, value: object) -> object:
        weight, bias = given[f"norm_weight_{number}"], given[f"norm_bias_{number}"]
        sizes = [cast("Tensor", weight).numel()]
        return call("layer_norm", [value, sizes, weight, bias, given["eps"]], {},
                    within(f"norm{number}"))  # fmt: skip

    def attention(value: object) -> object:
        weights = [given[key] for key in ("qkv_weight", "qkv_bias", "proj_weight", "proj_bias")]
        sizes = [given["embed_dim"], given["num_heads"]]
        found = call("_native_multi_head_attention",
                     [value, value, value, *sizes, *weights, None, False], {},
                     within("self_attn"))  # fmt: skip
        return cast("Sequence[object]", found)[0]

    def forward(value: object) -> object:
        wide = call("linear", [value, given["ffn_weight_1"], given["ffn_bias_1"]], {},
                    within("linear1"))  # fmt: skip
        bent = call("gelu" if given["use_gelu"] else "relu", [wide], {}, path)
        return call("linear", [bent, given["ffn_weight_2"], given["ffn_bias_2"]], {},
                    within("linear2"))  # fmt: skip

    def added(one: object, other: object) -> object:
        return call("add", [one, other], {}, path)

    value = given["src"]
    if given["norm_first"]:
        value = added(value, attention(norm(1, value)))
        return added(value, forward(norm(2, value)))
    value = norm(1, added(value, attention(value)))
    return norm(2, added(value, forward(value)))
