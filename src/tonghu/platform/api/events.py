"""What the log keeps of docking clients."""

from __future__ import annotations

from typing import Final

from tonghu.platform.audit.kinds import kind, subject_kind

CLIENT: Final = subject_kind("docking_client", zh="对接凭证", en="docking client")
ISSUED: Final = kind(
    "api.issued",
    zh="发放了{subject}“{name}”，权限：{rights}", en="issued {subject} “{name}” with the rights {rights}",
    data=("name", "rights"),
)  # fmt: skip
RENEWED: Final = kind("api.renewed", zh="更换了{subject}的密钥", en="renewed the secret of {subject}")
ENDED: Final = kind("api.ended", zh="终止了{subject}", en="ended {subject}")
