"""Transfer learning in the studio: a trained network made ready for a dataset, as a branch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.db import transaction

from accounts.models import Person, Project
from common.errors import Code, Problem
from datasets.models import Dataset, DatasetVersion
from datasets.services import binding_of, binding_of_version
from designer import branching, documents, services
from designer.history_schemas import State
from designer.models import Network, WeightSet
from netloom.graph.document import Document
from netloom.surgery.act import ActRefused
from netloom.surgery.adapting import Adapted, TransferOptions, adapt_network, layer_names
from netloom.train.check import check_ends
from netloom.transfer_learning import run_config
from training.models import Checkpoint, Proposal
from training.schemas import RunProposal, StartFrom, StartFromNetwork, StartFromWeights
from training.selectors import best_checkpoint
from training.standings import words_of


@dataclass(frozen=True, slots=True)
class Planned:
    """What transfer learning would do here; `refusal` says why it cannot."""

    refusal: str
    adapted: Adapted | None
    num_classes: int
    layers: list[str]
    weights: str


def weights_of(network: Network) -> WeightSet | Checkpoint | None:
    """What a network was trained to: weights that came with it, else those of its newest run."""
    brought = network.weight_sets.filter(num_tensors__gt=0).order_by("-created_at").first()
    return brought or best_checkpoint(network.id)


@dataclass(frozen=True, slots=True)
class Trained:
    """A network with weights.

    Attributes:
        has_file: Whether some of them came from a file.
        refusal: Why it cannot learn to classify images, whichever; empty when it can.
    """

    network: Network
    has_file: bool
    refusal: str


def trained_networks(project: Project) -> list[Trained]:
    """Return networks with weights, last changed first."""
    brought = set(
        WeightSet.objects.filter(network__project=project, num_tensors__gt=0).values_list(
            "network_id", flat=True
        )
    )
    trained = set(
        Checkpoint.objects.filter(run__project=project, run__deleted_at=None).values_list(
            "run__network_id", flat=True
        )
    )
    rows = Network.objects.filter(project=project, deleted_at=None, pk__in=brought | trained).defer(
        "document"
    )
    return [
        Trained(network, network.id in brought, _refusal_of(network.id, network.revision))
        for network in rows.order_by("-updated_at")
    ]


@lru_cache(maxsize=4096)
def _refusal_of(network_id: str, revision: int) -> str:
    """Read what enters and leaves a network; large ones take tens of milliseconds."""
    del revision
    stored = Network.objects.filter(pk=network_id).values_list("document", flat=True).first()
    return "" if stored is None else _why_unsuited(documents.stored_document(stored))


def _why_unsuited(document: Document) -> str:
    return next((problem.message for problem in check_ends(document)), "")


@dataclass(frozen=True, slots=True)
class Data:
    """What is to be learned: a dataset as it is now, or one of its pinned versions."""

    dataset: Dataset
    version: DatasetVersion | None = None

    @property
    def class_names(self) -> list[str]:
        """The classes in the order of the new output."""
        if self.version is not None:
            return binding_of_version(self.version).class_names or []
        return binding_of(self.dataset).class_names or []

    @property
    def name(self) -> str:
        """For people: `Photos`, `Photos v2`."""
        version = "" if self.version is None else f" v{self.version.number}"
        return f"{self.dataset.name}{version}"


def plan_transfer(network: Network, data: Data, options: TransferOptions) -> Planned:
    """Say what would be kept, new and frozen; nothing is changed."""
    document = documents.stored_document(network.document)
    layers = layer_names(document)
    classes = len(data.class_names)
    source = weights_of(network)
    words = "" if source is None else words_of(source)
    if source is None:
        refusal = (
            f"{network.name} has no trained weights. Train it, or load weights into it from a file."
        )
        return Planned(refusal, None, classes, layers, words)
    if classes < 1:
        refusal = f"{data.name} has no classes yet. Label its images first."
        return Planned(refusal, None, classes, layers, words)
    if refusal := _why_unsuited(document):
        return Planned(f"{refusal} Choose another network.", None, classes, layers, words)
    try:
        adapted = adapt_network(document, classes, options)
    except ActRefused as error:
        return Planned(str(error), None, classes, layers, words)
    refusal = adapted.problems[0] if adapted.problems else ""
    return Planned(refusal, adapted, classes, layers, words)


@dataclass(frozen=True, slots=True)
class Made:
    """A branch that is ready to be trained."""

    network: Network
    proposal: RunProposal


def make_transfer(
    network: Network, data: Data, person: Person, name: str, options: TransferOptions
) -> Made:
    """Branch a trained network, adapt the branch and bind it to the data; the original stays.

    Raises:
        Problem: `invalid` where it cannot be done, in the words of the plan; `quota_exceeded`.
    """
    if data.dataset.project_id != network.project_id:
        raise Problem(
            Code.INVALID, "The data is of another project.", "Choose a dataset of this project."
        )
    planned = plan_transfer(network, data, options)
    if planned.adapted is None or planned.refusal:
        raise Problem(
            Code.INVALID, planned.refusal, "Change what you chose, or take another network."
        )
    with transaction.atomic():
        branch = branching.branch_network(network, person, name, State())
        services.save_operations(
            branch,
            person,
            planned.adapted.operations,
            base_revision=branch.revision,
            gesture=f"Transfer learning: {planned.num_classes} classes",
        )
        services.bind_dataset(branch, data.dataset)
        proposal = RunProposal(
            config=run_config(planned.adapted),
            start_from=_start_of(branch, network),
            dataset_version_id=None if data.version is None else data.version.id,
        )
        kept = proposal.model_dump(mode="json", by_alias=True)
        Proposal.objects.create(network=branch, **kept)
    return Made(branch, proposal)


def _start_of(branch: Network, network: Network) -> StartFrom:
    brought = branch.weight_sets.filter(num_tensors__gt=0).order_by("-created_at").first()
    if brought is not None:
        return StartFromWeights(type="weights", weight_set_id=brought.id)
    return StartFromNetwork(type="network", network_id=network.id)


def proposal_of(network: Network) -> RunProposal | None:
    """Return how a network is to be trained; None where nothing was proposed for its data."""
    kept = Proposal.objects.filter(network=network).values(
        "config", "start_from", "dataset_version_id", "dataset_version__dataset_id"
    )
    row = kept.first()
    if row is None:
        return None
    is_of_other_data = row.pop("dataset_version__dataset_id") not in {None, network.dataset_id}
    return RunProposal.model_validate(
        {**row, **({"dataset_version_id": None} if is_of_other_data else {})}
    )
