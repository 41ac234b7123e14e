from django.apps import AppConfig


class InspectionConfig(AppConfig):
    name = "inspection"
    verbose_name = "Inspection"

    def ready(self) -> None:
        from inspection import (
            baseline_tasks,
            export_bin,
            export_tasks,
            preview_tasks,
            table_tasks,
            tasks,
        )
        from inspection import bin as explanation_bin

        tasks.register()
        preview_tasks.register()
        export_tasks.register()
        table_tasks.register()
        baseline_tasks.register()
        explanation_bin.register()
        export_bin.register()
