from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and projects"

    def ready(self) -> None:
        from accounts import topics

        topics.register()
