"""One-time codes (TOTP, RFC 6238) and the recovery codes that stand in for a lost telephone.

Everything here runs under the scope ``login``: secrets are readable in no other.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import time

import pyotp
import segno
from django.db import transaction
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from tonghu.platform.accounts import log_in_rules as rules
from tonghu.platform.accounts.models import Person, RecoveryCode, SecondFactor
from tonghu.platform.crypto.box import seal, unseal
from tonghu.platform.crypto.hashing import keyed_hash, keyed_hashes

ISSUER = "Tonghu"
STEP_SECONDS = 30
#: Codes of the step before and after are taken too: clocks of telephones differ.
STEPS_AROUND = (0, -1, 1)
_PLACE = "accounts_session.proposed"
#: No letters and digits that look alike.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def enrolled(person: Person) -> bool:
    """Whether somebody has set up one-time codes."""
    return SecondFactor.objects.filter(person=person).exists()


def propose() -> tuple[str, str]:
    """Return a fresh secret, and the same sealed: the session that set-up runs in keeps it so, and no other has it."""
    secret = pyotp.random_base32(32)
    return secret, base64.b64encode(seal(secret.encode(), _PLACE)).decode()


def proposed(sealed: str) -> str:
    """Return the secret that a session keeps sealed."""
    return unseal(base64.b64decode(sealed), _PLACE).decode()


def picture(person: Person, secret: str) -> SafeString:
    """Return the QR picture of a secret as an SVG element, without script and style."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.username, issuer_name=ISSUER)
    drawn = segno.make(uri, error="m").svg_inline(scale=5, light="#fff", title="QR", omitsize=False)
    return mark_safe(drawn)  # noqa: S308 -- drawn by segno from a picture; the text in it is bits


@transaction.atomic
def confirm(person: Person, secret: str, code: str) -> list[str] | None:
    """Take a first code from a new secret, which holds from now on; returns fresh recovery codes, None if wrong."""
    step = _step_of(secret, code, after=0)
    if step is None:
        return None
    SecondFactor.objects.update_or_create(
        person=person, defaults={"secret": secret, "last_step": step, "confirmed_at": timezone.now()}
    )
    return fresh_recovery_codes(person)


@transaction.atomic
def check(person: Person, code: str) -> bool:
    """Whether a one-time code is right and was not taken before."""
    held = SecondFactor.objects.select_for_update().filter(person=person).first()
    step = _step_of(str(held.secret), code, after=held.last_step) if held else None
    if held is None or step is None:
        return False
    held.last_step = step
    held.save(update_fields=["last_step"])
    return True


def use_recovery_code(person: Person, code: str) -> bool:
    """Whether a recovery code is right and unused; it is used now. Two at the same moment: one gets in."""
    said = keyed_hashes(_plain(code), _purpose(person))
    return bool(
        RecoveryCode.objects.filter(
            person=person, digest__in=[digest.hex() for digest in said], used_at__isnull=True
        ).update(used_at=timezone.now())
    )


@transaction.atomic
def fresh_recovery_codes(person: Person) -> list[str]:
    """Return new recovery codes, to be shown this once; those before hold no more."""
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(12)) for _ in range(rules.number("recovery_codes"))]
    RecoveryCode.objects.filter(person=person).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(person=person, digest=keyed_hash(code, _purpose(person)).hex()) for code in codes
    )
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def recovery_codes_left(person: Person) -> int:
    """How many recovery codes are unused."""
    return RecoveryCode.objects.filter(person=person, used_at__isnull=True).count()


def under_key(using: str, number: int) -> int:
    """How many unused recovery codes stand under a key of hashes: nobody but their holders could make them anew."""
    begins = number.to_bytes(2, "big").hex()
    return RecoveryCode.objects.using(using).filter(used_at__isnull=True, digest__startswith=begins).count()


def drop(person: Person) -> None:
    """Forget somebody's second factor and recovery codes: the telephone is lost."""
    SecondFactor.objects.filter(person=person).delete()
    RecoveryCode.objects.filter(person=person).delete()


def _step_of(secret: str, code: str, *, after: int) -> int | None:
    said = "".join(code.split())
    now = int(time.time()) // STEP_SECONDS
    maker = pyotp.TOTP(secret)
    for step in (now + around for around in STEPS_AROUND):
        if step > after and hmac.compare_digest(maker.generate_otp(step), said.encode("ascii", "replace").decode()):
            return step
    return None


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter in _LETTERS)


def _purpose(person: Person) -> str:
    return f"recovery code {person.pk}"
