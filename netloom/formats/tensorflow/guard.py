"""What a file of TensorFlow would do, before TensorFlow sees it: compute, or it is refused.

A SavedModel is a program, part of which runs when it is loaded. Its operators are all of a list;
those that read and write its checkpoint take the name of the file from nowhere but TensorFlow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from netloom.formats.imported import Damage, FormatError
from netloom.formats.tensorflow.graph import (
    MetaGraph,
    Node,
    Scope,
    parse_saved_model,
    strings_of_tensor,
    text_of_attribute,
)
from netloom.formats.tensorflow.operators import ALLOWED, CALLS, MAKE_NAMES, NAMES_OF_FILES

GRAPH = "saved_model.pb"
OTHER_GRAPHS = ("saved_model.cpb", "saved_model.pbtxt")
"""TensorFlow would take these instead or too."""
_MOST_SHOWN, _MOST_NAMED = 80, 5
_HARMLESS_PART = re.compile(rb"|model|\.part|_temp(_[0-9a-f]{32})?/part")
"""What TensorFlow itself adds to the name of a checkpoint. None leads out of a folder."""
_INSTEAD = (
    "TensorFlow is given networks that compute with numbers, and nothing that could reach files, "
    "run programs or ask other machines. Where it was trained, write `model.save('network.keras')` "
    "and import that file."
)


def refuse_programs(folder: Path, shown: str) -> None:
    """Look through a SavedModel.

    Args:
        shown: What it is called for people.

    Raises:
        FormatError: It would do more than compute, or is damaged.
    """
    for name in OTHER_GRAPHS:
        if (folder / name).exists():
            raise FormatError(f"{shown} holds {name} beside or instead of {GRAPH}. {_INSTEAD}")
    try:
        for graph in parse_saved_model((folder / GRAPH).read_bytes()):
            problem = next(_problems(graph), "")
            if problem:
                raise FormatError(f"{shown} {problem}. {_INSTEAD}")
    except Damage as error:
        raise FormatError(f"{GRAPH} of {shown} is damaged: {error}. Send it again.") from error


def _problems(found: MetaGraph) -> Iterator[str]:
    scopes = (found.graph, *found.functions)
    operators = {node.operator for scope in scopes for node in scope.nodes.values()}
    if refused := sorted(operators - ALLOWED):
        shown = ", ".join(map(_shown, refused[:_MOST_NAMED]))
        more = f" and {len(refused) - _MOST_NAMED:,} more" if len(refused) > _MOST_NAMED else ""
        yield f"holds the operator{'s' if len(refused) > 1 else ''} {shown}{more}"
    known = {function.name for function in found.functions}
    handling: set[str] = set()
    for scope in scopes:
        for node in scope.nodes.values():
            if unknown := node.functions - known:
                yield f"calls {_shown(min(unknown))}, which is no function of it"
            for at in NAMES_OF_FILES.get(node.operator, ()):
                yield from _elsewhere(scope, node, at)
                handling.add(scope.name)
    handling.discard("")
    for scope in scopes:
        for node in scope.nodes.values():
            if node.functions & handling:
                if scope.name or node.operator not in CALLS:
                    yield f"reads or writes files within {_shown(scope.name or node.name)}"
                yield from _elsewhere(scope, node, 0)
    beside = [bytes(part) for part in found.beside]
    for name in handling:
        if any(name.encode() in part for part in beside):
            yield f"offers {_shown(name)}, which reads or writes files, to be called"


def _elsewhere(scope: Scope, node: Node, at: int) -> Iterator[str]:
    """Tell where the name of a file does not come from TensorFlow alone."""
    if at >= len(node.inputs):
        yield f"gives {node.operator} no name of a file"
        return
    waiting, seen = [node.inputs[at]], set[str]()
    while waiting:
        given = waiting.pop()
        name = given.partition(":")[0]
        if name in seen:
            continue
        seen.add(name)
        if scope.arguments and given == scope.arguments[0]:
            continue
        source = scope.nodes.get(name)
        if source is None or not _is_part_of_a_name(scope, source):
            yield (
                f"gives {node.operator}{_within(scope)} the name of a file of its own "
                f"({_shown(name)})"
            )
            return
        taken = MAKE_NAMES.get(source.operator, ())
        places = range(len(source.inputs)) if taken is None else taken
        waiting += [source.inputs[place] for place in places if place < len(source.inputs)]


def _is_part_of_a_name(scope: Scope, node: Node) -> bool:
    if node.operator == "Placeholder":
        return not scope.name
    if node.operator == "Const":
        values = [value for name, value in node.attributes if name == "value"]
        texts = [text for value in values for text in strings_of_tensor(value)]
        return all(_HARMLESS_PART.fullmatch(text) for text in texts)
    if node.operator == "StringJoin":
        joints = [value for name, value in node.attributes if name == "separator"]
        return not any(text_of_attribute(value) for value in joints)
    return node.operator in MAKE_NAMES


def _within(scope: Scope) -> str:
    return f" in {_shown(scope.name)}" if scope.name else ""


def _shown(name: str) -> str:
    return name[:_MOST_SHOWN]
