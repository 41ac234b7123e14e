from __future__ import annotations

import os
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path

from common.files import file_response


def download(request: HttpRequest) -> HttpResponseBase:
    return file_response(request, Path(os.environ["TEST_FILE"]), file_name="große Datei.bin")


def count(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"num_bytes": len(request.body)})


urlpatterns = [path("file", download), path("count", count)]
