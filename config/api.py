"""The HTTP API under /api/: one router an app, problem responses, signed in unless said."""

from __future__ import annotations

from typing import Any

from django.utils.module_loading import import_string
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from accounts.auth import signed_in
from common.errors import install_problem_handlers
from common.parsing import StrictParser
from common.problem_schema import describe_problems

ROUTERS = (
    "accounts.api.router",
    "accounts.projects_api.router",
    "accounts.invitations_api.router",
    "storage.api.router",
    "jobs.api.router",
    "designer.api.router",
    "designer.history_api.router",
    "designer.comments_api.router",
    "designer.surgery.router",
    "designer.weights_api.router",
    "designer.zoo_api.router",
    "designer.weight_files_api.router",
    "training.transfer_api.router",
    "training.standing_api.router",
    "datasets.api.router",
    "training.api.router",
    "inspection.api.router",
    "inspection.preview_api.router",
    "inspection.export_api.router",
    "inspection.table_api.router",
    "inspection.baseline_api.router",
    "config.health.router",
)


class StudioAPI(NinjaAPI):
    """Ninja's API, whose description also says how it refuses."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The OpenAPI document."""
        document = super().get_openapi_schema(**options)
        describe_problems(document)
        return document


api = StudioAPI(
    title="Netloom",
    version="1",
    description="Draw, train and explain neural networks. Errors are RFC 9457 problems.",
    auth=signed_in,
    parser=StrictParser(),
    docs_url=None,  # ninja's page loads scripts from a CDN
    openapi_url="/openapi.json",
    urls_namespace="api",
)
install_problem_handlers(api)
for dotted in ROUTERS:
    api.add_router("", import_string(dotted))
