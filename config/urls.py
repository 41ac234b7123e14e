from django.urls import path, re_path

from config.api import api
from config.frontend import index

urlpatterns = [
    path("api/", api.urls),
    # A built file that is not there is an error, not the page: scripts must not receive HTML.
    re_path(r"^(?!api/|ws/|assets/).*$", index),
]
handler404 = "common.errors.not_found_view"
handler400 = "common.errors.bad_request_view"
handler500 = "common.errors.server_error_view"
