"""One test body over all templates: they analyse, run forwards and backwards, and become code.

B batch, K classes.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from netloom.analyze import analyze
from netloom.compile import build_module
from netloom.compile.plan import plan_network
from netloom.graph.diagnostics import DiagnosticCode
from netloom.graph.document import Document, graph_hash
from netloom.graph.migrations import load_document
from netloom.layer_checks.examples import example
from netloom.samples import digits, write_samples
from netloom.templates import TRAINED_TASKS, TemplateInfo, make_template, templates
from netloom.train.spec import RunConfig, TrainSpec
from tests.netloom.compile.test_source import assert_same_network
from tests.netloom.train.conftest import of_type, train_here, train_losses

IDS = [info.id for info in templates()]
INFOS = {info.id: info for info in templates()}
FITS = [(1, 28, 28, 10), (3, 96, 96, 5), (3, 224, 224, 1000), (1, 1, 1, 2), (3, 40, 200, 7)]


def made(template_id: str, fit: tuple[int, int, int, int] = (3, 16, 16, 4)) -> Document:
    channels, height, width, num_classes = fit
    return make_template(
        template_id, channels=channels, height=height, width=width, num_classes=num_classes
    )


@pytest.mark.parametrize("template_id", IDS)
@pytest.mark.parametrize("fit", FITS, ids=str)
def test_analyses_without_a_problem(template_id: str, fit: tuple[int, int, int, int]) -> None:
    analysis = analyze(made(template_id, fit))
    expected = set() if INFOS[template_id].can_train else {DiagnosticCode.INPUT_NOT_TRAINED}
    assert {problem.code for problem in analysis.diagnostics} <= expected
    assert analysis.is_trainable
    assert analysis.totals.parameters > 0


@pytest.mark.parametrize("template_id", IDS)
def test_goes_through_a_file_and_says_what_is_missing(template_id: str) -> None:
    document = made(template_id)
    text = document.model_dump_json(by_alias=True)
    loaded = load_document(text.encode())
    assert loaded == document
    assert graph_hash(loaded) == graph_hash(document)
    notes = [frame.title for frame in document.view.frames.values()]
    note = INFOS[template_id].note
    assert notes == ([note] if note else [])


def _is_honest(info: TemplateInfo) -> bool:
    return info.can_train == (info.task in TRAINED_TASKS) == (info.note == "")


def test_what_cannot_be_trained_says_so_in_a_sentence() -> None:
    assert all(map(_is_honest, templates()))
    unet = INFOS["unet"].note
    assert unet.startswith("Netloom cannot train image segmentation yet;")
    assert sum(info.can_train for info in templates()) == 10


def _inputs(document: Document) -> list[Tensor]:
    torch.manual_seed(0)
    return [example(port.shape, 2, 23).detach() for port in plan_network(document).inputs]


@pytest.mark.parametrize("template_id", IDS)
def test_steps_forwards_and_backwards(template_id: str) -> None:
    document = made(template_id)
    module = build_module(document, seed=0)
    given = module(*_inputs(document))
    outputs = given if isinstance(given, tuple) else (given,)
    loss = torch.stack([output.square().mean() for output in outputs]).sum()
    loss.backward()
    without = [
        name
        for name, parameter in module.named_parameters()
        if parameter.requires_grad and parameter.grad is None
    ]
    assert without == []
    assert torch.isfinite(loss)


@pytest.mark.parametrize("template_id", IDS)
def test_generated_code_computes_the_same(template_id: str) -> None:
    assert_same_network(made(template_id))


@pytest.fixture(scope="module")
def few_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real handwritten digits, 8 × 8: 96 to learn from."""
    folder = tmp_path_factory.mktemp("digits")
    write_samples(digits, folder)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    items = {
        split: [item for item in manifest["items"] if item["split"] == split]
        for split in ("train", "validation")
    }
    path.write_text(
        json.dumps({**manifest, "items": items["train"][:96] + items["validation"][:32]})
    )
    return path


@pytest.mark.parametrize("template_id", [info.id for info in templates() if info.can_train])
def test_learns_in_the_real_loop(template_id: str, few_digits: Path, tmp_path: Path) -> None:
    config = {"device": "cpu", "epochs": 4, "batch_size": 32}
    optimizer = {"type": "adamw", "learning_rate": 1e-3}
    spec = TrainSpec.model_validate(
        {
            "document": made(template_id, (1, 8, 8, 10)),
            "manifest": str(few_digits),
            "output": str(tmp_path / "run"),
            "config": RunConfig.model_validate({**config, "optimizer": optimizer}),
            "num_threads": 1,
        }
    )
    events = train_here(spec)
    losses = [loss for _, loss in sorted(train_losses(events).items())]
    assert of_type(events, "finished")[0].reason == "completed"
    assert len(losses) == 12
    assert sum(losses[-3:]) < 0.99 * sum(losses[:3]), losses
