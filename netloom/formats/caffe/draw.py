"""From a network of Caffe to a drawing: layer by layer, in the order of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from netloom.formats.caffe.inputs import (
    USUAL_SIDES,
    Inputs,
    Source,
    is_measure,
    is_source,
    sources,
)
from netloom.formats.caffe.mapping import DRAWERS
from netloom.formats.caffe.net import CaffeLayer, CaffeNet
from netloom.formats.caffe.placeholders import keeps_shape, placeholder
from netloom.formats.caffe.sheet import Sheet, Use
from netloom.formats.imported import Damage, FormatError
from netloom.formats.onnx.values import CannotMap, Flow
from netloom.layers.shapes import BATCH, Dim

_OTHER = re.compile(r"[^A-Za-z0-9_]+")
_NO_LAYERS = ("Operator", "Constant", "Parameter")
Outcome = Literal["layer", "operator", "folded", "placeholder"]


@dataclass(frozen=True, slots=True)
class Piece:
    """What became of a layer.

    Attributes:
        planned: Nodes of the plan that were made for it, from the first to before the second.
    """

    title: str
    outcome: Outcome
    planned: tuple[int, int]
    message: str = ""


@dataclass(slots=True)
class Drawn:
    """A drawing of a network.

    Attributes:
        outputs: Number in the plan of the node of each output, by name.
    """

    sheet: Sheet
    inputs: Inputs
    pieces: list[Piece] = field(default_factory=list[Piece])
    outputs: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def num_problems(self) -> int:
        """How much of the file could not be used."""
        placeholders = sum(piece.outcome == "placeholder" for piece in self.pieces)
        return placeholders + len(self.sheet.misfits)


def draw_net(net: CaffeNet) -> Drawn:
    """Draw a network; a size that the file leaves open is the one that most fits.

    Raises:
        FormatError: Nothing can be drawn of it.
    """
    best: Drawn | None = None
    for side in USUAL_SIDES:
        found = _Drawer.of(net, side).draw()
        if best is None or found.num_problems < best.num_problems:
            best = found
        if not best.num_problems or not found.inputs.is_guessed:
            break
    if best is None:
        raise FormatError("The network could not be drawn.")
    return best


@dataclass(slots=True)
class _Drawer:
    net: CaffeNet
    drawn: Drawn
    sources: Mapping[str, Source]
    consumers: Mapping[tuple[int, str], Sequence[int]]
    values: dict[str, Flow] = field(default_factory=dict[str, Flow])
    unused: dict[str, Flow] = field(default_factory=dict[str, Flow])
    folded: dict[int, str] = field(default_factory=dict[int, str])

    @classmethod
    def of(cls, net: CaffeNet, side: int) -> _Drawer:
        sheet = Sheet()
        return cls(net, Drawn(sheet, Inputs(net, sheet, side)), sources(net), _consumers(net))

    def draw(self) -> Drawn:
        drawn, board = self.drawn, self.drawn.sheet.board
        for index, layer in enumerate(self.net.layers):
            board.name, board.path = _node_name(layer.name), _module_path(layer.name)
            if is_source(layer):
                continue
            if is_measure(layer):
                self._say(layer, "folded", "It only measures or trains, and is not drawn.")
            elif index in self.folded:
                self._pass_on(layer, self.folded[index])
            else:
                self._layer(index, layer)
        for layer in self.net.left_out:
            if not is_source(layer):
                self._say(layer, "folded", "It is there while training alone, and is not drawn.")
        self._data_layers()
        board.path = ""
        for name, flow in self.unused.items():
            drawn.outputs[name] = len(board.planned)
            board.name = _node_name(name) or "output"
            known = flow if flow.shape is not None else Flow(flow.wire, (BATCH, Dim("F", 1)))
            board.add("Output", [known], name=board.name)
        if not drawn.outputs or not drawn.inputs.nodes:
            reason = next((p.message for p in drawn.pieces if p.outcome == "placeholder"), "")
            raise FormatError(
                "Nothing of the network could be drawn: no layer takes something and gives "
                f"something{f' ({reason})' if reason else ''}. Choose the file with the layers, "
                "often deploy.prototxt."
            )
        return drawn

    def _layer(self, index: int, layer: CaffeLayer) -> None:
        board = self.drawn.sheet.board
        inputs: list[Flow] = []
        missing = ""
        for bottom in layer.bottoms:
            try:
                inputs.append(self._given(bottom))
            except CannotMap as reason:
                missing = str(reason)
        board.name, board.path = _node_name(layer.name), _module_path(layer.name)
        before = len(board.planned)
        use = Use(self.drawn.sheet, layer, inputs, self._follower(index))
        num_misfits = len(self.drawn.sheet.misfits)
        try:
            if missing:
                raise CannotMap(missing)
            drawer = DRAWERS.get(layer.kind)
            if drawer is None:
                raise CannotMap(_UNKNOWN.get(layer.kind, "Netloom has no layer of this kind"))
            found = list(drawer(use))
            if len(found) < len(layer.tops):
                raise CannotMap(f"it gives {len(layer.tops)} tensors")
        except (CannotMap, Damage) as reason:
            board.take_back(before)
            del self.drawn.sheet.misfits[num_misfits:]
            self._keep(layer, inputs, str(reason))
            return
        self.drawn.sheet.owners.update(use.shared)
        follower = use.follower
        if use.took and follower is not None:
            self.folded[self.consumers[index, layer.tops[0]][0]] = layer.title
        kinds = [node.type_name for node in board.planned[before:]]
        is_layer = any(kind not in _NO_LAYERS for kind in kinds)
        outcome: Outcome = "folded" if not kinds else "layer" if is_layer else "operator"
        self._say(layer, outcome, " ".join(use.remarks), before)
        self._give(layer, found)

    def _keep(self, layer: CaffeLayer, inputs: Sequence[Flow], reason: str) -> None:
        board = self.drawn.sheet.board
        before = len(board.planned)
        found = placeholder(board, layer, inputs)
        if keeps_shape(layer, inputs) and found[0].shape == inputs[0].shape:
            reason += "; what follows takes it to keep the shape of its input"
        self._say(layer, "placeholder", reason, before)
        self._give(layer, found)

    def _pass_on(self, layer: CaffeLayer, owner: str) -> None:
        self._say(layer, "folded", f"It is part of {owner}.")
        self._give(layer, [self._given(bottom) for bottom in layer.bottoms])

    def _given(self, name: str) -> Flow:
        if name not in self.values:
            source = self.sources.get(name)
            if source is None:
                raise CannotMap(f"{name[:100]!r} is given by nothing before it")
            self.values[name] = self.drawn.inputs.draw(source)
        self.unused.pop(name, None)
        return self.values[name]

    def _give(self, layer: CaffeLayer, flows: Sequence[Flow]) -> None:
        for top, flow in zip(layer.tops, flows, strict=False):
            self.values[top] = self.unused[top] = flow

    def _follower(self, index: int) -> CaffeLayer | None:
        tops = self.net.layers[index].tops
        if len(tops) != 1:
            return None
        takers = self.consumers.get((index, tops[0]), ())
        return self.net.layers[takers[0]] if len(takers) == 1 else None

    def _data_layers(self) -> None:
        """Say what became of the layers that give data."""
        nodes = self.drawn.inputs.nodes
        for layer in (*self.net.layers, *self.net.left_out):
            if is_source(layer):
                at = next((nodes[top] for top in layer.tops if self._is_of(layer, top)), None)
                if at is None:
                    self._say(layer, "folded", "What it gives is not needed here.")
                else:
                    self.drawn.pieces.append(Piece(layer.title, "layer", (at, at + 1)))

    def _is_of(self, layer: CaffeLayer, top: str) -> bool:
        return top in self.drawn.inputs.nodes and self.sources[top].layer is layer

    def _say(
        self, layer: CaffeLayer, outcome: Outcome, message: str, before: int | None = None
    ) -> None:
        end = len(self.drawn.sheet.board.planned)
        start = end if before is None else before
        self.drawn.pieces.append(Piece(layer.title, outcome, (start, end), message))


_UNKNOWN = {
    "Python": "it is a program of its own in Python, which is neither here nor would it be run",
    "DetectionOutput": "choosing boxes is done by the task, not by a layer",
    "PriorBox": "its boxes follow from sizes; a detection head of Netloom has them itself",
}


def _consumers(net: CaffeNet) -> dict[tuple[int, str], list[int]]:
    """Return which layers take each tensor, by the layer that gave it; names are used again."""
    givers: dict[str, int] = {}
    found: dict[tuple[int, str], list[int]] = {}
    for index, layer in enumerate(net.layers):
        if is_source(layer) or is_measure(layer):
            continue
        for bottom in layer.bottoms:
            if bottom in givers:
                found.setdefault((givers[bottom], bottom), []).append(index)
        for top in layer.tops:
            givers[top] = index
    return found


def _node_name(name: str) -> str:
    text = _OTHER.sub("_", name)[:60].strip("_")
    return f"layer_{text}" if text[:1].isdigit() else text


def _module_path(name: str) -> str:
    """Return the group that a layer belongs to: `fire2` of `fire2/squeeze1x1`."""
    return ".".join(part for part in name.split("/")[:-1] if part)[:512]
