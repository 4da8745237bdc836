"""The documents room as a Django app."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """PDF and Word with Chinese fonts."""

    name = "tonghu.platform.documents"
    label = "documents"
