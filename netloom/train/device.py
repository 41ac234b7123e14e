"""Which device and number format a run computes with."""

from __future__ import annotations

import contextlib
import ctypes
import platform
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import torch

Precision = Literal["float32", "bfloat16", "float16"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_KEPT_BLOCK_BYTES = 64 << 20
_KEPT_TOTAL_BYTES = 1 << 30


class DeviceError(Exception):
    """The device a run asks for is not there. The text says what is."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how precisely a run computes.

    Attributes:
        name: Name of the GPU or CPU for people.
        warnings: Settings that could not be followed.
    """

    device: torch.device
    name: str
    precision: Precision
    warnings: tuple[str, ...]

    @property
    def uses_scaler(self) -> bool:
        """Whether gradients are scaled against underflow: float16 only."""
        return self.precision == "float16"

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context that the forward pass runs in."""
        if self.precision == "float32":
            return contextlib.nullcontext()
        dtype = torch.bfloat16 if self.precision == "bfloat16" else torch.float16
        return torch.autocast(self.device.type, dtype=dtype)


def choose_placement(device: str, precision: str, *, index: int = 0, count: int = 1) -> Placement:
    """Resolve `auto` and check that the device exists.

    Automatic precision is bfloat16 on GPUs that compute with it (Ampere and newer), else float16;
    a CPU stays with float32.

    Args:
        index: Which of the run's `count` devices: the GPU of that number, or the CPU for all.

    Raises:
        DeviceError: No such device, or not so many.
    """
    chosen = _choose_device(device, index, count)
    if chosen.type == "cpu":
        if precision == "float16":
            note = "float16 needs a GPU; this run on the CPU uses float32."
            return Placement(chosen, cpu_name(), "float32", (note,))
        wanted: Precision = "bfloat16" if precision == "bfloat16" else "float32"
        return Placement(chosen, cpu_name(), wanted, ())
    name = torch.cuda.get_device_name(chosen)
    has_bfloat16 = torch.cuda.get_device_capability(chosen) >= (8, 0)
    if precision == "auto":
        return Placement(chosen, name, "bfloat16" if has_bfloat16 else "float16", ())
    if precision == "bfloat16" and not has_bfloat16:
        note = f"{name} does not compute with bfloat16; this run uses float16."
        return Placement(chosen, name, "float16", (note,))
    if precision == "float32":
        return Placement(chosen, name, "float32", ())
    return Placement(chosen, name, "bfloat16" if precision == "bfloat16" else "float16", ())


def _choose_device(device: str, index: int, count: int) -> torch.device:
    num_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "cpu" or (device == "auto" and num_gpus == 0):
        return torch.device("cpu")
    found = f"{num_gpus} GPU(s): cuda:0 to cuda:{num_gpus - 1}" if num_gpus else "no usable GPU"
    if count > num_gpus and num_gpus:
        raise DeviceError(
            f"The run asks for {count} devices, but this machine has {found}. "
            "Choose fewer devices, or the CPU."
        )
    if count == 1:
        index = int(device.partition(":")[2] or 0) if device != "auto" else 0
    if index >= num_gpus:
        raise DeviceError(
            f"The run asks for {device}, but this machine has {found}. "
            "Choose another device, or auto."
        )
    return torch.device("cuda", index)


def prepare_device(placement: Placement, num_threads: int | None) -> None:
    """Set the process-wide switches of torch and of the allocator for this run."""
    _keep_freed_memory()
    if num_threads is not None:
        torch.set_num_threads(num_threads)
    if placement.device.type == "cuda":
        torch.cuda.set_device(placement.device)
        # Image sizes are fixed within a run, so the search for the fastest kernels pays.
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")


def _keep_freed_memory() -> None:
    """Let glibc keep what a step frees for the next step.

    By default it hands large blocks back to the system, which clears them page by page when they
    are asked for again: 150 to 800 page faults a step of a small CNN, up to 6 % of its time.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library has no mallopt
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BLOCK_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_TOTAL_BYTES)


def cpu_name() -> str:
    """Return the processor's model name, e.g. `AMD EPYC`."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def process_memory_bytes(others: Iterable[int] = ()) -> int:
    """Return the resident memory of this process and of those with the given ids."""
    total = int(psutil.Process().memory_info().rss)
    for pid in others:
        with contextlib.suppress(psutil.Error):
            total += int(psutil.Process(pid).memory_info().rss)
    return total


def device_memory_bytes(device: torch.device) -> int | None:
    """Return the memory torch holds on a GPU, None on a CPU."""
    return torch.cuda.memory_reserved(device) if device.type == "cuda" else None
