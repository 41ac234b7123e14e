"""Merge another network into this one: behind it, or beside it and joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netloom.graph.document import Edge, Endpoint
from netloom.graph.operations import MoveNodes
from netloom.layers.params import param
from netloom.surgery.act import Act, ActParams, ActRefused, Context, Outcome
from netloom.surgery.beside import behind
from netloom.surgery.edit import GraphEdit
from netloom.surgery.fed import fed_otherwise
from netloom.surgery.guest import Guest, role_of


class MergeParams(ActParams):
    how: Literal["after", "concatenate", "add"] = param(
        "after",
        "How",
        "after: the other takes what this network gives. concatenate, add: both take the same "
        "input, and what they give is joined.",
    )
    as_block: bool = param(
        False,
        "As a block",
        "Puts the other network in as one block, rather than its layers one by one.",
    )


class MergeNetworks(Act[MergeParams]):
    id = "merge_network"
    title = "Merge another network"
    summary = (
        "Appends a network of the project, or puts it in parallel and joins both by concatenation "
        "or addition."
    )
    places = ("network", "node")
    needs_network = True
    Params = MergeParams

    def perform(self, context: Context, params: MergeParams) -> Outcome:
        if context.target.scope is not None:
            raise ActRefused("Networks are merged on the top level. Leave the block first.")
        other = context.other
        if other is None:
            raise ActRefused("Choose the other network.")
        edit = context.edit()
        join = _join_point(context, edit)
        guest = Guest(edit, other, context.other_name or other.graph.name)
        ends = guest.as_block() if params.as_block else guest.inlined()
        feeder = join.source if params.how == "after" else _entry(context)
        for target in ends.takes:
            edit.connect(feeder, target)
        if params.how == "after":
            self._feed(edit, join, ends.gives)
        else:
            kind = "Add" if params.how == "add" else "Concatenate"
            joint = edit.add(kind, near=behind(edit, [join.source.node, ends.gives.node]))
            edit.connect(join.source, Endpoint(node=joint, port="input_1"))
            edit.connect(ends.gives, Endpoint(node=joint, port="input_2"))
            self._feed(edit, join, Endpoint(node=joint, port="output"))
        warnings = [
            *fed_otherwise(
                context.document, feeder, context.binding, other, guest.input_id, guest.name
            ),
            "A run can start from the weights of both: name one of each side when it is started.",
        ]
        return Outcome(f"Merge {guest.name}", edit, warnings, ends.nodes)

    def _feed(self, edit: GraphEdit, join: _Join, gives: Endpoint) -> None:
        """Lead on what was taken from the join point; an output follows what it now gives."""
        for edge in join.targets:
            edit.connect(gives, edge.target)
            near = behind(edit, [gives.node])
            end = edge.target.node
            if near is not None and role_of(edit.scope.nodes[end]) == "output":
                edit.do([MoveNodes(positions={end: edit.free_place(near, of=end)})])


@dataclass(frozen=True, slots=True)
class _Join:
    """Where this network is opened: the tensor, and what it fed, taken off already."""

    source: Endpoint
    targets: list[Edge]


def _join_point(context: Context, edit: GraphEdit) -> _Join:
    """Open the network behind the chosen layer, or before its output."""
    if context.target.node_ids:
        node_id, node = context.node()
        leaving = [item for item in edit.leaving(node_id) if item[1].source.port == "output"]
        if not leaving:
            raise ActRefused(f"Nothing follows {node.name}. Choose a layer inside the network.")
    else:
        outputs = [key for key, node in edit.scope.nodes.items() if node.type == "Output"]
        arriving = edit.arriving(outputs[0]) if len(outputs) == 1 else {}
        if "input" not in arriving:
            raise ActRefused("Choose the layer to merge at: this network has not just one output.")
        leaving = [arriving["input"]]
    edit.disconnect(edge_id for edge_id, _ in leaving)
    return _Join(leaving[0][1].source, [edge for _, edge in leaving])


def _entry(context: Context) -> Endpoint:
    inputs = [key for key, node in context.scope.nodes.items() if role_of(node) == "input"]
    if len(inputs) != 1:
        raise ActRefused(
            f"This network has {len(inputs)} inputs, so it is not clear which the other shares."
        )
    return Endpoint(node=inputs[0], port="output")


ACTS = (MergeNetworks(),)
