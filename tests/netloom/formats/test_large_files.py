"""Files of more than two gigabytes, made of holes on the disk: opened as the studio opens them."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, helper

from bench.peak import run_watched
from netloom.formats.bundle import WEIGHTS
from netloom.formats.imported import ImportedNetwork, ImportReport
from netloom.formats.reading import FACTS, REPORT
from netloom.formats.write import write_network
from tests.netloom.graph.build import chain, node

GIGABYTE = 2**30
STREAMED_BYTES = 400 * 2**20
"""What the interpreter and its packages take; the tensors themselves are not among it."""
STUDIO_BYTES = 8000 * 10**6
"""What an import may take unless the operator says otherwise."""


@dataclass(frozen=True, slots=True)
class Read:
    """Attributes: peak_bytes: Most memory the process held; said: the last line it wrote."""

    peak_bytes: int
    said: str
    folder: Path


def read(path: Path, *beside: Path) -> Read:
    """Open a file in the throwaway process."""
    folder = path.parent / "read"
    command = [sys.executable, "-m", "netloom.formats.reading", str(path), str(folder)]
    command += [f"--beside={each}" for each in beside]
    done = run_watched(command, {**os.environ, "OMP_NUM_THREADS": "2"})
    assert done.status == 0, done.lines
    return Read(done.peak_bytes, done.lines[-1], folder)


def sparse_safetensors(path: Path, num_tensors: int, rows: int) -> int:
    """Write tensors of zeros that take no space; returns the bytes that the file has."""
    size_bytes = rows * 1024 * 4
    header = json.dumps({
        f"layer{at}.weight": {"dtype": "F32", "shape": [rows, 1024],
                              "data_offsets": [at * size_bytes, (at + 1) * size_bytes]}
        for at in range(num_tensors)
    }).encode()  # fmt: skip
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + num_tensors * size_bytes)
    return path.stat().st_size


def test_a_tensor_that_no_memory_is_left_for_is_told_as_that() -> None:
    code = (
        "import argparse, torch; from netloom.formats.reading import add_limits, guarded; "
        "parser = argparse.ArgumentParser(); add_limits(parser); options = parser.parse_args([]); "
        "print(guarded(lambda: torch.empty(2**50), options, file_name='w', shown='w.pt'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    refused, status = done.stdout.splitlines()
    assert json.loads(refused)["refused"] == "out_of_memory"
    assert "w.pt needs more memory" in refused
    assert status == "1"


@pytest.mark.slow
def test_two_gigabytes_of_weights_stream(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    size_bytes = sparse_safetensors(path, 66, 8192)
    assert size_bytes > 2 * GIGABYTE
    found = read(path)
    facts = json.loads((found.folder / FACTS).read_text())
    assert [each["key"] for each in facts["tensors"]][:3] == [
        "layer0.weight", "layer1.weight", "layer2.weight",
    ]  # fmt: skip
    assert (found.folder / WEIGHTS).stat().st_size == size_bytes
    assert found.peak_bytes < STREAMED_BYTES, f"{found.peak_bytes / 2**20:,.0f} MB"


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_an_onnx_network_of_more_than_two_gigabytes_fits_into_an_import(tmp_path: Path) -> None:
    """Protobuf ends at 2 GB: the weights lie beside it."""
    width, num_layers = 8192, 9
    size_bytes = width * width * 4
    tensors = [
        TensorProto(
            name=f"w{at}", data_type=TensorProto.FLOAT, dims=[width, width],
            data_location=TensorProto.EXTERNAL,
        )
        for at in range(num_layers)
    ]  # fmt: skip
    for at, tensor in enumerate(tensors):
        for key, value in (("location", "net.data"), ("offset", str(at * size_bytes)),
                           ("length", str(size_bytes))):  # fmt: skip
            tensor.external_data.add(key=key, value=value)
    names = ["x", *(f"h{at}" for at in range(num_layers))]
    nodes = [
        helper.make_node("Gemm", [names[at], f"w{at}"], [names[at + 1]], transB=1)
        for at in range(num_layers)
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
        for name in (names[0], names[-1])
    ]
    graph = helper.make_graph(nodes, "large", ends[:1], ends[1:], tensors)
    opset = [helper.make_opsetid("", 17)]
    path, beside = tmp_path / "net.onnx", tmp_path / "net.data"
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
    with beside.open("wb") as file:
        file.truncate(num_layers * size_bytes)
    assert beside.stat().st_size > 2 * GIGABYTE
    found = read(path, beside)
    report = json.loads((found.folder / REPORT).read_text())
    assert [each["outcome"] for each in report["pieces"]] == ["layer"] * num_layers
    assert report["parity"] is not None, report["notes"]
    assert found.peak_bytes < STUDIO_BYTES, f"{found.peak_bytes / 1e6:,.0f} MB"


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_a_network_of_more_than_two_gigabytes_is_written_as_onnx(tmp_path: Path) -> None:
    """Its weights lie beside it, ONNX Runtime computes the same, and what is read is what was."""
    width, num_layers = 8192, 9
    layers = [node("Linear", f"layer{at}", out_features=width) for at in range(num_layers)]
    given = node("FeatureInput", "features", num_features=width)
    document = chain(given, *layers, node("Output", "output"))
    seed = torch.Generator().manual_seed(1)
    weights = {
        f"n{at + 1}:{name}": torch.randn(shape, generator=seed) / width**0.5
        for at in range(num_layers)
        for name, shape in (("weight", (width, width)), ("bias", (width,)))
    }
    network = ImportedNetwork(
        document=document, weights=weights, report=ImportReport(format="test")
    )
    path = tmp_path / "net.onnx"
    written = write_network(network, path)
    assert [file.name for file in written.files] == ["net.onnx", "net.onnx.data"]
    assert path.stat().st_size < GIGABYTE / 1024
    assert (tmp_path / "net.onnx.data").stat().st_size > 2 * GIGABYTE
    assert written.parity is not None
    assert written.parity.relative < 1e-4
    del network, weights
    found = read(path, tmp_path / "net.onnx.data")
    report = json.loads((found.folder / REPORT).read_text())
    assert report["parity"]["max_abs_diff"] < 1e-4, report
    assert found.peak_bytes < STUDIO_BYTES, f"{found.peak_bytes / 1e6:,.0f} MB"
