from django.apps import AppConfig


class InspectionConfig(AppConfig):
    name = "inspection"
    verbose_name = "Inspection"

    def ready(self) -> None:
        from inspection import bin as explanation_bin
        from inspection import tasks

        tasks.register()
        explanation_bin.register()
