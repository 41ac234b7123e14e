"""What an event changes in the summary of its run."""

from __future__ import annotations

from netloom.train import events as ev
from training.models import Run, RunDetail

SPARKLINE_POINTS = 32
LATEST = {
    ("train", "loss"): "loss",
    ("train", "accuracy"): "accuracy",
    ("validation", "loss"): "val_loss",
    ("validation", "accuracy"): "val_accuracy",
}


def apply_event(run: Run, detail: RunDetail, event: ev.Event) -> None:
    """Change `run` and `detail` in memory; the recorder saves them."""
    match event:
        case ev.Started():
            detail.started = event.model_dump(mode="json")
            detail.phase = {"phase": "training", "done": 0, "total": 0}
        case ev.Phase():
            detail.phase = {"phase": event.phase, "done": event.done, "total": event.total}
        case ev.Metrics():
            _apply_metrics(run, event)
        case ev.Progress():
            detail.progress = event.model_dump(mode="json", exclude={"event", "time_s"})
            run.step, run.epoch = event.step, event.epoch
        case ev.Samples():
            detail.samples = event.model_dump(mode="json", exclude={"event", "time_s"})
        case ev.EpochEnd():
            detail.epoch_end = event.model_dump(mode="json", exclude={"event", "time_s"})
        case ev.Unfrozen():
            told = event.model_dump(mode="json", exclude={"event"})
            # A run that goes on exactly where a group was thawed says so again.
            others = [each for each in detail.unfrozen if each["epoch"] != event.epoch]
            detail.unfrozen = [*others, told]
        case ev.Checkpoint():
            if event.is_best and event.metric is not None:
                run.best_metric = {
                    "name": run.config["best_metric"],
                    "value": event.metric,
                    "step": event.step,
                }
        case ev.Finished():
            detail.phase = None
            run.step = max(run.step, event.step)
        case ev.Failed():
            detail.phase = None
        case ev.Rewind() | ev.Log():
            pass


def _apply_metrics(run: Run, event: ev.Metrics) -> None:
    for point in event.points:
        for name, value in point.values.items():
            key = LATEST.get((point.split, name))
            if key:
                run.latest[key] = value
        if point.split == "train" and "loss" in point.values:
            _add_to_sparkline(run, point.values["loss"])
        if point.step >= run.step:
            run.step, run.epoch = point.step, point.epoch


def _add_to_sparkline(run: Run, value: float) -> None:
    """Keep a thinned curve of the whole run: when full, every second point goes."""
    line = run.sparkline or {"stride": 1, "seen": 0, "values": []}
    if line["seen"] % line["stride"] == 0:
        line["values"].append(value)
    line["seen"] += 1
    if len(line["values"]) > SPARKLINE_POINTS:
        line["values"] = line["values"][::2]
        line["stride"] *= 2
    run.sparkline = line
