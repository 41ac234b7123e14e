"""The one ASGI application: HTTP under Django, and the websocket at /ws/."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application

http_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter

from accounts.socket import websocket_application

application = ProtocolTypeRouter({"http": http_application, "websocket": websocket_application()})
