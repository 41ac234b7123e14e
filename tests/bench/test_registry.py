"""Every promised figure is declared, and the command prints what it says it prints."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.registry import all_measures
from bench.timing import Spent, in_turn, quantile
from tests.house.studio_process import words_of

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PROMISED = {
    "loop_over_bare": 1.05,
    "data_over_memory": 1.05,
    "imagefolder_over_ours": 1.7,
    "metric_to_screen_p95_ms": 500,
    "metric_to_screen_p95_ms_50_viewers": 500,
    "analyze_resnet152_cold_s": 1.5,
    "analyze_resnet152_edit_s": 0.15,
    "analyze_edit_ms_p95_40_editors": 200,
    "canvas_frame_ms_500": 16,
    "first_load_js_kb": 400,
    "open_5000_s": 2,
    "pan_5000_p95_ms": 8,
    "fit_pan_5000_p95_ms": 12,
    "drag_5000_p95_ms": 50,
    "undo_5000_p95_ms": 50,
    "reactflow_open_over_ours": 1,
    "reactflow_pan_over_ours": 1,
    "netron_open_over_ours": 1,
    "edit_analysis_1000_ms": 50,
    "gradcam_forwards": 1.3,
    "occlusion_over_rows": 1.05,
    "lime_over_rows": 1.05,
    "gallery_page_ms_p95_1m": 100,
    "second_start_s": 10,
    "gpu_loop_over_bare": 1.05,
    "export_onnx_over_plain": 2,
    "import_onnx_over_onnx2torch": 1,
    "import_onnx_over_netron": 1,
    "import_memory_over_file": 5,
}
ALSO_KNOWN = {
    "lime_package_over_ours",
    "gradcam_ms_during_ingest",
    "ingest_images_per_s",
    "web_rss_mb_idle",
    "web_rss_mb_after_60k",
    "import_onnx_memory_over_file",
    "export_onnx_memory_over_file",
}
FIELDS = {"name", "value", "unit", "goal", "peer", "model", "batch", "threads"}


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_every_promised_figure_is_declared_with_its_goal() -> None:
    declared = {d.key: d for measure in all_measures() for d in measure.declarations}
    assert declared.keys() >= PROMISED.keys() | ALSO_KNOWN
    goals = {key: declared[key].goal for key in PROMISED}
    assert {key: goal.value for key, goal in goals.items() if goal} == PROMISED


def test_one_figure_is_measured_and_printed_as_json() -> None:
    run = bench("--json", "--only", "analyze_resnet152_edit_s")
    assert run.returncode == 0, run.stderr
    (line,) = [json.loads(text) for text in run.stdout.splitlines()]
    assert line.keys() >= FIELDS
    assert line["name"] == "analyze_resnet152_edit_s"
    assert line["value"] > 0
    assert line["is_met"] == (line["value"] <= line["goal"])


def test_an_unknown_key_is_named() -> None:
    run = bench("--only", "loop_over_bear")
    assert run.returncode == 2
    assert "loop_over_bear" in run.stderr
    assert run.stdout == ""


@pytest.mark.slow
def test_a_bench_that_is_ended_leaves_no_studio_behind() -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "bench", "--only", "web_rss_mb_idle"],
        cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    everyone: list[psutil.Process] = []
    deadline = time.monotonic() + 60
    try:
        while not any("worker" in words_of(process) for process in everyone):
            assert time.monotonic() < deadline, "no studio was started"
            everyone = psutil.Process(running.pid).children(recursive=True)
            time.sleep(0.1)
        running.terminate()
        assert running.wait(60) == 128 + signal.SIGTERM
    finally:
        running.kill()
    _, alive = psutil.wait_procs(everyone, timeout=10)
    assert alive == []


def test_rounds_alternate_and_each_is_compared_with_itself() -> None:
    seen: list[str] = []

    def side(name: str, seconds: float) -> Spent:
        seen.append(name)
        # The machine gets slower and slower; the ratio must not care.
        return Spent(seconds * (1 + len(seen) // 2), seconds)

    ratio = in_turn(lambda: side("a", 2.0), lambda: side("b", 1.0), rounds=3, warm_up=0)
    assert "".join(seen) == "abbaab"
    assert ratio.cpu == 2.0
    assert ratio.rounds == 3


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (1.0, 100)])
def test_quantile_is_a_measured_value(share: float, expected: int) -> None:
    assert quantile([float(n) for n in range(100, 0, -1)], share) == expected
