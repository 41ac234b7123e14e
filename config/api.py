"""The HTTP API under /api/: one router an app, problem responses, signed in unless said."""

from __future__ import annotations

from django.utils.module_loading import import_string
from ninja import NinjaAPI

from accounts.auth import signed_in
from common.errors import install_problem_handlers
from common.parsing import StrictParser

ROUTERS = (
    "accounts.api.router",
    "storage.api.router",
    "jobs.api.router",
    "designer.api.router",
    "datasets.api.router",
    "training.api.router",
    "inspection.api.router",
    "config.health.router",
)


api = NinjaAPI(
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
