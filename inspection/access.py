"""The only way to explanations and evaluations: through the project of their run."""

from __future__ import annotations

from accounts.access import Action, access_project
from accounts.models import Person
from common.errors import not_found
from inspection.models import Evaluation, Explanation


def access_explanation(person: Person, explanation_id: str, action: Action) -> Explanation:
    """Fetch an explanation of a run that is not in the bin; raises Problem not_found."""
    explanation = (
        Explanation.objects.select_related("author", "run")
        .filter(pk=explanation_id, run__deleted_at=None)
        .first()
    )
    if explanation is None:
        raise not_found("explanation")
    access_project(person, explanation.run.project_id, action)
    return explanation


def access_evaluation(person: Person, evaluation_id: str, action: Action) -> Evaluation:
    """Fetch an evaluation of a run that is not in the bin; raises Problem not_found."""
    evaluation = (
        Evaluation.objects.select_related("author", "run", "dataset_version")
        .filter(pk=evaluation_id, run__deleted_at=None)
        .first()
    )
    if evaluation is None:
        raise not_found("evaluation")
    access_project(person, evaluation.run.project_id, action)
    return evaluation
