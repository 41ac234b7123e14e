from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "datasets"
    verbose_name = "Datasets"

    def ready(self) -> None:
        from accounts.selectors import register_project_count
        from datasets import bin as dataset_bin
        from datasets import samples, tasks, topics
        from datasets.models import Dataset

        topics.register()
        register_project_count("num_datasets", Dataset)
        dataset_bin.register()
        samples.register()
        del tasks  # importing it registers the kinds of work
