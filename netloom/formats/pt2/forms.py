"""Operators of ATen as the functions that modules call: other order of arguments, other names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from torch import Tensor, nn

Args = Mapping[str, object]
_END = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Form:
    """A call as a recording of a module would have it.

    Attributes:
        name: Of the function, or of the module's class.
        num_outputs: How many of the operator's outputs the function gives; None for all.
    """

    name: str
    args: Sequence[object]
    kwargs: Mapping[str, object] = field(default_factory=dict[str, object])
    module: nn.Module | None = None
    num_outputs: int | None = 1


class NoForm(Exception):
    """The call has something that no function has."""


MakeForm = Callable[[Args, Sequence[Tensor]], Form]
"""Takes the arguments by name, tensors among them, and what came out."""


def _tensor(value: object) -> Tensor:
    if not isinstance(value, Tensor):
        raise NoForm("a weight is missing")
    return value


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
    return Form("linear", [one, _tensor(other).t(), bias])


def _slice(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    dim, end = cast("int", args.get("dim", 0)), args.get("end")
    rank = _tensor(args.get("self")).ndim
    cut = slice(args.get("start"), None if end is None or end == _END else end, args.get("step"))
    place = [slice(None)] * (dim % max(rank, 1))
    return Form("getitem", [args.get("self"), (*place, cut)])


def _embedding(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    weight = _tensor(args.get("weight"))
    if weight.ndim != 2:
        raise NoForm("its table has other axes than rows and columns")
    rows, columns = weight.shape
    module = nn.Embedding(rows, columns, device="meta", dtype=weight.dtype)
    module.weight = nn.Parameter(weight, requires_grad=False)
    return Form("Embedding", [args.get("indices")], module=module)


def _transposed(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    weight = _tensor(args.get("weight"))
    classes = {3: nn.ConvTranspose1d, 4: nn.ConvTranspose2d, 5: nn.ConvTranspose3d}
    make: Any = classes.get(weight.ndim)  # their sizes have types of their own
    if make is None:
        raise NoForm(f"its kernel has {weight.ndim} axes")
    groups, count = cast("int", args.get("groups", 1)), weight.ndim - 2
    bias = args.get("bias")
    sides = {
        name: _each(args.get(name, usual), count)
        for name, usual in (("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1))
    }
    module = make(
        weight.shape[0], weight.shape[1] * groups, tuple(weight.shape[2:]), groups=groups,
        bias=bias is not None, device="meta", dtype=weight.dtype, **sides,
    )  # fmt: skip
    module.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        module.bias = nn.Parameter(_tensor(bias), requires_grad=False)
    return Form(make.__name__, [args.get("input")], module=module)


def _each(value: object, count: int) -> tuple[int, ...]:
    numbers = (
        list(cast("Sequence[int]", value)) if isinstance(value, list) else [cast("int", value)]
    )
    return tuple(numbers * count if len(numbers) == 1 else numbers)


def _convolution(args: Args, results: Sequence[Tensor]) -> Form:
    if args.get("transposed"):
        return _transposed(args, results)
    count = _tensor(args.get("weight")).ndim - 2
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    return Form(f"conv{count}d", [args.get(name) for name in names])


def _recurrent(make: type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]) -> MakeForm:
    def form(args: Args, results: Sequence[Tensor]) -> Form:
        del results
        weights = cast("Sequence[Tensor]", args.get("params"))
        state = args.get("hx")
        states = cast("Sequence[object]", state) if isinstance(state, list) else [state]
        if any(not isinstance(each, Tensor) or bool(each.any()) for each in states):
            raise NoForm("it begins with a state that is not zero")
        if args.get("train") and args.get("dropout"):
            raise NoForm("it drops values")
        hidden = weights[1].shape[1]
        module = make(
            weights[0].shape[1], hidden, num_layers=cast("int", args.get("num_layers")),
            bias=bool(args.get("has_biases")), bidirectional=bool(args.get("bidirectional")),
            batch_first=bool(args.get("batch_first")), dropout=cast("float", args.get("dropout")),
            device="meta", dtype=weights[0].dtype,
        )  # fmt: skip
        names = [name for name, _ in module.named_parameters()]
        if len(names) != len(weights):
            raise NoForm("it has projections")
        for name, weight in zip(names, weights, strict=True):
            setattr(module, name, nn.Parameter(weight, requires_grad=False))
        module.eval()
        return Form(make.__name__, [args.get("input")], module=module, num_outputs=None)

    return form


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


def _pixels(make: type[nn.PixelShuffle] | type[nn.PixelUnshuffle], factor: str) -> MakeForm:
    def form(args: Args, results: Sequence[Tensor]) -> Form:
        del results
        return Form(make.__name__, [args.get("self")], module=make(cast("int", args.get(factor))))

    return form


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


def _self_attention(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    if args.get("mask") is not None:
        raise NoForm("it is called with a mask")
    weight = _tensor(args.get("qkv_weight"))
    module = nn.MultiheadAttention(
        weight.shape[1], cast("int", args.get("num_head")), batch_first=True, device="meta",
        dtype=weight.dtype,
    )  # fmt: skip
    module.in_proj_weight = nn.Parameter(weight, requires_grad=False)
    module.in_proj_bias = nn.Parameter(_tensor(args.get("qkv_bias")), requires_grad=False)
    module.out_proj.weight = nn.Parameter(_tensor(args.get("proj_weight")), requires_grad=False)
    module.out_proj.bias = nn.Parameter(_tensor(args.get("proj_bias")), requires_grad=False)
    names = ("query", "key", "value")
    return Form("MultiheadAttention", [args.get(name) for name in names], module=module.eval())


def _instance_norm(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    given, weight, bias = _tensor(args.get("input")), args.get("weight"), args.get("bias")
    classes = {3: nn.InstanceNorm1d, 4: nn.InstanceNorm2d, 5: nn.InstanceNorm3d}
    make: Any = classes.get(given.ndim)
    if make is None or not args.get("use_input_stats") or (weight is None) != (bias is None):
        raise NoForm("it follows stored statistics")
    module = make(given.shape[1], eps=args.get("eps"), affine=weight is not None, device="meta")
    if weight is not None:
        module.weight = nn.Parameter(_tensor(weight), requires_grad=False)
        module.bias = nn.Parameter(_tensor(bias), requires_grad=False)
    return Form(make.__name__, [given], module=module)


def _dropped(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    return Form("dropout", [args.get("input", args.get("self")), args.get("p")])


def _celu(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    return Form("CELU", [args.get("self")], module=nn.CELU(cast("float", args.get("alpha", 1.0))))


def _log_sigmoid(args: Args, results: Sequence[Tensor]) -> Form:
    del results
    return Form("LogSigmoid", [args.get("self")], module=nn.LogSigmoid())


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
    "_native_multi_head_attention": _self_attention,
    "instance_norm": _instance_norm,
    "celu": _celu,
    "log_sigmoid": _log_sigmoid,
    **{f"conv_transpose{count}d": _transposed for count in (1, 2, 3)},
    "addmm": _linear,
    "mm": _linear,
    "slice": _slice,
    "embedding": _embedding,
    "lstm": _recurrent(nn.LSTM),
    "gru": _recurrent(nn.GRU),
    "rnn_tanh": _recurrent(nn.RNN),
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
    "pixel_shuffle": _pixels(nn.PixelShuffle, "upscale_factor"),
    "pixel_unshuffle": _pixels(nn.PixelUnshuffle, "downscale_factor"),
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
