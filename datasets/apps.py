from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "datasets"
    verbose_name = "Datasets"

    def ready(self) -> None:
        from datasets import samples, tasks, topics

        topics.register()
        samples.register()
        del tasks  # importing it registers the kinds of work
