"""From a Keras model and its weights to a network: each layer as soon as its inputs are there."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from netloom.formats.bundle import BundleMeta
from netloom.formats.folding import fold_by_module
from netloom.formats.imported import (
    MAX_REPORTED_WEIGHTS,
    FormatError,
    ImportedNetwork,
    ImportReport,
)
from netloom.formats.keras import masks
from netloom.formats.keras.drawn import End, KerasNetwork
from netloom.formats.keras.inputs import draw_input
from netloom.formats.keras.layers import DRAWERS, Use
from netloom.formats.keras.model import Call, KerasLayer, KerasModel, Ref
from netloom.formats.keras.placeholders import placeholder
from netloom.formats.keras.sheet import NoLayer, Sheet, Value
from netloom.formats.keras.weights import WeightSource
from netloom.formats.read_progress import Progress

MAX_DRAWN = 20_000
"""Nodes: inner models that are used over and over would otherwise grow without end."""


def draw_network(
    model: KerasModel,
    source: WeightSource,
    *,
    format_title: str,
    version: str,
    meta: BundleMeta,
    progress: Progress,
) -> KerasNetwork:
    """Draw a model.

    Raises:
        FormatError: It contradicts itself, or is too large.
    """
    sheet = Sheet(keras_major=_major(version), is_channels_first=_is_channels_first(model))
    drawing = Drawing(sheet, source, progress)
    try:
        ends = [sheet.in_order(value) for value in drawing.draw(model, None, [], [])]
    except NoLayer as reason:
        said = str(reason).rstrip(".")
        raise FormatError(
            f"What {model.name[:100]} takes cannot be drawn: {said}. Save it with another input."
        ) from None
    for number, value in enumerate(ends, start=1):
        # Outputs leave a network in the order of their names.
        sheet.begin("output" if len(ends) == 1 else f"output_{number}")
        sheet.add("Output", value)
    shared = [layer.name for layer in model.layers if len(layer.calls) > 1]
    if shared:
        sheet.note(
            f"Used several times: {', '.join(shared[:5])}. All uses share one set of weights."
        )
    unused = source.unused()
    report = ImportReport(
        format=format_title,
        producer=f"Keras {version}" if version else "Keras",
        pieces=sheet.pieces,
        unused_weights=unused[:MAX_REPORTED_WEIGHTS],
        num_unused_weights=len(unused),
        notes=sheet.notes,
    )
    document = sheet.drawing.finish(model.name)
    drawn = ImportedNetwork(document, report, sheet.drawing.weights, meta)
    folded = fold_by_module(drawn, modules=drawing.modules())
    outputs = tuple(End("", sheet.keras_order(value)) for value in ends)
    return KerasNetwork(folded, drawn, tuple(drawing.inputs), outputs)


def _major(version: str) -> int:
    first = version.partition(".")[0]
    return int(first) if first.isdecimal() and len(first) < 4 else 3


def _is_channels_first(model: KerasModel) -> bool:
    """A file has channels first where its first layer with an opinion says so."""
    for layer in model.layers:
        if layer.inner is not None and _is_channels_first(layer.inner):
            return True
        order = layer.config.get("data_format")
        if order in ("channels_first", "channels_last"):
            return order == "channels_first"
    return False


@dataclass(slots=True)
class Drawing:
    """Draws a model, and the models inside it."""

    sheet: Sheet
    source: WeightSource
    progress: Progress
    inputs: list[End] = field(default_factory=list[End])
    _num_drawn: int = 0
    _uses: Counter[str] = field(default_factory=Counter[str])

    def modules(self) -> set[str]:
        """Return the paths of inner models; those used several times stay open."""
        return {path for path, count in self._uses.items() if count == 1}

    def draw(
        self,
        model: KerasModel,
        given: list[Value] | None,
        outer: list[KerasModel],
        prefix: list[str],
    ) -> list[Value]:
        """Draw the layers of a model and return what leaves it.

        Args:
            given: What arrives at an inner model; None for the outermost, which gets inputs.
            outer: The models it is in.
            prefix: Names of the layers that hold those models and this one.
        """
        values: dict[Ref, Value] = {}
        folded = self._begin(model, given, prefix, values)
        waiting = _Waiting(model, folded)
        ready = deque(waiting.ready_after(values))
        while ready:
            layer, number = ready.popleft()
            results = self._call(model, layer, layer.calls[number], values, outer, prefix)
            made = {Ref(layer.name, number, output): value for output, value in enumerate(results)}
            values.update(made)
            ready.extend(waiting.ready_after(made))
        missing = [ref.layer for ref in model.outputs if ref not in values]
        if missing:
            raise FormatError(
                f"The output of {missing[0]} is never computed: layers wait for one another, or "
                "for something that no layer gives. Save the model again."
            )
        return [values[ref] for ref in model.outputs]

    def _begin(
        self,
        model: KerasModel,
        given: list[Value] | None,
        prefix: list[str],
        values: dict[Ref, Value],
    ) -> set[str]:
        """Draw the inputs, or take what is given for them; returns layers that became part."""
        folded: set[str] = set()
        if given is not None:
            if len(given) != len(model.inputs):
                raise FormatError(
                    f"{'.'.join(prefix)} takes {len(model.inputs)} tensors but is given "
                    f"{len(given)}."
                )
            values.update(zip(model.inputs, given, strict=True))
            return folded
        for ref in model.inputs:
            value, part = draw_input(self.sheet, model, model.by_name[ref.layer], self.source)
            values[ref] = value
            name = self.sheet.drawing.name_of(value.tap.node_id)
            self.inputs.append(End(name, self.sheet.keras_order(value), takes_pixels=bool(part)))
            for layer in part:
                self.sheet.begin(layer.name)
                self.sheet.say("It became the normalisation of the image input.")
                self.sheet.end(layer, "folded")
                values[Ref(layer.name)] = value
                folded.add(layer.name)
        return folded

    def _call(
        self,
        model: KerasModel,
        layer: KerasLayer,
        call: Call,
        values: dict[Ref, Value],
        outer: list[KerasModel],
        prefix: list[str],
    ) -> list[Value]:
        self._num_drawn += 1
        if self._num_drawn > MAX_DRAWN:
            raise FormatError(f"The network has more than {MAX_DRAWN:,} layers.")
        self.progress(None, f"Drawing {layer.name}"[:120])
        inputs = [values[ref] for ref in call.inputs]
        if layer.inner is not None:
            self._uses[".".join([*prefix, layer.name])] += 1
            return self.draw(layer.inner, inputs, [*outer, model], [*prefix, layer.name])
        path = ".".join([*prefix, layer.name])
        self.sheet.begin(path)
        drawer = DRAWERS.get(layer.kind)
        try:
            if drawer is None:
                raise NoLayer("Netloom has no layer of this class")
            if call.is_odd and layer.kind != "MultiHeadAttention":
                raise NoLayer("it is called with something that is no tensor of the model")
            arrays = self.source.of([*outer, model], layer, prefix)
            use = Use(self.sheet, layer.kind, layer.settings, inputs, arrays)
            value = masks.passed_on(use, drawer(use))
        except NoLayer as reason:
            return placeholder(self.sheet, model, layer, inputs, str(reason))
        self.sheet.end(layer)
        return [value]


class _Waiting:
    """Calls of layers whose inputs are not all there."""

    def __init__(self, model: KerasModel, folded: set[str]) -> None:
        self._model = model
        self._missing: dict[tuple[str, int], set[Ref]] = {}
        self._waits_for: dict[Ref, list[tuple[str, int]]] = defaultdict(list)
        for layer in model.layers:
            if layer.name in folded or layer.kind == "InputLayer":
                continue
            for number, call in enumerate(layer.calls):
                key = (layer.name, number)
                self._missing[key] = set(call.inputs)
                for ref in set(call.inputs):
                    self._waits_for[ref].append(key)

    def ready_after(self, made: dict[Ref, Value]) -> list[tuple[KerasLayer, int]]:
        """Take note of new tensors; returns the calls that nothing is missing for any more."""
        ready: list[tuple[KerasLayer, int]] = []
        for ref in made:
            for key in self._waits_for.pop(ref, ()):
                self._missing[key].discard(ref)
                if not self._missing[key]:
                    ready.append((self._model.by_name[key[0]], key[1]))
        return ready
