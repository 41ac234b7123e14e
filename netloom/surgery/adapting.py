"""Transfer learning as one act: a trained network made ready for other classes. No torch.

A new head for the classes, earlier layers frozen or slower, and how a run should thaw them again.
Everything is operations on the document, so that it can be looked at, undone and gone on from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from netloom.analyze import Binding, analyze
from netloom.graph.document import Document, ParamValue
from netloom.graph.operations import Operation, SetParam
from netloom.layers.input_output import ImageInput
from netloom.surgery.act import ActRefused, Context
from netloom.surgery.acts.freeze import freeze_before
from netloom.surgery.acts.head import HeadParams, ReplaceHead
from netloom.surgery.edit import GraphEdit
from netloom.surgery.expand import Expansion, LayerUse, expand
from netloom.surgery.model import Survival, Target
from netloom.surgery.survival import report_survival

BACKBONE, NONE = "backbone", "none"
_STEPS = 6
"""How many different rates a graded network has at most."""


class TransferOptions(BaseModel):
    """What a person chooses.

    Attributes:
        freeze: `backbone`: the new head alone learns; `none`: everything does; otherwise the name
            of a layer, up to which nothing learns.
        head: `same` replaces the last layer, `pooled` everything behind the last feature map.
        backbone_rate: What the run's learning rate is multiplied by in earlier layers that learn.
        is_graded: The factor rises from the first layer to the head, rather than being one.
        unfreeze_every_epochs: Thaw one group of layers each so many epochs; None: none by itself.
        input_size_px: Height and width of images; None keeps what the weights were made for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    freeze: Annotated[str, Field(min_length=1, max_length=1000)] = BACKBONE
    head: Literal["same", "pooled"] = "same"
    dropout: Annotated[float, Field(ge=0, le=0.9)] = 0.2
    backbone_rate: Annotated[float, Field(gt=0, le=1)] = 0.1
    is_graded: bool = False
    unfreeze_every_epochs: Annotated[int, Field(ge=1, le=10_000)] | None = None
    input_size_px: (
        tuple[Annotated[int, Field(ge=1, le=4096)], Annotated[int, Field(ge=1, le=4096)]] | None
    ) = None


class AdaptedRun(BaseModel):
    """What a run should be told; the rest is the run's own choice.

    Attributes:
        learning_rate: Of the head; earlier layers have factors in the network.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float
    epochs: int
    unfreeze_every_epochs: int | None = None
    unfreeze_rate_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Adapted:
    """A network for other classes.

    Attributes:
        operations: What leads from the old network to this one.
        frozen: Names of what does not learn, as a person reads them in the network.
        problems: Messages of errors that it has now and had not before.
    """

    document: Document
    operations: list[Operation]
    survival: Survival
    frozen: list[str]
    run: AdaptedRun
    warnings: list[str]
    problems: list[str]


def adapt_network(
    document: Document, num_classes: int, options: TransferOptions | None = None
) -> Adapted:
    """Plan transfer learning on a trained network; the network itself is not changed.

    Raises:
        ActRefused: It has no head that can be replaced, or no layer of the name to freeze.
    """
    chosen = options or TransferOptions()
    binding = Binding(num_classes=num_classes)
    operations: list[Operation] = []
    sized = GraphEdit(document, None)
    if chosen.input_size_px is not None:
        _resize(sized, *chosen.input_size_px)
    operations += sized.operations
    context = Context(sized.document, Target(), binding)
    params = HeadParams(num_classes=num_classes, style=chosen.head, dropout=chosen.dropout)
    outcome = ReplaceHead().perform(context, params)
    operations += outcome.edit.operations
    (head_id,) = outcome.select
    edit = GraphEdit(outcome.edit.document, None)
    expansion = expand(edit.document)
    head = _use_of(expansion, head_id)
    if head is None:
        raise ActRefused(
            "The new head does not fit the network. Choose the pooled head, or the size of images "
            "that the weights were made for."
        )
    if chosen.freeze == BACKBONE:
        freeze_before(edit, _nodes_of(head.path), binding)
    elif chosen.freeze != NONE:
        _freeze_up_to(edit, expansion, chosen.freeze, binding)
    _slow_down(edit, head, chosen)
    now = _errors(edit.document, binding)
    if now and _flatten_scores(edit, binding):
        now = set[str]()
    operations += edit.operations
    return Adapted(
        document=edit.document,
        operations=operations,
        survival=report_survival(document, edit.document),
        frozen=_frozen_names(edit.document),
        run=_run(edit.document, chosen),
        warnings=list(outcome.warnings),
        problems=sorted(now),
    )


def _errors(document: Document, binding: Binding) -> set[str]:
    diagnostics = analyze(document, binding).diagnostics
    return {problem.message for problem in diagnostics if problem.severity == "error"}


def _flatten_scores(edit: GraphEdit, binding: Binding) -> bool:
    """Flatten what a last convolution gives, one row and column of scores, where that is all.

    Returns:
        Whether that was what the network lacked; if not, it stays as it is.
    """
    trial = GraphEdit(edit.document, None)
    ends = [node_id for node_id, node in trial.scope.nodes.items() if node.type == "Output"]
    edges = [edge_id for end in ends for edge_id, _ in trial.arriving(end).values()]
    if len(edges) != 1:
        return False
    trial.insert_on(edges[0], "Flatten", {})
    if _errors(trial.document, binding):
        return False
    edit.do(trial.operations)
    return True


def layer_names(document: Document) -> list[str]:
    """Return the names of layers with weights, in computing order, as `freeze` takes them."""
    return [use.name for use in expand(document).uses if use.parameters]


def _resize(edit: GraphEdit, height: int, width: int) -> None:
    for node_id, node in list(edit.scope.nodes.items()):
        if node.type == ImageInput.type_name:
            edit.set_params(node_id, {"height": height, "width": width})


def _use_of(expansion: Expansion, node_id: str) -> LayerUse | None:
    return next((use for use in expansion.uses if use.node_id == node_id), None)


def _nodes_of(path: str) -> list[str]:
    """Return instances and layer of a use, without the numbers of repeats."""
    return path.split("/")[::2]


def _freeze_up_to(edit: GraphEdit, expansion: Expansion, name: str, binding: Binding) -> None:
    inside = f"{name}."
    chosen = [
        use
        for use in expansion.uses
        if use.parameters and (use.name == name or use.name.startswith(inside))
    ]
    if not chosen:
        names = [use.name for use in expansion.uses if use.parameters]
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        raise ActRefused(f"There is no layer {name!r} to freeze. Layers there: {shown}.")
    last = chosen[-1]
    path = _nodes_of(last.path)
    # A block that is named as a whole freezes as a whole.
    depth = name.count(".") + 1 if last.name != name else len(path)
    path = path[:depth]
    freeze_before(edit, path, binding)
    graph = edit.document.graph
    scope_id: str | None = None
    for instance in path[:-1]:
        nodes = graph.nodes if scope_id is None else graph.blocks[scope_id].nodes
        scope_id = nodes[instance].block
    GraphEdit(edit.document, scope_id)
    inner = GraphEdit(edit.document, scope_id)
    inner.freeze([path[-1]], is_frozen=True)
    edit.do(inner.operations)


def _slow_down(edit: GraphEdit, head: LayerUse, options: TransferOptions) -> None:
    """Give layers before the head that learn a factor for their learning rate."""
    if options.backbone_rate == 1:
        return
    uses = [use for use in expand(edit.document).uses if use.parameters]
    frozen = _frozen_paths(edit.document)
    factors: dict[tuple[str | None, str], float] = {}
    for index, use in enumerate(uses):
        if use.node_id == head.node_id or _is_frozen(use, frozen):
            continue
        share = index / max(1, len(uses) - 1) if options.is_graded else 0.0
        step = int(share * _STEPS) / _STEPS
        factors[use.scope_id, use.node_id] = float(f"{options.backbone_rate ** (1 - step):.2g}")
    value: ParamValue
    for (scope_id, node_id), value in factors.items():
        edit.do([
            SetParam(
                scope=scope_id,
                node_id=node_id,
                param="learning_rate_factor",
                is_set=True,
                value=value,
            )
        ])  # fmt: skip


def _frozen_paths(document: Document) -> set[tuple[str | None, str]]:
    graph = document.graph
    scopes = [(None, graph.nodes), *((key, block.nodes) for key, block in graph.blocks.items())]
    return {(scope, key) for scope, nodes in scopes for key, node in nodes.items()
            if node.is_frozen}  # fmt: skip


def _is_frozen(use: LayerUse, frozen: set[tuple[str | None, str]]) -> bool:
    nodes = _nodes_of(use.path)
    ids = {node_id for _, node_id in frozen}
    return any(node_id in ids for node_id in nodes)


def _frozen_names(document: Document) -> list[str]:
    """Return what is frozen on the top level, then layers inside blocks that learn in part."""
    graph = document.graph
    names = [node.name for node in graph.nodes.values() if node.is_frozen]
    for instance in graph.nodes.values():
        block = graph.blocks.get(instance.block or "")
        if block is not None and not instance.is_frozen:
            names += [f"{instance.name}.{n.name}" for n in block.nodes.values() if n.is_frozen]
    return names


def _run(document: Document, options: TransferOptions) -> AdaptedRun:
    """Say what suits: a head alone learns fast, a network that learned elsewhere goes slowly."""
    is_frozen = bool(_frozen_paths(document))
    gradual = options.unfreeze_every_epochs if is_frozen else None
    return AdaptedRun(
        learning_rate=1e-3 if is_frozen or options.backbone_rate < 1 else 1e-4,
        epochs=10,
        unfreeze_every_epochs=gradual,
        unfreeze_rate_factor=options.backbone_rate if gradual else 1.0,
    )


def python_lines(network: str, classes: Sequence[str], options: TransferOptions) -> str:
    """Return the lines of Python that do the same."""
    given: list[str] = []
    for name, info in TransferOptions.model_fields.items():
        value = getattr(options, name)
        if value != info.default:
            given.append(f"{name}={value!r}")
    shown = [*classes[:3], *(["..."] if len(classes) > 3 else [])]
    words = ", ".join([f"classes={shown!r}".replace("'...'", "..."), *given])
    return (
        "import netloom\n\n"
        f"ready = netloom.transfer({network!r}, {words})\n"
        'ready.save("ready.netloom")\n'
        'ready.train("FOLDER/WITH/CLASSES", output="run")\n'
    )
