"""A whole run, through the trainer's own door, on real digits."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from netloom.train.spec import TrainSpec
from tests.netloom.train.conftest import (
    REPOSITORY,
    Trainer,
    digits_network,
    of_type,
    train_here,
    train_losses,
)


def test_digits_reach_96_percent(
    make_spec: Callable[..., TrainSpec], start_trainer: Callable[[TrainSpec], Trainer]
) -> None:
    spec = make_spec(epochs=20, batch_size=32, optimizer={"type": "adamw", "learning_rate": 5e-3})
    trainer = start_trainer(spec)
    events = trainer.finish()

    assert trainer.process.returncode == 0
    finished = events[-1]
    assert finished.event == "finished"
    assert finished.reason == "completed"
    assert finished.best_metric > 0.96
    started = of_type(events, "started")[0]
    assert (started.num_train, started.num_validation, started.num_test) == (1167, 270, 360)
    assert started.steps_per_epoch == 37
    assert started.num_threads == 1
    assert started.data_tier == "memory"
    # One point for every step, none twice.
    assert sorted(train_losses(events)) == list(range(1, 20 * 37 + 1))
    ends = of_type(events, "epoch_end")
    assert [end.epoch for end in ends] == list(range(1, 21))
    assert sum(map(sum, ends[-1].confusion_KK)) == 270
    progress = of_type(events, "progress")
    assert progress[-1].step == progress[-1].total_steps == 740
    assert progress[-1].remaining_s == 0
    assert all(event.images_per_s > 0 for event in progress)
    samples = of_type(events, "samples")
    assert len({tuple(p.item_id for p in s.predictions) for s in samples}) == 1
    assert {p.label for p in samples[0].predictions} == set(range(10))


def test_last_two_checkpoints_and_the_best_are_kept(make_spec: Callable[..., TrainSpec]) -> None:
    spec = make_spec(epochs=6, checkpoint_every_s=0.001, best_metric="loss", batch_size=512)
    events = train_here(spec)
    announced = of_type(events, "checkpoint")
    kept = sorted(path.name for path in Path(spec.output).iterdir())
    best = [event.path for event in announced if event.is_best][-1]
    expected = {event.path for event in announced[-2:]} | {best}
    assert set(kept) == expected
    assert len({event.path for event in announced}) == len(announced) == 18


def test_network_ending_in_softmax_learns_and_says_so(make_spec: Callable[..., TrainSpec]) -> None:
    events = train_here(
        make_spec(digits_network(tail=("Softmax",)), epochs=8, optimizer={"learning_rate": 5e-3})
    )
    assert any("Softmax" in log.message for log in of_type(events, "log"))
    assert events[-1].best_metric > 0.85


def test_softmax_gives_the_same_losses_as_logits(make_spec: Callable[..., TrainSpec]) -> None:
    task = {"class_weights": "balanced", "label_smoothing": 0.1}
    plain = train_losses(train_here(make_spec(task=task)))
    softmax = train_losses(train_here(make_spec(digits_network(tail=("Softmax",)), task=task)))
    for step, loss in plain.items():
        assert softmax[step] == pytest.approx(loss, rel=1e-4)


def test_same_seed_same_numbers_other_seed_others(make_spec: Callable[..., TrainSpec]) -> None:
    first, again, other = (train_losses(train_here(make_spec(seed=s))) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_early_stop(make_spec: Callable[..., TrainSpec]) -> None:
    events = train_here(
        make_spec(
            epochs=50,
            # With no learning nothing improves after the first epoch.
            optimizer={"type": "sgd", "learning_rate": 1e-12, "momentum": 0},
            early_stop={"is_enabled": True, "patience_epochs": 2},
        )
    )
    assert events[-1].reason == "early_stopped"
    assert len(of_type(events, "epoch_end")) <= 6


@pytest.mark.parametrize("kind", ["constant", "step", "cosine", "one_cycle"])
def test_learning_rate_is_what_the_optimiser_gets(
    make_spec: Callable[..., TrainSpec], kind: str
) -> None:
    schedule = {"type": kind, "warmup_epochs": 0.5, "step_epochs": 1, "gamma": 0.5}
    events = train_here(make_spec(epochs=2, schedule=schedule, batch_size=128))
    rates = [
        point.values["learning_rate"]
        for event in of_type(events, "metrics")
        for point in event.points
        if point.split == "train"
    ]
    assert len(rates) == 20
    assert rates[0] < max(rates[:6]) == pytest.approx(1e-3, rel=0.15)
    assert (rates[-1] < rates[8]) == (kind != "constant")


def test_without_validation_the_last_checkpoint_is_the_best(
    make_spec: Callable[..., TrainSpec], digits_manifest: Path, tmp_path: Path
) -> None:
    manifest = json.loads(digits_manifest.read_text())
    items = [item for item in manifest["items"] if item["split"] == "train"]
    for item in items:
        item["path"] = str(digits_manifest.parent / item["path"])
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest | {"items": items}))
    events = train_here(make_spec(manifest=str(path)))
    assert [event.is_best for event in of_type(events, "checkpoint")] == [True]
    assert any("validation" in log.message for log in of_type(events, "log"))
    assert events[-1].event == "finished"


def test_decoding_on_the_way_gives_the_numbers_of_memory(
    make_spec: Callable[..., TrainSpec],
) -> None:
    augmentation = {"horizontal_flip": True, "crop_padding_px": 1, "brightness": 0.2}
    memory = train_here(make_spec(augmentation=augmentation))
    thread = train_here(make_spec(augmentation=augmentation, data_memory_bytes=0))
    workers = train_here(make_spec(augmentation=augmentation, data_memory_bytes=0, num_workers=2))
    assert of_type(memory, "started")[0].data_tier == "memory"
    assert of_type(workers, "started")[0].data_tier == "decode"
    assert train_losses(memory) == train_losses(thread) == train_losses(workers)


def test_the_cache_is_made_once_and_follows_the_content(
    make_spec: Callable[..., TrainSpec], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    plain = train_losses(train_here(make_spec()))
    first = train_here(make_spec(cache=str(cache)))
    files = list(cache.iterdir())
    again = train_here(make_spec(cache=str(cache)))
    assert train_losses(first) == train_losses(again) == plain
    assert len(files) == 1
    assert of_type(first, "phase")[1].phase == "caching"
    assert not [p for p in of_type(again, "phase") if p.phase == "caching"]


def test_a_cache_that_cannot_be_written_is_only_a_warning(
    make_spec: Callable[..., TrainSpec], tmp_path: Path
) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder should be")
    events = train_here(make_spec(cache=str(blocked)))
    assert any("not kept" in log.message for log in of_type(events, "log"))
    assert events[-1].reason == "completed"


def test_starting_from_weights_reports_what_fits(
    make_spec: Callable[..., TrainSpec], tmp_path: Path
) -> None:
    from safetensors.torch import save_file

    from netloom.compile import build_module, state_weights

    module = build_module(digits_network(num_classes=7), seed=5)
    weights = {k: v.contiguous() for k, v in state_weights(module).items()}
    path = tmp_path / "weights.safetensors"
    save_file(weights, path)
    spec = make_spec(initial_weights=str(path), optimizer={"learning_rate": 1e-9})
    events = train_here(spec)
    message = of_type(events, "log")[0].message
    assert "Initial weights" in message
    assert "n7:weight" in message
    saved = torch.load(Path(spec.output) / "step-00000019.ckpt", weights_only=True)["weights"]
    torch.testing.assert_close(saved["n1:weight"], weights["n1:weight"], atol=1e-5, rtol=0)


def test_a_wider_network_goes_on_from_what_the_narrow_one_learned(
    make_spec: Callable[..., TrainSpec], tmp_path: Path
) -> None:
    from netloom.graph.apply import apply_operations
    from netloom.surgery import Target, plan_act

    first = make_spec(epochs=1)
    learned = of_type(train_here(first), "epoch_end")[-1].values
    plan = plan_act(first.document, "change_width", Target(node_ids=["n1"]), {"width": 40})
    document, _ = apply_operations(first.document, plan.operations)
    start = next(Path(first.output).glob("*.ckpt"))
    spec = make_spec(
        document=document,
        output=str(tmp_path / "wider"),
        initial_weights=str(start),
        initial_document=first.document,
        epochs=1,
        optimizer={"learning_rate": 1e-9, "weight_decay": 0.0},
    )
    events = train_here(spec)
    message = of_type(events, "log")[0].message
    assert "made wider or narrower" in message
    assert "newly initialised" not in message
    goes_on = of_type(events, "epoch_end")[0].values
    assert goes_on["accuracy"] == pytest.approx(learned["accuracy"], abs=0.05)
    saved = torch.load(start, weights_only=True)["weights"]["n1:weight"]
    wider = next(Path(spec.output).glob("*.ckpt"))
    copied = torch.load(wider, weights_only=True)["weights"]["n1:weight"]
    torch.testing.assert_close(copied, saved[torch.arange(40) % 16], atol=1e-5, rtol=0)


@pytest.mark.timed
def test_estimate_is_close_and_quick(
    make_spec: Callable[..., TrainSpec],
    start_trainer: Callable[[TrainSpec], Trainer],
    tmp_path: Path,
) -> None:
    spec = make_spec(epochs=10, batch_size=32)
    path = tmp_path / "spec.json"
    path.write_text(spec.model_dump_json(by_alias=True))
    result = subprocess.run(
        [sys.executable, "-m", "netloom.train", str(path), "--estimate"],
        capture_output=True,
        cwd=REPOSITORY,
        check=True,
        timeout=60,
    )
    estimate = json.loads(result.stdout)
    began = time.time()
    trainer = start_trainer(spec)
    events = trainer.finish()
    started = of_type(events, "started")[0]
    took_s = events[-1].time_s - began
    assert 0 < estimate["start_seconds"] < estimate["seconds"]
    assert estimate["steps_per_epoch"] == started.steps_per_epoch
    assert estimate["data_tier"] == "memory"
    assert took_s / 4 < estimate["seconds"] < took_s * 4
    size = of_type(events, "checkpoint")[-1].size_bytes
    assert size * 0.4 < estimate["checkpoint_bytes"] < size
    assert estimate["memory_bytes"] > 100e6
    assert not Path(spec.output).exists() or events
