from django.apps import AppConfig


class StorageConfig(AppConfig):
    name = "storage"
    verbose_name = "Storage"

    def ready(self) -> None:
        from jobs.reconcile import reconcile_chore
        from storage.purging import BinKeeper

        reconcile_chore(BinKeeper().look)
