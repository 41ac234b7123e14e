from django.urls import path, re_path

from config.api import api
from config.frontend import index

urlpatterns = [
    path("api/", api.urls),
    re_path(r"^(?!api/|ws/).*$", index),
]
handler404 = "common.errors.not_found_view"
handler400 = "common.errors.bad_request_view"
handler500 = "common.errors.server_error_view"
