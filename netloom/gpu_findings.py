"""Which GPU is used, or why none is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from netloom.findings import GIB, Finding, Status, ask_program


@dataclass(frozen=True, slots=True)
class GpuFacts:
    """What decides whether torch uses a GPU.

    Attributes:
        build: CUDA or ROCm version torch was built for; None for a CPU-only build.
        driver: Version of the NVIDIA driver, None without one.
        visible_devices: The variable that hides devices, None when it is not set.
        device_names: What torch can use.
        error: What torch said when it tried.
    """

    build: str | None
    driver: str | None
    visible_devices: str | None
    device_names: tuple[str, ...] = ()
    error: str = ""


def describe_gpu(facts: GpuFacts) -> Finding:
    """Say which GPU is used, or why none is; a machine without a GPU is no problem."""
    if facts.device_names:
        return Finding(name="GPU", status="ok", found=", ".join(facts.device_names))

    def unused(status: Status, found: str, advice: str = "") -> Finding:
        return Finding(name="GPU", status=status, found=f"not used: {found}", advice=advice)

    if facts.driver is None:
        if facts.build is None:
            return unused("ok", "no NVIDIA driver, and torch is a CPU-only build")
        return unused(
            "ok", "no NVIDIA driver was found", "With an NVIDIA card: install its driver."
        )
    if facts.build is None:
        return unused(
            "warning",
            f"torch is a CPU-only build (driver {facts.driver} is installed)",
            "Install torch from the default package index, which has the CUDA build.",
        )
    if facts.visible_devices is not None and facts.visible_devices.strip() in ("", "-1"):
        return unused(
            "warning",
            f"hidden by CUDA_VISIBLE_DEVICES={facts.visible_devices!r}",
            "Unset CUDA_VISIBLE_DEVICES, or name a device in it.",
        )
    if "driver" in facts.error and "old" in facts.error:
        return unused(
            "warning",
            f"driver {facts.driver} is too old for CUDA {facts.build}",
            "Update the NVIDIA driver, or install a torch built for an older CUDA.",
        )
    reason = facts.error or "torch finds no device"
    hidden = f", CUDA_VISIBLE_DEVICES={facts.visible_devices!r}" if facts.visible_devices else ""
    return unused(
        "warning",
        f"{reason} (driver {facts.driver}, CUDA {facts.build}{hidden})",
        "Run nvidia-smi: if it fails too, restart the machine or reinstall the driver.",
    )


def gpu_facts() -> GpuFacts:
    """Look at the driver, and at what torch finds. Imports torch."""
    try:
        import torch
    except (ImportError, OSError):
        return GpuFacts(None, _driver(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    build = torch.version.cuda or torch.version.hip
    error = ""
    names: tuple[str, ...] = ()
    try:
        if build is not None:
            torch.cuda.init()
            names = tuple(_device_text(index) for index in range(torch.cuda.device_count()))
    except (RuntimeError, AssertionError) as problem:
        error = str(problem).partition("\n")[0]
    return GpuFacts(build, _driver(), os.environ.get("CUDA_VISIBLE_DEVICES"), names, error)


def _device_text(index: int) -> str:
    import torch

    _, total_bytes = torch.cuda.mem_get_info(index)
    return f"{torch.cuda.get_device_name(index)} ({total_bytes / GIB:.0f} GB)"


def _driver() -> str | None:
    version = Path("/proc/driver/nvidia/version")
    if version.is_file():
        match = re.search(r"Kernel Module.*?\s(\d+\.\d+(?:\.\d+)?)\s", version.read_text())
        return match.group(1) if match else "of unknown version"
    # Without /proc (containers, WSL2) the tool that comes with the driver knows.
    answer = ask_program("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
    return answer.splitlines()[0] if answer else None
