"""A file as a network that can be asked, and images as its input."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from netloom.commands.problem import CommandError
from netloom.data.decode import DecodeError, decode_image
from netloom.data.preprocess import Preprocessing, PreprocessingError
from netloom.explain.prediction_table import class_name
from netloom.formats.bundle import BundleMeta

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from netloom.compile import Network


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """A network with its trained weights on a device, in evaluation mode."""

    network: Network
    meta: BundleMeta
    preprocessing: Preprocessing
    device: torch.device

    def class_name(self, index: int) -> str:
        """Return the name of a class; its number where the file names none."""
        return class_name(self.meta.classes, index)

    def class_index(self, text: str) -> int:
        """Return the class of a name or a number.

        Raises:
            CommandError: There is no such class.
        """
        if text in self.meta.classes:
            return self.meta.classes.index(text)
        if text.isdecimal():
            return int(text)
        known = ", ".join(self.meta.classes[:20]) or "none are named; give a number"
        raise CommandError(f"There is no class {text!r}. Classes: {known}.")

    def places_of(self, classes: Sequence[str]) -> list[int]:
        """Return which output each class of a dataset is: by name, or in order without names.

        Raises:
            CommandError: The network does not know a class.
        """
        known = {name.casefold(): index for index, name in enumerate(self.meta.classes)}
        if not known:
            return list(range(len(classes)))
        unknown = [name for name in classes if name.casefold() not in known]
        if unknown:
            raise CommandError(
                f"The network knows no class {', '.join(repr(name) for name in unknown[:5])}. "
                f"It knows {', '.join(self.meta.classes[:20])}; rename the folders after these."
            )
        return [known[name.casefold()] for name in classes]

    def to_input(self, image_HWC: NDArray[np.uint8]) -> torch.Tensor:
        """Return a decoded image as the network's input, float32 [1, C, H, W]."""
        import torch

        pixels_CHW = torch.tensor(self.preprocessing.to_uint8_CHW(image_HWC))
        return self.preprocessing.normalise(pixels_CHW[None].to(self.device))


def load_network(options: Namespace) -> LoadedNetwork:
    """Open `options.network`, of any kind, on `options.device` with all its weights.

    Raises:
        CommandError: It cannot be opened, has errors or lacks weights; no such device.
    """
    from netloom.compile import CompileError, build_module, load_weights
    from netloom.formats.imported import FormatError
    from netloom.formats.read import read_network

    path: Path = options.network
    device = _device(options.device)
    try:
        opened = read_network(path)
        network = build_module(opened.document)
        preprocessing = Preprocessing.from_document(opened.document)
    except (FormatError, CompileError, PreprocessingError) as error:
        raise CommandError(f"{path}: {error}") from error
    missing = load_weights(network, opened.weights).missing
    if missing:
        raise CommandError(
            f"{path} holds no weights for {len(missing):,} of the network's tensors. "
            "A trained network is needed: a bundle of a run, or a file that holds weights."
        )
    return LoadedNetwork(network.to(device).eval(), opened.meta, preprocessing, device)


def open_image(path: Path) -> NDArray[np.uint8]:
    """Decode an image file, uint8 [H, W, C].

    Raises:
        CommandError: It is not an image that can be read.
    """
    try:
        return decode_image(path)
    except DecodeError as error:
        raise CommandError(f"{path}: {error}") from error


def _device(name: str) -> torch.device:
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise CommandError("No GPU can be used here; `netloom doctor` says why. Try --device cpu.")
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise CommandError(f"There is no device {name!r}; use cpu, cuda or cuda:1.") from error
