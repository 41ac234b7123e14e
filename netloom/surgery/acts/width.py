"""Make a layer wider or narrower, and with it everything that must be as wide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import gcd

from netloom.graph.document import Document, ParamValue
from netloom.graph.operations import Operation, SetAttribute, SetParam
from netloom.layers.params import MAX_SIZE, param
from netloom.surgery.act import Act, ActParams, ActRefused, Context, Outcome
from netloom.surgery.edit import GraphEdit
from netloom.surgery.expand import Holder, LayerUse
from netloom.surgery.spaces import Widths
from netloom.surgery.widths import HEADS_PARAM, TRANSFORMERS, WIDTH_PARAM, find_widths


class WidthParams(ActParams):
    width: int = param(
        32,
        "Width",
        "Channels or features of the layer; of a recurrent layer what it remembers, of a "
        "transformer layer those between its linear layers. More are copies that leave the output "
        "of the network as it is; of fewer, those with the largest weights are kept.",
        minimum=1,
        maximum=MAX_SIZE,
    )


class ChangeWidth(Act[WidthParams]):
    id = "change_width"
    title = "Widen or narrow"
    summary = (
        "Changes how many channels a layer makes, everywhere at once: layers tied to it by an "
        "addition get the same width, and weights are remapped through all that follows."
    )
    places = ("node",)
    Params = WidthParams

    def defaults(self, context: Context) -> dict[str, ParamValue]:
        try:
            use = _width_layer(context)
        except ActRefused:
            return {}
        return {"width": min(2 * _width(use), MAX_SIZE)}

    def perform(self, context: Context, params: WidthParams) -> Outcome:
        use = _width_layer(context)
        old = _width(use)
        if old == params.width:
            raise ActRefused(f"{use.name} is {old} wide already.")
        widths = find_widths(context.expansion)
        if use.owner not in widths.of_layer:
            raise ActRefused(
                f"The width of {use.name} follows from what arrives: widen the layer before it."
            )
        tied = _Tied(context, widths)
        tied.follow(use)
        tied.refuse_pinned(use)
        edit = context.edit()
        edit.do(tied.operations(edit.document, params.width))
        label = f"{'Widen' if params.width > old else 'Narrow'} {_what(use)} to {params.width}"
        select = [context.target.node_ids[0]]
        return Outcome(label, edit, list(tied.warnings(use, params.width)), select)


def _what(use: LayerUse) -> str:
    return f"the hidden features of {use.name}" if use.node.type in TRANSFORMERS else use.name


def _width(use: LayerUse) -> int:
    return int(getattr(use.params, WIDTH_PARAM[use.node.type]))


def _width_layer(context: Context) -> LayerUse:
    node_id, node = context.node()
    if node.block is not None:
        raise ActRefused("Open the block and choose the layer whose width should change.")
    if node.type not in WIDTH_PARAM:
        raise ActRefused(
            f"{node.name} makes no channels of its own. Choose the layer before it that does: a "
            "convolution, a Linear, a recurrent layer or an embedding."
        )
    uses = context.expansion.of(context.target.scope, node_id)
    if not uses:
        raise ActRefused(f"What arrives at {node.name} is not known yet. Solve its problem first.")
    return uses[0]


@dataclass(slots=True)
class _Tied:
    """Everything that has to change its width together."""

    context: Context
    widths: Widths
    spaces: set[int] = field(default_factory=set[int])
    makers: dict[str, LayerUse] = field(default_factory=dict[str, LayerUse])

    def follow(self, start: LayerUse) -> None:
        """Collect spaces joined by additions, and by parameters that several uses share."""
        by_holder: dict[Holder, list[LayerUse]] = {}
        by_owner: dict[str, list[LayerUse]] = {}
        for use in self.context.expansion.uses:
            if use.owner in self.widths.of_layer:
                by_holder.setdefault(_holder(use), []).append(use)
                by_owner.setdefault(use.owner, []).append(use)
        waiting = [start]
        while waiting:
            use = waiting.pop()
            root = self.widths.root(self.widths.of_layer[use.owner][0].space)
            if root in self.spaces:
                continue
            self.spaces.add(root)
            for owner in {maker.owner for maker in self.widths.space(root).makers}:
                for maker in by_owner[owner]:
                    self.makers[maker.path] = maker
                    waiting += by_holder.pop(_holder(maker), [])

    def refuse_pinned(self, start: LayerUse) -> None:
        for root in sorted(self.spaces):
            pins = self.widths.space(root).pins
            if pins:
                raise ActRefused(f"The width of {start.name} cannot change: {pins[0]}.")

    def operations(self, document: Document, width: int) -> Iterator[Operation]:
        """Yield one change for each place where the width, or how it is split, is written."""
        values = {_holder(use): width for use in self.makers.values()}
        for root in self.spaces:
            for use in self.widths.space(root).followers:
                values |= {use.holder("out_channels"): width, use.holder("groups"): width}
            for use in self.widths.space(root).split:
                if (heads := _new_heads(use, self._size(root), width)) is not None:
                    values[use.holder(HEADS_PARAM[use.node.type])] = heads
        overrides: dict[tuple[str | None, str], dict[str, ParamValue]] = {}
        for holder, value in values.items():
            place = (holder.scope_id, holder.node_id)
            if holder.is_override:
                if place not in overrides:
                    overrides[place] = dict(_overrides(document, holder))
                overrides[place][holder.param] = value
            else:
                yield SetParam(
                    scope=holder.scope_id, node_id=holder.node_id, param=holder.param, value=value
                )
        for (scope_id, node_id), found in overrides.items():
            yield SetAttribute(scope=scope_id, node_id=node_id, attribute="overrides", value=found)

    def warnings(self, start: LayerUse, width: int) -> Iterator[str]:
        others = sorted({use.name for use in self.makers.values()} - {start.name})
        if others:
            yield (
                f"{_listed(others)} {'become' if len(others) > 1 else 'becomes'} {width} wide as "
                f"well: tied to {start.name} by an addition, or by a parameter or weights they "
                "share."
            )
        if width < _width(start):
            yield "Channels are dropped, so the output changes: train again afterwards."
            return
        spaces = [self.widths.space(root) for root in self.spaces]
        inexact = sorted({name for space in spaces for name in space.inexact})
        if inexact:
            yield (
                f"{_listed(inexact)} {'do' if len(inexact) > 1 else 'does'} not treat copies of a "
                "channel alike. The weights are kept as a start; outputs change."
            )
        uneven = sorted({name for space in spaces if width % space.size for name in space.uneven})
        if uneven:
            size = _width(start)
            yield (
                f"{_listed(uneven)} {'normalise' if len(uneven) > 1 else 'normalises'} over all "
                f"channels, and {width} is not a whole multiple of {size}: the statistics change. "
                f"The weights are kept as a start; outputs change. With {2 * size} they stay."
            )
        rescaled = sorted(
            use.name
            for root in self.spaces
            for use in self.widths.space(root).split
            if width % _head_size(use, self._size(root))
        )
        if rescaled:
            yield (
                f"The heads of {_listed(rescaled)} become larger, which changes the scale of the "
                "softmax. The weights are kept as a start; outputs change."
            )

    def _size(self, root: int) -> int:
        return self.widths.space(root).size


def _head_size(use: LayerUse, width: int) -> int:
    return width // int(getattr(use.params, HEADS_PARAM[use.node.type]))


def _new_heads(use: LayerUse, old: int, width: int) -> int | None:
    """Return how many heads share another width: more of the same size, where that can be.

    None leaves their number as it is.
    """
    heads = int(getattr(use.params, HEADS_PARAM[use.node.type]))
    size = _head_size(use, old)
    if width % size == 0:
        return width // size
    return None if width % heads == 0 else gcd(width, heads)


def _holder(use: LayerUse) -> Holder:
    return use.holder(WIDTH_PARAM[use.node.type])


def _overrides(document: Document, holder: Holder) -> dict[str, ParamValue]:
    scope = GraphEdit(document, holder.scope_id).scope
    return scope.nodes[holder.node_id].overrides


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"


ACTS = (ChangeWidth(),)
