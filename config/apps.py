from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Installation"

    def ready(self) -> None:
        # `shared_task` needs the application to exist; deployment registers its checks.
        from config import celery, deployment  # noqa: F401

        # Every process knows every kind of work and every topic.
        autodiscover_modules("tasks", "topics")
