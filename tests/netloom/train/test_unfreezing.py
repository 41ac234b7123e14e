"""A run that thaws its frozen layers group by group, from the output backwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from netloom.compile import build_module
from netloom.data.manifest import Manifest
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document, ParamValue
from netloom.surgery import plan_act
from netloom.surgery.groups import frozen_groups
from netloom.train.check import SpecProblem, check_spec
from netloom.train.checkpoint import list_checkpoints, read_checkpoint_weights
from netloom.train.optimize import make_optimizer
from netloom.train.spec import OptimizerConfig, TrainSpec, UnfreezeConfig
from netloom.train.unfreeze import Unfreezing
from tests.netloom.train.conftest import (
    Trainer,
    chain,
    digits_network,
    of_type,
    train_here,
    train_losses,
)

UNFREEZE = {"is_enabled": True, "every_epochs": 1, "rate_factor": 0.5}
"""The first group learns after one epoch, the second after two."""


def frozen_network() -> Document:
    """Two frozen convolutions with batch normalisations before a head that learns."""
    document = chain(
        ("ImageInput", {"height": 8, "width": 8, "channels": 1}),
        ("Conv2d", {"out_channels": 8, "kernel_size": 3, "padding": 1}),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("Conv2d", {"out_channels": 8, "kernel_size": 3, "padding": 1}),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": 2}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
        ("Output", {}),
    )
    nodes = dict(document.graph.nodes)
    for node_id in ("n1", "n2", "n4", "n5"):
        nodes[node_id] = nodes[node_id].model_copy(update={"is_frozen": True})
    graph = document.graph.model_copy(update={"nodes": nodes})
    return document.model_copy(update={"graph": graph})


def weights_of(output: str, step: int) -> dict[str, torch.Tensor]:
    return read_checkpoint_weights(Path(output) / f"step-{step:08d}.ckpt")


def changed(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {key.split(":")[0] for key in before if not torch.equal(before[key], after[key])}


def test_groups_are_those_of_surgery() -> None:
    groups = frozen_groups(frozen_network())
    assert [group.node_ids for group in groups] == [("n4", "n5"), ("n1", "n2")]
    assert groups[0].name == "conv2d_4, batchnorm2d_5"


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_groups_learn_one_after_another(
    make_spec: Callable[..., TrainSpec], optimizer: str
) -> None:
    kept: dict[int, bytes] = {}
    spec = make_spec(
        frozen_network(),
        batch_size=1024,  # Two steps an epoch.
        epochs=3,
        unfreeze=UNFREEZE,
        checkpoint_every_s=1e-6,
        optimizer={"type": optimizer, "learning_rate": 1e-2},
    )
    told = of_type(train_keeping(spec, kept), "unfrozen")
    assert [(each.epoch, each.step, each.num_left) for each in told] == [(1, 2, 1), (2, 4, 0)]
    steps = {0: started_weights(spec)}
    for epoch in (1, 2, 3):
        path = Path(spec.output) / "one.ckpt"
        path.write_bytes(kept[2 * epoch])
        steps[epoch] = read_checkpoint_weights(path)
    # Statistics of a frozen normalisation stay; they follow the data once it is thawed.
    assert changed(steps[0], steps[1]) == {"n9"}
    assert changed(steps[1], steps[2]) == {"n9", "n4", "n5"}
    assert changed(steps[2], steps[3]) == {"n9", "n4", "n5", "n1", "n2"}
    assert told[0].group == "conv2d_4, batchnorm2d_5"
    assert told[0].num_parameters == 8 * 8 * 9 + 8 + 16


def started_weights(spec: TrainSpec) -> dict[str, torch.Tensor]:
    from netloom.compile import state_weights

    module = build_module(spec.document, seed=spec.config.seed)
    return {key: tensor.clone() for key, tensor in state_weights(module).items()}


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
# Within an epoch, where a group is thawed, and just after it.
@pytest.mark.parametrize("cut", [3, 4, 5])
def test_resuming_about_a_boundary_is_bit_identical(
    make_spec: Callable[..., TrainSpec], tmp_path: Path, optimizer: str, cut: int
) -> None:
    changes: dict[str, Any] = {
        "batch_size": 1024,
        "epochs": 3,
        "unfreeze": UNFREEZE,
        "optimizer": {"type": optimizer, "learning_rate": 1e-2},
        "schedule": {"type": "one_cycle"},
    }
    document = frozen_network()
    kept: dict[int, bytes] = {}
    straight = make_spec(
        document, **changes, checkpoint_every_s=1e-6, output=str(tmp_path / "straight")
    )
    straight_events = train_keeping(straight, kept)
    (tmp_path / "cut").mkdir()
    checkpoint = tmp_path / "cut" / f"step-{cut:08d}.ckpt"
    checkpoint.write_bytes(kept[cut])

    again = make_spec(
        document, **changes, output=str(tmp_path / "again"), resume_from=str(checkpoint)
    )
    events = train_here(again)
    expected = {step: x for step, x in train_losses(straight_events).items() if step > cut}
    assert train_losses(events) == expected
    told = [(each.epoch, each.step) for each in of_type(events, "unfrozen")]
    assert told == ([(2, 4)] if cut <= 4 else [])
    after = read_checkpoint_weights(list_checkpoints(Path(again.output))[-1])
    for key, tensor in weights_of(straight.output, 6).items():
        assert torch.equal(after[key], tensor), key


def train_keeping(spec: TrainSpec, kept: dict[int, bytes]) -> list[Any]:
    """Train, and keep the bytes of every checkpoint, also of those that are rotated out."""
    from unittest.mock import patch

    from netloom.train import checkpoint

    save = checkpoint.save_checkpoint

    def keeping(folder: Path, content: checkpoint.CheckpointContent) -> checkpoint.SavedCheckpoint:
        saved = save(folder, content)
        kept[content["step"]] = saved.path.read_bytes()
        return saved

    with patch.object(checkpoint, "save_checkpoint", keeping):
        return train_here(spec)


def test_two_devices_add_up_gradients_of_what_was_thawed(
    make_spec: Callable[..., TrainSpec], start_trainer: Callable[[TrainSpec], Trainer]
) -> None:
    spec = make_spec(
        frozen_network(), batch_size=1024, epochs=3, devices=2, num_threads=2, unfreeze=UNFREEZE
    )
    trainer = start_trainer(spec)
    events = trainer.finish()
    assert trainer.process.returncode == 0, events[-1]
    assert len(of_type(events, "unfrozen")) == 2
    alone = make_spec(
        frozen_network(), batch_size=1024, epochs=3, unfreeze=UNFREEZE, output=f"{spec.output}-1"
    )
    train_here(alone)
    one, two = weights_of(alone.output, 6), weights_of(spec.output, 6)
    start = started_weights(spec)
    for key in ("n1:weight", "n4:weight", "n9:weight"):
        # Nearly as alone: normalisations look at each device's share of a batch.
        learned, difference = one[key] - start[key], two[key] - one[key]
        assert difference.abs().mean() < 0.3 * learned.abs().mean(), key


def test_thawed_groups_learn_at_their_share_of_the_rate() -> None:
    network = build_module(frozen_network())
    unfreezing = Unfreezing(UnfreezeConfig(is_enabled=True, rate_factor=0.1), network)
    groups = make_optimizer(OptimizerConfig(learning_rate=0.5), network, unfreezing).param_groups
    assert [group["lr"] for group in groups] == [0.05, 0.05, 0.5]
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))


def test_what_does_not_happen_is_said_before(
    make_spec: Callable[..., TrainSpec], digits_manifest: Path
) -> None:
    manifest = Manifest.read(digits_manifest)

    def codes(document: Document | None, **config: Any) -> list[str]:
        spec = make_spec(document, unfreeze={"is_enabled": True, "every_epochs": 2}, **config)
        return [problem.code for problem in check_spec(spec, manifest)]

    assert codes(None, epochs=5) == ["nothing_to_unfreeze"]
    assert codes(frozen_network(), epochs=4) == ["groups_stay_frozen"]
    assert codes(frozen_network(), epochs=5) == []


def test_frozen_layers_without_weights_are_told_with_a_repair(
    make_spec: Callable[..., TrainSpec], digits_manifest: Path
) -> None:
    manifest = Manifest.read(digits_manifest)
    document = frozen_network()

    def found(spec: TrainSpec, **known: Any) -> list[SpecProblem]:
        problems = check_spec(spec, manifest, **known)
        return [problem for problem in problems if problem.code == "frozen_at_random"]

    (problem,) = found(make_spec(document))
    assert problem.severity == "warning"
    assert problem.node_id == "n1"
    assert problem.message.startswith("4 frozen layers start at random: ")
    (fix,) = problem.fixes
    thawed, _ = apply_operations(document, fix.operations)
    assert found(make_spec(thawed)) == []

    given = make_spec(document, initial_weights="w.safetensors", initial_document=document)
    assert found(given) == []
    (problem,) = found(given, missing_weights=["n4:weight"])
    assert problem.message.startswith("The frozen layer conv2d_4 starts at random")
    assert found(make_spec(document, unfreeze=UNFREEZE)) == []
    assert found(make_spec(document, initial_weights="w.safetensors")) == []  # Nobody knows whose.


@pytest.mark.parametrize("as_block", [False, True])
def test_frozen_layers_that_were_merged_in_need_weights_of_their_own(
    make_spec: Callable[..., TrainSpec], digits_manifest: Path, *, as_block: bool
) -> None:
    manifest = Manifest.read(digits_manifest)
    document, other = digits_network(), frozen_network()
    values: dict[str, ParamValue] = {"how": "add", "as_block": as_block}
    plan = plan_act(document, "merge_network", values=values, other=other)
    merged, _ = apply_operations(document, plan.operations)
    own = {"initial_weights": "own.safetensors", "initial_document": document}
    theirs = {"merged_weights": "theirs.safetensors", "merged_document": other}

    def codes(**starts: Any) -> list[str]:
        return [problem.code for problem in check_spec(make_spec(merged, **starts), manifest)]

    assert codes() == codes(**own) == ["frozen_at_random"]
    assert codes(**own, **theirs) == codes(**theirs) == []
