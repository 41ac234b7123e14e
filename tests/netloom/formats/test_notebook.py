"""A notebook rebuilds, trains and evaluates a network, without Netloom in its process."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netloom.formats.notebook import NotebookError, make_notebook
from netloom.templates import make_template
from tests.netloom.compile.networks import chain, node, rich_network

RUN = """
import json, sys
sys.modules["netloom"] = None
names = {"__name__": "__main__"}
cells = json.load(open(sys.argv[1]))["cells"]
for cell in cells:
    if cell["cell_type"] == "code":
        exec("".join(cell["source"]), names)
print(json.dumps({"losses": names["losses"], "accuracy": names["accuracy"]}))
"""


def run_cells(notebook: str, folder: Path) -> dict[str, object]:
    """Run all cells in order in a fresh process; return what they measured."""
    (folder / "n.ipynb").write_text(notebook)
    done = subprocess.run(
        [sys.executable, "-c", RUN, "n.ipynb"],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
        # Small tensors: threads would only wait for each other.
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def expect_learned(found: dict[str, object]) -> None:
    losses, accuracy = found["losses"], found["accuracy"]
    assert isinstance(losses, list)
    assert isinstance(accuracy, float)
    assert all(math.isfinite(loss) for loss in losses)
    assert losses[-1] < losses[0]
    assert accuracy > 0.8


def test_images_in_class_folders_are_learned(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name, level in (("dark", 40), ("light", 200)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for index in range(40):
            pixels = generator.normal(level, 20, (12, 10, 3)).clip(0, 255).astype("uint8")
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{index}.png")
    document = make_template("mlp", channels=1, height=8, width=8, num_classes=2)
    expect_learned(run_cells(make_notebook(document), tmp_path))


def test_arrays_are_learned_with_factors_of_the_layers(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(480) % 2
    inputs = generator.normal(labels[:, None] * 6.0, 1.0, (480, 5)).astype("float32")
    np.savez(tmp_path / "data.npz", inputs=inputs, labels=labels)
    document = chain(
        node("FeatureInput", "features", num_features=5),
        node("Linear", "hidden", out_features=16, learning_rate_factor=2.0),
        node("ReLU", "relu"),
        node("Linear", "head", out_features=2),
        node("Output", "output"),
    )
    notebook = make_notebook(document)
    assert "parameter_groups(network" in notebook
    expect_learned(run_cells(notebook, tmp_path))


def test_frozen_layers_are_thawed_when_asked(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(480) % 2
    inputs = generator.normal(labels[:, None] * 6.0, 1.0, (480, 5)).astype("float32")
    np.savez(tmp_path / "data.npz", inputs=inputs, labels=labels)
    frozen = [
        layer.model_copy(update={"is_frozen": True})
        for layer in (
            node("Linear", "first", out_features=16),
            node("BatchNorm1d", "norm"),
            node("Linear", "second", out_features=16),
        )
    ]
    document = chain(
        node("FeatureInput", "features", num_features=5),
        *frozen,
        node("Linear", "head", out_features=2),
        node("Output", "output"),
    )
    notebook = make_notebook(document)
    assert "UNFREEZE_EVERY = 0" in notebook
    asked = notebook.replace("UNFREEZE_EVERY = 0", "UNFREEZE_EVERY = 2")
    check = json.loads(asked)
    check["cells"].append(
        {
            "cell_type": "code",
            "source": [
                "assert frozen_groups == []\n",
                "assert len(optimizer.param_groups) == 4\n",
                "assert all(each.requires_grad for each in network.parameters())\n",
                "assert 0 < int(network.norm.num_batches_tracked) < 10 * len(train_loader)\n",
            ],
        }
    )
    expect_learned(run_cells(json.dumps(check), tmp_path))


def test_data_of_more_classes_is_refused_with_words(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", inputs=np.zeros((10, 3), "float32"), labels=np.arange(10))
    document = chain(
        node("FeatureInput", "features", num_features=3),
        node("Linear", "head", out_features=2),
        node("Output", "output"),
    )
    with pytest.raises(AssertionError, match="10 classes, but the network gives 2 scores"):
        run_cells(make_notebook(document), tmp_path)


def test_it_is_a_notebook_of_format_4_5_and_the_same_each_time() -> None:
    document = make_template("small_resnet", channels=3, height=32, width=32, num_classes=3)
    notebook = json.loads(make_notebook(document))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in notebook["cells"]:
        wanted = {"cell_type", "id", "metadata", "source"}
        code = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert cell.keys() == wanted | code
        assert all(isinstance(line, str) for line in cell["source"])
    assert make_notebook(document) == make_notebook(document)


@pytest.mark.parametrize(
    "document",
    [
        rich_network().model_copy(
            update={"graph": rich_network().graph.model_copy(update={"edges": {}})}
        ),
        chain(node("ImageInput", "image"), node("ReLU", "relu"), node("Output", "output")),
    ],
)
def test_what_is_no_classifier_is_refused_with_a_next_step(document) -> None:
    with pytest.raises(NotebookError) as refused:
        make_notebook(document)
    assert refused.value.next_step
