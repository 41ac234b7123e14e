"""ONNX's own backend tests, through the importer and the network it gives.

Node tests pass weights as inputs of the graph. Here every input but the data becomes an
initializer with the value of the test, since weights of layers are no inputs.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests

from netloom.formats.imported import FormatError
from netloom.formats.onnx.parity import run_network
from netloom.formats.onnx.read import open_model

OPERATORS = frozenset({
    # Convolutional networks
    "Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool",
    "GlobalMaxPool", "BatchNormalization", "InstanceNormalization", "GroupNormalization", "LRN",
    "LpNormalization", "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "Tanh",
    "HardSigmoid", "HardSwish", "Softplus", "Softsign", "Mish", "Clip", "Softmax", "LogSoftmax",
    "Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "Sum", "Mean", "Concat", "Split", "Slice", "Pad",
    "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Resize", "DepthToSpace",
    "SpaceToDepth", "Dropout", "ReduceMean", "ReduceSum", "ReduceMax", "ArgMax", "Identity",
    "Constant", "Shape", "Cast", "ConstantOfShape", "Upsample", "MaxUnpool",
    # Recurrent networks
    "LSTM", "GRU", "RNN",
    # Transformers
    "Attention", "LayerNormalization", "RMSNormalization", "RotaryEmbedding", "Gelu", "Swish",
    "Gather", "Where", "Expand", "Erf", "Sqrt", "Pow", "Exp", "Neg", "Reciprocal", "Equal",
    "CumSum", "Trilu", "Range", "Tile", "Not", "And", "Einsum", "OneHot", "Cos", "Sin",
})  # fmt: skip
_KINDS = frozenset({1, 6, 7, 9, 10, 11})
"""Element types: float, int32, int64, bool, float16, double."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case went: `equal`, `differs`, `placeholder`, `refused` or `crash`."""

    name: str
    operator: str
    outcome: str
    text: str = ""
    is_counted: bool = False


def cases(kind: str) -> Iterator[tuple[TestCase, onnx.ModelProto]]:
    """Give the tests of a kind, each with its model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: list[TestCase] = load_model_tests(kind=kind)
    for case in found:
        model = case.model
        if model is None:
            model = onnx.load(str(Path(str(case.model_dir)) / "model.onnx"))
        yield case, model


def is_counted(name: str, model: onnx.ModelProto) -> bool:
    """Say whether a node test belongs to the set that networks are made of."""
    if "_expanded" in name or not {node.op_type for node in model.graph.node} <= OPERATORS:
        return False
    infos = [*model.graph.input, *model.graph.output]
    return all(
        info.type.WhichOneof("value") == "tensor_type" and info.type.tensor_type.elem_type in _KINDS
        for info in infos
    )


def run_case(case: TestCase, model: onnx.ModelProto, *, keeps_inputs: bool) -> Outcome:
    """Open the model of a test and compare what its network gives."""
    operator = model.graph.node[0].op_type if len(model.graph.node) else ""
    counted = is_counted(case.name, model)

    def done(outcome: str, text: str = "") -> Outcome:
        return Outcome(case.name, operator, outcome, text, counted)

    placeholders = ""
    try:
        for inputs, expected in _data(case, model):
            if not all(isinstance(value, np.ndarray | np.generic) for value in inputs):
                open_model(model)
                return done("placeholder", "it takes no tensors")
            feeds = _feeds(model, inputs)
            prepared, data = (model, feeds) if keeps_inputs else _prepared(model, feeds)
            sizes = {name: array.shape for name, array in data.items()}
            network = open_model(prepared, name=case.name, sizes=sizes)
            pieces = network.imported.report.pieces
            placeholders = "; ".join(p.message for p in pieces if p.outcome == "placeholder")
            if placeholders:
                return done("placeholder", placeholders)
            outputs = run_network(network, data)
            problem = _difference(case, model, outputs, expected)
            if problem:
                return done("differs", problem)
    except FormatError as error:
        return done("refused", str(error))
    except Exception as error:  # noqa: BLE001 - a crash is what is counted
        return done("crash", f"{type(error).__name__}: {error}")
    return done("equal")


def _feeds(model: onnx.ModelProto, inputs: Sequence[Any]) -> dict[str, Any]:
    held = {tensor.name for tensor in model.graph.initializer}
    names = [info.name for info in model.graph.input]
    if len(inputs) < len(names):
        names = [name for name in names if name not in held]
    return {name: np.asarray(value) for name, value in zip(names, inputs, strict=False)}


def _prepared(
    model: onnx.ModelProto, feeds: Mapping[str, Any]
) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """Return the model with all inputs but the data as initializers."""
    found = onnx.ModelProto()
    found.CopyFrom(model)
    data = _data_names(model, feeds)
    for name, array in feeds.items():
        if name not in data:
            found.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    return found, {name: feeds[name] for name in data}


_DATA = {"Attention": 3, "Add": 2, "Sub": 2, "Mul": 2, "Div": 2, "MatMul": 2, "Concat": 99,
         "Sum": 99, "Mean": 99, "Max": 99, "Min": 99, "Where": 3, "And": 2, "Equal": 2}  # fmt: skip


def _data_names(model: onnx.ModelProto, feeds: Mapping[str, Any]) -> list[str]:
    nodes = model.graph.node
    names = [info.name for info in model.graph.input if info.name in feeds]
    if len(nodes) != 1:
        return names[:1]
    taken = [name for name in nodes[0].input if name]
    count = _DATA.get(nodes[0].op_type, 1)
    return [name for name in taken if name in feeds][:count]


def _data(case: TestCase, model: onnx.ModelProto) -> Iterable[tuple[list[Any], list[Any]]]:
    if case.data_sets:
        for inputs, outputs in case.data_sets:
            yield [_array(each) for each in inputs], [_array(each) for each in outputs]
        return
    folder = Path(str(case.model_dir))
    for data in sorted(folder.glob("test_data_set_*")):
        yield (
            _tensors(data, "input", model.graph.input), _tensors(data, "output", model.graph.output)
        )  # fmt: skip
    for archive in sorted(folder.glob("test_data_*.npz")):
        held = np.load(archive, allow_pickle=False)
        yield list(held["inputs"]), list(held["outputs"])


def _array(value: Any) -> Any:
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _tensors(folder: Path, stem: str, infos: Sequence[onnx.ValueInfoProto]) -> list[Any]:
    found: list[Any] = []
    for index in range(len(list(folder.glob(f"{stem}_*.pb")))):
        data = (folder / f"{stem}_{index}.pb").read_bytes()
        kind = infos[index].type.WhichOneof("value") if index < len(infos) else "tensor_type"
        if kind != "tensor_type":
            found.append(None)
            continue
        tensor = onnx.TensorProto()
        tensor.ParseFromString(data)
        found.append(onnx.numpy_helper.to_array(tensor))
    return found


def _difference(
    case: TestCase, model: onnx.ModelProto, outputs: Mapping[str, Any], expected: Sequence[Any]
) -> str:
    for info, value in zip(model.graph.output, expected, strict=False):
        found, wanted = outputs[info.name], np.asarray(value)
        if found.shape != wanted.shape:
            return f"{info.name} is {found.shape}, not {wanted.shape}"
        if wanted.dtype.kind != "f":
            same = np.array_equal(found.astype(wanted.dtype), wanted)
        else:
            same = np.allclose(
                found.astype(wanted.dtype), wanted, rtol=case.rtol, atol=case.atol,
                equal_nan=True,
            )  # fmt: skip
        if not same:
            worst = np.max(np.abs(found.astype(np.float64) - wanted.astype(np.float64)), initial=0)
            return f"{info.name} differs by {worst:.3g}"
    return ""


def run_suite(kinds: Sequence[str], pattern: str = "") -> list[Outcome]:
    """Run the tests of some kinds."""
    found: list[Outcome] = []
    for kind in kinds:
        for case, model in cases(kind):
            if pattern in case.name:
                found.append(run_case(case, model, keeps_inputs=kind not in ("node", "simple")))
    return found


_KINDS_OF_CASES = ("node", "pytorch-converted", "pytorch-operator", "simple")
KINDS = ("light", *_KINDS_OF_CASES)


def run_kind(kind: str) -> list[Outcome]:
    """Run all tests of a kind that lie in the package of ONNX."""
    return run_light() if kind == "light" else run_suite([kind])


def counts_of(kind: str, outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Return what is counted of a kind; of node tests those that networks are made of."""
    counts = {"onnx_crashes": sum(each.outcome == "crash" for each in outcomes)}
    if kind == "node":
        counted = [each for each in outcomes if each.is_counted]
        counts["onnx_node"] = sum(each.outcome == "equal" for each in counted)
        counts["onnx_node_total"] = len(counted)
    else:
        name = f"onnx_{kind.replace('-', '_')}"
        counts[name] = sum(each.outcome == "equal" for each in outcomes)
        counts[f"{name}_total"] = len(outcomes)
    return counts


def run_light() -> list[Outcome]:
    """Run the light models, whose files lie in the package of ONNX itself."""
    folder = Path(onnx.__file__).parent / "backend/test/data/light"
    found: list[Outcome] = []
    for path in sorted(folder.glob("*.onnx")):
        name = path.stem
        case = TestCase(
            name=name, model_name=name, url=None, model_dir=str(folder), model=None,
            data_sets=None, kind="light", rtol=1e-3, atol=1e-7,
        )  # fmt: skip
        model = onnx.load(str(path))
        stored = folder / f"{name}_output_0.pb"
        data = _light_inputs(model)
        tensor = onnx.TensorProto()
        tensor.ParseFromString(stored.read_bytes())
        ready = TestCase(**{
            **{key: getattr(case, key) for key in ("name", "model_name", "url", "model_dir",
                                                   "kind", "rtol", "atol")},
            "model": model, "data_sets": [(data, [onnx.numpy_helper.to_array(tensor)])],
        })  # fmt: skip
        found.append(run_case(ready, model, keeps_inputs=True))
    return found


def _light_inputs(model: onnx.ModelProto) -> list[Any]:
    """Return the input that the stored outputs belong to: what ONNX's own runner makes."""
    held = {tensor.name for tensor in model.graph.initializer}
    found: list[Any] = []
    for info in model.graph.input:
        if info.name in held:
            continue
        sizes = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        count = int(np.prod(sizes))
        found.append((np.arange(count).reshape(sizes) / count).astype(np.float32))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every case of a kind that is not equal, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--case", default="", help="only cases with this in their name")
    given = parser.parse_args(arguments)
    found = run_light() if given.kind == "light" else run_suite([given.kind], given.case)
    for each in found:
        if each.outcome != "equal":
            mark = "*" if each.is_counted else " "
            print(f"{mark} {each.outcome:12} {each.operator:24} {each.name}: {each.text[:300]}")
    counted = [each for each in found if each.is_counted]
    print(Counter(each.outcome for each in found), len(found))
    print("counted:", Counter(each.outcome for each in counted), len(counted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
