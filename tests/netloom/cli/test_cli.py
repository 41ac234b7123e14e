"""The command line: one real story from a specification to a heat map, and what goes wrong."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netloom.cli import main
from netloom.samples import digits, write_samples
from netloom.templates import make_template
from netloom.train.spec import EarlyStopConfig, OptimizerConfig, RunConfig, TrainSpec
from tests.netloom.compile.networks import chain, image, node, rich_network


@pytest.fixture(scope="module")
def story(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """scikit-learn's digits, trained by `python -m netloom train` as a person would."""
    folder = tmp_path_factory.mktemp("digits")
    write_samples(digits, folder)
    spec = TrainSpec(
        document=make_template("small_cnn", channels=1, height=8, width=8, num_classes=10),
        manifest=str(folder / "manifest.json"),
        output=str(folder / "run"),
        config=RunConfig(
            epochs=12, device="cpu", optimizer=OptimizerConfig(learning_rate=5e-3),
            early_stop=EarlyStopConfig(is_enabled=False),
        ),
        num_threads=1,
    )  # fmt: skip
    (folder / "spec.json").write_text(spec.model_dump_json())
    command = [
        sys.executable, "-m", "netloom", "train", str(folder / "spec.json"),
        "--bundle", str(folder / "digits.netloom"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return folder, done


def test_training_tells_what_it_does_and_writes_a_bundle(story) -> None:
    folder, done = story
    assert done.returncode == 0, done.stderr
    assert "1,167 images" in done.stdout
    assert "Epoch 12:" in done.stdout
    assert "Finished (completed)" in done.stdout
    assert (folder / "digits.netloom").is_file()


def test_the_bundle_classifies_digits_it_has_not_seen(story, netloom) -> None:
    folder, _ = story
    manifest = json.loads((folder / "manifest.json").read_text())
    items = [item for item in manifest["items"] if item["split"] == "test"]
    answer = netloom(
        "predict", folder / "digits.netloom", *(folder / item["path"] for item in items),
        "--top", 2, "--json",
    )  # fmt: skip
    assert answer.status == 0
    answers = answer.json()
    right = [
        found["classes"][0]["index"] == item["label"]
        for found, item in zip(answers, items, strict=True)
    ]
    assert np.mean(right) >= 0.96
    best, second = answers[0]["classes"]
    assert best["name"] == manifest["classes"][best["index"]]
    assert 0 <= second["probability"] <= best["probability"] <= 1


def test_predictions_for_people_name_the_classes(story, netloom) -> None:
    folder, _ = story
    answer = netloom("predict", folder / "digits.netloom", next((folder / "7").iterdir()))
    assert answer.status == 0
    assert "%" in answer.out
    assert len(answer.out.splitlines()) == 1


@pytest.mark.parametrize("method", ["gradcam", "occlusion", "lime"])
def test_explanations_are_drawn_over_the_image(story, netloom, tmp_path: Path, method: str) -> None:
    folder, _ = story
    picture = tmp_path / "heat.png"
    source = next((folder / "3").iterdir())
    answer = netloom(
        "explain", folder / "digits.netloom", source, "--method", method, "--out", picture,
        "--class", "8", "--json",
    )  # fmt: skip
    assert answer.status == 0
    found = answer.json()
    assert found["class"] == "8"
    assert found["meta"]["method"] == method
    assert found["highest"] >= found["lowest"]
    with Image.open(picture) as drawn, Image.open(source) as plain:
        assert drawn.size == plain.size
        assert np.any(np.asarray(drawn) != np.asarray(plain.convert("RGB")))


def test_the_numbers_of_a_map_can_be_kept(story, netloom, tmp_path: Path) -> None:
    folder, _ = story
    answer = netloom(
        "explain", folder / "digits.netloom", next((folder / "3").iterdir()), "--quiet",
        "--layer", "conv_2", "--out", tmp_path / "heat.npy",
    )  # fmt: skip
    assert answer.status == 0, answer.err
    assert "gradcam for" in answer.out
    heatmap_HW = np.load(tmp_path / "heat.npy")
    assert heatmap_HW.shape == (8, 8)
    assert heatmap_HW.dtype == np.float32


def test_inspecting_a_bundle_and_a_document(story, netloom, tmp_path: Path) -> None:
    folder, _ = story
    answer = netloom("inspect", folder / "digits.netloom")
    assert answer.status == 0
    assert "Metrics: accuracy" in answer.out
    assert "10 classes" in answer.out
    path = tmp_path / "net.json"
    path.write_text(rich_network().model_dump_json())
    found = netloom("inspect", path, "--json").json()
    assert found["name"] == "Rich"
    assert found["analysis"]["totals"]["parameters"] > 0
    assert found["meta"] is None
    text = netloom("inspect", path).out
    assert "Residual × 3" in text
    assert "B × 4 × 16 × 16" in text


def test_inspecting_tells_memory_and_writes_the_table(netloom, tmp_path: Path) -> None:
    from bench.networks import small_cnn

    path, table = tmp_path / "cnn.json", tmp_path / "layers.csv"
    path.write_text(small_cnn().model_dump_json(by_alias=True))
    answer = netloom("inspect", path, "--csv", table, "--batch", "64")
    assert "at batch 64: about" in answer.out
    assert "3 × 3" in answer.out
    rows = list(csv.DictReader(table.read_text().splitlines()))
    found = netloom("inspect", path, "--json", "--batch", "64").json()
    totals = found["analysis"]["totals"]
    assert sum(int(row["parameters"]) for row in rows) == totals["parameters"]
    assert sum(int(row["macs"]) for row in rows) == totals["macs"]
    assert found["training_memory"]["batch_size"] == 64
    assert found["training_memory"]["total_bytes"] == (
        totals["training_fixed_bytes"] + 64 * totals["training_sample_bytes"]
    )
    refused = netloom("inspect", path, "--batch", "0")
    assert refused.status == 1
    assert "at least one sample" in refused.err


def test_inspecting_a_network_with_errors_lists_them(netloom, tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(chain(image(), node("Linear", "fc"), node("Output", "out")).model_dump_json())
    answer = netloom("inspect", path)
    assert answer.status == 1
    assert "error: " in answer.out
    assert "Flatten" in answer.out


def test_blocks_and_templates_are_listed(netloom) -> None:
    assert "inverted_residual" in netloom("blocks").out
    blocks = {each["id"]: each for each in netloom("blocks", "--json").json()}
    assert blocks["residual"]["block_id"] in blocks["residual"]["blocks"]
    assert "cannot train image segmentation yet" in netloom("templates").out
    assert "resnet18" in {each["id"] for each in netloom("templates", "--json").json()}


def test_layers_are_listed(netloom) -> None:
    assert "Conv2d" in netloom("layers").out
    described = netloom("layers", "--json").json()
    assert {"Conv2d", "Add", "ImageInput"} <= {layer["type"] for layer in described}


def test_surgery_says_what_survives_and_writes_the_network(netloom, tmp_path: Path) -> None:
    path, changed = tmp_path / "net.json", tmp_path / "changed.json"
    document = make_template("small_cnn", channels=1, height=8, width=8, num_classes=10)
    path.write_text(document.model_dump_json(by_alias=True))
    assert "replace_head" in netloom("surgery", "list").out
    answer = netloom("surgery", "replace_head", path, "--set", "num_classes=3", "-o", changed)
    assert answer.status == 0
    assert "kept" in answer.out
    assert "new: classifier" in answer.out
    assert "B × 3" in netloom("inspect", changed).out
    plan = netloom("surgery", "change_width", path, "--node", "conv", "--json").json()
    assert plan["survival"]["resized"] > 0
    refused = netloom("surgery", "change_width", path, "--node", "relu")
    assert refused.status == 1
    assert "makes no channels" in refused.err
    unknown = netloom("surgery", "freeze_up_to", path, "--node", "nobody")
    assert "There is no layer" in unknown.err


def test_doctor_answers_for_people_and_programs(netloom) -> None:
    answer = netloom("doctor")
    assert "torch" in answer.out
    assert "GPU" in answer.out
    found = netloom("doctor", "--json").json()
    names = [finding["name"] for finding in found["findings"]]
    assert names == ["Python", "torch", "GPU", "Processor", "Memory", "Disk", "Redis", "Node"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("inspect", "missing.json"), "No such file"),
        (("inspect", "text.json"), "not readable JSON"),
        (("inspect", "text.onnx"), "no kind that is known"),
        (("inspect", "{bundle}", "--with", "text.json"), "is whole by itself"),
        (("inspect", "/dev/zero"), "neither a file nor a folder"),
        (("zoo", "get", "squeezenet1_1", "-o", "no/folder/x.netloom"), "cannot be written"),
        (("zoo", "get", "squeezenet1_1", "-o", "x.onnx"), "let it end in .netloom or .zip"),
        (("match", "resnet20", "text.json"), "nor a network of the zoo"),
        (("notebook", "/dev/zero", "-o", "x.ipynb"), "name a file"),
        (("predict", "{bundle}", "/dev/zero"), "name a file"),
        (("explain", "{bundle}", "/dev/zero", "--out", "x.png"), "name a file"),
        (("convert", "/dev/zero", "x.onnx"), "neither a file nor a folder"),
        (("train", "/dev/zero"), "not a file"),
        (("train", "missing.json"), "not a file"),
        (("train", "text.json"), "cannot be read: Invalid JSON"),
        (("train", "network.json"), "it is a network. A specification names the network"),
        (("predict", "missing", "a.png"), "cannot be read"),
        (("predict", "text.json", "a.png"), "text.json"),
        (("predict", "{bundle}", "text.json"), "The content is no image"),
        (("predict", "{bundle}", "{image}", "--device", "cuda:7"), "netloom doctor"),
        (("predict", "{bundle}", "{image}", "--device", "toaster"), "no device 'toaster'"),
        (("explain", "{bundle}", "{image}", "--out", "x.png", "--class", "ten"), "no class 'ten'"),
        (("explain", "{bundle}", "{image}", "--out", "x.png", "--class", "99"), "no class 99"),
        (("explain", "{bundle}", "{image}", "--out", "x.png", "--layer", "no"), "no layer 'no'"),
        (("explain", "{bundle}", "{image}", "--out", "x.what"), "ends in .png"),
        (("explain", "{bundle}", "{image}", "--out", "no/folder/x.png"), "cannot be written"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence(
    story, netloom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments, message: str
) -> None:
    folder, _ = story
    monkeypatch.chdir(tmp_path)
    for name in ("text.json", "text.onnx"):
        (tmp_path / name).write_text("plainly not what was asked for")
    document = make_template("mlp", channels=3, height=16, width=16, num_classes=3)
    (tmp_path / "network.json").write_text(document.model_dump_json(by_alias=True))
    places = {"{bundle}": folder / "digits.netloom", "{image}": next((folder / "1").iterdir())}
    answer = netloom(*(places.get(argument, argument) for argument in arguments))
    assert answer.status == 1
    assert message in answer.err
    assert "Traceback" not in answer.err
    assert "pydantic" not in answer.err


def test_one_bad_image_does_not_hide_the_others(story, netloom, tmp_path: Path) -> None:
    folder, _ = story
    (tmp_path / "bad.png").write_bytes(b"no")
    good = next((folder / "1").iterdir())
    answer = netloom("predict", folder / "digits.netloom", tmp_path / "bad.png", good, "--json")
    assert answer.status == 1
    first, second = answer.json()
    assert "error" in first
    assert second["classes"]


def test_wrong_usage_ends_with_status_two() -> None:
    for arguments in ([], ["predict"], ["explain", "b", "i", "--method", "guess", "--out", "x"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2


@pytest.mark.parametrize("command", ["layers", "inspect"])
def test_looking_needs_neither_torch_nor_django(tmp_path: Path, command: str) -> None:
    path = tmp_path / "net.json"
    path.write_text(rich_network().model_dump_json())
    program = (
        "import sys; from netloom.cli import main; status = main(sys.argv[1:]);"
        "assert not {'torch', 'django', 'celery', 'redis'} & set(sys.modules); sys.exit(status)"
    )
    arguments = [command, str(path)] if command == "inspect" else [command]
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True)


def test_ctrl_c_stops_after_a_checkpoint(story, tmp_path: Path) -> None:
    folder, _ = story
    spec = json.loads((folder / "spec.json").read_text())
    spec["config"]["epochs"] = 100_000
    spec["output"] = str(tmp_path / "run")
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    command = [
        sys.executable, "-m", "netloom", "train", str(tmp_path / "spec.json"), "--json",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        events: list[dict[str, object]] = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "epoch_end" and events[-1]["epoch"] == 1:
                process.send_signal(signal.SIGINT)
        _, complaints = process.communicate()
    assert process.returncode == 0
    assert "Stopping after a checkpoint" in complaints
    assert events[-1]["event"] == "finished"
    assert events[-1]["reason"] == "stopped"
    saved = [event for event in events if event["event"] == "checkpoint"]
    assert saved[-1]["step"] == events[-1]["step"]


def test_inspecting_a_template_tells_what_it_costs_at_the_sizes_of_imagenet(netloom) -> None:
    found = netloom("inspect", "resnet50", "--json").json()
    assert found["analysis"]["totals"]["parameters"] == 25_557_032
    assert found["analysis"]["totals"]["macs"] == 4_089_184_256
