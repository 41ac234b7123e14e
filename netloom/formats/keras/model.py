"""A Keras model as its configuration says it: layers, and what each call of them takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from netloom.formats.keras.settings import JsonObject, Settings


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor: what one call of a layer gives.

    Attributes:
        call: 0 for the first time the layer is used.
    """

    layer: str
    call: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a layer.

    Attributes:
        inputs: What it takes, in order.
        is_odd: It was also given something that is no tensor of the model.
        masks: What says which steps it passes over, which Keras 3 computes by operators.
    """

    inputs: tuple[Ref, ...]
    is_odd: bool = False
    masks: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class KerasLayer:
    """A layer of a model.

    Attributes:
        kind: Name of its class.
        config: As the file holds it, with today's names.
        calls: Its uses; none for an input of the model.
        inner: The model inside it, where it is one.
    """

    kind: str
    name: str
    config: JsonObject
    calls: tuple[Call, ...]
    inner: KerasModel | None = None

    @property
    def settings(self) -> Settings:
        """The configuration, to be read."""
        return Settings(self.config, f"{self.kind} {self.name}"[:200])


@dataclass(frozen=True, slots=True)
class KerasModel:
    """Layers in the order of the file, and the model's ends."""

    name: str
    layers: tuple[KerasLayer, ...]
    inputs: tuple[Ref, ...]
    outputs: tuple[Ref, ...]
    by_name: dict[str, KerasLayer] = field(default_factory=dict[str, KerasLayer])

    def users(self, ref: Ref) -> list[KerasLayer]:
        """Return the layers that take a tensor."""
        return [layer for layer in self.layers if any(ref in call.inputs for call in layer.calls)]
