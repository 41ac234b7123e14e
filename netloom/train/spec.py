"""What a run is: everything that decides its numbers, in one validated JSON file.

`python -m netloom.train SPEC.json` and `netloom train SPEC.json` take exactly this.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from netloom.data.augment import AugmentationConfig
from netloom.graph.document import Document
from netloom.tasks.config import TaskConfig


class SpecModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OptimizerConfig(SpecModel):
    type: Literal["sgd", "adam", "adamw"] = "adamw"
    learning_rate: Annotated[float, Field(gt=0, le=100)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 1e-2
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    nesterov: bool = False


class ScheduleConfig(SpecModel):
    """Learning-rate schedule per step; `warmup_epochs` rises linearly to the base rate."""

    type: Literal["constant", "step", "cosine", "one_cycle"] = "cosine"
    warmup_epochs: Annotated[float, Field(ge=0, le=1000)] = 0.0
    step_epochs: Annotated[int, Field(ge=1)] = 10
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.1


MetricName = Literal["loss", "accuracy", "balanced_accuracy"]


class EarlyStopConfig(SpecModel):
    is_enabled: bool = False
    patience_epochs: Annotated[int, Field(ge=1, le=10_000)] = 5


class UnfreezeConfig(SpecModel):
    """Thaws frozen layers while the run goes on, one group at a time from the output backwards.

    Attributes:
        every_epochs: The first group learns after so many epochs, the next after as many again.
        rate_factor: Layers thawed this way learn at the run's rate times this.
    """

    is_enabled: bool = False
    every_epochs: Annotated[int, Field(ge=1, le=10_000)] = 2
    rate_factor: Annotated[float, Field(gt=0, le=10)] = 1.0


MOST_DEVICES = 16


class RunConfig(SpecModel):
    """What a person chooses in the start dialog. The form is derived from this model.

    Attributes:
        batch_size: Items of one step, on all devices together.
        devices: How many devices share each batch: GPUs, or processes on the CPU's cores.
    """

    task: TaskConfig = TaskConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    unfreeze: UnfreezeConfig = UnfreezeConfig()
    early_stop: EarlyStopConfig = EarlyStopConfig()
    epochs: Annotated[int, Field(ge=1, le=100_000)] = 10
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 64
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    devices: Annotated[int, Field(ge=1, le=MOST_DEVICES)] = 1
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    best_metric: MetricName = "accuracy"
    checkpoint_every_s: Annotated[float, Field(gt=0)] = 60.0


class TrainSpec(SpecModel):
    """One run of the trainer. In a file, relative paths start from the file's folder.

    Attributes:
        document: The network.
        manifest: Path of the dataset manifest.
        output: Folder of this attempt; checkpoints and the cache-free results go here.
        initial_weights: safetensors to start from; what does not fit is initialised and listed.
        initial_document: The network that these weights belong to. With it, layers that became
            wider or narrower since are remapped rather than initialised.
        merged_weights: Weights of a network that was merged into this one: for its layers, which
            the first weights do not have.
        merged_document: The network that these belong to.
        resume_from: Checkpoint file to continue bit-identically.
        cache: Folder for decoded images, keyed by content and preprocessing.
        num_threads: Torch threads of this slot, shared by its devices.
        num_workers: Decode processes when the data does not fit in memory, shared likewise.
        data_memory_bytes: Most memory that decoded images may take; None: 40 % of what is free.
    """

    format: Literal["netloom.run"] = "netloom.run"
    document: Document
    manifest: str
    output: str
    config: RunConfig = RunConfig()
    initial_weights: str | None = None
    initial_document: Document | None = None
    merged_weights: str | None = None
    merged_document: Document | None = None
    resume_from: str | None = None
    cache: str | None = None
    num_threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    num_workers: Annotated[int, Field(ge=0, le=256)] = 0
    data_memory_bytes: Annotated[int, Field(ge=0)] | None = None

    @property
    def threads_per_device(self) -> int | None:
        """Torch threads of each device's process; None leaves it to torch."""
        devices = self.config.devices
        if devices == 1:
            return self.num_threads
        return max(1, (self.num_threads or num_cores()) // devices)

    @property
    def workers_per_device(self) -> int:
        """Decode processes of each device's process."""
        return -(-self.num_workers // self.config.devices)


def num_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_spec(path: Path) -> TrainSpec:
    """Read a specification from a file, its paths made absolute.

    Raises:
        OSError: The file cannot be read.
        ValidationError: It is no specification.
    """
    spec = TrainSpec.model_validate_json(path.read_bytes())
    folder = path.resolve().parent
    names = ("manifest", "output", "initial_weights", "merged_weights", "resume_from", "cache")
    return spec.model_copy(
        update={name: str(folder / value) for name in names if (value := getattr(spec, name))}
    )
