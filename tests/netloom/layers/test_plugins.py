"""Layer types of installed packages, and broken packages that must not break the studio."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SWISH = '''
"""A layer with a class of its own, declared without torch."""

from netloom.layers.base import Constructor, Inference, LayerType
from netloom.layers.function import FunctionCall, FunctionLayer
from netloom.layers.params import LayerParams, param


class SwishParams(LayerParams):
    beta: float = param(1.0, "Beta", "How steep it is.", minimum=0)


class Swish(LayerType[SwishParams]):
    type_name = "acme.Swish"
    name_stem = "swish"
    title = "Swish"
    category = "Activation"
    summary = "x * sigmoid(beta x)."
    Params = SwishParams

    def infer(self, params, inputs):
        return Inference({"output": inputs["input"]})

    def constructor(self, params, inputs):
        return Constructor("acme.modules.Swish", (), {"beta": params.beta})


class Faulty(Swish):
    type_name = "acme.Faulty"

    def infer(self, params, inputs):
        return {}["nowhere"]


class ClampParams(LayerParams):
    low: float = param(0.0, "Lowest", "Nothing gets below it.")


class Clamp(FunctionLayer[ClampParams]):
    type_name = "acme.Clamp"
    name_stem = "clamp"
    title = "Clamp"
    category = "Activation"
    summary = "max(x, low)."
    Params = ClampParams

    def infer(self, params, inputs):
        return Inference({"output": inputs["input"]})

    def function_call(self, params, inputs):
        return FunctionCall("clamp", kwargs={"min": params.low})


LAYERS = (Swish(), Faulty(), Clamp())
'''
MODULES = """
import torch
from torch import nn


class Swish(nn.Module):
    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = beta

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.beta * x)
"""
OTHERS = """
from acme.layers import Swish


class Again(Swish):
    summary = "The same name, of another package."


class Plain(Swish):
    type_name = "ReLU"


class NoTitle(Swish):
    type_name = "broken.NoTitle"
    category = "Nonsense"


class BadParams(Swish):
    type_name = "broken.BadParams"
    Params = dict


LAYERS = [Again(), Plain(), NoTitle(), BadParams(), "not a layer"]
"""


def install(folder: Path, name: str, files: dict[str, str], *entry_points: str) -> None:
    """Put a package with its metadata where an installer would."""
    for path, text in files.items():
        (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / name / path).write_text(text)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"layers{index} = {each}" for index, each in enumerate(entry_points)]
    (info / "entry_points.txt").write_text("\n".join(["[netloom.layers]", *lines, ""]))


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder of one good package and three that are broken, each in its own way."""
    folder = tmp_path / "site"
    good = {"__init__.py": "", "layers.py": SWISH, "modules.py": MODULES}
    install(folder, "acme", good, "acme.layers:LAYERS", "acme.layers:MISSING")
    install(folder, "broken", {"__init__.py": OTHERS}, "broken:LAYERS")
    install(folder, "exits", {"__init__.py": "raise SystemExit(3)"}, "exits:LAYERS")
    install(folder, "heavy", {"__init__.py": "import torch\nLAYERS = ()"}, "heavy:LAYERS")
    return folder


def run(packages: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the packages installed."""
    path = os.pathsep.join([str(packages), str(Path.cwd())])
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "PYTHONPATH": path}, cwd=packages, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def test_what_is_broken_is_a_warning_and_everything_else_works(packages: Path) -> None:
    done = run(packages, "-m", "netloom", "layers", "--json")
    assert done.returncode == 0, done.stderr
    types = {each["type"] for each in json.loads(done.stdout)}
    assert {"acme.Swish", "acme.Faulty", "ReLU", "Conv2d"} <= types
    assert not {each for each in types if each.startswith("broken.")}
    assert "acme.Swish is already a layer type of acme 1.0" in done.stderr

    report = json.loads(run(packages, "-m", "netloom", "doctor", "--json").stdout)
    found = [each for each in report["findings"] if each["name"] == "Layer package"]
    assert [each["found"] for each in found if each["status"] == "ok"] == [
        "acme 1.0: 3 layer types"
    ]
    warned = "\n".join(each["found"] for each in found if each["status"] == "warning")
    for words in (
        "acme.layers:MISSING could not be loaded",
        "acme.Swish is already a layer type of acme 1.0",
        "'ReLU' has to be the package's name, a dot and the layer's",
        "broken.NoTitle has the category 'Nonsense'",
        "broken.BadParams could not be described",
        "'not a layer' is not a LayerType",
        "exits:LAYERS could not be loaded (SystemExit: 3)",
        "heavy imports torch when it is loaded",
    ):
        assert words in warned
    assert all(each["advice"] for each in found if each["status"] == "warning")


DRAWN = """
import json, sys
from netloom.analyze import analyze
from netloom.compile import generate_source
from netloom.graph.document import Document
from netloom.graph.operations import SetParam
from netloom.readback import read_source

def drawn(layer):
    nodes = {
        "i": {"type": "FeatureInput", "name": "features", "params": {"num_features": 4}},
        "s": {"type": layer, "name": "swish", "params": {"beta": 2.0}},
        "l": {"type": "Linear", "name": "head", "params": {"out_features": 2}},
        "o": {"type": "Output", "name": "output"},
    }
    ends = [("i", "s"), ("s", "l"), ("l", "o")]
    edges = {
        a + b: {"source": {"node": a, "port": "output"}, "target": {"node": b, "port": "input"}}
        for a, b in ends
    }
    return Document.model_validate({"graph": {"nodes": nodes, "edges": edges}})
"""
CODE = (
    DRAWN
    + """
document = drawn("acme.Swish")
source = generate_source(document)
assert source.startswith("import acme.modules\\nimport torch\\nfrom torch import nn\\n"), source
assert "self.swish = acme.modules.Swish(beta=2.0)" in source, source
reading = read_source(source, document)
assert (reading.operations, reading.problems) == ((), ()), reading
for changed in (
    source.replace("beta=2.0", "beta=3.0"),
    source.replace("import acme.modules", "from acme.modules import Swish")
    .replace("acme.modules.Swish(beta=2.0)", "Swish(beta=3.0)"),
):
    edited = read_source(changed, document)
    assert edited.operations == (SetParam(node_id="s", param="beta", value=3.0),), edited
opened = read_source(source, Document())
assert opened.problems == () and generate_source(opened.document) == source

[problem] = [each for each in analyze(drawn("acme.Faulty")).diagnostics if each.severity == "error"]
assert "Swish failed (KeyError: 'nowhere')" in problem.message, problem
assert "package acme" in problem.message
if "heavy" not in sys.modules:
    assert "torch" not in sys.modules
"""
)
TRAINED = (
    DRAWN
    + """
import torch
from netloom.compile import build_module

document = drawn("acme.Swish")
network = build_module(document)
names = {}
exec(generate_source(document), names)
again = names["Network"]()
again.load_state_dict(network.state_dict())
batch = torch.randn(3, 4)
assert torch.equal(network(batch), again(batch))
network(batch).sum().backward()
assert all(each.grad is not None for each in network.parameters())
"""
)


@pytest.mark.parametrize("program", [CODE, TRAINED], ids=["without torch", "with torch"])
def test_its_layers_are_drawn_written_read_and_trained(packages: Path, program: str) -> None:
    for name in ("heavy", "exits"):
        next((packages / f"{name}-1.0.dist-info").glob("entry_points.txt")).unlink()
    done = run(packages, "-c", program)
    assert done.returncode == 0, done.stderr


WRONG = """
from acme.layers import Swish, SwishParams
from netloom.layers.base import Constructor, Inference, Port, ShapeProblem
from netloom.layers.params import param
from netloom.layers.shapes import feature_shape, holds_numbers


class WideParams(SwishParams):
    is_wide: bool = param(False, "Wide", "Twice as many.")


class Wrong(Swish):
    def infer(self, params, inputs):
        return Inference({"output": inputs["input"]})


class Shape(Wrong):
    type_name = "wrong.Shape"
    Params = WideParams

    def infer(self, params, inputs):
        if [dim.axis for dim in inputs["input"]] != ["B", "F"]:
            return ShapeProblem("It takes features.")
        size = inputs["input"][1].size
        return Inference({"output": feature_shape(2 * size if params.is_wide else size)})


class Weights(Wrong):
    type_name = "wrong.Weights"

    def constructor(self, params, inputs):
        return Constructor("nn.PReLU")


class InPlace(Wrong):
    type_name = "wrong.InPlace"

    def constructor(self, params, inputs):
        return Constructor("nn.ReLU", (), {"inplace": True})


class NoClass(Wrong):
    type_name = "wrong.NoClass"

    def constructor(self, params, inputs):
        return Constructor("nn.Swoosh")


class Forgets(Wrong):
    type_name = "wrong.Forgets"

    def make_module(self, params, inputs):
        return super().make_module(params.model_copy(update={"beta": 7.0}), inputs)


class Raises(Wrong):
    type_name = "wrong.Raises"

    def infer(self, params, inputs):
        return Inference({"output": inputs["input"][:2] + (inputs["input"][3],)})


class Picky(Wrong):
    type_name = "wrong.Picky"

    def infer(self, params, inputs):
        if inputs["input"][-1].size != 31:
            return ShapeProblem("It needs 31 features.")
        return Inference({"output": inputs["input"]})


class Told(Picky):
    type_name = "wrong.Told"
    summary = "Without a full stop"
    examples = ({"input": feature_shape(31)},)


LAYERS = (
    Shape(), Weights(), InPlace(), NoClass(), Forgets(), Raises(), Picky(), Told(), "no layer",
)
"""


def test_the_layers_of_a_package_are_checked(packages: Path) -> None:
    install(packages, "wrong", {"__init__.py": WRONG}, "wrong:LAYERS")
    for name in ("heavy", "exits", "broken"):
        next((packages / f"{name}-1.0.dist-info").glob("entry_points.txt")).unlink()
    program = """
import io, json, sys
from contextlib import redirect_stdout
from netloom.cli import main

answers = []
for name in ("acme", "wrong", "nobody"):
    with redirect_stdout(io.StringIO()) as said:
        status = main(["layers", "--check", name, "--json"])
    answers.append([status, json.loads(said.getvalue())])
with redirect_stdout(io.StringIO()) as said:
    main(["layers", "--check", "acme"])
print(json.dumps([*answers, said.getvalue()]))
"""
    done = run(packages, "-c", program)
    assert done.returncode == 0, done.stderr
    good, wrong, nobody, text = json.loads(done.stdout)

    assert good[0] == 1
    swish, faulty, clamp = good[1]["layers"]
    assert (clamp["type"], clamp["is_right"], clamp["flaws"]) == ("acme.Clamp", True, [])
    assert (swish["type"], swish["is_right"], swish["flaws"]) == ("acme.Swish", True, [])
    assert swish["num_trials"] > 8
    assert "infer fails on (B, C=4, H=13, W=16)" in faulty["flaws"][0]["message"]
    assert "KeyError: 'nowhere'" in faulty["flaws"][0]["message"]
    assert "could not be loaded" in good[1]["problems"][0]
    assert f"ok acme.Swish: {swish['num_trials']} uses, on three" in " ".join(text.split())

    assert wrong[0] == 1
    assert "'no layer' is not a LayerType" in wrong[1]["problems"][0]
    said = {
        layer["type"].removeprefix("wrong."): " ".join(each["message"] for each in layer["flaws"])
        for layer in wrong[1]["layers"]
    }
    for name, words in {
        "Shape": "it declares (2, 16) at output, but gives (2, 8). With {'is_wide': True}.",
        "Weights": "Its parameters differ from the module's: weight: none declared, 1 there.",
        "InPlace": "It changes what arrives at input, in place.",
        "NoClass": "Its module cannot be made (AttributeError",
        "Forgets": "What its code makes gives other numbers at output.",
        "Raises": "which it has to accept or to refuse (IndexError",
        "Picky": "It accepts none of 9 usual inputs (the last: It needs 31 features.)",
        "Told": "`summary` has to be a sentence, with a full stop.",
    }.items():
        assert words in said[name], said[name]
    assert [layer["type"] for layer in wrong[1]["layers"] if layer["is_right"]] == ["wrong.Told"]

    assert nobody[0] == 1
    assert "No installed package 'nobody' adds layers" in nobody[1]["error"]
