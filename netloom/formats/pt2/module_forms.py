"""Operators of ATen as modules, with the weights that they are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from torch import Tensor, nn

from netloom.formats.pt2.form import Args, Form, MakeForm, NoForm, stored


def embedding(args: Args, results: Sequence[Tensor]) -> Form:
    """A table of embeddings."""
    del results
    weight = stored(args.get("weight"))
    if weight.ndim != 2:
        raise NoForm("its table has other axes than rows and columns")
    rows, columns = weight.shape
    module = nn.Embedding(rows, columns, device="meta", dtype=weight.dtype)
    module.weight = nn.Parameter(weight, requires_grad=False)
    return Form("Embedding", [args.get("indices")], module=module)


def transposed(args: Args, results: Sequence[Tensor]) -> Form:
    """A transposed convolution."""
    del results
    weight = stored(args.get("weight"))
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
        module.bias = nn.Parameter(stored(bias), requires_grad=False)
    return Form(make.__name__, [args.get("input")], module=module)


def _each(value: object, count: int) -> tuple[int, ...]:
    numbers = (
        list(cast("Sequence[int]", value)) if isinstance(value, list) else [cast("int", value)]
    )
    return tuple(numbers * count if len(numbers) == 1 else numbers)


def recurrent(make: type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]) -> MakeForm:
    """Return what makes an LSTM, a GRU or an RNN of a call."""

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


def pixels(make: type[nn.PixelShuffle] | type[nn.PixelUnshuffle], factor: str) -> MakeForm:
    """Return what makes the module that turns channels into pixels, or back."""

    def form(args: Args, results: Sequence[Tensor]) -> Form:
        del results
        return Form(make.__name__, [args.get("self")], module=make(cast("int", args.get(factor))))

    return form


def self_attention(args: Args, results: Sequence[Tensor]) -> Form:
    """Attention of a sequence to itself."""
    del results
    if args.get("mask") is not None:
        raise NoForm("it is called with a mask")
    weight = stored(args.get("qkv_weight"))
    module = nn.MultiheadAttention(
        weight.shape[1], cast("int", args.get("num_head")), batch_first=True, device="meta",
        dtype=weight.dtype,
    )  # fmt: skip
    module.in_proj_weight = nn.Parameter(weight, requires_grad=False)
    module.in_proj_bias = nn.Parameter(stored(args.get("qkv_bias")), requires_grad=False)
    module.out_proj.weight = nn.Parameter(stored(args.get("proj_weight")), requires_grad=False)
    module.out_proj.bias = nn.Parameter(stored(args.get("proj_bias")), requires_grad=False)
    names = ("query", "key", "value")
    return Form("MultiheadAttention", [args.get(name) for name in names], module=module.eval())


def instance_norm(args: Args, results: Sequence[Tensor]) -> Form:
    """A normalisation of each sample and channel."""
    del results
    given, weight, bias = stored(args.get("input")), args.get("weight"), args.get("bias")
    classes = {3: nn.InstanceNorm1d, 4: nn.InstanceNorm2d, 5: nn.InstanceNorm3d}
    make: Any = classes.get(given.ndim)
    if make is None or not args.get("use_input_stats") or (weight is None) != (bias is None):
        raise NoForm("it follows stored statistics")
    module = make(given.shape[1], eps=args.get("eps"), affine=weight is not None, device="meta")
    if weight is not None:
        module.weight = nn.Parameter(stored(weight), requires_grad=False)
        module.bias = nn.Parameter(stored(bias), requires_grad=False)
    return Form(make.__name__, [given], module=module)


def celu(args: Args, results: Sequence[Tensor]) -> Form:
    """A CELU."""
    del results
    return Form("CELU", [args.get("self")], module=nn.CELU(cast("float", args.get("alpha", 1.0))))


def log_sigmoid(args: Args, results: Sequence[Tensor]) -> Form:
    """The logarithm of a sigmoid."""
    del results
    return Form("LogSigmoid", [args.get("self")], module=nn.LogSigmoid())
