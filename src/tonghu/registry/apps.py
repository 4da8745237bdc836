"""The registry capability as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    """Report cards, their versions, findings and states."""

    name = "tonghu.registry"
    label = "registry"
    verbose_name = _("Report cards")

    def ready(self) -> None:
        """Say who makes the keys of contents anew when keys change, and the words of a card's history."""
        from tonghu.platform.crypto.rotation import rehashed_by
        from tonghu.registry.rotation import PLACE, rehash

        rehashed_by(PLACE, rehash)

        from tonghu.network.naming import full_name
        from tonghu.platform.audit.changes import worded_by
        from tonghu.registry.models import Card
        from tonghu.registry.pages.card_lists import group_name, subgroup_name

        words = {"scope_group": group_name, "iccc3_subgroup": subgroup_name, "residence_code": full_name}
        worded_by(Card, words=words, worked_out=("errors", "warnings", "confirms"), told_too=("version",))
