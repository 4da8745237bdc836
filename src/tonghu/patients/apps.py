"""The patients capability as a Django app."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """Children and what is known of them."""

    name = "tonghu.patients"
    label = "patients"
