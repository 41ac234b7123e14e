"""What cannot be trained is said before it starts, or when it happens, with what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from netloom.data.manifest import Item, Manifest
from netloom.train.check import check_spec
from netloom.train.checkpoint import list_checkpoints, load_checkpoint
from netloom.train.spec import TrainSpec
from tests.netloom.train.conftest import (
    REPOSITORY,
    Trainer,
    chain,
    digits_network,
    of_type,
    train_here,
    train_losses,
)


def manifest_of(classes: int = 10, **counts: int) -> Manifest:
    items = [
        Item(id=f"{split}-{index}", path="x.png", label=index % max(classes, 1), split=split)  # type: ignore[arg-type]
        for split, count in counts.items()
        for index in range(count)
    ]
    return Manifest(classes=[str(c) for c in range(classes)], items=items)


def codes(spec: TrainSpec, manifest: Manifest, severity: str = "error", **options: Any) -> set[str]:
    problems = check_spec(spec, manifest, **options)
    assert all(problem.message.endswith(".") for problem in problems)
    return {problem.code for problem in problems if problem.severity == severity}


def test_a_good_run_has_no_problems(make_spec: Callable[..., TrainSpec]) -> None:
    assert check_spec(make_spec(), manifest_of(train=20, validation=20)) == []


def test_data_problems(make_spec: Callable[..., TrainSpec]) -> None:
    spec = make_spec()
    assert codes(spec, manifest_of(validation=20)) == {"no_training_items"}
    assert codes(spec, manifest_of(train=20), "warning") == {"no_validation_items"}
    few = manifest_of(train=5, validation=20)
    assert codes(spec, few, "warning") == {"class_without_training_items"}
    lone = manifest_of(train=20, validation=20)
    lone.classes.append("rare")
    lone.items.append(Item(id="only", path="x.png", label=10))
    eleven = make_spec(digits_network(num_classes=11))
    assert codes(eleven, lone, "warning") == {"class_with_one_item"}
    lone.items.append(Item(id="second", path="x.png", label=10, split="validation"))
    assert codes(eleven, lone, "warning") == set()
    wrong = manifest_of(train=20, validation=20)
    wrong.items.append(Item(id="odd", path="x.png", label=10))
    assert codes(spec, wrong) == {"label_out_of_range"}
    one_class = make_spec(digits_network(num_classes=1))
    assert "too_few_classes" in codes(one_class, manifest_of(1, train=5, validation=5))


def test_network_problems(make_spec: Callable[..., TrainSpec]) -> None:
    manifest = manifest_of(train=20, validation=20)
    assert codes(make_spec(digits_network(num_classes=9)), manifest) == {"class_count_mismatch"}
    (problem,) = check_spec(make_spec(digits_network(num_classes=9)), manifest)
    assert problem.node_id is not None
    size = {"height": 8, "width": 8}
    image = ("ImageInput", {**size, "channels": 1})
    no_head = chain(image, ("Conv2d", {"out_channels": 10, "kernel_size": 1}), ("Output", {}))
    assert codes(make_spec(no_head), manifest) == {"network_has_errors"}
    no_weights = chain(
        ("ImageInput", {"height": 1, "width": 10, "channels": 1}), ("Flatten", {}), ("Output", {})
    )
    assert codes(make_spec(no_weights), manifest) == {"no_trainable_weights"}
    five = chain(
        ("ImageInput", {**size, "channels": 5}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
        ("Output", {}),
    )
    assert codes(make_spec(five), manifest) == {"unsuitable_input"}


def test_unknown_device(make_spec: Callable[..., TrainSpec]) -> None:
    manifest = manifest_of(train=20, validation=20)
    spec = make_spec(device="cuda:3")
    assert codes(spec, manifest, devices={"cpu", "cuda:0"}) == {"unknown_device"}
    assert codes(spec, manifest, devices={"cpu", "cuda:3"}) == set()
    assert codes(make_spec(device="cuda"), manifest, devices={"cpu", "cuda:0"}) == set()
    failed = train_here(make_spec(device="cuda:77"))[-1]
    assert failed.code == "bad_spec"
    assert "cuda:77" in failed.message


def test_checking_needs_no_torch() -> None:
    code = "import sys, netloom.train.check; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)


def test_bad_specification_is_found_before_any_image_is_read(
    make_spec: Callable[..., TrainSpec], tmp_path: Path
) -> None:
    missing = Item(id="a", path="not-there.png", label=0)
    path = tmp_path / "manifest.json"
    path.write_text(Manifest(classes=["a", "b"], items=[missing]).model_dump_json())
    failed = train_here(make_spec(manifest=str(path)))[-1]
    assert failed.code == "bad_spec"
    assert "classes" in failed.message


def test_unreadable_specification(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_text('{"format": "netloom.run", "epochs": "many"}')
    result = subprocess.run(
        [sys.executable, "-m", "netloom.train", str(path)],
        capture_output=True,
        cwd=REPOSITORY,
        check=False,
    )
    assert result.returncode == 1
    event = json.loads(result.stdout)
    assert (event["event"], event["code"]) == ("failed", "bad_spec")


def test_broken_image_is_named(
    make_spec: Callable[..., TrainSpec], digits_manifest: Path, tmp_path: Path
) -> None:
    manifest = Manifest.read(digits_manifest)
    items = [
        item.model_copy(update={"path": str(digits_manifest.parent / item.path)})
        for item in manifest.items
    ]
    broken = tmp_path / "broken-one.png"
    broken.write_bytes(Path(items[100].path).read_bytes()[:40])
    index = next(i for i, item in enumerate(items) if item.split == "train")
    items[index] = items[index].model_copy(update={"path": str(broken)})
    path = tmp_path / "manifest.json"
    path.write_text(Manifest(classes=manifest.classes, items=items).model_dump_json())
    for options in ({}, {"data_memory_bytes": 0}, {"data_memory_bytes": 0, "num_workers": 1}):
        failed = train_here(make_spec(manifest=str(path), **options))[-1]
        assert failed.code == "bad_data"
        assert "broken-one.png" in failed.message


def test_loss_that_is_no_number_names_step_and_node_and_keeps_the_checkpoint(
    make_spec: Callable[..., TrainSpec], start_trainer: Callable[[TrainSpec], Trainer]
) -> None:
    network = chain(
        ("ImageInput", {"height": 8, "width": 8, "channels": 1}),
        ("Flatten", {}),
        ("Linear", {"out_features": 64}),
        ("Linear", {"out_features": 64}),
        ("Linear", {"out_features": 10}),
        ("Output", {}),
    )
    spec = make_spec(
        network,
        epochs=5,
        batch_size=32,
        checkpoint_every_s=1e-6,
        optimizer={"type": "sgd", "learning_rate": 30, "momentum": 0.9},
        schedule={"type": "one_cycle"},
    )
    trainer = start_trainer(spec)
    events = trainer.finish()
    assert trainer.process.returncode == 1
    failed = events[-1]
    assert failed.event == "failed"
    assert failed.code == "non_finite_loss"
    assert failed.node in {"n2", "n3", "n4"}
    assert failed.step == max(train_losses(events)) + 1
    assert "learning rate" in failed.message
    newest = list_checkpoints(Path(spec.output))[-1]
    weights = load_checkpoint(newest)["weights"]
    assert all(bool(tensor.isfinite().all()) for tensor in weights.values())
    assert newest.name in failed.message


def test_an_error_in_a_layer_names_its_node(make_spec: Callable[..., TrainSpec]) -> None:
    # 128 images of 64 x 64 x 500,000 float32 values: a terabyte.
    network = chain(
        ("ImageInput", {"height": 64, "width": 64, "channels": 1}),
        ("Conv2d", {"out_channels": 500_000, "kernel_size": 1}),
        ("AdaptiveAvgPool2d", {"output_size": 1}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
        ("Output", {}),
    )
    events = train_here(make_spec(network, batch_size=128))
    failed = events[-1]
    assert failed.code == "out_of_memory"
    assert failed.node == "n1"
    assert "batch size" in failed.message
    assert not of_type(events, "checkpoint")
