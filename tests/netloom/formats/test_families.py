"""Small networks of the families of torchvision: opened, written as ONNX and opened again.

The large ones are compared by `make conformance`; these hold their kinds of layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import (
    ConvNeXt,
    DenseNet,
    EfficientNet,
    MaxVit,
    RegNet,
    ShuffleNetV2,
    VisionTransformer,
)
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.efficientnet import FusedMBConvConfig, MBConvConfig
from torchvision.models.mobilenetv3 import InvertedResidualConfig, MobileNetV3
from torchvision.models.regnet import BlockParams
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.models.segmentation.deeplabv3 import DeepLabHead, DeepLabV3
from torchvision.models.swin_transformer import (
    PatchMergingV2,
    SwinTransformer,
    SwinTransformerBlockV2,
)
from torchvision.models.video import MViT, SwinTransformer3d
from torchvision.models.video.mvit import MSBlockConfig

import netloom
from conformance.torchvision_exports import exported
from conformance.torchvision_models import Opened, calibrated, compared_modules, randomised

IMAGE, CLIP = (1, 3, 32, 32), (1, 3, 4, 32, 32)


def swin() -> nn.Module:
    return SwinTransformer([4, 4], 16, [2, 2], [2, 4], [4, 4], num_classes=10)


def swin_v2() -> nn.Module:
    return SwinTransformer(
        [4, 4], 16, [2, 2], [2, 4], [4, 4], num_classes=10,
        block=SwinTransformerBlockV2, downsample_layer=PatchMergingV2,
    )  # fmt: skip


def swin_3d() -> nn.Module:
    return SwinTransformer3d([2, 4, 4], 16, [2, 2], [2, 4], [2, 4, 4], num_classes=10)


def mvit() -> nn.Module:
    thin = MSBlockConfig(1, 16, 32, [3, 3, 3], [3, 3, 3], [1, 2, 2], [1, 2, 2])
    wide = MSBlockConfig(2, 32, 32, [3, 3, 3], [3, 3, 3], [1, 1, 1], [1, 1, 1])
    return MViT(
        (32, 32), 4, [thin, wide], residual_pool=True, residual_with_cls_embed=False,
        rel_pos_embed=True, proj_after_attn=True, num_classes=10,
    )  # fmt: skip


def mvit_of_positions() -> nn.Module:
    thin = MSBlockConfig(1, 16, 32, [], [3, 3, 3], [], [1, 2, 2])
    wide = MSBlockConfig(2, 32, 32, [3, 3, 3], [3, 3, 3], [1, 2, 2], [1, 1, 1])
    return MViT(
        (32, 32), 4, [thin, wide], residual_pool=False, residual_with_cls_embed=True,
        rel_pos_embed=False, proj_after_attn=False, num_classes=10,
    )  # fmt: skip


def efficientnet() -> nn.Module:
    blocks = [FusedMBConvConfig(2, 3, 2, 8, 8, 1), MBConvConfig(4, 3, 2, 8, 16, 2)]
    return EfficientNet(blocks, 0.1, num_classes=10, last_channel=32)


def mobilenet_v3() -> nn.Module:
    blocks = [
        InvertedResidualConfig(16, 3, 16, 16, use_se, words, stride, 1, 0.5)
        for use_se, words, stride in ((True, "RE", 2), (False, "HS", 1))
    ]
    return MobileNetV3(blocks, 32, num_classes=10)


def deeplab() -> nn.Module:
    backbone = ResNet(BasicBlock, [1, 1, 1, 1])
    inner = IntermediateLayerGetter(backbone, {"layer4": "out"})
    return DeepLabV3(inner, DeepLabHead(512, 3, atrous_rates=(2, 3)))


FAMILIES: Mapping[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "swin": (swin, IMAGE),
    "swin_v2": (swin_v2, IMAGE),
    "swin_3d": (swin_3d, CLIP),
    "mvit": (mvit, CLIP),
    "mvit_of_positions": (mvit_of_positions, CLIP),
    "maxvit": (lambda: MaxVit((32, 32), 8, 2, [8, 16], [1, 1], 4, 0.0, num_classes=10), IMAGE),
    "vit": (lambda: VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=10), IMAGE),
    "convnext": (
        lambda: ConvNeXt([CNBlockConfig(8, 16, 1), CNBlockConfig(16, None, 1)], num_classes=10),
        IMAGE,
    ),
    "densenet": (lambda: DenseNet(4, (2, 2), 8, num_classes=10), IMAGE),
    "regnet": (
        lambda: RegNet(BlockParams([1, 2], [8, 16], [4, 8], [1.0, 1.0], [2, 2], 0.25), 10),
        IMAGE,
    ),
    "shufflenet": (lambda: ShuffleNetV2([2, 1, 1], [8, 16, 32, 64, 32], 10), IMAGE),
    "efficientnet": (efficientnet, IMAGE),
    "mobilenet_v3": (mobilenet_v3, IMAGE),
    "deeplab": (deeplab, IMAGE),
}


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_opens_and_comes_back_from_onnx(family: str) -> None:
    make, shape = FAMILIES[family]
    torch.manual_seed(0)
    image: Tensor = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    module = calibrated(randomised(make()).eval(), image)
    imported = netloom.from_module(module, image, check=False)
    found = compared_modules(family, module, imported, image)
    assert found.is_equal, found
    back = exported(family, Opened(module, imported, image))
    assert back.is_equal, back
