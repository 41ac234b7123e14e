"""One training step and one evaluation pass: everything that computes on the device.

Legend: B batch, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from netloom.tasks.classification import ClassificationMeter, ClassificationMetrics, to_logits
from netloom.train.batches import Batch
from netloom.train.optimize import set_learning_rate
from netloom.train.recorder import NonFiniteLossError
from netloom.train.session import Session


def train_step(session: Session, batch: Batch, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Take one optimiser step.

    Args:
        step: Counted from 0; decides the learning rate.

    Returns:
        Loss and number of right answers of the whole batch, scalars on the device.

    Raises:
        NonFiniteLossError: On a CPU, before the weights are touched, on all ranks alike. On a GPU
            the loss is not looked at here, because that would make it wait.
    """
    optimizer = session.optimizer
    set_learning_rate(optimizer, session.schedule.rate(step))
    with session.placement.autocast():
        output_BK = session.trained(batch.images_BCHW)
    logits_BK = to_logits(output_BK, is_probability=session.is_probability)
    loss = session.loss(logits_BK, batch.labels_B)
    told = loss.detach()
    right = (logits_BK.detach().argmax(dim=1) == batch.labels_B).sum()
    if not session.ranks.is_alone:
        told, right = session.ranks.sum(torch.stack([told * batch.weight, right.float()])).unbind()
        # The average over ranks that follows divides by their number, not by what each weighs.
        loss = loss * (batch.weight * session.ranks.count)
    if told.device.type == "cpu" and not math.isfinite(told.item()):
        raise NonFiniteLossError(step)
    optimizer.zero_grad(set_to_none=True)
    if session.scaler.is_enabled():
        session.scaler.scale(loss).backward()  # pyright: ignore[reportUnknownMemberType]
        session.scaler.step(optimizer)
        session.scaler.update()
    else:
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        optimizer.step()
    return told, right


def evaluate_rows(
    session: Session, rows: NDArray[np.int64], should_stop: Callable[[], bool]
) -> ClassificationMetrics | None:
    """Measure the network on rows of the dataset, each rank its share; None when told to stop.

    Args:
        should_stop: Asked equally often on all ranks.
    """
    ranks = session.ranks
    ranks.copy_buffers(session.module)
    session.module.eval()
    meter = ClassificationMeter(session.num_classes, session.placement.device)
    batch_size = -(-session.spec.config.batch_size // ranks.count)
    largest_share = -(-len(rows) // ranks.count)
    with torch.inference_mode():
        batches = session.batches.evaluation(ranks.share(rows), batch_size)
        for _ in range(-(-largest_share // batch_size)):
            batch = next(batches, None)
            if batch is not None:
                with session.placement.autocast():
                    output_BK = session.module(batch.images_BCHW)
                meter.update(
                    to_logits(output_BK, is_probability=session.is_probability), batch.labels_B
                )
            if should_stop():
                return None
    if not ranks.is_alone:
        meter.merge(ranks, len(rows))
    return meter.compute()
