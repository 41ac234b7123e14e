"""The processes that train one run together, one for each device, seen from one of them.

Each computes its share of every batch. What lies on the devices is summed there (NCCL between
GPUs, Gloo between processes on a CPU); what rank 0 decides reaches the others through Gloo, so
that no GPU waits for it. All of it stays on the loopback interface.
"""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import numpy as np
import psutil
import torch
import torch.distributed as dist
from numpy.typing import NDArray

from netloom.data.tensors import as_tensor

_PATIENCE = timedelta(days=7)
"""Rank 0 may decode for hours while the others wait; that a rank has died is seen by its pipe."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among those of its run.

    Attributes:
        index: 0 is the one that speaks, saves and decides.
        pids: The other processes, known to rank 0 alone.
        _hosts: Gloo group; None is the default one, which is Gloo unless there are GPUs.
    """

    index: int = 0
    count: int = 1
    pids: tuple[int, ...] = ()
    _hosts: dist.ProcessGroup | None = None

    @property
    def is_alone(self) -> bool:
        """Whether there is only one device."""
        return self.count == 1

    @property
    def is_lead(self) -> bool:
        """Whether this is rank 0."""
        return self.index == 0

    def share(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the part of rows that is this rank's: consecutive, as even as can be."""
        return rows if self.is_alone else np.array_split(rows, self.count)[self.index]

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """Add up a tensor on the devices of all ranks, in place."""
        if not self.is_alone:
            dist.all_reduce(tensor)
        return tensor

    def join(self, part: torch.Tensor, total: int) -> torch.Tensor:
        """Put one-dimensional parts together in the order of `share`, `total` elements long."""
        if self.is_alone:
            return part
        starts = np.cumsum([0, *(len(p) for p in np.array_split(np.empty(total), self.count))])
        whole = torch.zeros(total, dtype=part.dtype, device=part.device)
        start = int(starts[self.index])
        whole[start : start + len(part)] = part
        return self.sum(whole)

    def follow(self, values: Sequence[int]) -> list[int]:
        """Return what rank 0 gave."""
        if self.is_alone:
            return list(values)
        told = torch.tensor(list(values), dtype=torch.int64)
        dist.broadcast(told, 0, group=self._hosts)
        return [int(value) for value in told]

    def copy_buffers(self, module: torch.nn.Module) -> None:
        """Take over rank 0's running statistics of batch normalisation."""
        if not self.is_alone:
            for buffer in module.buffers():
                dist.broadcast(buffer, 0)

    def gather(self, content: object) -> list[Any]:
        """Return every rank's content: tensors, numbers, and what `torch.load` takes as safe."""
        file = io.BytesIO()
        torch.save(content, file)
        mine = as_tensor(np.frombuffer(file.getvalue(), np.uint8).copy())
        sizes = torch.zeros(self.count, dtype=torch.int64)
        sizes[self.index] = len(mine)
        dist.all_reduce(sizes, group=self._hosts)
        longest = int(sizes.max())
        padded = torch.zeros(longest, dtype=torch.uint8)
        padded[: len(mine)] = mine
        received = [torch.empty_like(padded) for _ in range(self.count)]
        dist.all_gather(received, padded, group=self._hosts)
        return [
            torch.load(io.BytesIO(data[: int(size)].numpy().tobytes()), weights_only=True)
            for data, size in zip(received, sizes, strict=True)
        ]

    def wait(self) -> None:
        """Wait until every rank is here."""
        if not self.is_alone:
            dist.barrier(group=self._hosts)


ALONE = Ranks()


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where the ranks of a run find each other.

    Attributes:
        port: Of the loopback interface.
        listener: Rank 0's socket on that port.
    """

    index: int
    count: int
    port: int
    listener: socket.socket | None = None
    pids: tuple[int, ...] = ()

    def join(self, device: torch.device) -> Ranks:
        """Meet the other ranks; this process belongs to the group from then on."""
        interface = _loopback_interface()
        os.environ["GLOO_SOCKET_IFNAME"] = os.environ["NCCL_SOCKET_IFNAME"] = interface
        store = dist.TCPStore(  # pyright: ignore[reportPrivateImportUsage]
            LOOPBACK,
            self.port,
            self.count,
            is_master=self.listener is not None,
            timeout=_PATIENCE,
            wait_for_workers=False,
            # The store closes it by itself.
            master_listen_fd=os.dup(self.listener.fileno()) if self.listener else None,
        )
        is_cuda = device.type == "cuda"
        dist.init_process_group(
            "nccl" if is_cuda else "gloo",
            store=store,
            rank=self.index,
            world_size=self.count,
            timeout=_PATIENCE,
            device_id=device if is_cuda else None,
        )
        if not is_cuda:
            return Ranks(self.index, self.count, self.pids)
        hosts = dist.new_group(backend="gloo", timeout=_PATIENCE)
        return Ranks(self.index, self.count, self.pids, cast(dist.ProcessGroup, hosts))


def is_connection_lost(error: BaseException) -> bool:
    """Return whether an exception only says that another rank is gone."""
    if isinstance(error, dist.DistError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and any(
        part in text for part in ("gloo", "Connection closed by peer", "NCCL")
    )


def _loopback_interface() -> str:
    for name, addresses in psutil.net_if_addrs().items():
        if any(address.address == LOOPBACK for address in addresses):
            return name
    return "lo"
