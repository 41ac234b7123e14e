"""Networks that others have made and trained, by name."""

from pathlib import Path

from netloom.formats.zoo.bundles import BundleFolder
from netloom.formats.zoo.provider import Provider, ZooEntry, ZooError, ZooInput, ZooWeights
from netloom.formats.zoo.timm_zoo import TimmZoo, is_installed
from netloom.formats.zoo.torchvision_zoo import TorchvisionZoo

__all__ = [
    "BundleFolder",
    "Provider",
    "TimmZoo",
    "TorchvisionZoo",
    "ZooEntry",
    "ZooError",
    "ZooInput",
    "ZooWeights",
    "providers",
]


def providers(bundles: Path | None = None) -> list[Provider]:
    """Return every source of networks there is.

    Args:
        bundles: Folder of bundles that somebody has put together.
    """
    found: list[Provider] = [TorchvisionZoo()]
    if is_installed():
        found.append(TimmZoo())
    return [*found, *([BundleFolder(bundles)] if bundles is not None else [])]
