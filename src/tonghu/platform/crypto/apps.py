"""The crypto room as a Django app: it remembers which keys the database was written with."""

from django.apps import AppConfig


class CryptoConfig(AppConfig):
    """Sealed fields and their keys."""

    name = "tonghu.platform.crypto"
    label = "crypto"

    def ready(self) -> None:
        """Register the system checks."""
        from tonghu.platform.crypto import checks  # noqa: F401 -- registers by being imported
