"""Networks of an installed timm open as those of torchvision do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch

from netloom.compile import build_module, load_weights
from netloom.formats.zoo import TimmZoo, ZooError
from netloom.formats.zoo.provider import ZooInput


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "test_vit"])
def test_equals_timm_with_weights_of_a_file(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    module: Any = timm.create_model(name, num_classes=7).eval()  # says nothing of its own parts
    torch.nn.init.normal_(module.get_classifier().weight)
    torch.save(module.state_dict(), tmp_path / "w.pth")
    imported = TimmZoo().open(f"timm/{name}", weights=tmp_path / "w.pth", num_classes=7)
    assert imported.report.count("placeholder") == 0
    ours = build_module(imported.document)
    load_weights(ours, imported.weights)
    size = module.pretrained_cfg["input_size"]
    image = torch.rand(2, *size)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(image), module(image), atol=1e-4, rtol=1e-4)


def test_lists_what_is_installed_with_its_preprocessing() -> None:
    entries = {entry.name: entry for entry in TimmZoo().entries()}
    assert len(entries) == len(timm.list_models())
    facts = entries["timm/resnet50"].default
    assert facts is not None
    assert facts.input.mean == (0.485, 0.456, 0.406)
    assert facts.input != ZooInput()


def test_nothing_is_downloaded_unless_that_was_asked() -> None:
    with pytest.raises(ZooError, match="downloading was not allowed"):
        TimmZoo().open("timm/test_resnet", weights="DEFAULT")
