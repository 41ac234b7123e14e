"""Why a GPU is not used, for every reason there is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from netloom.doctor import data_folder, import_roots, report
from netloom.gpu_findings import GpuFacts, describe_gpu


@pytest.mark.parametrize(
    ("facts", "status", "words"),
    [
        (GpuFacts("13.2", "580.1", None, ("NVIDIA H200 (140 GB)",)), "ok", "NVIDIA H200"),
        (GpuFacts("13.2", None, None), "ok", "no NVIDIA driver"),
        (GpuFacts(None, None, None), "ok", "CPU-only build"),
        (GpuFacts(None, "580.1", None), "warning", "CPU-only build"),
        (GpuFacts("13.2", "580.1", ""), "warning", "hidden by CUDA_VISIBLE_DEVICES=''"),
        (GpuFacts("13.2", "580.1", "-1"), "warning", "hidden by CUDA_VISIBLE_DEVICES='-1'"),
        (
            GpuFacts(
                "13.2", "470.1", None, (),
                "The NVIDIA driver on your system is too old (found version 11040).",
            ),
            "warning",
            "driver 470.1 is too old for CUDA 13.2",
        ),
        (
            GpuFacts("13.2", "580.1", None, (), "CUDA unknown error"),
            "warning",
            "CUDA unknown error (driver 580.1",
        ),
        (GpuFacts("13.2", "580.1", "5", (), "No CUDA GPUs are available"), "warning", "'5'"),
    ],
)  # fmt: skip
def test_the_reason_is_named_with_a_next_step(facts: GpuFacts, status: str, words: str) -> None:
    finding = describe_gpu(facts)
    assert finding.status == status
    assert words in finding.found
    if status == "warning":
        assert finding.advice


def test_a_missing_redis_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda _program: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    found = report()
    (redis,) = [finding for finding in found.findings if finding.name == "Redis"]
    assert redis.status == "error"
    assert "valkey-server" in redis.advice
    assert not found.is_usable


def test_a_torch_that_does_not_load_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    findings = {finding.name: finding for finding in report().findings}
    assert findings["torch"].status == "error"
    assert "make setup" in findings["torch"].advice
    assert findings["GPU"].found.startswith("not used")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"NETLOOM_DATA": "/srv/data", "HOME": "/home/a"}, "/srv/data"),
        ({"XDG_DATA_HOME": "/x", "HOME": "/home/a"}, "/x/netloom"),
        ({"HOME": "/home/a"}, "/home/a/.local/share/netloom"),
    ],
)
def test_the_data_folder(environment: dict[str, str], expected: str) -> None:
    assert data_folder(environment) == Path(expected)


def test_import_roots_that_are_not_there_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    roots = [tmp_path, tmp_path / "missing", tmp_path / "file"]
    findings = list(import_roots({"NETLOOM_IMPORT_ROOTS": os.pathsep.join(map(str, roots))}))
    assert [finding.status for finding in findings] == ["ok", "warning", "warning"]
    assert findings[1].found == f"{tmp_path / 'missing'} is no folder"
    assert "NETLOOM_IMPORT_ROOTS" in findings[1].advice
    assert list(import_roots({})) == []
