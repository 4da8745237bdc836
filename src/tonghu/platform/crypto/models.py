"""Which keys the database was written with: numbers and fingerprints, never a key."""

from __future__ import annotations

from django.db import models


class KeyRecord(models.Model):
    """One key that this database knows. It tells a missing or exchanged key file from the right one."""

    number = models.PositiveIntegerField(primary_key=True)
    use = models.CharField(max_length=4)
    algorithm = models.CharField(max_length=20)
    fingerprint = models.CharField(max_length=16)
    added_at = models.DateTimeField(auto_now_add=True)
    forgotten_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "crypto_key"

    def __str__(self) -> str:
        return f"{self.number} {self.algorithm}"
