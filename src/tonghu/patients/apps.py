"""The patients capability as a Django app."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """Children and what is known of them."""

    name = "tonghu.patients"
    label = "patients"

    def ready(self) -> None:
        """Say who makes the resolver's keys anew, what the picker of counties offers, what histories call children."""
        from tonghu.patients.rotation import PLACE, rehash
        from tonghu.platform.crypto.rotation import rehashed_by

        rehashed_by(PLACE, rehash)

        from tonghu.patients.places import COUNTIES, counties
        from tonghu.platform.components.codes import SOURCES

        SOURCES[COUNTIES] = counties

        from tonghu.patients import naming
        from tonghu.patients.models import Child, Merge
        from tonghu.platform.audit.changes import named_by

        named_by(Child, naming.children)
        named_by(Merge, naming.merges)
