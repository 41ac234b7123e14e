"""The only way to explanations and evaluations: through the project of their run.

A preview belongs to the person who asked for it.
"""

from __future__ import annotations

from accounts.access import Action, access_project, require_out_of_bin
from accounts.models import Person
from common.errors import not_found
from designer.access import access_network
from inspection.models import Evaluation, Explanation, Preview


def access_explanation(person: Person, explanation_id: str, action: Action) -> Explanation:
    """Fetch an explanation of a run; raises Problem not_found, or in_bin with its run."""
    found = Explanation.objects.select_related("author", "run").filter(pk=explanation_id)
    explanation = found.first()
    if explanation is None:
        raise not_found("explanation")
    access_project(person, explanation.run.project_id, action)
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
    access_project(person, evaluation.run.project_id, action)
    require_out_of_bin(person, evaluation.run, "run")
    return evaluation


def access_preview(person: Person, preview_id: str) -> Preview:
    """Fetch one's own preview, as long as one may still see its network."""
    preview = Preview.objects.select_related("job").filter(pk=preview_id).first()
    if preview is None:
        raise not_found("preview")
    if preview.job.person_id != person.id:
        raise not_found("preview")
    access_network(person, preview.network_id, "view")
    return preview
