"""From `config.json` or `model_config` to a model: Sequential and functional, Keras 1, 2 and 3."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from netloom.formats.imported import FormatError
from netloom.formats.keras.dialects import in_todays_words
from netloom.formats.keras.masks import without_mask_operators
from netloom.formats.keras.model import Call, KerasLayer, KerasModel, Ref
from netloom.formats.keras.settings import JsonObject, Settings

MAX_LAYERS = 20_000
MAX_INNER_MODELS = 16
"""Models inside of models, one inside the other."""
_MAX_ARGUMENT_DEPTH = 8
_MASKS = ("mask", "query_mask", "value_mask", "key_mask")
_FUNCTIONAL = ("Functional", "Model")
_MODELS = (*_FUNCTIONAL, "Sequential")


def parse_config(text: str | bytes, file_name: str) -> JsonObject:
    """Return the configuration of a model; raises FormatError."""
    try:
        parsed: object = json.loads(text)
        json.dumps(parsed, ensure_ascii=False).encode()  # half of a letter is none
    except (ValueError, RecursionError) as error:
        reason = "is nested too deeply" if isinstance(error, RecursionError) else "is not JSON"
        reason = "is no text" if isinstance(error, UnicodeError) else reason
        raise FormatError(f"The configuration in {file_name} {reason}. Save it again.") from error
    if not isinstance(parsed, dict):
        raise FormatError(f"The configuration in {file_name} describes no model. Save it again.")
    return cast("JsonObject", parsed)


def read_model(config: JsonObject) -> KerasModel:
    """Return the model of a configuration.

    Raises:
        FormatError: It is no Sequential or functional model, or contradicts itself.
    """
    return _model(config, depth=0)


def _model(config: JsonObject, depth: int) -> KerasModel:
    if depth > MAX_INNER_MODELS:
        raise FormatError(f"Models are nested more than {MAX_INNER_MODELS} deep in this file.")
    kind = _kind(config)
    if kind == "Sequential":
        return _sequential(config, depth)
    if kind in _FUNCTIONAL or _looks_functional(config):
        return _functional(config, depth)
    raise FormatError(
        f"The model is of the class {kind}, written in Python: its layers are not in the file. "
        "Build it with keras.Model(inputs, outputs) and save it again, or write it as ONNX."
    )


def _looks_functional(config: JsonObject) -> bool:
    inner = config.get("config")
    return isinstance(inner, dict) and {"layers", "input_layers", "output_layers"} <= inner.keys()


def _sequential(config: JsonObject, depth: int) -> KerasModel:
    inner = config.get("config")
    name = "sequential"
    if isinstance(inner, dict):
        settings = Settings(cast("JsonObject", inner), "Sequential")
        name = settings.text("name", name)
        listed: object = settings.values.get("layers")
    else:
        listed = inner
    entries = _entries(listed)
    layers: list[KerasLayer] = []
    last: Ref | None = None
    for number, entry in enumerate(entries):
        layer_kind, layer_config = in_todays_words(_kind(entry), _config(entry))
        layer_name = _name(entry, layer_config, f"{layer_kind.lower()}_{number}")
        if number == 0 and layer_kind != "InputLayer":
            layers.append(_first_input(config, entry, layer_config, depth))
            last = Ref(layers[0].name)
        calls = () if last is None else (Call((last,)),)
        layers.append(_layer(entry, layer_kind, layer_name, layer_config, calls, depth))
        last = Ref(layer_name)
    if last is None:
        raise FormatError("The model has no layers.")
    return _checked(name, layers, (Ref(layers[0].name),), (last,))


def _first_input(
    config: JsonObject, entry: JsonObject, first: JsonObject, depth: int
) -> KerasLayer:
    """Return the input that a Sequential model without one begins with."""
    shape = first.get("batch_input_shape") or first.get("batch_shape")
    if shape is None and isinstance(first.get("input_shape"), list):
        shape = [None, *cast("list[object]", first["input_shape"])]
    if shape is None:
        outer = config.get("config")
        outer_values = cast("JsonObject", outer) if isinstance(outer, dict) else {}
        shape = outer_values.get("build_input_shape")
        for holder in (config, entry):
            build = holder.get("build_config")
            if shape is None and isinstance(build, dict):
                shape = cast("JsonObject", build).get("input_shape")
    if shape is None and _kind(entry) in _MODELS:
        inner = _model(entry, depth + 1)
        found = inner.by_name[inner.inputs[0].layer]
        return KerasLayer("InputLayer", "outer_input", found.config, ())
    return KerasLayer("InputLayer", "outer_input", {"batch_shape": shape}, ())


def _functional(config: JsonObject, depth: int) -> KerasModel:
    inner = _config(config)
    settings = Settings(inner, "the model")
    layers: list[KerasLayer] = []
    for number, entry in enumerate(_entries(inner.get("layers"))):
        layer_kind, layer_config = in_todays_words(_kind(entry), _config(entry))
        layer_name = _name(entry, layer_config, f"{layer_kind.lower()}_{number}")
        calls = tuple(_call(each) for each in _list(entry.get("inbound_nodes")))
        layers.append(_layer(entry, layer_kind, layer_name, layer_config, calls, depth))
    name = settings.text("name", "model")
    inputs, outputs = _ends(inner.get("input_layers")), _ends(inner.get("output_layers"))
    return _checked(name, without_mask_operators(layers, outputs), inputs, outputs)


def _layer(
    entry: JsonObject,
    kind: str,
    name: str,
    config: JsonObject,
    calls: tuple[Call, ...],
    depth: int,
) -> KerasLayer:
    if kind in _MODELS:
        return KerasLayer(kind, name, config, calls, _model(entry, depth + 1))
    return KerasLayer(kind, name, config, calls)


def _checked(
    name: str, layers: list[KerasLayer], inputs: tuple[Ref, ...], outputs: tuple[Ref, ...]
) -> KerasModel:
    by_name = {layer.name: layer for layer in layers}
    if len(by_name) < len(layers):
        raise FormatError("Two layers of the model have the same name. Save it again.")
    if not inputs or not outputs:
        raise FormatError("The model has no inputs or no outputs. Save it again.")
    for ref in (*inputs, *outputs, *(r for one in layers for c in one.calls for r in c.inputs)):
        if ref.layer not in by_name:
            raise FormatError(
                f"The model takes something from {ref.layer[:100]}, which is not there."
            )
    return KerasModel(name, tuple(layers), inputs, outputs, by_name)


def _call(node: object) -> Call:
    """Read one inbound node: lists before Keras 3, arguments and keywords since."""
    refs, masks = list[Ref](), list[Ref]()
    if isinstance(node, dict):
        values = cast("JsonObject", node)
        is_odd = _collect(values.get("args"), refs, 0)
        kwargs = values.get("kwargs")
        for key, value in (cast("JsonObject", kwargs) if isinstance(kwargs, dict) else {}).items():
            found: list[Ref] = []
            odd = _collect(value, found, 0)
            (masks if key in _MASKS else refs).extend(found)
            is_odd |= odd and key not in ("training", *_MASKS)
        return Call(tuple(refs), is_odd, tuple(masks))
    is_odd = False
    for each in _list(node):
        parts = _list(each)
        refs.append(_ref(parts))
        is_odd |= len(parts) > 3 and bool(parts[3]) and parts[3] != {"training": None}
    return Call(tuple(refs), is_odd)


def _collect(value: object, refs: list[Ref], depth: int) -> bool:
    """Gather the tensors among arguments; returns whether there is anything else."""
    if depth > _MAX_ARGUMENT_DEPTH:
        raise FormatError("The arguments of a layer are nested too deeply. Save the model again.")
    if isinstance(value, list):
        found = [_collect(each, refs, depth + 1) for each in cast("list[object]", value)]
        return any(found)
    if isinstance(value, dict):
        values = cast("JsonObject", value)
        inner = values.get("config")
        history = (
            cast("JsonObject", inner).get("keras_history") if isinstance(inner, dict) else None
        )
        if isinstance(history, list):
            refs.append(_ref(cast("list[object]", history)))
            return False
        return True
    return value is not None


def _ref(parts: Sequence[object]) -> Ref:
    if len(parts) < 3 or not isinstance(parts[0], str):
        raise FormatError("The connections in the file are not as Keras writes them.")
    call, output = parts[1], parts[2]
    if not isinstance(call, int) or not isinstance(output, int):
        raise FormatError("The connections in the file are not as Keras writes them.")
    return Ref(parts[0], call, output)


def _ends(value: object) -> tuple[Ref, ...]:
    """Read inputs or outputs: a list of tensors, or one alone, as Keras 3 writes a single one."""
    given = _list(value)
    if len(given) == 3 and isinstance(given[0], str):
        return (_ref(given),)
    return tuple(_ref(_list(each)) for each in given)


def _entries(value: object) -> list[JsonObject]:
    given = _list(value)
    if len(given) > MAX_LAYERS:
        raise FormatError(f"The model has {len(given):,} layers; {MAX_LAYERS:,} are allowed.")
    found = [cast("JsonObject", each) for each in given if isinstance(each, dict)]
    if len(found) < len(given):
        raise FormatError("The layers in the file are not as Keras writes them.")
    return found


def _list(value: object) -> list[object]:
    if value is None:
        return []
    if isinstance(value, dict):  # an output by name
        return list(cast("JsonObject", value).values())
    if not isinstance(value, list):
        raise FormatError("The model in the file is not as Keras writes it.")
    return cast("list[object]", value)


def _kind(entry: JsonObject) -> str:
    kind = entry.get("class_name")
    if not isinstance(kind, str):
        raise FormatError("A layer in the file has no class name.")
    return kind.rpartition(">")[2][:200]


def _config(entry: JsonObject) -> JsonObject:
    config = entry.get("config")
    return cast("JsonObject", config) if isinstance(config, dict) else {}


def _name(entry: JsonObject, config: JsonObject, default: str) -> str:
    for holder in (entry, config):
        name = holder.get("name")
        if isinstance(name, str) and name:
            return name[:500]
    return default
