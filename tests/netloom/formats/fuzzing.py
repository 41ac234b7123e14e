"""What the fuzzers of all readers share: ways to damage a file, and what has to hold of each.

A reader gives a network (or weights) or raises a sentence that names the cause. Meanwhile it runs
no program, opens no file but its own and those of installed packages, stays in its memory, and
ends. What does not hold is collected with its seed, so that one campaign shows all of it.
"""

from __future__ import annotations

import copy
import io
import os
import platform
import random
import re
import signal
import sys
import sysconfig
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

MOST_GROWTH_BYTES = 600 * 2**20
MOST_CPU_S = 60
_MOST_TEXT = 1500
_PLACES = re.compile(r"site-packages|object at 0x|Traceback|<class |/tmp/|/home/|/usr/")
_STARTS_PROGRAMS = (
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty",
    "pty.spawn", "socket.connect", "socket.bind", "pickle.find_class", "os.remove", "os.rename",
)  # fmt: skip
_READABLE = tuple(
    str(Path(place).resolve())
    for place in (
        *sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, Path(__file__).parents[3],
        "/proc", "/sys", "/dev/null", "/dev/urandom",
    )
)  # fmt: skip


def files_to_try(sample: int = 100, *, shares: int = 1) -> range:
    """Return the seeds of the files to try: a sample, or as many hundreds as `EXAMPLES` says.

    `FIRST` says which comes first, so that a campaign can go on where another one ended.

    Args:
        shares: Between how many tests they are divided.
    """
    told, first = os.environ.get("EXAMPLES"), int(os.environ.get("FIRST", "0"))
    count = 100 * int(told) if told else sample
    return range(first, first + count // shares)


def bytes_changed(content: bytes, draw: random.Random) -> bytes:
    """Change, leave out and put in some bytes; now and then the end is missing."""
    changed = bytearray(content or b"\0")
    for _ in range(draw.choice((1, 1, 2, 6))):
        place = draw.randrange(len(changed))
        match draw.randrange(4):
            case 0:
                changed[place] = draw.randrange(256)
            case 1:
                changed[place : place + draw.randint(1, 32)] = b""
            case 2:
                changed[place:place] = draw.randbytes(draw.randint(1, 12))
            case _:
                changed[place : place + 8] = draw.choice((b"\xff" * 8, b"\0" * 8, b"\x7f" * 8))
        if not changed:
            return b"\0"
    if draw.random() < 0.1:
        del changed[draw.randrange(len(changed)) :]
    return bytes(changed) or b"\0"


def odd_somewhere(parsed: Any, draw: random.Random, odd: Sequence[object], *, depth: float) -> Any:
    """Put something odd somewhere into parsed JSON, or leave something out.

    Args:
        odd: What to put there.
        depth: The chance to go into what a place holds rather than to replace it.
    """
    changed = copy.deepcopy(parsed)
    for _ in range(draw.choice((1, 1, 2, 4))):
        holder = changed
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw.choice(keys)
            inner = holder[key]
            if isinstance(inner, dict | list) and inner and draw.random() < depth:
                holder = inner
                continue
            if draw.random() < 0.2:
                del holder[key]
            else:
                holder[key] = copy.deepcopy(draw.choice(odd))
            break
    return changed


def members_of(content: bytes) -> dict[str, bytes]:
    """Return what is in a zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return buffer.getvalue()


class TooLong(BaseException):
    """A file took more processor time than any may."""


@dataclass(slots=True)
class Outcome:
    """What became of the files; what must not happen, by its kind, with seeds.

    Attributes:
        slowest: Seconds of the processor that the slowest file took, and its seed.
        largest: Bytes by which a file let the process grow at most, and its seed.
    """

    opened: int = 0
    refused: int = 0
    slowest: tuple[float, int] = (0.0, 0)
    largest: tuple[int, int] = (0, 0)
    sentences: Counter[str] = field(default_factory=Counter[str])
    faults: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def fault(self, kind: str, seed: int) -> None:
        """Note what must not happen."""
        self.faults.setdefault(kind, []).append(seed)

    def __str__(self) -> str:
        """Return it as one line for people."""
        (seconds, slow), (num_bytes, large) = self.slowest, self.largest
        return (
            f"{self.opened + self.refused:,} files: {self.opened:,} opened, {self.refused:,} "
            f"refused; {seconds:.2f} s at most (seed {slow}), {num_bytes / 2**20:.0f} MB more at "
            f"most (seed {large})"
        )

    def check(self, *, can_open: bool = True) -> None:
        """Fail where something happened that must not, or where the fuzzer reaches one end only.

        Args:
            can_open: Some of the changed files can be read; none where any change is noticed.
        """
        shown = [f"{kind} (seeds {seeds[:5]}, {len(seeds)} in all)"
                 for kind, seeds in self.faults.items()]  # fmt: skip
        assert not shown, "\n".join(shown)
        assert self.opened or not can_open, (
            "no changed file opened: the changes are too wild to say anything"
        )
        assert self.refused, "no changed file was refused: the changes are too tame"


def survey(
    read: Callable[[Path], object],
    changed: Callable[[int, random.Random], bytes],
    path: Path,
    *,
    refusals: tuple[type[Exception], ...],
    seeds: range,
) -> Outcome:
    """Give changed files to a reader one after the other.

    Args:
        changed: Makes the file of a seed.
        path: Where they are written, one after the other.
        refusals: What the reader may raise.
    """
    found = Outcome()
    process = psutil.Process()
    before_bytes: int | None = None
    with _watched(path.parent) as forbidden:
        for seed in seeds:
            path.write_bytes(changed(seed, random.Random(seed)))
            _reset_peak()
            forbidden.clear()
            began_s = time.process_time()
            _read_once(read, path, seed, found, refusals, forbidden)
            took_s = time.process_time() - began_s
            peak_bytes = _peak_bytes(process)
            if before_bytes is None:
                before_bytes = peak_bytes  # what is loaded once is no growth
            else:
                found.slowest = max(found.slowest, (took_s, seed))
                found.largest = max(found.largest, (peak_bytes - before_bytes, seed))
            if peak_bytes - before_bytes > MOST_GROWTH_BYTES:
                found.fault(f"more than {MOST_GROWTH_BYTES / 2**20:.0f} MB", seed)
                before_bytes = process.memory_info().rss
    print(f"{path.name}: {found}")  # noqa: T201 - `pytest -rP` shows it
    return found


def _read_once(
    read: Callable[[Path], object],
    path: Path,
    seed: int,
    found: Outcome,
    refusals: tuple[type[Exception], ...],
    forbidden: list[str],
) -> None:
    try:
        with _ends():
            read(path)
        found.opened += 1
    except refusals as error:
        found.refused += 1
        text = str(error)
        found.sentences[re.sub(r"[\d.,]+", "0", text)[:120]] += 1
        if not is_clear(text):
            found.fault(f"unclear: {text[:200]!r}", seed)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as crash:
        if type(crash).__module__.startswith("_pytest"):
            raise
        frames = traceback.extract_tb(crash.__traceback__)
        own = [frame for frame in frames if "/netloom/" in frame.filename and "/tests/" not in (
            frame.filename)]  # fmt: skip
        last = own[-1] if own else frames[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        found.fault(f"{type(crash).__name__} at {place}: {str(crash)[:120]}", seed)
    for each in dict.fromkeys(forbidden):
        found.fault(each, seed)


def is_clear(text: str) -> bool:
    """Whether a text is a sentence for people, without places of this machine."""
    return (
        len(text.split()) >= 4
        and len(text) <= _MOST_TEXT
        and text.rstrip()[-1] in ".!?)`"
        and not _PLACES.search(text)
    )


@contextmanager
def _ends() -> Generator[None]:
    """Raise where the time of the processor runs out."""

    def stop(*_: object) -> None:
        raise TooLong(f"more than {MOST_CPU_S} s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MOST_CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


_watching: list[tuple[str, list[str]]] = []
"""The folder that may be read and what was done in spite of it, while a survey is on."""


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watching:
        return
    folder, forbidden = _watching[-1]
    if event in _STARTS_PROGRAMS:
        place = str(args[0]) if args else ""
        if not place.startswith(folder):
            forbidden.append(f"{event} {place[:100]}")
    elif event == "open" and isinstance(args[0], str | bytes):
        place = os.path.realpath(os.fsdecode(args[0]))
        if not place.startswith((folder, *_READABLE)):
            forbidden.append(f"opens {place[:200]}")


@contextmanager
def _watched(folder: Path) -> Generator[list[str]]:
    """Collect what programs are started and which files are opened."""
    platform.processor()  # which asks `uname` once, whoever needs it first
    if not _watched_before:
        sys.addaudithook(_hook)  # which cannot be taken away again
        _watched_before.append(True)
    forbidden: list[str] = []
    kept, tempfile.tempdir = tempfile.tempdir, str(folder)
    # What a library is compiled to when it is first used would be files that are renamed.
    wrote, sys.dont_write_bytecode = not sys.dont_write_bytecode, True
    _watching.append((str(folder.resolve()), forbidden))
    try:
        yield forbidden
    finally:
        _watching.pop()
        tempfile.tempdir = kept
        sys.dont_write_bytecode = not wrote


_watched_before: list[bool] = []


def _reset_peak() -> None:
    """Have the system count the peak anew; where it cannot, what is held at the end counts."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak_bytes(process: psutil.Process) -> int:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return process.memory_info().rss
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else process.memory_info().rss
