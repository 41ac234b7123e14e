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


FAMILIES = (
    "resnet18", "efficientnet_b0", "convnext_atto", "vit_tiny_patch16_224",
    "swin_tiny_patch4_window7_224", "mobilevit_xxs", "regnetx_002", "densenet121", "mixer_s32_224",
    "coatnet_nano_rw_224", "maxvit_rmlp_pico_rw_256", "poolformer_s12", "efficientformer_l1",
    "repvgg_a0", "ghostnet_050", "levit_128s", "cait_xxs24_224", "deit_tiny_patch16_224",
    "nfnet_l0", "xcit_nano_12_p16_224",
)  # fmt: skip


@pytest.mark.campaign
@pytest.mark.parametrize("name", FAMILIES)
def test_families_equal_timm(tmp_path: Path, name: str) -> None:
    module: Any = timm.create_model(name, num_classes=7).eval()
    _randomise(module)
    torch.save(module.state_dict(), tmp_path / "w.pth")
    imported = TimmZoo().open(f"timm/{name}", weights=tmp_path / "w.pth", num_classes=7)
    assert imported.report.count("placeholder") == 0
    ours = build_module(imported.document)
    load_weights(ours, imported.weights)
    image = torch.rand(2, *module.pretrained_cfg["input_size"])
    with torch.no_grad():
        expected = module(image)
        difference = (ours.eval()(image) - expected).abs().max()
    assert difference <= 1e-5 * max(1.0, float(expected.abs().max()))


def _randomise(module: torch.nn.Module) -> None:
    """Give weights, statistics of batches among them, that start at 0 or 1 others."""
    generator = torch.Generator().manual_seed(7)
    for key, tensor in module.state_dict().items():
        if not tensor.is_floating_point():
            continue
        if key.endswith(("running_mean", "bias")) or not tensor.any():
            tensor.normal_(0, 0.1, generator=generator)
        elif tensor.ndim <= 1:
            tensor.uniform_(0.5, 1.5, generator=generator)


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
