"""Computing beforehand what does not depend on the data: one node at a time, within limits.

Values are numbers, or sizes that depend on the batch; for the latter there is arithmetic of shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias, cast

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto

from netloom.formats.onnx.bounds import extent, folding_bound
from netloom.formats.onnx.budget import FOLDED_STEPS, Budget
from netloom.formats.onnx.load import inner_tensor
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Array, CannotMap, Known, settled_array
from netloom.layers.sizes import Expr, Size, exact_divide, floor_divide, product

MAX_TAKEN_BYTES = 2**29
MAX_GIVEN_BYTES = 2**28
MAX_NUMBERS = 2**26
MAX_FILLED_NUMBERS = 2**28
MAX_SIZES = 2**12
"""Tensors of more sizes that depend on the batch are no shapes."""
MAX_COMPLEXITY = 64
LARGEST_SIZE = 2**63
_MAX_KEPT_MODEL = 4096


def fold(op: Op, values: Sequence[Known | None], budget: Budget) -> list[Array] | None:
    """Compute a node whose inputs are known; None where that cannot or should not be done.

    Raises:
        FormatError: The file has taken too long already.
    """
    if op.domain:
        return None
    arrays = [None if value is None else value.array for value in values]
    numbers = folding_bound(op, arrays)
    if numbers is None:
        return None
    if any(value is not None and value.is_symbolic for value in values):
        if numbers > MAX_SIZES:
            return None
        budget.spend(FOLDED_STEPS)
        return _fold_sizes(op, values)
    if op.kind in ("ConstantOfShape", "Expand"):
        return _repeat(op, arrays, numbers, budget)
    if not _is_small(arrays, numbers):
        return None
    if op.kind in ("Identity", "Dropout") and arrays[0] is not None and len(op.outputs) == 1:
        return [arrays[0]]
    if op.kind == "Constant" and isinstance(tensor := op.attributes.get("value"), TensorProto):
        found: list[Array] | None = [inner_tensor(tensor)]
    else:
        budget.spend_on_folding(numbers)
        found = evaluate(op, arrays)
    return None if found is None else _within(budget, found, arrays)


def _repeat(
    op: Op, arrays: Sequence[Array | None], numbers: int, budget: Budget
) -> list[Array] | None:
    """Return numbers that are repeated, without taking memory for each."""
    sizes = arrays[-1]
    if sizes is None or numbers > MAX_FILLED_NUMBERS:
        return None
    wanted = tuple(int(size) for size in sizes.reshape(-1))
    try:
        if op.kind == "ConstantOfShape":
            return _within(budget, [filled(op, wanted)], [])
        array = arrays[0]
        if array is None:
            return None
        shape = np.broadcast_shapes(array.shape, wanted)
        return _within(budget, [np.broadcast_to(array, shape)], arrays)
    except (CannotMap, ValueError):
        return None


def filled(op: Op, sizes: Sequence[int]) -> Array:
    """Return what ConstantOfShape gives, one number that is repeated without taking memory.

    Raises:
        CannotMap: It is filled with something else than one number.
    """
    value = op.attributes.get("value")
    fill = inner_tensor(value) if isinstance(value, TensorProto) else np.zeros(1, np.float32)
    if fill.size != 1:
        raise CannotMap("what the tensor is filled with is not one number")
    return np.broadcast_to(fill.reshape(()), tuple(sizes))


def _within(
    budget: Budget, found: list[Array], arrays: Sequence[Array | None]
) -> list[Array] | None:
    """Take what was computed from the budget; None where it is more than is left."""
    taken = sum(array.nbytes for array in found if _is_own(array, arrays))
    if taken > budget.bytes_left:
        return None
    budget.bytes_left -= taken
    return found


def _is_own(found: Array, arrays: Sequence[Array | None]) -> bool:
    """Say whether what was computed takes memory of its own, at the latest when it is used."""
    is_repeated = 0 in found.strides
    return is_repeated or not any(
        array is not None and np.may_share_memory(found, array) for array in arrays
    )


def _is_small(arrays: Sequence[Array | None], numbers: int) -> bool:
    """Say whether computing it takes neither long nor much memory."""
    given = [array for array in arrays if array is not None]
    taken = sum(array.nbytes for array in given)
    item = max([8, *(array.itemsize for array in given)])
    count = sum(extent(array) for array in given) + 1
    grows = numbers > count
    return (
        taken <= MAX_TAKEN_BYTES
        and count * item <= 2 * MAX_TAKEN_BYTES
        and numbers <= max(count, MAX_NUMBERS)
        and (not grows or (numbers - count) * item <= MAX_GIVEN_BYTES)
    )


def evaluate(op: Op, arrays: Sequence[Array | None]) -> list[Array] | None:
    """Compute one node with the reference of ONNX; None where that fails."""
    names = [f"i{index}" if array is not None else "" for index, array in enumerate(arrays)]
    outputs = [f"o{index}" if name else "" for index, name in enumerate(op.outputs)]
    node = NodeProto()
    node.CopyFrom(op.proto)
    del node.input[:], node.output[:]
    node.input.extend(names)
    node.output.extend(outputs)
    given = {name: array for name, array in zip(names, arrays, strict=True) if array is not None}
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [onnx.helper.make_tensor_value_info(name, _elem(array), array.shape)
         for name, array in given.items()],
        [onnx.helper.make_empty_tensor_value_info(name) for name in outputs if name],
    )  # fmt: skip
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid(op.domain, op.version)]
    )
    try:
        with np.errstate(all="ignore"):
            found = _evaluator(model)(None, given)
    except Exception:  # noqa: BLE001 - it raises whatever NumPy raises; the node is drawn instead
        return None
    if not all(isinstance(each, np.ndarray | np.generic) for each in found):
        return None
    results = iter(np.asarray(each) for each in found)
    return [next(results) if name else np.zeros(0) for name in outputs]


Run: TypeAlias = Callable[[None, object], list[object]]


def _evaluator(model: ModelProto) -> Run:
    """Return what computes a model; small ones come again and again."""
    content = model.SerializeToString()
    return _kept_evaluator(content) if len(content) <= _MAX_KEPT_MODEL else _new_evaluator(model)


@lru_cache(maxsize=256)
def _kept_evaluator(content: bytes) -> Run:
    return _new_evaluator(onnx.load_model_from_string(content))


def _new_evaluator(model: ModelProto) -> Run:
    from onnx.reference import ReferenceEvaluator

    return cast("Run", ReferenceEvaluator(model).run)  # pyright: ignore[reportUnknownMemberType]


def _elem(array: Array) -> int:
    try:
        return onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    except (KeyError, ValueError):
        raise CannotMap(f"values of type {array.dtype} cannot be computed with") from None


def _fold_sizes(op: Op, values: Sequence[Known | None]) -> list[Array] | None:
    """Compute with sizes that depend on the batch."""
    compute = _SIZES.get(op.kind)
    if compute is None or values[0] is None:
        return None
    arrays = [None if value is None else value.array for value in values]
    try:
        return [settled_array(_checked(np.asarray(compute(op, arrays), dtype=object)))]
    except Exception:  # noqa: BLE001 - sizes of hostile files go wrong in any way; it is drawn
        return None


def _checked(array: Array) -> Array:
    """Return sizes that can be computed with further; raises CannotMap for others."""
    for item in array.flat:
        numbers = [count for _, count in item.terms] if isinstance(item, Expr) else [item]
        if isinstance(item, Expr) and item.complexity() > MAX_COMPLEXITY:
            raise CannotMap("a size depends on the batch in too complicated a way")
        if any(abs(number) >= LARGEST_SIZE for number in numbers):
            raise CannotMap("a size is beyond all bounds")
    return array


Arrays = Sequence["Array | None"]


def _there(arrays: Arrays, index: int) -> Array:
    array = arrays[index] if index < len(arrays) else None
    if array is None:
        raise CannotMap("an input is left out")
    return array


def _gather(op: Op, arrays: Arrays) -> Array:
    index = _there(arrays, 1).astype(np.int64)
    return np.take(_there(arrays, 0), index, axis=op.int("axis", 0))


def _slice(op: Op, arrays: Arrays) -> Array:
    data = _there(arrays, 0)
    if len(arrays) == 1:
        starts, ends, axes = op.ints("starts") or [], op.ints("ends") or [], op.ints("axes")
        steps = None
    else:
        starts, ends = (_there(arrays, at).astype(np.int64).tolist() for at in (1, 2))
        axes = _there(arrays, 3).tolist() if len(arrays) > 3 and arrays[3] is not None else None
        steps = _there(arrays, 4).tolist() if len(arrays) > 4 and arrays[4] is not None else None
    index = [slice(None)] * data.ndim
    for place, axis in enumerate(axes or range(len(starts))):
        index[axis] = slice(starts[place], ends[place], steps[place] if steps else 1)
    return data[tuple(index)]


def _unsqueeze(op: Op, arrays: Arrays) -> Array:
    axes = _there(arrays, 1).tolist() if len(arrays) > 1 else op.ints("axes")
    return np.expand_dims(_there(arrays, 0), tuple(axes or ()))


def _squeeze(op: Op, arrays: Arrays) -> Array:
    axes = _there(arrays, 1).tolist() if len(arrays) > 1 else op.ints("axes")
    return np.squeeze(_there(arrays, 0), None if axes is None else tuple(axes))


def _concat(op: Op, arrays: Arrays) -> Array:
    parts = [_there(arrays, index).astype(object) for index in range(len(arrays))]
    return np.concatenate(parts, axis=op.int("axis", 0))


def _cast(op: Op, arrays: Arrays) -> Array:
    if op.int("to") not in (6, 7, 1):
        raise CannotMap("sizes become no other kind")
    return _there(arrays, 0)


def _elementwise(
    compute: Callable[[Size, Size], Size | bool],
) -> Callable[[Op, Arrays], Array]:
    def run(_: Op, arrays: Arrays) -> Array:
        left, right = np.broadcast_arrays(_there(arrays, 0), _there(arrays, 1))
        pairs = zip(left.reshape(-1), right.reshape(-1), strict=True)
        found = [compute(_size(one), _size(other)) for one, other in pairs]
        result = np.empty(len(found), dtype=object)
        result[:] = found
        return result.reshape(left.shape)

    return run


def _size(value: object) -> Size:
    if isinstance(value, Expr):
        return value
    number = float(cast("float", value))
    if number != int(number):
        raise CannotMap("a size is no whole number")
    return int(number)


def quotient(total: Size, part: Size) -> Size | None:
    """Return `total / part` where it is whole whatever the batch is."""
    if isinstance(part, int):
        return exact_divide(total, part) if part > 0 else None
    if total == part:
        return 1
    if not isinstance(total, Expr) or len(part.terms) != 1:
        return None
    [(symbols, factor)] = part.terms
    rest: Size = 0
    for others, count in total.terms:
        left = list(others)
        for each in symbols:
            if each not in left:
                return None
            left.remove(each)
        if count % factor:
            return None
        rest = Expr(((tuple(left), count // factor),)) + rest if left else rest + count // factor
    return rest


def _divide(one: Size, other: Size) -> Size:
    if isinstance(other, int) and other > 0:
        return floor_divide(one, other)
    found = quotient(one, other)
    if found is None:
        raise CannotMap("sizes do not divide")
    return found


def _same(one: Size, other: Size) -> bool:
    return one == other


def _extreme(pick: Callable[[int, int], int]) -> Callable[[Size, Size], Size]:
    def choose(one: Size, other: Size) -> Size:
        if isinstance(one, int) and isinstance(other, int):
            return pick(one, other)
        if one == other:
            return one
        # There is at least one sample: 0 is never larger than a size.
        if isinstance(one, int) and one <= 1:
            return other if pick(0, 1) else one
        if isinstance(other, int) and other <= 1:
            return one if pick(0, 1) else other
        raise CannotMap("nobody knows which size is larger")

    return choose


def _where(_: Op, arrays: Arrays) -> Array:
    condition = _there(arrays, 0).astype(bool)
    return np.where(condition, _there(arrays, 1), _there(arrays, 2))


def _reduce_product(op: Op, arrays: Arrays) -> Array:
    total = product(_size(item) for item in _there(arrays, 0).reshape(-1))
    keeps = op.int("keepdims", 1) == 1
    result = np.empty(1 if keeps else (), dtype=object)
    result[...] = total
    return result


def _reshape(_: Op, arrays: Arrays) -> Array:
    return _there(arrays, 0).reshape([int(item) for item in _there(arrays, 1)])


_SIZES: Mapping[str, Callable[[Op, Arrays], Array]] = {
    "Gather": _gather,
    "Slice": _slice,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Concat": _concat,
    "Cast": _cast,
    "Identity": lambda _, arrays: _there(arrays, 0),
    "Mul": _elementwise(lambda one, other: one * other),
    "Add": _elementwise(lambda one, other: one + other),
    "Sub": _elementwise(lambda one, other: one + other * -1),
    "Div": _elementwise(_divide),
    "Equal": _elementwise(_same),
    "Max": _elementwise(_extreme(max)),
    "Min": _elementwise(_extreme(min)),
    "Where": _where,
    "ReduceProd": _reduce_product,
    "Reshape": _reshape,
}
