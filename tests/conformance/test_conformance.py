"""A run of conformance goes on where it was, names what fails, and outlives what is killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.apart import run_apart
from conformance.cache import Cache, code_digest
from conformance.jobs import all_jobs
from conformance.report import Job, Line, Report, compared, together

JOB = Job(suite="torchvision", name="squeezenet1_1", size="small")


def line(step: str, *, is_equal: bool = True) -> Line:
    return Line(step=step, name="net", is_equal=is_equal, words="differs by 1", difference=0.5)


def test_what_was_run_is_found_again_for_the_same_job_alone(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    report = compared("torchvision", [line("imported"), line("exported", is_equal=False)])
    assert cache.get(JOB) is None
    cache.put(JOB, report)
    assert Cache(tmp_path).get(JOB) == report
    assert cache.get(JOB.model_copy(update={"size": "full"})) is None


def test_a_damaged_result_counts_as_none(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(JOB, Report())
    [path] = tmp_path.iterdir()
    path.write_text("{")
    assert cache.get(JOB) is None


def test_results_belong_to_the_code_they_were_made_with(tmp_path: Path) -> None:
    file = tmp_path / "netloom" / "part.py"
    file.parent.mkdir()
    file.write_text("a = 1\n")
    before = code_digest(tmp_path)
    assert code_digest(tmp_path) == before
    file.write_text("a = 2\n")
    assert code_digest(tmp_path) != before


def test_counts_are_added_and_failures_named() -> None:
    good = compared("torchvision", [line("imported"), line("exported")])
    bad = compared("torchvision", [line("imported"), line("exported", is_equal=False)])
    whole = together([good, bad, Report(counts={"onnx_crashes": 0})])
    assert whole.counts == {
        "torchvision_equal": 2,
        "torchvision_total": 2,
        "torchvision_exported": 1,
        "torchvision_exported_total": 2,
        "onnx_crashes": 0,
    }
    assert whole.failures == ["net exported: differs by 1"]


def test_cheap_networks_come_first() -> None:
    names = [job.name for job in all_jobs(["torchvision"], "full", ["resnet", "vit_h"])]
    assert names == ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "vit_h_14"]
    kinds = {job.suite for job in all_jobs(["onnx", "torchvision", "detectors"], "full", [])}
    assert kinds == {"onnx", "torchvision", "detectors"}


def test_a_network_that_takes_too_much_memory_is_a_failure_with_a_name() -> None:
    report, is_whole = run_apart(JOB, max_gb=0.01)
    assert not is_whole
    assert report.counts["torchvision_equal"] == report.counts["torchvision_exported"] == 0
    assert report.counts["torchvision_exported_total"] == 1
    assert "squeezenet1_1 imported: it holds more than 0.01 GB of memory" in report.failures


@pytest.mark.slow
def test_a_network_is_compared_once_and_told_from_the_cache_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["conformance", "--suite", "torchvision", "--only", JOB.name, "--small", "--json"]
    monkeypatch.setattr("sys.argv", [*words, "--cache", str(tmp_path)])
    assert main() == 0
    first = capsys.readouterr()
    assert json.loads(first.out) == {
        "torchvision_equal": 1,
        "torchvision_total": 1,
        "torchvision_exported": 1,
        "torchvision_exported_total": 1,
    }
    assert "1x3x96x96" in first.err
    assert "cached" not in first.err
    assert main() == 0
    second = capsys.readouterr()
    assert second.out == first.out
    assert second.err.count("cached") == 2
