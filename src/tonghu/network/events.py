"""What of the network's acts stands in the log besides the history of the rows: those of the command line."""

from __future__ import annotations

from typing import Final

from tonghu.platform.audit.kinds import kind, subject_kind

INSTITUTION: Final = subject_kind("institution", zh="机构", en="institution")
BEGUN: Final = kind(
    "network.begun",
    zh="在服务器上用命令为{subject}（编码 {code}）设立了管理员：{administrators}",
    en="made administrators of {subject} (code {code}) by a command on the server: {administrators}",
    data=("code", "administrators"),
)
BROUGHT: Final = kind(
    "network.brought",
    zh="在服务器上用命令从文件登记了 {new} 家机构、修改了 {changed} 家",
    en="registered {new} institutions from a file and changed {changed}, by a command on the server",
    data=("new", "changed"),
)
