"""Decoding in throwaway processes: a file that crashes a decoder takes nothing else with it."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

from datasets.ingest.pictures import Candidate, Picture, Refusal, read_candidates

MAX_PROCESSES = 4
MEMORY_BYTES = 4 * 1024**3
AHEAD = 8
# What is read but not decoded yet: a small zip can hold many files of hundreds of megabytes each.
BYTES_AHEAD = 256 * 1024**2
PRELOADED = ["datasets.ingest.pictures"]
CRASHED = Refusal("broken", "Decoding it crashed or needed more than 4 GB of memory.")


class HasCandidate(Protocol):
    """Anything that carries a file to decode."""

    @property
    def candidate(self) -> Candidate: ...


T = TypeVar("T", bound=HasCandidate)


class PicturePool:
    """A few processes that decode batches, in order, a little ahead of the writer."""

    def __init__(self, folder: Path, num_processes: int | None = None) -> None:
        self._folder = folder
        self._num_processes = num_processes or min(MAX_PROCESSES, os.cpu_count() or 1)
        self._executor = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def map(self, batches: Iterable[Sequence[T]]) -> Iterator[list[tuple[T, Picture | Refusal]]]:
        """Yield each batch with what its files are, in order.

        So many are read ahead of the one yielded, and no more than `BYTES_AHEAD` and a batch.
        """
        waiting: deque[tuple[Sequence[T], Future[list[Picture | Refusal]]]] = deque()
        num_bytes = 0
        for batch in batches:
            waiting.append((batch, self._submit(batch)))
            num_bytes += _bytes_of(batch)
            while waiting and (
                len(waiting) > self._num_processes * AHEAD or num_bytes > BYTES_AHEAD
            ):
                num_bytes -= _bytes_of(waiting[0][0])
                yield self._collect(*waiting.popleft())
        while waiting:
            yield self._collect(*waiting.popleft())

    def _submit(self, batch: Sequence[T]) -> Future[list[Picture | Refusal]]:
        candidates = [each.candidate for each in batch]
        try:
            return self._executor.submit(read_candidates, candidates, self._folder)
        except BrokenProcessPool:
            self._renew()
            return self._executor.submit(read_candidates, candidates, self._folder)

    def _collect(
        self, batch: Sequence[T], future: Future[list[Picture | Refusal]]
    ) -> list[tuple[T, Picture | Refusal]]:
        try:
            outcomes = future.result()
        except BrokenProcessPool:
            outcomes = [self._read_alone(each.candidate) for each in batch]
        return list(zip(batch, outcomes, strict=True))

    def _read_alone(self, candidate: Candidate) -> Picture | Refusal:
        """Decode one file of a batch that killed its process, to find out which one did."""
        for renew in (self._nothing, self._renew):
            renew()
            try:
                return self._executor.submit(read_candidates, [candidate], self._folder).result()[0]
            except BrokenProcessPool:
                continue
        return CRASHED

    def _nothing(self) -> None:
        pass

    def _renew(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        # A server that has loaded Pillow and nothing of the worker forks the decoders: they start
        # in hundredths of a second, and inherit neither threads nor connections.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        return ProcessPoolExecutor(
            max_workers=self._num_processes,
            mp_context=context,
            initializer=_prepare,
        )


def _bytes_of(batch: Sequence[HasCandidate]) -> int:
    return sum(len(each.candidate.data) for each in batch)


def _prepare() -> None:
    """Cap the memory of a decoding process and end it with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which ends the pool
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=[parent.join], daemon=True).start()


def _end_with(wait: Callable[[], object]) -> None:
    wait()
    os._exit(1)
