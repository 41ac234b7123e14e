"""Answers that are large: written once, as they leave."""

from __future__ import annotations

from django.http import HttpResponse
from pydantic import BaseModel


def json_answer(model: BaseModel) -> HttpResponse:
    """Return a model as the body of an answer, without checking again what the studio made.

    An endpoint that declares the model as its response would have it validated, turned into
    dictionaries and then into text: for the analysis of a large network, most of the request.
    """
    return HttpResponse(model.model_dump_json(by_alias=True), content_type="application/json")
