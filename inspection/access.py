"""The only way to explanations and evaluations: through the project of their run or network.

A preview belongs to the person who asked for it; an export to whoever may see its network.
"""

from __future__ import annotations

from accounts.access import Action, access_project, require_out_of_bin
from accounts.models import Person
from common.errors import not_found
from datasets.access import access_dataset_version
from designer.access import access_network
from inspection.models import (
    Baseline,
    Evaluation,
    Explanation,
    Export,
    PredictionTable,
    Preview,
)


def access_explanation(person: Person, explanation_id: str, action: Action) -> Explanation:
    """Fetch an explanation; raises Problem not_found, or in_bin with its run or network."""
    found = Explanation.objects.select_related("author", "run", "weight_set")
    explanation = found.filter(pk=explanation_id).first()
    if explanation is None:
        raise not_found("explanation")
    if explanation.run is None:
        weight_set = explanation.weight_set
        if weight_set is None:
            raise not_found("explanation")
        access_network(person, weight_set.network_id, action, what="explanation")
        return explanation
    access_project(person, explanation.run.project_id, action, "explanation")
    require_out_of_bin(person, explanation.run, "run")
    return explanation


def access_evaluation(person: Person, evaluation_id: str, action: Action) -> Evaluation:
    """Fetch an evaluation of a run; raises Problem not_found, or in_bin with its run."""
    evaluation = (
        Evaluation.objects.select_related("author", "run", "dataset_version")
        .filter(pk=evaluation_id)
        .first()
    )
    if evaluation is None:
        raise not_found("evaluation")
    access_project(person, evaluation.run.project_id, action, "evaluation")
    require_out_of_bin(person, evaluation.run, "run")
    return evaluation


def access_prediction_table(person: Person, table_id: str, action: Action) -> PredictionTable:
    """Fetch a table of predictions; raises Problem not_found, or in_bin with its network or run."""
    table = (
        PredictionTable.objects.select_related(
            "author", "csv", "network__project", "run", "dataset_version__dataset"
        )
        .filter(pk=table_id)
        .first()
    )
    if table is None:
        raise not_found("table of predictions")
    access_network(person, table.network_id, action, what="table of predictions")
    if table.run is not None:
        require_out_of_bin(person, table.run, "run")
    return table


def access_baseline(person: Person, baseline_id: str, action: Action) -> Baseline:
    """Fetch a classical model's figures; raises Problem not_found, or in_bin with its data."""
    found = Baseline.objects.select_related("author", "kept", "dataset_version__dataset__project")
    baseline = found.filter(pk=baseline_id).first()
    if baseline is None:
        raise not_found("result")
    access_dataset_version(person, baseline.dataset_version_id, action, "result")
    if baseline.network_id is not None:
        access_network(person, baseline.network_id, action, what="result")
    return baseline


def access_preview(person: Person, preview_id: str) -> Preview:
    """Fetch one's own preview, as long as one may still see its network."""
    preview = Preview.objects.select_related("job").filter(pk=preview_id).first()
    if preview is None:
        raise not_found("preview")
    if preview.job.person_id != person.id:
        raise not_found("preview")
    access_network(person, preview.network_id, "view", what="preview")
    return preview


def access_export(person: Person, export_id: str) -> Export:
    """Fetch a file that was written, as long as one may still see its network."""
    export = Export.objects.select_related("blob").filter(pk=export_id).first()
    if export is None:
        raise not_found("export")
    access_network(person, export.network_id, "view", what="export")
    return export
