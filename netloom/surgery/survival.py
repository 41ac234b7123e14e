"""The report before an act: which weights survive it, in counts and in words."""

from __future__ import annotations

from collections import Counter

from netloom.graph.document import Document
from netloom.surgery.expand import LayerUse, TensorSpec, expand
from netloom.surgery.model import LayerSurvival, Survival
from netloom.surgery.renaming import find_merged
from netloom.surgery.transfer import SpaceChange, TensorTransfer, Transfer, plan_transfer

MAX_LISTED = 500
_ORDER = {"resized": 0, "new": 1, "removed": 2, "kept": 3}


def report_survival(before: Document, after: Document) -> Survival:
    """Say what a run on `after` loads that starts from weights of `before`."""
    transfer = plan_transfer(before, after)
    old = {t.key: t for use in transfer.before.uses for t in (*use.parameters, *use.buffers)}
    lines = [
        _line(use, transfer, old) for use in transfer.after.uses if use.parameters or use.buffers
    ]
    owners = {use.path: use.owner for use in transfer.after.uses}
    drawn = _node_ids(after)
    used = {tensor.source for tensor in transfer.tensors.values()}
    for use in transfer.before.uses:
        is_used = use.parameters and all(tensor.key in used for tensor in use.parameters)
        if is_used or not (use.parameters or use.buffers):
            continue
        if use.path not in owners:
            if transfer.after.is_complete or not drawn.issuperset(_ids_of(use)):
                lines.append(_removed(use))
        elif use.parameters and owners[use.path] not in (use.path, use.owner):
            lines.append(_removed(use, "It uses the weights of another layer."))
    counts = Counter(line.fate for line in lines)
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line.fate] += line.parameters
    lines.sort(key=lambda line: _ORDER[line.fate])
    return Survival(
        layers=lines[:MAX_LISTED],
        num_layers=dict(counts),
        kept=totals["kept"],
        resized=totals["resized"],
        new=totals["new"],
        removed=totals["removed"],
        is_complete=transfer.before.is_complete and transfer.after.is_complete,
    )


def report_merged(other: Document, after: Document) -> Survival | None:
    """Say what a run on `after` loads of a network that was merged into it; None where nothing.

    Only its own layers are in the report: those that learn together with them have another start.
    """
    part = find_merged(other, after)
    if part is None:
        return None
    found = report_survival(part.document, after)
    own = {use.path for use in expand(part.document).uses}
    layers = [line for line in found.layers if line.path in own]
    num_layers = Counter(line.fate for line in layers)
    new = sum(line.parameters for line in layers if line.fate == "new")
    return found.model_copy(
        update={
            "layers": layers,
            "num_layers": {**found.num_layers, "new": num_layers["new"]},
            "new": new,
        }
    )


def _node_ids(document: Document) -> set[str]:
    """Return the ids of all nodes, on the top level and in blocks."""
    graph = document.graph
    return {*graph.nodes, *(key for block in graph.blocks.values() for key in block.nodes)}


def _ids_of(use: LayerUse) -> list[str]:
    """Return the nodes that a use is reached by: instances, then the layer."""
    return use.path.split("/")[::2]


def _line(use: LayerUse, transfer: Transfer, old: dict[str, TensorSpec]) -> LayerSurvival:
    tensors = [transfer.tensors[t.key] for t in (*use.parameters, *use.buffers)]
    fates = {tensor.fate for tensor in tensors}
    learned = {t.key for t in use.parameters}
    sizes: Counter[str] = Counter()
    for tensor in tensors:
        if tensor.spec.key in learned:
            sizes[tensor.fate] += tensor.spec.num_values
    is_mostly_new = sizes["new"] >= sizes["kept"] + sizes["resized"]
    if fates == {"kept"}:
        fate, text = "kept", ""
    elif "new" in fates and is_mostly_new:
        fate, text = "new", _new_text(tensors, old)
    else:
        fate, text = "resized", _resized_text(tensors)
    return LayerSurvival(
        path=use.path,
        scope=use.scope_id,
        node_id=use.node_id,
        name=use.name,
        type=use.node.type,
        fate=fate,
        parameters=use.num_parameters,
        kept_parameters=sizes["kept"],
        text=text,
    )


def _removed(use: LayerUse, text: str = "") -> LayerSurvival:
    return LayerSurvival(
        path=use.path,
        scope=use.scope_id,
        node_id=use.node_id,
        name=use.name,
        type=use.node.type,
        fate="removed",
        parameters=use.num_parameters,
        kept_parameters=0,
        text=text,
    )


def _new_text(tensors: list[TensorTransfer], old: dict[str, TensorSpec]) -> str:
    new = [t.spec.key for t in tensors if t.fate == "new"]
    was = next((old[key] for key in new if key in old), None)
    if was is None:
        return ""
    now = next(t.spec for t in tensors if t.spec.key == was.key)
    return f"{now.name} was {_form(was.shape)} and is {_form(now.shape)}."


def _form(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"


def _resized_text(tensors: list[TensorTransfer]) -> str:
    made: dict[SpaceChange, None] = {}
    taken: dict[SpaceChange, None] = {}
    for tensor in tensors:
        for resize in tensor.resizes:
            for part in resize.parts:
                if part.change is not None:
                    (taken if resize.is_input else made)[part.change] = None
    sentences = [_how("Channels", change) for change in made]
    sentences += [_how("Inputs", change, is_input=True) for change in taken]
    anew = [tensor.spec.name for tensor in tensors if tensor.fate == "new"]
    if anew:
        sentences.append(f"{', '.join(anew)} start{'s' if len(anew) == 1 else ''} anew.")
    return " ".join(dict.fromkeys(sentences))


def _how(what: str, change: SpaceChange, *, is_input: bool = False) -> str:
    sizes = f"{what} {change.old_size:,} → {change.new_size:,}"
    if change.new_size < change.old_size:
        chosen = "those of the channels kept" if is_input else "the largest by L1 norm"
        return f"{sizes}: {chosen}."
    return f"{sizes}: {'weights shared out over the copies' if is_input else 'copied in turn'}."
