from django.apps import AppConfig


class InspectionConfig(AppConfig):
    name = "inspection"
    verbose_name = "Inspection"

    def ready(self) -> None:
        from inspection import bin as explanation_bin
        from inspection import preview_tasks, tasks

        tasks.register()
        preview_tasks.register()
        explanation_bin.register()
