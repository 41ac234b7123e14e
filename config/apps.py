from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Installation"

    def ready(self) -> None:
        from config import celery  # noqa: F401 - `shared_task` needs the application to exist

        # Every process knows every kind of work and every topic.
        autodiscover_modules("tasks", "topics")
