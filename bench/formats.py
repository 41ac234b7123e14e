"""What files of networks cost: writing and reading ONNX, against peers and against their size.

Each side is one thread; files are written into a folder of their own.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.peak import run_watched
from bench.registry import Declaration, Figure, NotMeasurable, at_most, gives
from bench.sides import Opened, netron_of
from bench.timing import Spent, in_turn, spent

_MODEL = "ResNet-18 at 224 px"
_EXPORT_ROUNDS = 3
_IMPORT_ROUNDS = 5
_VIEWER_ROUNDS = 5
_WHOLE, _PAGE_ALONE = 1, 0
_MEMORY_CODE = """
import json, resource, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
{setup}
def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak_bytes()
{action}
print(json.dumps(peak_bytes() - before))
"""
_READ_SETUP = """
from netloom.formats.read import read_network
read_network(Path(sys.argv[2]))  # loads what reading needs
"""
_WRITE_SETUP = """
from netloom.formats.read import read_network
from netloom.formats.write import write_network
write_network(read_network(Path(sys.argv[2])), Path(sys.argv[1]).with_name("warm.onnx"))
network = read_network(Path(sys.argv[1]))
"""


@gives(
    Declaration(
        "export_onnx_over_plain", "x", at_most(2.0),
        "Writing ONNX with open sizes, checked by two runs of ONNX Runtime, against "
        "torch.onnx.export of the same module alone",
    )
)  # fmt: skip
def export() -> Iterator[tuple[str, Figure]]:
    """Write the same network in turn."""
    import torch

    from bench.networks import RESNET_18, resnet
    from netloom.compile import build_module, state_weights
    from netloom.formats.imported import ImportedNetwork, ImportReport
    from netloom.formats.write import write_network

    torch.set_num_threads(1)
    module = build_module(resnet(RESNET_18)).eval()
    document = module.netloom_origins.document
    network = ImportedNetwork(document, ImportReport(format="bench"), state_weights(module))
    image = torch.randn(2, 3, 224, 224)
    batch = torch.export.Dim("batch")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def ours() -> Spent:
            return spent(lambda: write_network(network, folder / "ours.onnx"))

        def plain() -> Spent:
            return spent(
                lambda: torch.onnx.export(
                    module, (image,), folder / "plain.onnx", dynamo=True, verbose=False,
                    dynamic_shapes=({0: batch},), opset_version=20, external_data=False,
                )
            )  # fmt: skip

        ratio = in_turn(ours, plain, _EXPORT_ROUNDS)
    peer = f"torch.onnx.export of torch {torch.__version__}"
    yield (
        "export_onnx_over_plain",
        Figure(ratio.cpu, peer=peer, model=_MODEL, batch=2, threads=1, note=ratio.note),
    )


@gives(
    Declaration(
        "import_onnx_over_onnx2torch", "x", at_most(1.0),
        "Reading an ONNX file as an editable network, against onnx2torch making a module of it",
    )
)  # fmt: skip
def read() -> Iterator[tuple[str, Figure]]:
    """Read the same file in turn: of PyTorch's older exporter, since the peer reads no other."""
    import torch

    try:
        import onnx2torch
    except ImportError as error:
        raise NotMeasurable(f"{error}; `make bench` installs it.") from error
    from netloom.formats.onnx.read import read_onnx

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "network.onnx"
        _write_plainly(path, (2, 2, 2, 2))
        ratio = in_turn(
            lambda: spent(lambda: read_onnx(path)),
            lambda: spent(lambda: onnx2torch.convert(str(path))),
            _IMPORT_ROUNDS,
        )
        size = path.stat().st_size / 2**20
    note = f"{ratio.note}; {size:,.0f} MB, opset 13"
    yield (
        "import_onnx_over_onnx2torch",
        Figure(ratio.cpu, peer="onnx2torch", model=_MODEL, threads=1, note=note),
    )


@gives(
    Declaration(
        "import_onnx_over_netron", "x", at_most(1.0),
        "Reading an ONNX file as an editable network, against Netron reading and drawing it in "
        "Chromium, without what opening its page takes",
    )
)  # fmt: skip
def viewer() -> Iterator[tuple[str, Figure]]:
    """Open the same file in turn; the page itself is what a file of one layer takes."""
    import torch

    from bench.browser import bare_context
    from netloom.formats.onnx.read import read_onnx

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        path, smallest = Path(name) / "network.onnx", Path(name) / "smallest.onnx"
        _write_plainly(path, (2, 2, 2, 2))
        _write_one_layer(smallest)
        files = {_WHOLE: (path, _num_connections(path)), _PAGE_ALONE: (smallest, 2)}
        ours: list[Spent] = []
        theirs: dict[int, list[Opened]] = {number: [] for number in files}
        with bare_context() as context, netron_of(files, context) as side:
            for turn in range(1 + _VIEWER_ROUNDS):
                own = spent(lambda: read_onnx(path))
                for number in files:
                    page, _, opened = side.open(context, number)
                    page.close()
                    if turn:
                        theirs[number].append(opened)
                if turn:
                    ours.append(own)
        size = path.stat().st_size / 2**20
    cpu_s, wall_s = median(each.cpu_s for each in ours), median(each.wall_s for each in ours)
    work_s = _more(theirs, lambda each: each.work_s)
    peer_wall_s = _more(theirs, lambda each: each.wall_s)
    note = (
        f"by processor time, of Netron's main thread alone, median of {_VIEWER_ROUNDS} rounds: "
        f"{cpu_s:.3g} s to {work_s:.3g} s; on the wall {wall_s:.3g} s to {peer_wall_s:.3g} s, with "
        f"its page {median(each.wall_s for each in theirs[_WHOLE]):.3g} s; {size:,.0f} MB"
    )
    yield (
        "import_onnx_over_netron",
        Figure(cpu_s / work_s, peer="Netron", model=_MODEL, threads=1, note=note),
    )


def _more(opened: Mapping[int, Sequence[Opened]], of: Callable[[Opened], float]) -> float:
    """How much more a file takes than the page with almost none."""
    return median(map(of, opened[_WHOLE])) - median(map(of, opened[_PAGE_ALONE]))


def _num_connections(path: Path) -> int:
    """Count what Netron draws a line for: each tensor that a node gives, to each that takes it."""
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    taken = [name for node in graph.node for name in node.input if name and name not in weights]
    return len(taken) + len(graph.output)


def _write_one_layer(path: Path) -> None:
    from onnx import TensorProto, helper, save

    sizes = ["batch", 3, 8, 8]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "one", ends[:1], ends[1:])
    opset = [helper.make_opsetid("", 13)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))


@gives(
    Declaration(
        "import_onnx_memory_over_file", "x", None,
        "Most memory while an ONNX file is read and compared with ONNX Runtime, over its size",
    ),
    Declaration(
        "export_onnx_memory_over_file", "x", None,
        "Most memory while an ONNX file is written and checked, over its size",
    ),
)  # fmt: skip
def memory() -> Iterator[tuple[str, Figure]]:
    """Read and write a large file in fresh processes that have done a small one before."""
    with tempfile.TemporaryDirectory() as name:
        large, small = Path(name) / "large.onnx", Path(name) / "small.onnx"
        _write_plainly(large, (3, 8, 36, 3), num_classes=10_000)
        _write_plainly(small, (1, 1, 1, 1), size_px=32)
        size = large.stat().st_size
        figures = {
            "import_onnx_memory_over_file": (_READ_SETUP, "read_network(Path(sys.argv[1]))"),
            "export_onnx_memory_over_file": (
                _WRITE_SETUP,
                'write_network(network, Path(sys.argv[1]).with_name("again.onnx"))',
            ),
        }
        for key, (setup, action) in figures.items():
            used = _peak_bytes(_MEMORY_CODE.format(setup=setup, action=action), large, small)
            note = f"{used / 2**20:,.0f} MB for a file of {size / 2**20:,.0f} MB"
            yield key, Figure(used / size, model="ResNet-152 at 224 px", threads=1, note=note)


def _peak_bytes(code: str, *paths: Path) -> int:
    ended = run_watched([sys.executable, "-c", code, *map(str, paths)])
    if ended.status:
        raise RuntimeError(f"it ended with {ended.status}; what it wrote is above")
    return int(json.loads(ended.lines[-1]))


def _write_plainly(
    path: Path, depths: tuple[int, ...], *, num_classes: int = 1000, size_px: int = 224
) -> None:
    """Write a ResNet with PyTorch's older exporter, which other tools read."""
    import torch

    from bench.networks import resnet
    from netloom.compile import build_module

    network = build_module(resnet(depths, num_classes=num_classes, size_px=size_px))
    module = torch.nn.Sequential(network).eval()  # that exporter takes an fx graph for its own
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(layer.bias)  # The peer reads no file in which two are the same.
    image = torch.randn(1, 3, size_px, size_px)
    export: Any = torch.onnx.export
    export(
        module, (image,), path, dynamo=False, opset_version=13,
        input_names=["image"], dynamic_axes={"image": {0: "batch"}},
    )  # fmt: skip
