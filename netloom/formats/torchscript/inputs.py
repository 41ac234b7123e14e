"""What a TorchScript file takes: no file says it, so that what fits its first weights is tried."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast

import torch
from torch import Tensor

from netloom.formats.imported import FormatError
from netloom.formats.pt2.tape import MAX_NUMBERS, CannotCompute, tensors_in
from netloom.formats.torchscript.objects import AGAIN
from netloom.formats.torchscript.operators import Met
from netloom.formats.torchscript.program import Program
from netloom.formats.traced.calls import Recording
from netloom.formats.traced.merging import BATCHES

MAX_TRIES = 48
_SIDES = (224, 32, 28, 64, 128, 256, 299, 16, 96, 48, 384, 8, 112, 160, 192, 12, 20, 24, 40, 80,
          100, 150, 227, 240, 288, 320, 416, 448, 512, 640)  # fmt: skip
_LENGTHS = (128, 1024, 16_000, 16, 32, 64, 256, 512, 2048, 4096, 8000)
_VOLUME_SIDES = (32, 64, 16, 8)
_TOKENS = (16, 8, 32, 64, 128, 256, 512, 10, 20, 50, 100, 5, 4, 6, 12, 24, 48, 77)
_PROBES: Sequence[tuple[tuple[int, ...], torch.dtype]] = (
    ((2, 3, 64, 64), torch.float32),
    ((2, 16), torch.int64),
    ((2, 16, 16), torch.float32),
    ((2, 16), torch.float32),
    ((2, 1, 64, 64), torch.float32),
    ((2, 1, 32, 32, 32), torch.float32),
)
_TRANSPOSED = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")


@dataclass(frozen=True, slots=True)
class Guess:
    """Inputs that the code takes.

    Attributes:
        tables: Rows of the tables of embeddings that inputs are looked up in.
        is_signal: The first input goes into a convolution along one axis.
        recording: What the code does with them.
        words: What was tried, for people.
    """

    examples: Sequence[Tensor]
    tables: Sequence[int]
    is_signal: bool
    recording: Recording
    words: str


def guess_inputs(program: Program) -> Guess:
    """Find inputs that the code takes, `BATCHES[0]` samples of them.

    Raises:
        FormatError: Nothing that was tried fits, or nothing says what would.
    """
    met = _first_weights(program)
    tables = [each.given["weight"].shape[0] for each in met
              if each.name == "embedding" and isinstance(each.given["weight"], Tensor)]  # fmt: skip
    is_signal = _axes(met[0]) == 1
    problem: FormatError | None = None
    does_mix = False
    for examples in islice(_together(met), MAX_TRIES):
        try:
            recording = program.record(examples)
            if not _treats_alike(program, examples):
                does_mix = True
                continue
        except CannotCompute as error:
            problem = problem or error
            continue
        return Guess(examples, tables, is_signal, recording, _words(examples))
    if does_mix:
        raise FormatError(
            "Samples influence each other: what the network gives for one changes with those "
            f"beside it. A network must treat every sample alike. {AGAIN}"
        )
    _check_single(program, met)
    raise FormatError(
        f"A TorchScript file does not say what its network takes, and nothing that was tried fits. "
        f"The first try: {str(problem)[:400]} {AGAIN}"
    )


def _words(examples: Sequence[Tensor]) -> str:
    said = [" x ".join(map(str, each.shape[1:])) for each in examples]
    return " and ".join(
        one if each.is_floating_point() else f"{one} tokens"
        for one, each in zip(said, examples, strict=True)
    )


def _treats_alike(program: Program, examples: Sequence[Tensor]) -> bool:
    """Say whether what a sample gives stays the same when the one beside it changes."""
    generator = torch.Generator().manual_seed(1)

    def beside(example: Tensor) -> Tensor:
        found = example.clone()
        one = found[1:]
        if one.is_floating_point():
            one.copy_(torch.rand(one.shape, generator=generator))
        else:
            one.copy_((one * torch.rand(one.shape, generator=generator)).long())
        return found

    before = tensors_in(program(*examples))
    after = tensors_in(program(*map(beside, examples)))
    for one, other in zip(before, after, strict=True):
        if not one.ndim or one.shape != other.shape:
            return False
        here, there = one[:1].double(), other[:1].double()
        if here.numel() and not torch.allclose(here, there, rtol=1e-3, atol=1e-5, equal_nan=True):
            return False
    return True


def _check_single(program: Program, met: Sequence[Met]) -> None:
    """Say it if the code takes one sample, but not several."""
    for examples in islice(_together(met), 4):
        try:
            program.record([each[:1] for each in examples])
        except CannotCompute:
            continue
        raise FormatError(
            "It was traced for one sample alone: the number of samples is written into its code. "
            "Trace the network again with two samples, and with `x.flatten(1)` in place of a view "
            "of fixed sizes."
        )


def _first_weights(program: Program) -> list[Met]:
    """Return the first operator with weights that each input comes to."""
    found: dict[int, Met] = {}
    count = len(program.input_names)
    while len(found) < count:
        met = _next_weights(program, found)
        found[met.at] = met
    return [found[at] for at in range(count)]


def _next_weights(program: Program, found: Mapping[int, Met]) -> Met:
    sought = [at for at in range(len(program.input_names)) if at not in found]
    known = {at: next(_candidates(met)) for at, met in found.items()}
    problem: FormatError | None = None
    for sizes, dtype in _PROBES:
        probe = torch.zeros(sizes, dtype=dtype)
        given = [known.get(at, probe) for at in range(len(program.input_names))]
        try:
            program.probe(given, sought)
        except Met as met:
            return met
        except CannotCompute as error:
            problem = problem or error
    raise FormatError(
        "A TorchScript file does not say what its network takes, and no weights that its input "
        f"{program.input_names[sought[0]][:100]} comes to tell it. {str(problem or '')[:300]} "
        f"{AGAIN}"
    )


def _together(met: Sequence[Met]) -> Iterator[list[Tensor]]:
    """Give inputs that may fit: the first choices together, then the second ones."""
    choices = [list(islice(_candidates(each), MAX_TRIES)) for each in met]
    for at in range(max(map(len, choices), default=0)):
        yield [each[min(at, len(each) - 1)] for each in choices if each]


def _candidates(met: Met) -> Iterator[Tensor]:
    axes = _axes(met)
    if axes:
        yield from _spatial(met, axes)
        return
    match met.name:
        case "embedding":
            rows = _weight(met, "weight").shape[0]
            yield from (torch.full((BATCHES[0], each), rows - 1) for each in _TOKENS)
        case "lstm" | "gru" | "rnn_tanh" | "rnn_relu":
            yield from _steps(_weight(met, "params").shape[-1])
        case "batch_norm" | "instance_norm" | "group_norm":
            count = _weight(met, "weight", "running_mean").numel()
            yield from (_random(count, side, side) for side in _SIDES[:8])
            yield from (_random(count, length) for length in _LENGTHS[:3])
            yield _random(count)
        case "layer_norm":
            sizes = met.given["normalized_shape"]
            items = cast("list[object]", sizes) if isinstance(sizes, list) else []
            numbers = [each for each in items if isinstance(each, int)]
            if len(numbers) == 1:
                yield from _steps(numbers[0])
            yield _random(*numbers)
        case "_transformer_encoder_layer_fwd" | "_native_multi_head_attention":
            yield from _steps(_weight(met, "qkv_weight").shape[-1])
        case _:
            weight = _weight(met, "weight", "mat2", "other")
            features = (
                weight.shape[-1] if met.name == "linear" else weight.shape[max(-2, -weight.ndim)]
            )
            yield from _features(features, is_image=met.has_reshaped)


def _features(count: int, *, is_image: bool) -> Iterator[Tensor]:
    images = [(channels, int((count / channels) ** 0.5)) for channels in (1, 3)]
    fitting = [_random(channels, side, side) for channels, side in images
               if side > 1 and channels * side * side == count]  # fmt: skip
    if is_image:
        yield from fitting
    yield _random(count)
    yield from islice(_steps(count), 4)
    if not is_image:
        yield from fitting


def _spatial(met: Met, axes: int) -> Iterator[Tensor]:
    weight = _weight(met, "weight")
    groups = met.given.get("groups", 1)
    is_transposed = met.name in _TRANSPOSED or bool(met.given.get("transposed"))
    times = groups if isinstance(groups, int) and not is_transposed else 1
    channels = weight.shape[0] if is_transposed else weight.shape[1] * times
    sides = {1: _LENGTHS, 2: _SIDES, 3: _VOLUME_SIDES}[axes]
    yield from (_random(channels, *[side] * axes) for side in sides)


def _steps(features: int) -> Iterator[Tensor]:
    yield from (_random(length, features) for length in _TOKENS)


def _random(*sizes: int) -> Tensor:
    if not sizes or min(sizes) < 1 or math.prod(sizes) > MAX_NUMBERS // 8:
        raise FormatError(f"Its first weights take inputs of sizes {list(sizes)[:8]}. {AGAIN}")
    generator = torch.Generator().manual_seed(0)
    return torch.rand((1, *sizes), generator=generator).repeat(BATCHES[0], *[1] * len(sizes))


def _axes(met: Met) -> int:
    """Return along how many axes the first operator goes, if it is a convolution."""
    weight = met.given.get("weight")
    is_convolution = "conv" in met.name and isinstance(weight, Tensor) and 3 <= weight.ndim <= 5
    return weight.ndim - 2 if is_convolution and isinstance(weight, Tensor) else 0


def _weight(met: Met, *keys: str) -> Tensor:
    for key in keys:
        found = met.given.get(key)
        if isinstance(found, list) and found:
            found = cast("list[object]", found)[0]
        if isinstance(found, Tensor) and found.ndim:
            return found
    raise FormatError(f"{met.name} is called with weights that say no sizes. {AGAIN}")
