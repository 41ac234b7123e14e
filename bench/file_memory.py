"""Memory of the process that opens what people upload, against the size of their files."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.peak import run_watched
from bench.registry import Declaration, Figure, at_most, gives

_WIDTH, _SMALL_WIDTH, _DEPTH = 4096, 64, 4
_MODEL = f"{_DEPTH} Linear layers of {_WIDTH:,} features"
_ENDINGS = (".safetensors", ".pt", ".netloom", ".keras", ".onnx", ".pt2")


@gives(
    Declaration(
        "import_memory_over_file", "x", at_most(5.0),
        "Most memory of the process that opens an uploaded file, checks it against another "
        "runtime and writes the network, over the size of the file: the format that takes most",
    )
)  # fmt: skip
def import_memory() -> Iterator[tuple[str, Figure]]:
    """Open a large and a small file of each format; what differs belongs to the size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for width in (_SMALL_WIDTH, _WIDTH):
            _run_apart(folder, width)
        shares: dict[str, float] = {}
        notes: list[str] = []
        for ending in _ENDINGS:
            small, large = (_peak_bytes(folder / f"{width}{ending}")
                            for width in (_SMALL_WIDTH, _WIDTH))  # fmt: skip
            size = (folder / f"{_WIDTH}{ending}").stat().st_size
            shares[ending] = (large - small) / size
            notes.append(f"{ending} {shares[ending]:.2f} x of {size / 2**20:,.0f} MB")
        yield (
            "import_memory_over_file",
            Figure(max(shares.values()), model=_MODEL, threads=1, note="; ".join(notes)),
        )


def write_files(folder: Path, width: int) -> None:
    """Write the same network in every format, as `WIDTH.ending`."""
    import torch
    from safetensors.torch import save_file

    from bench.networks import Drawing
    from netloom.compile import build_module, state_weights
    from netloom.formats.imported import ImportedNetwork, ImportReport
    from netloom.formats.write import write_network

    draw = Drawing()
    last = draw.add("FeatureInput", num_features=width)
    for _ in range(_DEPTH):
        last = draw.add("Linear", last, out_features=width)
    draw.add("Output", last)
    document = draw.finish()
    module = build_module(document).eval()
    network = ImportedNetwork(document, ImportReport(format="bench"), state_weights(module))
    state = module.state_dict()
    save_file(state, folder / f"{width}.safetensors")
    torch.save(state, folder / f"{width}.pt")
    for ending in _ENDINGS[2:]:
        write_network(network, folder / f"{width}{ending}")


def _run_apart(folder: Path, width: int) -> None:
    code = "import sys; from pathlib import Path; from bench.file_memory import write_files; "
    code += "write_files(Path(sys.argv[1]), int(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", code, str(folder), str(width)], check=True)


def _peak_bytes(path: Path) -> int:
    """Open a file as the studio does, and return the most memory that took."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        command = [sys.executable, "-m", "netloom.formats.reading", str(path), f"{folder}/read"]
        ended = run_watched(command, {**os.environ, "OMP_NUM_THREADS": "1"})
        if ended.status:
            raise RuntimeError(f"{path.name} was not read: exit status {ended.status}")
        if not any(Path(folder, "read").iterdir()):
            raise RuntimeError(f"{path.name} was read as nothing")
        return ended.peak_bytes
