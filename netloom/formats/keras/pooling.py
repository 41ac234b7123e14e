"""Poolings of Keras, and the layers that enlarge an input, pad it or cut it."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.formats.keras.settings import Settings
from netloom.formats.keras.sheet import NoLayer, Sheet, Value
from netloom.formats.keras.windows import LEAST, Window, is_even, pad, per_direction
from netloom.graph.document import ParamValue
from netloom.layers.sliding import DIRECTIONS


def pooling(sheet: Sheet, value: Value, settings: Settings, count: int, *, is_max: bool) -> Value:
    """Draw a max or average pooling; the average counts no padding, as in Keras."""
    value = sheet.as_signal(value) if count == 1 else value
    window = Window.read(settings, count, size="pool_size")
    borders = window.borders(value)
    params: dict[str, ParamValue] = {
        "kernel_size": per_direction(window.kernel),
        "stride": per_direction(window.stride),
    }
    type_name = f"{'Max' if is_max else 'Avg'}Pool{count}d"
    if not is_max:
        params["count_include_pad"] = False
    fits = [2 * before <= size for (before, _), size in zip(borders, window.kernel, strict=True)]
    if is_even(borders) and all(fits):
        params["padding"] = per_direction([before for before, _ in borders])
        return sheet.add(type_name, value, more=params)
    if all(before == 0 and behind < step for (before, behind), step in zip(
        borders, window.stride, strict=True
    )):  # fmt: skip
        return sheet.add(type_name, value, ceil_mode=True, more=params)
    if is_max:
        return sheet.add(type_name, pad(sheet, value, borders, fill=LEAST), more=params)
    if set(window.stride) == {1}:
        return _average_over_uneven(sheet, value, type_name, params, borders)
    raise NoLayer("an average over a border that differs before and behind has no layer here")


def _average_over_uneven(
    sheet: Sheet,
    value: Value,
    type_name: str,
    params: dict[str, ParamValue],
    borders: Sequence[tuple[int, int]],
) -> Value:
    """Draw an average with more border behind than before: pad both alike, leave the first out."""
    params["padding"] = per_direction([behind for _, behind in borders])
    pooled = sheet.add(type_name, value, more=params)
    for axis, (before, behind) in zip(DIRECTIONS[len(borders)], borders, strict=True):
        if before != behind:
            suffix = f"from_{axis.lower()}"
            pooled = sheet.add("Slice", pooled, suffix=suffix, axis=axis, start=behind - before)
    return pooled


def global_pooling(sheet: Sheet, value: Value, settings: Settings, *, is_max: bool) -> Value:
    """Draw a pooling over all positions."""
    name = "Max" if is_max else "Avg"
    has_places = settings.flag("keepdims", False)
    padding = None if is_max or has_places else sheet.padding_of(value)
    if padding is not None:
        return sheet.add("MaskedPool", value, padding)
    value = sheet.as_signal(value)
    if has_places:
        count = value.rank - 1
        ones = per_direction([1] * count)
        return sheet.add(f"Adaptive{name}Pool{count}d", value, output_size=ones)
    return sheet.add(f"Global{name}Pool", value)


def upsampling(sheet: Sheet, value: Value, settings: Settings, count: int) -> Value:
    """Draw UpSampling1D, 2D or 3D."""
    value = sheet.as_signal(value) if count == 1 else value
    factors = settings.wholes("size", count, 2)
    word = settings.text("interpolation", "nearest")
    mode = {"nearest": "nearest", "bilinear": "linear"}.get(word)
    if mode is None:
        raise NoLayer(f"enlarging by “{word}” has no layer here")
    if len(set(factors)) == 1:
        return sheet.add("Upsample", value, scale_factor=factors[0], mode=mode)
    axes = DIRECTIONS[count]
    sizes = [value.size(axis) * factor for axis, factor in zip(axes, factors, strict=True)]
    return sheet.add("Upsample", value, size=[*sizes], mode=mode)


def zero_padding(sheet: Sheet, value: Value, settings: Settings, count: int) -> Value:
    """Draw ZeroPadding1D, 2D or 3D."""
    value = sheet.as_signal(value) if count == 1 else value
    borders = settings.borders("padding", count)
    flat = [size for pair in reversed(borders) for size in pair]
    if not any(flat):
        return value
    return sheet.add("Pad", value, padding=[*flat])


def cropping(sheet: Sheet, value: Value, settings: Settings, count: int) -> Value:
    """Draw Cropping1D, 2D or 3D: a slice of each axis."""
    value = sheet.as_signal(value) if count == 1 else value
    for axis, (before, behind) in zip(
        DIRECTIONS[count], settings.borders("cropping", count), strict=True
    ):
        if before or behind:
            stop = -behind if behind else None
            value = sheet.add(
                "Slice", value, suffix=axis.lower(), axis=axis, start=before, stop=stop
            )
    return value
