"""What is right and wrong with the layers of a package. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

from netloom.layer_checks.flaws import Flaw


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One layer type.

    Attributes:
        num_trials: Uses that were tried, each on three inputs.
    """

    type_name: str
    num_trials: int
    flaws: tuple[Flaw, ...]

    @property
    def is_right(self) -> bool:
        return all(flaw.is_note for flaw in self.flaws)


@dataclass(frozen=True, slots=True)
class PackageReport:
    """A package, by name and version.

    Attributes:
        problems: What of it could not be loaded, or was left out.
    """

    package: str
    problems: tuple[str, ...]
    layers: tuple[LayerReport, ...]

    @property
    def is_right(self) -> bool:
        return not self.problems and all(layer.is_right for layer in self.layers)
