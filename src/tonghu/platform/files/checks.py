"""What is looked at when the site starts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils import timezone

from tonghu.platform.files import purposes
from tonghu.platform.scope.permissions import declared

SWAPS = Path("/proc/swaps")


@register()
def plaintext_stays_in_memory(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 -- Django's signature
    **_: Any,
) -> Iterable[CheckMessage]:
    """Anonymous memory can be had and opened by path; swap, to which the kernel could write it, is named."""
    try:
        handle = os.memfd_create("tonghu", os.MFD_CLOEXEC)
        try:
            os.write(handle, b"tonghu")
            readable = Path(f"/proc/{os.getpid()}/fd/{handle}").read_bytes() == b"tonghu"
        finally:
            os.close(handle)
    except (AttributeError, OSError):
        readable = False
    if not readable:
        yield Error(
            "没有可用的内存文件（memfd 与 /proc）：上传的文件无法在内存中处理 / "
            "No anonymous memory with a path (memfd and /proc): uploads cannot be worked on in memory",
            hint="Tonghu's server runs on Linux with /proc mounted",
            id="files.E001",
        )
    if SWAPS.exists() and len(SWAPS.read_text().splitlines()) > 1:
        yield Warning(
            "服务器启用了交换分区：请关闭或加密，以免内存中的患儿资料写入磁盘 / "
            "Swap is on: turn it off or encrypt it, or data of children may be written from memory to a disk",
            id="files.W001",
        )


@register()
def purposes_are_sound(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 -- Django's signature
    **_: Any,
) -> Iterable[CheckMessage]:
    """Every purpose has a dated entry and a permission that there is; a process can hold a file of the largest size."""
    today = timezone.localdate()
    for name in purposes.NAMES:
        try:
            purposes.purpose(name, today)
        except KeyError:
            yield Error(f"purposes.yaml says nothing about {name}", id="files.E002")
            return
        if (needs := purposes.purpose(name, today).take) and needs not in declared():
            yield Error(f"purposes.yaml: {name} is taken with {needs}, which no room declares", id="files.E004")
    if purposes.largest(today) > purposes.plain_space(today):
        yield Error("a file of the largest size does not fit into plain_space", id="files.E003")
