"""Notices, the messages that go out for them, and how readers want them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tonghu.platform.notices.kinds import GROUPS, Mail


class Notice(models.Model):
    """Something that a person is told."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=80)
    #: Numbers and codes for the sentence; never a name.
    data = models.JSONField(default=dict)
    #: The page that it is about, an address within the site.
    url = models.CharField(max_length=200, blank=True, default="")
    #: What the teller calls it by: the same one is told once.
    key = models.CharField(max_length=120, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="notice_told_once", fields=["person", "kind", "key"], condition=~Q(key="")),
            models.CheckConstraint(
                name="notice_leads_within_the_site", condition=Q(url="") | Q(url__regex=r"^/([^/\\].*)?$")
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="notice_by_person"),
            models.Index(fields=["person"], name="notice_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class Message(models.Model):
    """What goes out for a notice over one channel, and how that stands."""

    class Channel(models.TextChoices):
        """By what it goes."""

        MAIL = "mail", _("e-mail")
        SMS = "sms", _("SMS")

    class State(models.TextChoices):
        """How it stands."""

        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        KEPT = "kept", _("kept, not sent: no gateway")
        NO_ADDRESS = "no_address", _("no address")
        FAILED = "failed", _("given up")

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="messages")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=4, choices=Channel.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    #: The e-mail in which it goes; kept over attempts, so that a receiver can tell a second copy.
    letter = models.UUIDField(null=True)
    error_zh = models.CharField(max_length=300, blank=True, default="")
    error_en = models.CharField(max_length=300, blank=True, default="")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="message_once_a_channel", fields=["notice", "channel"]),
            models.CheckConstraint(
                name="message_sent_says_when", condition=Q(state="sent", sent_at__isnull=False) | ~Q(state="sent")
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="message_due", condition=Q(state__in=["waiting", "sending"])),
        ]

    def __str__(self) -> str:
        return f"{self.channel} #{self.notice_id} {self.state}"


class Preference(models.Model):
    """How a person wants the notices of a group; no row, or '' for e-mail: each kind goes as it was declared."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    group = models.CharField(max_length=40, choices=[(code, name) for code, name in GROUPS.items()])
    mail = models.CharField(_("e-mail"), max_length=10, choices=Mail.choices)
    sms = models.BooleanField(_("SMS"), default=False)

    class Meta:
        constraints = [models.UniqueConstraint(name="preference_once_a_group", fields=["person", "group"])]

    def __str__(self) -> str:
        return f"{self.group} {self.mail}"
