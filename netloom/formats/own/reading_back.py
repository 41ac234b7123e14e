"""A bundle against the network that it was written of: the document, and every byte of the weights.

Tensors are read one at a time, so that a check takes little memory.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

import numpy as np
import torch
from torch import Tensor

from netloom.formats.bundle import WEIGHTS, BundleError, read_bundle_info
from netloom.formats.exported import ExportError
from netloom.formats.imported import ImportedNetwork, ParityCheck

_LENGTH_BYTES = 8
"""In front of the header of safetensors, which says where each tensor lies behind it."""
_ORACLE = "Netloom, which read it back"


def check_bundle(path: Path, network: ImportedNetwork) -> ParityCheck | None:
    """Compare what was written; None where there are no weights, and no numbers to compare.

    Raises:
        ExportError: The document, or a weight, comes back as something else.
    """
    try:
        document = read_bundle_info(path).document
    except BundleError as error:
        raise ExportError(f"What was written cannot be read back: {error}") from error
    if document != network.document:
        raise ExportError("Nothing was written: the layers come back as others.")
    if not network.weights:
        return None
    with zipfile.ZipFile(path) as archive, archive.open(WEIGHTS) as member:
        _check_weights(member, network.weights)
    return ParityCheck(
        oracle=_ORACLE,
        inputs="every weight",
        max_abs_diff=0.0,
        max_abs_value=max(map(_largest, network.weights.values())),
    )


def _check_weights(member: IO[bytes], weights: Mapping[str, Tensor]) -> None:
    size = int.from_bytes(member.read(_LENGTH_BYTES), "little")
    header = cast("dict[str, dict[str, list[int]]]", json.loads(member.read(size)))
    header.pop("__metadata__", None)
    if header.keys() != weights.keys():
        raise ExportError("Nothing was written: the weights come back under other names.")
    for key in sorted(header, key=lambda each: header[each]["data_offsets"]):
        start, stop = header[key]["data_offsets"]
        written = np.frombuffer(member.read(stop - start), np.uint8)
        tensor = weights[key].detach().cpu().contiguous()
        expected = tensor.reshape(-1).view(torch.uint8).numpy()
        if header[key]["shape"] != list(tensor.shape) or not np.array_equal(written, expected):
            raise ExportError(f"Nothing was written: the weight {key[:200]} comes back as another.")


def _largest(tensor: Tensor) -> float:
    """Return the largest absolute value that is a number."""
    values = tensor.detach().cpu().to(torch.float64)
    numbers = values[values.isfinite()].abs()
    return float(numbers.max()) if numbers.numel() else 0.0
