"""Runs what was written in a process of its own, where Netloom cannot be imported."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from netloom.formats.exported import ExportError

_TIMEOUT_S = 1800
_LAST_LINES = 3
_WITHOUT_NETLOOM = """
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "netloom":
            raise ImportError("what was written needs netloom, which is not there")
sys.meta_path.insert(0, Blocked())
"""
_RUN = """
import sys
{blocked}
import torch
from safetensors.torch import load_file, save_file
sys.path.insert(0, sys.argv[1])
{load}
given = load_file(sys.argv[2])
with torch.no_grad():
    found = network(*(given[str(index)] for index in range(len(given))))
found = found if isinstance(found, (tuple, list)) else (found,)
save_file({{str(at): each.contiguous().clone() for at, each in enumerate(found)}}, sys.argv[3])
"""


def run_fresh(
    load: str, folder: Path, inputs: Sequence[Tensor], *, has_netloom: bool = False
) -> list[Tensor]:
    """Compute outputs in a fresh Python, with numbers alone going in and out.

    Args:
        load: Statements that make `network` out of `sys.argv[1]`, which is also on `sys.path`.
        folder: That argument: a folder to import from, or a file.
        has_netloom: Whether Netloom may be imported there.

    Raises:
        ExportError: It fails; the text ends as its error does.
    """
    from safetensors.torch import load_file, save_file  # pyright: ignore[reportUnknownVariableType]

    code = _RUN.format(blocked="" if has_netloom else _WITHOUT_NETLOOM, load=load)
    with tempfile.TemporaryDirectory(prefix="netloom-fresh-") as name:
        given, found = Path(name) / "inputs.safetensors", Path(name) / "outputs.safetensors"
        save_file({str(at): each.contiguous().clone() for at, each in enumerate(inputs)}, given)
        try:
            done = subprocess.run(
                [
                    sys.executable,
                    "-I",
                    "-B",
                    "-c",
                    code,
                    str(folder.absolute()),
                    str(given),
                    str(found),
                ],
                cwd=name,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ExportError(f"It does not finish within {_TIMEOUT_S // 60} minutes.") from error
        if done.returncode or not found.is_file():
            last = " ".join(done.stderr.strip().splitlines()[-_LAST_LINES:])
            raise ExportError(f"What was written does not run: {last[:600]}")
        outputs = load_file(found)
    return [outputs[str(index)] for index in range(len(outputs))]
