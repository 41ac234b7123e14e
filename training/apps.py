from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        from accounts.selectors import register_project_count
        from jobs.reconcile import reconcile_chore
        from training import bin as run_bin
        from training import tasks, topics
        from training.models import Run
        from training.reconcile import Reconciler

        topics.register()
        register_project_count("num_runs", Run)
        tasks.register()
        run_bin.register()
        reconcile_chore(Reconciler().look)
