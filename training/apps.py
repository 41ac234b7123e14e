from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        from jobs.reconcile import reconcile_chore
        from training import tasks, topics
        from training.reconcile import Reconciler

        topics.register()
        tasks.register()
        reconcile_chore(Reconciler().look)
