"""Weights, bundles, documents, sources and unknown files, changed at random: no surprise.

Each reader of layers has a fuzzer beside its tests; what has to hold is in `fuzzing`. `make fuzz`
tries many more than `make test`; EXAMPLES says how many hundreds.
"""

from __future__ import annotations

import io
import json
import pickletools
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from safetensors.torch import save as save_safetensors

from netloom.compile import build_module, generate_source, state_weights
from netloom.formats.bundle import make_meta, write_bundle
from netloom.formats.imported import FormatError
from netloom.formats.read import read_network
from netloom.formats.recognise import HDF5_MAGIC, recognise
from netloom.formats.weight_file import read_weight_file
from tests.netloom.compile.networks import rich_network
from tests.netloom.formats.fuzzing import (
    bytes_changed,
    files_to_try,
    members_of,
    odd_somewhere,
    survey,
    zipped,
)


def laid_out(path: Path) -> None:
    """Read weights and lay them out, as is done to write them."""
    for tensor in read_weight_file(path).tensors.values():
        tensor.contiguous().clone()


Change = Callable[[int, random.Random], bytes]
ODD: tuple[object, ...] = (
    None, -1, 0, 1, 7, 2**31, 2**62, 10**30, 0.5, 1e308, "", "x", "Conv2d", "../../etc/passwd",
    "x" * 5000, "\0", [], {}, [[]], True, [0, 2**62], [-1, 4], "F32", "F64", "I64", "BOOL", "F8",
)  # fmt: skip
WORDS = (
    "nn.Linear", "nn.Conv2d", "torch.relu", "self", "forward", "None", "-1", "0", "10**12",
    "2**70", "__import__('os').system('touch escaped')", "exec('x')", "open('/etc/passwd')",
    "[]", "lambda: 0", "(", ")", ":", "=", ",", "for i in range(10**9):", "while True:",
    "class A(A):", "yield", "*x", "[0] * 10**9", "'a' * 10**10", "range(10**18)", "\n", "    ",
    "\t", "import os", "@property",
)  # fmt: skip


def small_weights() -> dict[str, torch.Tensor]:
    """Return what a small network has, with several types of numbers."""
    torch.manual_seed(0)
    return {
        "conv.weight": torch.rand(4, 3, 3, 3), "conv.bias": torch.rand(4).half(),
        "norm.num_batches_tracked": torch.tensor(3), "head.weight": torch.rand(5, 4).double(),
        "head.mask": torch.tensor([True, False]),
    }  # fmt: skip


def saved(*, is_zip: bool) -> bytes:
    """Return what `torch.save` writes of a training script's checkpoint."""
    buffer = io.BytesIO()
    whole = {"epoch": 3, "state_dict": small_weights(), "args": {"rate": 0.1, "names": ["a", "b"]}}
    torch.save(whole, buffer, _use_new_zipfile_serialization=is_zip)
    return buffer.getvalue()


def header_changed(content: bytes, draw: random.Random) -> bytes:
    """Change what a safetensors file says of its tensors, and leave their bytes as they are."""
    (length,) = struct.unpack("<Q", content[:8])
    parsed = odd_somewhere(json.loads(content[8 : 8 + length]), draw, ODD, depth=0.9)
    header = json.dumps(parsed).encode()
    return struct.pack("<Q", len(header)) + header + content[8 + length :]


def pickle_changed(content: bytes, draw: random.Random) -> bytes:
    """Change a pickle between its instructions: numbers, order, what is left out or twice."""
    starts = [place for _, _, place in pickletools.genops(content) if place is not None]
    ends = [*starts[1:], len(content)]
    steps = [content[start:end] for start, end in zip(starts, ends, strict=True)]
    for _ in range(draw.choice((1, 1, 2, 4))):
        place = draw.randrange(1, len(steps) - 1)
        match draw.randrange(5):
            case 0:
                del steps[place]
            case 1:
                steps.insert(place, draw.choice(steps))
            case 2:
                steps[place] = draw.choice(steps)
            case 3:
                numbers = [at for at, step in enumerate(steps) if step[:1] in (b"K", b"M", b"J")]
                odd = struct.pack("<i", draw.choice((-1, 0, 2, 5, 2**31 - 1, -(2**31))))
                steps[draw.choice(numbers)] = b"J" + odd
            case _:
                steps[place] = draw.choice(
                    (b"cos\nsystem\n", b"N", b"\x88", b"]", b"}", b"X\x01\0\0\0a")
                )
    return b"".join(steps)


def safetensors_changes() -> Change:
    content = save_safetensors(small_weights())
    ways = (bytes_changed, header_changed)
    return lambda seed, draw: ways[seed % 2](content, draw)


def zip_changes() -> Change:
    content = saved(is_zip=True)
    members = members_of(content)
    pickled = next(name for name in members if name.endswith("data.pkl"))

    def changed(seed: int, draw: random.Random) -> bytes:
        if seed % 3 == 0:
            return bytes_changed(content, draw)
        way = (bytes_changed, pickle_changed)[seed % 3 - 1]
        return zipped({**members, pickled: way(members[pickled], draw)})

    return changed


def legacy_changes() -> Change:
    content = saved(is_zip=False)
    return lambda seed, draw: bytes_changed(content, draw)


def document_changes() -> Change:
    content = rich_network().model_dump_json().encode()

    def changed(seed: int, draw: random.Random) -> bytes:
        if seed % 4 == 0:
            return bytes_changed(content, draw)
        return json.dumps(odd_somewhere(json.loads(content), draw, ODD, depth=0.9)).encode()

    return changed


def written_bundle() -> dict[str, bytes]:
    """Return the members of a bundle."""
    network = rich_network()
    weights = state_weights(build_module(network, seed=1))
    with TemporaryDirectory() as name:
        path = Path(name) / "net.netloom"
        write_bundle(path, network, weights, make_meta(network, classes=["a", "b"]))
        return members_of(path.read_bytes())


def bundle_changes() -> Change:
    members = written_bundle()
    content = zipped(members)

    def changed(seed: int, draw: random.Random) -> bytes:
        if seed % 4 == 0:
            return bytes_changed(content, draw)
        name = ("network.json", "meta.json", "weights.safetensors")[seed % 4 - 1]
        if name.endswith(".json"):
            parsed = odd_somewhere(json.loads(members[name]), draw, ODD, depth=0.9)
            return zipped({**members, name: json.dumps(parsed).encode()})
        way = draw.choice((header_changed, bytes_changed))
        return zipped({**members, name: way(members[name], draw)})

    return changed


def source_changes() -> Change:
    source = generate_source(rich_network())

    def changed(seed: int, draw: random.Random) -> bytes:
        if seed % 4 == 0:
            return b"import torch\n" + bytes_changed(source.encode(), draw)
        words = source.split(" ")
        for _ in range(draw.randint(1, 4)):
            place = draw.randrange(len(words))
            match draw.randrange(3):
                case 0:
                    words[place] = draw.choice(WORDS)
                case 1:
                    words.insert(place, draw.choice(WORDS))
                case _:
                    del words[place]
        return " ".join(words).encode()

    return changed


def unknown_changes() -> Change:
    """Make files of kinds that are told what to do with, and of none."""
    graph = b"\x08\x01\x12\x20" + b"\x0a\x04serv\x12\x18" + b"\x00" * 24
    numbers = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"
    kinds = (
        graph, b"\x1c\0\0\0TFL3" + bytes(range(200)), numbers, b"\x80\x04cos\nsystem\n(S'id'\ntR.",
        zipped({"m/saved_model.pb": graph, "m/variables/variables.index": b"x"}),
        zipped({"a.npy": numbers}), zipped({"archive/constants.pkl": b"x", "archive/code/x": b""}),
        zipped({"net.prototxt": b'layer { name: "a" type: "ReLU" }'}),
        zipped({"config.json": b"{}", "model.weights.h5": HDF5_MAGIC, "metadata.json": b"{}"}),
        b'{"class_name": "Sequential", "config": []}', b"\x1f\x8b" + b"\0" * 300, b"layer { }",
        HDF5_MAGIC + b"\0" * 100, b"import torch\nclass Net: pass\n",
    )  # fmt: skip
    return lambda seed, draw: bytes_changed(kinds[seed % len(kinds)], draw)


def looked_at(path: Path) -> None:
    """Say what a file is, and open it, which says what to do with it."""
    recognise(path)
    try:
        read_network(path)
    except FormatError as error:
        if len(str(error).split()) < 4:
            raise


@dataclass(frozen=True, slots=True)
class Reader:
    """What is tried: files changed in some way, and what reads them."""

    changes: Callable[[], Change]
    read: Callable[[Path], object]


READERS = {
    "safetensors": Reader(safetensors_changes, laid_out),
    "checkpoint": Reader(zip_changes, laid_out),
    "old_checkpoint": Reader(legacy_changes, laid_out),
    "bundle": Reader(bundle_changes, read_network),
    "document": Reader(document_changes, read_network),
    "python": Reader(source_changes, read_network),
    "unknown": Reader(unknown_changes, looked_at),
}


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", list(READERS))
def test_a_changed_file_is_read_or_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    reader = READERS[name]
    survey(
        reader.read, reader.changes(), tmp_path / "changed", refusals=(FormatError,),
        seeds=files_to_try(),
    ).check()  # fmt: skip
