"""What the fault tests do with runs: start, watch, and compare with one that was left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch

from netloom.train.checkpoint import read_checkpoint_weights
from tests.faults.live import LiveApi
from tests.waiting import RIGHT_WITHIN_S, until
from tour.studio import Studio

SETTINGS = {
    "NETLOOM_HEARTBEAT_S": "0.3",
    "NETLOOM_LEASE_S": "5",
    "NETLOOM_RECONCILE_S": "0.5",
    "NETLOOM_RESERVE_MB": "0",
}
LONG = {"epochs": 60, "batch_size": 64, "device": "cpu", "checkpoint_every_s": 0.5}


@dataclass(frozen=True, slots=True)
class Numbers:
    """Everything a run computed: points of every curve, and the weights it ended with."""

    curves: dict[tuple[str, str], tuple[list[int], list[float]]]
    weights: dict[str, torch.Tensor]

    def assert_same_elsewhere(self, other: Numbers) -> None:
        """The same bits in another studio, where every node has another id."""
        self.assert_same_curves(other)
        assert self._bits() == other._bits()

    def _bits(self) -> list[tuple[list[int], list[float]]]:
        return sorted(
            (list(tensor.shape), tensor.flatten().tolist()) for tensor in self.weights.values()
        )

    def assert_same_curves(self, other: Numbers) -> None:
        """No point doubled, none lost, none different."""
        assert self.curves.keys() == other.curves.keys()
        for name, (steps, values) in self.curves.items():
            assert other.curves[name][0] == steps, name
            assert other.curves[name][1] == values, name

    def assert_same(self, other: Numbers) -> None:
        """The same bits."""
        self.assert_same_curves(other)
        assert self.weights.keys() == other.weights.keys()
        for name, tensor in self.weights.items():
            assert torch.equal(other.weights[name], tensor), name


def digits_network(api: LiveApi) -> dict[str, Any]:
    """The sample project's digits network, once its data has been brought in."""
    project = api.get("/api/session")["projects"][0]["id"]
    listed = api.wait_for(
        f"/api/projects/{project}/networks",
        lambda networks: any("Digits" in one["name"] for one in networks),
    )
    network = next(one for one in listed if "Digits" in one["name"])
    api.wait_for(
        f"/api/datasets/{network['dataset_id']}", lambda one: one["num_labeled"] == 1797, 240
    )
    api.wait_for(
        f"/api/datasets/{network['dataset_id']}/imports",
        lambda imports: all(one["state"] == "succeeded" for one in imports),
    )
    return network


def start(api: LiveApi, network: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    return api.call("POST", f"/api/networks/{network['id']}/runs", {"config": config})


def has_ended(run: dict[str, Any]) -> bool:
    return run["state"] in ("succeeded", "failed", "stopped", "paused")


def has_checkpoint(run: dict[str, Any]) -> bool:
    """The newest attempt has saved something, so that its loss costs little."""
    since = run["attempts"][-1]["resumed_from_step"] or 0 if run["attempts"] else 0
    return run["state"] == "running" and any(one["step"] > since for one in run["checkpoints"])


def wait_for_success(api: LiveApi, run_id: str, timeout_s: float = 600) -> dict[str, Any]:
    """No promise is in how long a run takes: a machine may have much else to do."""
    told = api.wait_for(f"/api/runs/{run_id}", has_ended, timeout_s)
    assert told["state"] == "succeeded", (told["failure"], told["log_tail"])
    return told


def wait_for_attempt(api: LiveApi, run_id: str, number: int) -> dict[str, Any]:
    """The run's shown state is right within the promised time: a new attempt is under way."""
    return api.wait_for(
        f"/api/runs/{run_id}", lambda one: len(one["attempts"]) >= number, RIGHT_WITHIN_S
    )


def loss_of(api: LiveApi, run_id: str) -> tuple[list[int], list[float]]:
    told = api.get(f"/api/runs/{run_id}/metrics?split=train&names=loss&max_points=20000")
    return told["series"][0]["steps"], told["series"][0]["values"]


def numbers_of(api: LiveApi, data_folder: Path, run_id: str) -> Numbers:
    told = api.get(f"/api/runs/{run_id}/metrics?max_points=20000")
    curves = {(one["split"], one["name"]): (one["steps"], one["values"]) for one in told["series"]}
    return Numbers(curves, read_checkpoint_weights(checkpoint_file(data_folder, run_id)))


def checkpoint_file(data_folder: Path, run_id: str) -> Path:
    """Where the bytes of a run's newest checkpoint are."""
    with closing(sqlite3.connect(data_folder / "netloom.sqlite3")) as database:
        (blob,) = database.execute(
            "select blob_id from training_checkpoint where run_id = ? order by step desc", [run_id]
        ).fetchone()
    return data_folder / "blobs" / blob[:2] / blob


def process_of(studio: Studio, *words: str) -> psutil.Process:
    """The studio's process whose command line has these words."""
    for process in psutil.Process(studio.process.pid).children(recursive=True):
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if all(any(word in part for part in line) for word in words):
            return process
    raise AssertionError(f"no process {words}")


def is_alive(process: psutil.Process) -> bool:
    """False for a zombie too: its parent is gone and nobody asks how it ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def freeze_when(process: psutil.Process, is_caught: Callable[[], bool]) -> None:
    """Stop a process again and again until it stands where it is wanted; it stays stopped there.

    Where it holds the database so that not even a reader gets in, it is let go of.
    """

    def is_frozen() -> bool:
        process.suspend()
        caught = False
        try:
            with suppress(sqlite3.OperationalError):
                caught = is_caught()
        finally:
            if not caught:
                process.resume()
        return caught

    until(is_frozen, pause_s=0.002)
