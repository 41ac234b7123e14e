"""Two trained networks in one: each is found in it, under whatever ids, with its weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from netloom.compile import build_module, load_weights, state_weights
from netloom.graph.apply import apply_operations
from netloom.graph.document import Document
from netloom.surgery import Target, plan_act
from netloom.surgery.renaming import find_merged
from netloom.train.checkpoint import list_checkpoints, read_checkpoint_weights
from netloom.train.spec import TrainSpec
from tests.netloom.surgery.networks import ALL, concatenation, residual
from tests.netloom.train.conftest import (
    digits_manifest,  # noqa: F401 - a fixture
    digits_network,
    make_spec,  # noqa: F401 - a fixture
    of_type,
    train_here,
)


def merge(document: Document, other: Document, *, as_block: bool = False) -> Document:
    plan = plan_act(
        document, "merge_network", values={"how": "add", "as_block": as_block}, other=other
    )
    assert plan.refusal == ""
    return apply_operations(document, plan.operations)[0]


def trained(document: Document, seed: int) -> dict[str, torch.Tensor]:
    return {k: t.clone() for k, t in state_weights(build_module(document, seed=seed)).items()}


@pytest.mark.parametrize("as_block", [False, True])
@pytest.mark.parametrize("name", ["residual", "concatenation", "repeated", "shared"])
def test_both_networks_compute_as_before(name: str, *, as_block: bool) -> None:
    document, other = residual(), ALL[name]()  # Also one with the very same ids.
    merged = merge(document, other, as_block=as_block)
    ours, theirs = trained(document, 1), trained(other, 2)
    part = find_merged(other, merged)
    assert part is not None
    given = {key: tensor for old, tensor in theirs.items() for key in part.keys(old)}
    network = build_module(merged, seed=3).eval()
    report = load_weights(network, {**given, **ours})
    assert (report.initialised, report.mismatched, report.left_over) == ((), (), ())
    image_BCHW = torch.randn(2, 3, 16, 16)
    alone = [build_module(document).eval(), build_module(other).eval()]
    load_weights(alone[0], ours)
    load_weights(alone[1], theirs)
    expected = alone[0](image_BCHW) + alone[1](image_BCHW)
    torch.testing.assert_close(network(image_BCHW), expected)


def test_a_copy_of_a_copy_is_found_where_it_was_put_last() -> None:
    document = residual()
    once = merge(document, document)
    twice = merge(once, document)
    ids = [find_merged(document, each).ids["stem"] for each in (document, once, twice)]  # type: ignore[union-attr]
    assert ids[0] == "stem"
    assert len(set(ids)) == 3
    assert set(ids) <= twice.graph.nodes.keys()
    assert find_merged(concatenation(), Document()) is None


def test_a_run_starts_from_the_weights_of_both(
    make_spec: Callable[..., TrainSpec],  # noqa: F811
    tmp_path: Path,
) -> None:
    document, other = digits_network(), digits_network()
    merged = merge(document, other)
    ours, theirs = trained(document, 1), trained(other, 2)
    save_file(ours, tmp_path / "ours.safetensors")
    save_file(theirs, tmp_path / "theirs.safetensors")
    # Widened since it was merged: carried along like layers of this network.
    part = find_merged(other, merged)
    assert part is not None
    conv = part.ids["n1"]
    plan = plan_act(merged, "change_width", Target(node_ids=[conv]), {"width": 20})
    merged, _ = apply_operations(merged, plan.operations)
    spec = make_spec(
        merged,
        epochs=1,
        batch_size=1024,
        optimizer={"type": "sgd", "learning_rate": 1e-9, "weight_decay": 0.0},
        initial_weights=str(tmp_path / "ours.safetensors"),
        initial_document=document,
        merged_weights=str(tmp_path / "theirs.safetensors"),
        merged_document=other,
    )
    events = train_here(spec)
    log = " ".join(event.message for event in of_type(events, "log"))
    assert "newly initialised" not in log
    assert "9 of them come from the network that was merged into this one" in log
    assert "made wider or narrower" in log
    after = read_checkpoint_weights(list_checkpoints(Path(spec.output))[-1])
    torch.testing.assert_close(after["n1:weight"], ours["n1:weight"])
    torch.testing.assert_close(after[f"{conv}:weight"][:16], theirs["n1:weight"])
    torch.testing.assert_close(after[f"{conv}:weight"][16:], theirs["n1:weight"][:4])
