"""Which passwords are good enough; the numbers stand in the dated rules, Django's own checks stand beside this one."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tonghu.platform.accounts import log_in_rules as rules
from tonghu.platform.accounts.models import Person


class Hasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane: what OWASP asks for at least. Named in PASSWORD_HASHERS.

    Django's own 100 MiB and eight lanes let a handful of tries at once take a small server's memory.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1


class PasswordRules:
    """Long enough, and of several kinds of signs unless it is very long. Named in AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password: str, user: Person | None = None) -> None:
        """Check a password.

        Raises:
            ValidationError: what it lacks, in the reader's language.
        """
        shortest, kinds, long = (rules.number(f"password_{name}") for name in ("length", "kinds", "long"))
        if len(password) < shortest:
            raise ValidationError(_("The password needs at least %(count)d signs.") % {"count": shortest}, "short")
        if len(password) < long and _kinds(password) < kinds:
            raise ValidationError(
                _(
                    "Use at least %(kinds)d of: small letters, capitals, digits, other signs; or a sentence of "
                    "%(long)d signs or more."
                )
                % {"kinds": kinds, "long": long},
                "simple",
            )
        if user is not None and user.name and user.name in password:
            raise ValidationError(_("The password must not contain your name."), "name")

    def get_help_text(self) -> str:
        """The rule, for the form."""
        return _(
            "At least %(length)d signs of %(kinds)d kinds (small letters, capitals, digits, other signs), or a "
            "sentence of %(long)d signs or more."
        ) % {name: rules.number(f"password_{name}") for name in ("length", "kinds", "long")}


def _kinds(password: str) -> int:
    tests = (str.islower, str.isupper, str.isdigit, lambda sign: not sign.isalnum())
    plain = sum(any(test(sign) for sign in password) for test in tests)
    # Chinese characters are letters without capitals: they count as a kind of their own.
    return plain + any(sign.isalpha() and not sign.isascii() and not sign.islower() for sign in password)
