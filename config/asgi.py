"""The one ASGI application: HTTP under Django, and the websocket at /ws/."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.handler import http_application

http = http_application()

from channels.routing import ProtocolTypeRouter

from accounts.socket import websocket_application

application = ProtocolTypeRouter({"http": http, "websocket": websocket_application()})
