"""The registry capability as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    """Report cards, their versions, findings and states."""

    name = "tonghu.registry"
    label = "registry"
    verbose_name = _("Report cards")

    def ready(self) -> None:
        """Say who makes the keys of contents anew when keys change."""
        from tonghu.platform.crypto.rotation import rehashed_by
        from tonghu.registry.rotation import PLACE, rehash

        rehashed_by(PLACE, rehash)
