"""Why a run cannot go on, in words and with the node where it happened."""

from __future__ import annotations

import errno
import time
from functools import partial
from typing import Literal, cast

import torch
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]

from netloom.compile import CompileError, Network, node_of_exception
from netloom.data.decode_pool import ItemError
from netloom.data.preprocess import PreprocessingError
from netloom.data.sampler import SamplerPosition
from netloom.train.checkpoint import CheckpointError
from netloom.train.device import DeviceError
from netloom.train.events import Failed
from netloom.train.recorder import NonFiniteLossError
from netloom.train.session import Session
from netloom.train.weights import WeightsError

_SPEC_ERRORS = (DeviceError, CheckpointError, WeightsError, PreprocessingError, CompileError)
_MEMORY_TEXTS = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    # Of the dynamic loader and of threads: no room for a library, or for a stack.
    "failed to map segment",
    "can't start new thread",
)
# oneDNN does not say why it could not, so memory is tried then.
_PRIMITIVE_TEXT = "could not create a"
_TRIED_BYTES = 256 << 20


def describe_failure(error: Exception, step: int | None) -> Failed:
    """Return the event for an exception that ended a run."""
    code: Literal["out_of_memory", "disk_full", "bad_data", "bad_spec", "error"]
    if isinstance(error, ItemError):
        code = "bad_data"
        message = (
            f"{error} Remove the image from the dataset or replace the file, then start again."
        )
    elif isinstance(error, _SPEC_ERRORS):
        code, message = "bad_spec", str(error)
    elif _is_out_of_memory(error):
        code = "out_of_memory"
        message = (
            "The memory is not enough for this network and batch size. "
            f"Halve the batch size or make the images smaller. ({_first_line(error)})"
        )
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        code = "disk_full"
        message = f"The disk is full. What was saved before is sound. ({error.strerror})"
    elif isinstance(error, OSError) and error.filename is not None:
        code = "bad_data"
        message = f"{error.filename} cannot be used: {error.strerror}."
    else:
        code = "error"
        message = f"{type(error).__name__}: {_first_line(error)}"
    return Failed(
        time_s=time.time(), code=code, message=message, node=node_of_exception(error), step=step
    )


def describe_non_finite(
    error: NonFiniteLossError, session: Session, last_checkpoint: str | None
) -> Failed:
    """Return the event for a loss that is no number, naming the node it began in."""
    steps_per_epoch = session.sampler.batches_per_epoch
    epoch, batches = divmod(error.step, steps_per_epoch)
    batch = session.batches.whole(
        session.sampler, session.dataset.train_rows, SamplerPosition(epoch, batches)
    )
    node = find_non_finite_node(session, batch.images_BCHW)
    kept = (
        f"{last_checkpoint} from before is intact." if last_checkpoint else "Nothing was saved yet."
    )
    rate = session.schedule.rate(error.step)
    return Failed(
        time_s=time.time(),
        code="non_finite_loss",
        message=(
            f"The loss is no longer a finite number at step {error.step + 1} "
            f"(epoch {epoch + 1}). {kept} Try a lower learning rate (it was {rate:.3g}), "
            "a warm-up, or batch normalisation."
        ),
        node=node,
        step=error.step + 1,
    )


def find_non_finite_node(session: Session, images_BCHW: torch.Tensor) -> str | None:
    """Return the path of the first node, in order of computation, that gives a NaN or infinity.

    When all outputs are finite, it is the loss that overflows: the last node is returned then.
    """
    module: Network = session.module
    found: list[str] = []
    used: list[str] = []
    handles: list[torch.utils.hooks.RemovableHandle] = []

    def watch(part: torch.nn.Module, path: str) -> None:
        def look(_module: torch.nn.Module, _inputs: object, output: object) -> None:
            used.append(path)
            given = cast("tuple[object, ...]", output if isinstance(output, tuple) else (output,))
            tensors = [part for part in given if isinstance(part, torch.Tensor)]
            if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors):
                found.append(path)

        handles.append(part.register_forward_hook(look))  # pyright: ignore[reportUnknownMemberType]

    for name, path in module.netloom_nodes.items():
        part = module.get_submodule(name)
        if isinstance(part, torch.nn.SyncBatchNorm):
            # The other ranks do not compute this: without them it is a plain one.
            part.forward = partial(_BatchNorm.forward, part)
        watch(part, path)
    try:
        with torch.no_grad(), session.placement.autocast():
            module(images_BCHW)
    finally:
        for handle in handles:
            handle.remove()
    return (found or used[-1:] or [None])[0]


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    if not isinstance(error, RuntimeError | ImportError):
        return False
    text = str(error).lower()
    if _PRIMITIVE_TEXT in text:
        return not _can_allocate(_TRIED_BYTES)
    return any(part in text for part in _MEMORY_TEXTS)


def _can_allocate(size_bytes: int) -> bool:
    try:
        bytearray(size_bytes)
    except MemoryError:
        return False
    return True


def _first_line(error: Exception) -> str:
    return (str(error).strip() or "no message").splitlines()[0]
