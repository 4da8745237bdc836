"""Typed reading of environment variables; every refusal says what the variable is for and how to set it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from tonghu.errors import InputRefused

ROOT = Path(__file__).resolve().parents[3]


def home() -> Path:
    """Return the folder that holds all state of this site (data, keys, files); ``TONGHU_HOME`` moves it."""
    return Path(os.environ.get("TONGHU_HOME") or ROOT / "var" / "site").resolve()


def backup_key(site: Path) -> Path:
    """Return where the key of a site's backups lies."""
    return site / "keys" / "backup.key"


def frontend() -> Path:
    """Return the folder of the fetched front-end packages; ``TONGHU_FRONTEND`` moves it."""
    return Path(os.environ.get("TONGHU_FRONTEND") or ROOT / "var" / "frontend").resolve()


def text(name: str, default: str) -> str:
    """Return the variable's text, or `default` where it is unset or blank."""
    return os.environ.get(name, "").strip() or default


def database_url() -> str:
    """Return the administrator's address of the database's server, or '' where the site has one of its own.

    Raises:
        InputRefused: it is no address of a PostgreSQL server; what it is is not repeated, it holds a password.
    """
    said = text("DATABASE_URL", "")
    if not said:
        return ""
    try:
        parts = urlsplit(said)
        right = parts.scheme in ("postgresql", "postgres") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        right = False
    if not right:
        raise InputRefused(
            "DATABASE_URL 不是 PostgreSQL 的地址，应为 postgresql://管理员:密码@主机:端口/数据库（特殊字符用 %XX）",
            "DATABASE_URL is no address of a PostgreSQL server: postgresql://admin:password@host:port/database"
            " (special characters of the password as %XX)",
        )
    return said


def flag(name: str, default: bool) -> bool:
    """Return a switch: 1, true, yes, on and 0, false, no, off are understood.

    Raises:
        InputRefused: for any other word.
    """
    said = os.environ.get(name, "").strip().lower()
    if not said:
        return default
    if said in ("1", "true", "yes", "on"):
        return True
    if said in ("0", "false", "no", "off"):
        return False
    raise InputRefused(f"环境变量 {name} 应为 1 或 0，现为 {said}", f"{name} must be 1 or 0, it is {said}")


def number(name: str, default: int) -> int:
    """Return a whole number.

    Raises:
        InputRefused: it is none.
    """
    said = text(name, str(default))
    if not said.isdecimal():
        raise InputRefused(f"环境变量 {name} 应为整数，现为 {said}", f"{name} must be a whole number, it is {said}")
    return int(said)


def words(name: str, default: tuple[str, ...]) -> list[str]:
    """Return a comma-separated list."""
    said = os.environ.get(name, "").strip()
    return [word.strip() for word in said.split(",") if word.strip()] if said else list(default)
