"""Operators of ATen as the functions that modules call: other order of arguments, other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from torch import Tensor, nn

from netloom.formats.pt2.form import Args, Form, MakeForm, NoForm, stored
from netloom.formats.pt2.module_forms import (
    celu,
    embedding,
    instance_norm,
    log_sigmoid,
    pixels,
    recurrent,
    self_attention,
    transposed,
)

_END = 2**63 - 1


def _picked(name: str, *names: str) -> MakeForm:
    def make(args: Args, results: Sequence[Tensor]) -> Form:
        del results
        return Form(name, [args.get(each) for each in names])

    return make


def _batch_norm(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    order = ("input", "running_mean", "running_var", "weight", "bias")
    if args.get("training"):
        raise NoForm("it follows the batch")
    given = [args.get(each) for each in order]
    return Form("batch_norm", [*given, False, args.get("momentum"), args.get("eps")])


def _reshaped(args: Args, results: Sequence[Tensor]) -> Form:
    return Form("reshape", [args.get("self"), *results[0].shape])


def _linear(args: Args, results: Sequence[Tensor]) -> Form:
    """`addmm` and `mm` with a matrix that is stored are weighted sums."""
    del results
    bias = args.get("self") if "mat1" in args else None
    one, other = (
        (args.get("mat1"), args.get("mat2"))
        if "mat1" in args
        else (args.get("self"), args.get("mat2"))
    )
    if args.get("alpha", 1) != 1 or args.get("beta", 1) != 1:
        raise NoForm("its parts have factors")
    return Form("linear", [one, stored(other).t(), bias])


def _slice(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    dim, end = cast("int", args.get("dim", 0)), args.get("end")
    rank = stored(args.get("self")).ndim
    cut = slice(args.get("start"), None if end is None or end == _END else end, args.get("step"))
    place = [slice(None)] * (dim % max(rank, 1))
    return Form("getitem", [args.get("self"), (*place, cut)])


def _convolution(args: Args, results: Sequence[Tensor]) -> Form:
    if args.get("transposed"):
        return transposed(args, results)
    count = stored(args.get("weight")).ndim - 2
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    return Form(f"conv{count}d", [args.get(name) for name in names])


def _resized(mode: str) -> MakeForm:
    def make(args: Args, results: Sequence[Tensor]) -> Form:
        kwargs: dict[str, object] = {"mode": mode, "size": [*results[0].shape[2:]]}
        factors = args.get("scale_factors")
        if isinstance(factors, list) and len(set(cast("list[float]", factors))) == 1:
            kwargs["scale_factor"] = cast("list[float]", factors)[0]
        if args.get("align_corners"):
            kwargs["align_corners"] = True
        return Form("interpolate", [args.get("input", args.get("self"))], kwargs)

    return make


def _padded(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    return Form("pad", [args.get("self"), args.get("pad"), "constant", args.get("value")])


def _attention(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    kwargs = {name: args.get(name) for name in ("attn_mask", "is_causal", "scale")}
    if args.get("dropout_p"):
        raise NoForm("it drops values")
    if args.get("enable_gqa"):
        raise NoForm("queries share keys and values")
    given = {key: value for key, value in kwargs.items() if value}
    if isinstance(kwargs["attn_mask"], Tensor):
        given["attn_mask"] = kwargs["attn_mask"]
    names = ("query", "key", "value")
    return Form("scaled_dot_product_attention", [args.get(name) for name in names], given)


def _dropped(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    return Form("dropout", [args.get("input", args.get("self")), args.get("p")])


FORMS: Mapping[str, MakeForm] = {
    "batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "layer_norm": _picked("layer_norm", "input", "normalized_shape", "weight", "bias", "eps"),
    "native_layer_norm": _picked(
        "layer_norm", "input", "normalized_shape", "weight", "bias", "eps"
    ),
    "group_norm": _picked("group_norm", "input", "num_groups", "weight", "bias", "eps"),
    "native_group_norm": _picked("group_norm", "input", "group", "weight", "bias", "eps"),
    "convolution": _convolution,
    "_convolution": _convolution,
    "_native_multi_head_attention": self_attention,
    "instance_norm": instance_norm,
    "celu": celu,
    "log_sigmoid": log_sigmoid,
    **{f"conv_transpose{count}d": transposed for count in (1, 2, 3)},
    "addmm": _linear,
    "mm": _linear,
    "slice": _slice,
    "embedding": embedding,
    "lstm": recurrent(nn.LSTM),
    "gru": recurrent(nn.GRU),
    "rnn_tanh": recurrent(nn.RNN),
    "max_pool2d_with_indices": _picked(
        "max_pool2d", "self", "kernel_size", "stride", "padding", "dilation", "ceil_mode"
    ),
    **dict.fromkeys(("view", "reshape", "_unsafe_view", "unflatten", "squeeze"), _reshaped),
    **dict.fromkeys(("upsample_bilinear2d", "_upsample_bilinear2d_aa"), _resized("bilinear")),
    "upsample_nearest1d": _resized("nearest"),
    "upsample_nearest2d": _resized("nearest"),
    "upsample_nearest3d": _resized("nearest"),
    "upsample_linear1d": _resized("linear"),
    "upsample_trilinear3d": _resized("trilinear"),
    "upsample_bicubic2d": _resized("bicubic"),
    "pixel_shuffle": pixels(nn.PixelShuffle, "upscale_factor"),
    "pixel_unshuffle": pixels(nn.PixelUnshuffle, "downscale_factor"),
    "constant_pad_nd": _padded,
    "scaled_dot_product_attention": _attention,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "_softmax": _picked("softmax", "self", "dim"),
    "_log_softmax": _picked("log_softmax", "self", "dim"),
    "linalg_vector_norm": _picked("norm", "self", "ord", "dim", "keepdim"),
    "dropout": _dropped,
    "native_dropout": _picked("dropout", "input", "p"),
    "_adaptive_avg_pool2d": _picked("adaptive_avg_pool2d", "self", "output_size"),
    "_adaptive_avg_pool3d": _picked("adaptive_avg_pool3d", "self", "output_size"),
    "_to_copy": _picked("to", "self"),
    "to": _picked("to", "self"),
    **dict.fromkeys(("alias", "lift_fresh_copy", "detach", "clone", "contiguous"),
                    _picked("contiguous", "self")),
}  # fmt: skip
"""By the operator's name, without a mark for working in place."""

MAKERS = frozenset(
    ("zeros", "ones", "full", "arange", "zeros_like", "ones_like", "full_like", "scalar_tensor",
     "new_zeros", "new_ones", "new_full", "linspace", "lift_fresh_copy", "eye")
)  # fmt: skip
"""Operators that make tensors of nothing; they run, and what they give is stored."""


def plain_form(name: str, overload: object, args: Args) -> Form:
    """Return a call whose function takes the same arguments in the same order."""
    schema: Any = getattr(overload, "_schema")  # noqa: B009 - there is no public way to it
    positional: list[object] = []
    kwargs: dict[str, object] = {}
    needed = 0
    for argument in schema.arguments:
        usual = argument.default_value if argument.has_default_value() else None
        value = args.get(argument.name, usual)
        is_usual = argument.has_default_value() and _same(value, usual)
        if argument.kwarg_only:
            if not is_usual:
                kwargs[argument.name] = value
            continue
        positional.append(value)
        if not is_usual:
            needed = len(positional)
    return Form(name.rstrip("_"), positional[:needed], kwargs, num_outputs=None)


def _same(one: object, other: object) -> bool:
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return one is other
    return type(one) is type(other) and one == other
