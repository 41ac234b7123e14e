"""Going back to a checkpoint: what was said about later steps disappears everywhere."""

from __future__ import annotations

from training.curves import fold_metrics, forget_after, read_metrics
from training.models import Checkpoint, Run, RunDetail, RunEvent
from training.supervision.checkpoints import forget_checkpoint
from training.supervision.summary import LATEST, SPARKLINE_POINTS

STEPPED = ("progress", "samples", "epoch_end", "unfrozen", "checkpoint")


def rewind(run: Run, detail: RunDetail, to_step: int) -> None:
    """Supersede everything after `to_step`, inside the caller's fenced transaction."""
    fold_metrics(run.id)
    forget_after(run.id, to_step)
    _trim_events(run, to_step)
    for checkpoint in Checkpoint.objects.filter(run=run, step__gt=to_step):
        forget_checkpoint(run, checkpoint)
    if run.step:
        run.epoch = run.epoch * min(1.0, to_step / run.step)
    run.step = min(run.step, to_step)
    if run.best_metric and run.best_metric["step"] > to_step:
        run.best_metric = _best_of_checkpoints(run)
    for name in ("samples", "epoch_end", "progress"):
        said = getattr(detail, name)
        if said and said["step"] > to_step:
            setattr(detail, name, None)
    detail.unfrozen = [told for told in detail.unfrozen if told["step"] <= to_step]
    _read_back(run)


def _trim_events(run: Run, to_step: int) -> None:
    events = RunEvent.objects.filter(run=run)
    events.filter(kind__in=STEPPED, event__step__gt=to_step).delete()
    for row in events.filter(kind="metrics").iterator():
        kept = [point for point in row.event["points"] if point["step"] <= to_step]
        if not kept:
            row.delete()
        elif len(kept) < len(row.event["points"]):
            row.event["points"] = kept
            row.save(update_fields=["event"])


def _best_of_checkpoints(run: Run) -> dict[str, object] | None:
    best = Checkpoint.objects.filter(run=run, is_best=True, metric__isnull=False).first()
    if best is None:
        return None
    return {"name": run.config["best_metric"], "value": best.metric, "step": best.step}


def _read_back(run: Run) -> None:
    """Take the newest values and the small curve from what is left."""
    run.latest, run.sparkline = {}, {}
    for series in read_metrics(run, max_points=SPARKLINE_POINTS).series:
        key = LATEST.get((series.split, series.name))
        if key and series.values:
            run.latest[key] = series.values[-1]
        if key == "loss":
            seen = series.steps[-1]
            stride = 1
            while seen // stride > SPARKLINE_POINTS:
                stride *= 2
            run.sparkline = {"stride": stride, "seen": seen, "values": series.values}
