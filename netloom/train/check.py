"""What is wrong with a run before it is queued: no torch, no image is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import Literal

from pydantic import BaseModel, ConfigDict

from netloom.analyze import Binding, analyze
from netloom.data.manifest import Manifest
from netloom.data.preprocess import Preprocessing, PreprocessingError
from netloom.graph.diagnostics import DiagnosticCode, Fix
from netloom.graph.document import Document
from netloom.surgery.frozen import find_frozen_at_random
from netloom.surgery.groups import frozen_groups
from netloom.surgery.renaming import find_merged
from netloom.train.spec import TrainSpec

ProblemCode = Literal[
    "network_has_errors",
    "no_trainable_weights",
    "frozen_at_random",
    "nothing_to_unfreeze",
    "groups_stay_frozen",
    "unsuitable_input",
    "unsuitable_output",
    "class_count_mismatch",
    "too_few_classes",
    "label_out_of_range",
    "no_training_items",
    "no_validation_items",
    "class_without_training_items",
    "class_with_one_item",
    "unknown_device",
    "too_few_devices",
    "one_device_named",
    "batch_smaller_than_devices",
    "devices_share_cores",
    "batch_norm_per_device",
]

_CODES: dict[DiagnosticCode, ProblemCode] = {
    DiagnosticCode.CLASS_COUNT_MISMATCH: "class_count_mismatch",
}


class SpecProblem(BaseModel):
    """One reason why a run cannot start (error) or should be thought about (warning).

    Attributes:
        node_id: The node concerned, when one is.
        fixes: Ways to repair it, when the network can be repaired.
    """

    model_config = ConfigDict(frozen=True)

    code: ProblemCode
    severity: Literal["error", "warning"]
    message: str
    node_id: str | None = None
    fixes: tuple[Fix, ...] = ()


def check_spec(
    spec: TrainSpec,
    manifest: Manifest,
    *,
    devices: Collection[str] | None = None,
    missing_weights: Collection[str] = (),
) -> list[SpecProblem]:
    """Return what speaks against this run; it can start when none is an error.

    Args:
        devices: Devices known to exist, e.g. {"cpu", "cuda:0"}; None leaves that to the trainer.
        missing_weights: Keys of the networks that the run starts from whose weights are not there.
    """
    problems = _check_data(manifest)
    problems += _check_network(spec, len(manifest.classes), missing_weights)
    device = spec.config.device
    if devices is not None and device != "auto" and _full_name(device) not in devices:
        known = ", ".join(sorted(devices))
        problems.append(
            SpecProblem(
                code="unknown_device",
                severity="error",
                message=f"There is no device {device} here. Choose one of: auto, {known}.",
            )
        )
    elif spec.config.devices > 1:
        problems += _check_devices(spec, devices)
    return problems


def check_cpu_devices(spec: TrainSpec) -> list[SpecProblem]:
    """Return what should be thought about when several devices of a run are all the CPU."""
    count = spec.config.devices
    if count == 1:
        return []
    shared = SpecProblem(
        code="devices_share_cores",
        severity="warning",
        message=f"On a CPU {count} devices are {count} processes on the same cores: good for "
        "trying out, hardly faster than one.",
    )
    graph = spec.document.graph
    blocks = [graph.nodes, *(block.nodes for block in graph.blocks.values())]
    norms = [key for nodes in blocks for key, node in nodes.items() if node.type == "BatchNorm2d"]
    if not norms:
        return [shared]
    per_device = SpecProblem(
        code="batch_norm_per_device",
        severity="warning",
        message="On a CPU batch normalisation looks at each device's share of a batch alone, so "
        f"{count} devices learn otherwise than one. Use one device, or GPUs.",
        node_id=norms[0] if norms[0] in graph.nodes else None,
    )
    return [shared, per_device]


def _check_devices(spec: TrainSpec, devices: Collection[str] | None) -> list[SpecProblem]:
    """Check a run on several devices."""
    device, count = spec.config.device, spec.config.devices
    problems: list[SpecProblem] = []

    def add(code: ProblemCode, message: str) -> None:
        problems.append(SpecProblem(code=code, severity="error", message=message))

    if spec.config.batch_size < count:
        add(
            "batch_smaller_than_devices",
            f"A batch of {spec.config.batch_size} cannot be shared by {count} devices. "
            "Make the batch larger or take fewer devices.",
        )
    if device.startswith("cuda:"):
        add(
            "one_device_named",
            f"The run names {device} and asks for {count} devices. Choose cuda for any "
            f"{count} GPUs, or one device.",
        )
    gpus = [name for name in devices or () if name.startswith("cuda")]
    is_cpu = device == "cpu" or (device == "auto" and devices is not None and not gpus)
    if is_cpu:
        problems += check_cpu_devices(spec)
    elif devices is not None and len(gpus) < count and not problems:
        add(
            "too_few_devices",
            f"The run asks for {count} GPUs at once, and no machine here has more than "
            f"{len(gpus)}. Take fewer, or start a worker on a machine that has as many.",
        )
    return problems


def _check_data(manifest: Manifest) -> list[SpecProblem]:
    problems: list[SpecProblem] = []
    num_classes = len(manifest.classes)

    def add(code: ProblemCode, severity: Literal["error", "warning"], message: str) -> None:
        problems.append(SpecProblem(code=code, severity=severity, message=message))

    if num_classes < 2:
        add(
            "too_few_classes",
            "error",
            f"The dataset has {_counted(num_classes)}; telling classes apart needs at least two.",
        )
    wrong = [item for item in manifest.items if item.label is not None]
    wrong = [item for item in wrong if not 0 <= (item.label or 0) < num_classes]
    if wrong:
        add(
            "label_out_of_range",
            "error",
            f"{len(wrong)} items have a label beyond the {num_classes} classes, "
            f"first {wrong[0].id}.",
        )
    counts = Counter(
        item.label for item in manifest.items if item.split == "train" and item.label is not None
    )
    if not counts:
        add(
            "no_training_items",
            "error",
            "No training item has a label. Label images, or put some into the training split.",
        )
    elif not wrong:
        empty = [name for index, name in enumerate(manifest.classes) if not counts[index]]
        if empty:
            names = ", ".join(empty[:5]) + (" and others" if len(empty) > 5 else "")
            add(
                "class_without_training_items",
                "warning",
                f"No training item is labeled {names}: the network cannot learn that.",
            )
    _check_lone_items(manifest, add)
    if not any(i.split == "validation" and i.label is not None for i in manifest.items):
        add(
            "no_validation_items",
            "warning",
            "No validation item has a label, so there is no accuracy to watch and no best "
            "checkpoint; the last one counts.",
        )
    return problems


def _check_lone_items(
    manifest: Manifest, add: Callable[[ProblemCode, Literal["error", "warning"], str], None]
) -> None:
    counts = Counter(item.label for item in manifest.items if item.label is not None)
    lone = [name for index, name in enumerate(manifest.classes) if counts[index] == 1]
    if lone:
        names = ", ".join(lone[:5]) + (" and others" if len(lone) > 5 else "")
        told = f"Class {names} has" if len(lone) == 1 else f"The classes {names} have each"
        add(
            "class_with_one_item",
            "warning",
            f"{told} a single labeled item: it can be learned from or checked against, "
            "not both. Label more, or leave the class out.",
        )


def _counted(num_classes: int) -> str:
    names = {0: "no classes", 1: "one class"}
    return names.get(num_classes, f"{num_classes} classes")


def _check_network(
    spec: TrainSpec, num_classes: int, missing_weights: Collection[str]
) -> list[SpecProblem]:
    analysis = analyze(spec.document, Binding(num_classes=num_classes))
    problems = [
        SpecProblem(
            code=_CODES.get(diagnostic.code, "network_has_errors"),
            severity="error",
            message=diagnostic.message,
            node_id=diagnostic.node_id,
        )
        for diagnostic in analysis.diagnostics
        if diagnostic.severity == "error"
    ]
    if problems:
        return problems
    problems += check_ends(spec.document)
    if analysis.totals.trainable_parameters == 0:
        message = "No layer has weights to train. Add one, or unfreeze a frozen one."
        problems.append(SpecProblem(code="no_trainable_weights", severity="error", message=message))
    return problems + _check_frozen(spec, missing_weights) + _check_unfreezing(spec)


def check_ends(document: Document) -> list[SpecProblem]:
    """Return what keeps a network from classifying images, by what enters and leaves it alone."""
    problems: list[SpecProblem] = []
    try:
        Preprocessing.from_document(document)
    except PreprocessingError as error:
        problems.append(SpecProblem(code="unsuitable_input", severity="error", message=str(error)))
    num_outputs = sum(node.type == "Output" for node in document.graph.nodes.values())
    if num_outputs != 1:
        message = f"The network has {num_outputs} outputs; classification needs exactly one."
        problems.append(SpecProblem(code="unsuitable_output", severity="error", message=message))
    return problems


def _check_frozen(spec: TrainSpec, missing_weights: Collection[str]) -> list[SpecProblem]:
    """Say which layers neither learn nor get weights."""
    first, merged = spec.initial_document, spec.merged_document
    is_unknown = (spec.initial_weights is not None and first is None) or (
        spec.merged_weights is not None and merged is None
    )
    # What is thawed while the run goes on does learn.
    if is_unknown or spec.resume_from is not None or spec.config.unfreeze.is_enabled:
        return []
    part = None if merged is None else find_merged(merged, spec.document)
    missing = {
        *missing_weights,
        *(key for old in missing_weights if part for key in part.keys(old)),
    }
    starts = [start for start in (first, part and part.document) if start is not None]
    found = find_frozen_at_random(spec.document, starts, missing=missing)
    if found is None:
        return []
    count = len(found.names)
    named = ", ".join(found.names[:3]) + (" and others" if count > 3 else "")
    message = (
        f"{count} frozen layers start at random: {named}. They would never learn. "
        "Load weights or unfreeze them."
        if count > 1
        else f"The frozen layer {named} starts at random: it would never learn. "
        "Load weights or unfreeze it."
    )
    fix = Fix(
        label=f"Unfreeze {f'{count} layers' if count > 1 else named}",
        operations=list(found.unfreeze),
    )
    return [
        SpecProblem(
            code="frozen_at_random",
            severity="warning",
            message=message,
            node_id=found.node_id,
            fixes=(fix,),
        )
    ]


def _check_unfreezing(spec: TrainSpec) -> list[SpecProblem]:
    """Say when thawing layer by layer does nothing, or does not come to its end."""
    unfreeze, epochs = spec.config.unfreeze, spec.config.epochs
    if not unfreeze.is_enabled:
        return []
    groups = frozen_groups(spec.document)
    if not groups:
        message = "No layer is frozen, so there is nothing to unfreeze. Freeze layers first."
        return [SpecProblem(code="nothing_to_unfreeze", severity="warning", message=message)]
    num_thawed = (epochs - 1) // unfreeze.every_epochs
    num_left = len(groups) - num_thawed
    if num_left <= 0:
        return []
    needed = len(groups) * unfreeze.every_epochs + 1
    message = (
        f"{num_left} of {len(groups)} frozen groups stay frozen: one is thawed every "
        f"{unfreeze.every_epochs} epochs, and the run has {epochs}. All of them learn with "
        f"{needed} epochs or more."
    )
    return [SpecProblem(code="groups_stay_frozen", severity="warning", message=message)]


def _full_name(device: str) -> str:
    return "cuda:0" if device == "cuda" else device
