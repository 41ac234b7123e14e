from django.apps import AppConfig


class DesignerConfig(AppConfig):
    name = "designer"
    verbose_name = "Designer"

    def ready(self) -> None:
        from accounts.selectors import register_project_count
        from designer import bin as network_bin
        from designer import tasks, topics
        from designer.models import Network

        topics.register()
        register_project_count("num_networks", Network)
        network_bin.register()
        del tasks  # importing it registers the kinds of work
