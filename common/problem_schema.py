"""What refusals look like, for the API's description: every operation can answer with a problem."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from common.errors import CONTENT_TYPE, Code

_SCHEMAS = "#/components/schemas/"


class Problem(BaseModel):
    """Why a request was refused (RFC 9457), with a code for programs and words for people."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    code: Code
    detail: str
    next_step: str
    data: dict[str, Any]
    error_id: str | None = Field(None, description="Also in the log; sent with code server_error.")


def describe_problems(document: dict[str, Any]) -> None:
    """Add the problem as the answer of every status that an operation does not describe."""
    described = Problem.model_json_schema(ref_template=_SCHEMAS + "{model}")
    (codes,) = described.pop("$defs").values()
    described["properties"]["code"] = {"$ref": _SCHEMAS + "ProblemCode"}
    document["components"]["schemas"].update(Problem=described, ProblemCode=codes)
    content = {CONTENT_TYPE: {"schema": {"$ref": _SCHEMAS + "Problem"}}}
    for methods in document["paths"].values():
        for operation in methods.values():
            operation["responses"]["default"] = {"description": "Problem", "content": content}
