"""How many numbers computing a node takes at most, told before anything is computed.

Only operators of these lists are computed beforehand: of any other nobody knows what it would take.
All sizes are products of at least 1 along each axis, so that an empty tensor hides none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import Array, CannotMap

Arrays = Sequence["Array | None"]
_TEXT = 8
"""The element type of text, of which each item may be long."""
_MAX_RESIZED = 2**10
_MAX_RATIO = 64
_RESIZED_FACTOR = 2**8
"""Numbers that take as long as one that is resized, in the loops of ONNX's reference."""


def folding_bound(op: Op, arrays: Arrays) -> int | None:
    """Return a bound of the numbers that a node works on and gives.

    None where the operator is on no list or its inputs do not fit.
    """
    bound = _BOUNDS.get(op.kind)
    if bound is None:
        return None
    try:
        return bound(op, arrays)
    except (CannotMap, ArithmeticError, ValueError, IndexError, TypeError):
        return None


def extent(array: Array) -> int:
    """Return the numbers of a tensor, as if no axis were empty."""
    return math.prod(max(1, size) for size in array.shape)


def _there(arrays: Arrays, index: int) -> Array:
    found = arrays[index] if index < len(arrays) else None
    if found is None:
        raise CannotMap(f"input {index + 1} is left out")
    return found


def _whole(arrays: Arrays, index: int) -> list[int]:
    """Return an input as whole numbers of at least 1; raises where they are endless or none."""
    return [max(1, math.ceil(item)) for item in _there(arrays, index).reshape(-1).tolist()]


def _one(arrays: Arrays, index: int) -> int:
    [found] = _whole(arrays, index)
    return found


def _inputs(op: Op, arrays: Arrays) -> int:
    """Operators that give no more than they take."""
    del op
    return sum(extent(array) for array in arrays if array is not None) + 1


def _cast(op: Op, arrays: Arrays) -> int:
    is_text = op.int("to") == _TEXT if op.kind == "Cast" else _there(arrays, 1).dtype.kind in "OSU"
    if is_text:
        raise CannotMap("text takes more than numbers")
    return _inputs(op, arrays)


def _split(op: Op, arrays: Arrays) -> int:
    if op.int("num_outputs", len(op.outputs)) != len(op.outputs):
        raise CannotMap("it gives another number of outputs than it says")
    return _inputs(op, arrays)


def _top(op: Op, arrays: Arrays) -> int:
    count = _one(arrays, 1) if len(arrays) > 1 else op.int("k", 1)
    data = _there(arrays, 0)
    if count > data.size:
        raise CannotMap("there are not so many")
    return extent(data) * (data.ndim + 2)


def _repeated(*shapes: Sequence[int]) -> int:
    """Return the numbers of shapes that are repeated to fit one another."""
    axes = zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1)
    return math.prod(max(1, *sizes) for sizes in axes)


def _together(op: Op, arrays: Arrays) -> int:
    """Operators on tensors that are repeated to fit one another."""
    given = [array.shape for array in arrays if array is not None]
    return max(_repeated(*given), _inputs(op, arrays))


def _all_pairs(op: Op, arrays: Arrays) -> int:
    """Operators that take each number of one input with each of the others at most."""
    del op
    return math.prod(extent(array) for array in arrays if array is not None)


def _gather(op: Op, arrays: Arrays) -> int:
    data, index = _there(arrays, 0), _there(arrays, 1)
    size = max(1, data.shape[op.int("axis", 0)])
    return extent(data) // size * extent(index) + _inputs(op, arrays)


def _gather_nd(op: Op, arrays: Arrays) -> int:
    data, index = _there(arrays, 0), _there(arrays, 1)
    start = op.int("batch_dims", 0) + index.shape[-1]
    rest = math.prod(max(1, size) for size in data.shape[start:])
    return extent(index) * rest + _inputs(op, arrays)


def _matmul(op: Op, arrays: Arrays) -> int:
    left, right = _there(arrays, 0).shape, _there(arrays, 1).shape
    batch = _repeated(left[:-2], right[:-2])
    inner = max(1, left[-1])
    rows = left[-2] if len(left) > 1 else 1
    columns = right[-1] if len(right) > 1 else 1
    return batch * max(1, rows) * max(1, columns) * inner + _inputs(op, arrays)


def _gemm(op: Op, arrays: Arrays) -> int:
    left, right = _there(arrays, 0).shape, _there(arrays, 1).shape
    rows, inner = left[::-1] if op.int("transA", 0) else left
    columns = right[0] if op.int("transB", 0) else right[1]
    added = arrays[2].shape if len(arrays) > 2 and arrays[2] is not None else ()
    given = _repeated((rows, columns), added)
    return given * max(1, inner) + _inputs(op, arrays)


def _range(op: Op, arrays: Arrays) -> int:
    del op
    ends = [_there(arrays, index).reshape(-1).tolist() for index in range(3)]
    [start], [limit], [step] = ends
    return math.ceil(abs((limit - start) / step)) + 1


def _expand(op: Op, arrays: Arrays) -> int:
    return _repeated(_there(arrays, 0).shape, _whole(arrays, 1)) + _inputs(op, arrays)


def _filled(op: Op, arrays: Arrays) -> int:
    return math.prod(_whole(arrays, 0)) + _inputs(op, arrays)


def _tile(op: Op, arrays: Arrays) -> int:
    times = math.prod(math.prod(_whole(arrays, at)) for at in range(1, len(arrays)))
    return extent(_there(arrays, 0)) * times + _inputs(op, arrays)


def _one_hot(op: Op, arrays: Arrays) -> int:
    return extent(_there(arrays, 0)) * _one(arrays, 1) * 4 + _inputs(op, arrays)


def _pad(op: Op, arrays: Arrays) -> int:
    if len(arrays) > 1:
        borders = _there(arrays, 1).reshape(-1).tolist()
    else:
        borders = op.ints("pads") or op.ints("paddings") or []
    added = sum(max(0, int(each)) for each in borders)
    shape = _there(arrays, 0).shape
    return math.prod(max(1, size + added) for size in shape) + _inputs(op, arrays)


def _window(op: Op, arrays: Arrays) -> int:
    del op
    return _one(arrays, 0) * 4


def _mel_weights(op: Op, arrays: Arrays) -> int:
    del op
    bins, length = _one(arrays, 0), _one(arrays, 1)
    rate, *edges = (float(_there(arrays, at).reshape(-1)[0]) for at in (2, 3, 4))
    if not all(0 <= edge <= rate for edge in edges):
        raise CannotMap("the edges lie beyond what was sampled")
    return (length + 2) * (bins + 2) * 2


def _resize(op: Op, arrays: Arrays) -> int:
    """Bound resizing, which the reference does number by number: for small tensors alone."""
    data = _there(arrays, 0)
    if op.ints("axes") is not None or extent(data) > _MAX_RESIZED:
        raise CannotMap("it is not known beforehand how large it becomes")
    shape = [max(1, size) for size in data.shape]
    if len(arrays) > 3 and arrays[3] is not None and arrays[3].size:
        after = _whole(arrays, 3)
    else:
        at = 2 if op.kind == "Resize" and op.version >= 11 else 1
        scales = op.floats("scales") or _there(arrays, at).reshape(-1).tolist()
        after = [math.ceil(size * scale) for size, scale in zip(shape, scales, strict=True)]
    if len(after) != len(shape) or not all(
        size <= _MAX_RATIO * end and end <= _MAX_RATIO * size
        for size, end in zip(shape, after, strict=True)
    ):
        raise CannotMap("it changes too much")
    return math.prod(after) * _RESIZED_FACTOR


def _quantised(op: Op, arrays: Arrays) -> int:
    """Bound numbers with one scale, one along an axis, or one for each block."""
    data, scale = _there(arrays, 0), _there(arrays, 1)
    if scale.size != 1:
        axis = op.int("axis", 1)
        block = max(1, op.int("block_size", 0))
        if scale.ndim == 1:
            if scale.shape[0] != data.shape[axis]:
                raise CannotMap("the scales do not fit")
        else:
            fits = [one <= other for one, other in zip(scale.shape, data.shape, strict=True)]
            if not all(fits) or scale.shape[axis] * block > 2 * data.shape[axis]:
                raise CannotMap("the scales do not fit")
    return _inputs(op, arrays)


def _all(bound: Callable[[Op, Arrays], int], kinds: str) -> dict[str, Callable[[Op, Arrays], int]]:
    return dict.fromkeys(kinds.split(), bound)


_BOUNDS: Mapping[str, Callable[[Op, Arrays], int]] = {
    **_all(_inputs, "Abs Acos Acosh ArgMax ArgMin Asin Asinh Atan Atanh BitwiseNot Ceil Celu "
                    "Compress Concat Constant Cos Cosh CumProd CumSum DepthToSpace Dropout "
                    "DynamicQuantizeLinear Elu Erf Exp EyeLike Flatten Floor GatherElements Gelu "
                    "GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish Hardmax Identity IsInf "
                    "IsNaN LeakyRelu Log LogSoftmax LpNormalization Mish Neg Not Reciprocal "
                    "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean "
                    "ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Round Scatter "
                    "ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice "
                    "Softmax Softplus Softsign SpaceToDepth Sqrt Squeeze Swish Tan Tanh "
                    "ThresholdedRelu Transpose Trilu Unique Unsqueeze"),
    **_all(_together, "Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Clip Div Equal Greater "
                      "GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub Sum "
                      "Where Xor"),
    **_all(_cast, "Cast CastLike"),
    **_all(_window, "BlackmanWindow HammingWindow HannWindow"),
    **_all(_quantised, "DequantizeLinear QuantizeLinear"),
    **_all(_resize, "Resize Upsample"),
    "ConstantOfShape": _filled,
    "Einsum": _all_pairs,
    "Expand": _expand,
    "Gather": _gather,
    "GatherND": _gather_nd,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "MelWeightMatrix": _mel_weights,
    "NonZero": lambda op, arrays: _inputs(op, arrays) * (_there(arrays, 0).ndim + 1),
    "OneHot": _one_hot,
    "Pad": _pad,
    "Range": _range,
    "Split": _split,
    "Tile": _tile,
    "TopK": _top,
}  # fmt: skip
