"""Split the features of an attention among more or fewer heads."""

from __future__ import annotations

from netloom.graph.document import ParamValue
from netloom.layers.params import param
from netloom.layers.positions import MAX_HEADS
from netloom.surgery.act import Act, ActParams, ActRefused, Context, Outcome, shared_block_warning
from netloom.surgery.expand import LayerUse
from netloom.surgery.spaces import channels_of
from netloom.surgery.widths import HEADS_PARAM


class HeadsParams(ActParams):
    num_heads: int = param(
        4,
        "Heads",
        "How many share the features evenly. Weights keep their place, but each head reads others.",
        minimum=1,
        maximum=MAX_HEADS,
    )


class ChangeHeads(Act[HeadsParams]):
    id = "change_heads"
    title = "Change the number of heads"
    summary = (
        "Splits the features of an attention otherwise. All weights are kept as a start; outputs "
        "change."
    )
    places = ("node",)
    Params = HeadsParams

    def defaults(self, context: Context) -> dict[str, ParamValue]:
        try:
            use = _attention(context)
        except ActRefused:
            return {}
        features, heads = _features(use), _heads(use)
        return {"num_heads": 2 * heads if features % (2 * heads) == 0 else heads}

    def perform(self, context: Context, params: HeadsParams) -> Outcome:
        use = _attention(context)
        features, wanted = _features(use), params.num_heads
        if wanted == _heads(use):
            raise ActRefused(f"{use.name} has {wanted} heads already.")
        if features % wanted:
            fitting = [str(count) for count in range(1, 65) if features % count == 0]
            raise ActRefused(
                f"{features} features cannot be split among {wanted} heads. These can share them: "
                f"{', '.join(fitting)}."
            )
        holder = use.holder(HEADS_PARAM[use.node.type])
        if holder.is_override:
            raise ActRefused(
                f"How many heads {use.name} has is said at the block that holds it. Leave the "
                "block, and change it among its parameters."
            )
        edit = context.edit()
        edit.set_params(use.node_id, {HEADS_PARAM[use.node.type]: wanted})
        warnings = [
            "Each head attends by other features and at another scale of the softmax: the weights "
            "are kept as a start; outputs change.",
            *shared_block_warning(context),
        ]
        return Outcome(f"Split {use.name} among {wanted} heads", edit, warnings, [use.node_id])


def _attention(context: Context) -> LayerUse:
    node_id, node = context.node()
    if node.type not in HEADS_PARAM:
        raise ActRefused(f"{node.name} has no heads. Choose an attention or a transformer layer.")
    uses = context.expansion.of(context.target.scope, node_id)
    if not uses:
        raise ActRefused(f"What arrives at {node.name} is not known yet. Solve its problem first.")
    return uses[0]


def _heads(use: LayerUse) -> int:
    return int(getattr(use.params, HEADS_PARAM[use.node.type]))


def _features(use: LayerUse) -> int:
    return channels_of(use.outputs["output"]) or 0


ACTS = (ChangeHeads(),)
