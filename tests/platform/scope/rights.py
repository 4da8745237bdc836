"""Which right each page asks for, said apart from the pages: ``test_pages.py`` holds them to it.

Several rights: any of them opens the page. Pages that are not here are for everybody, or about one's own things.
"""

from __future__ import annotations

from typing import Final

RIGHTS: Final[dict[tuple[str, ...], str]] = {
    ("accounts.appoint",): "accounts:appoint accounts:end_post accounts:deputy",
    ("accounts.register",): "accounts:register accounts:move",
    ("accounts.register", "accounts.secure"): "accounts:link",
    ("accounts.secure",): "accounts:secure",
    ("accounts.view",): "accounts:people accounts:person",
    ("api.issue",): "docking:clients docking:issue docking:client docking:renew docking:end",
    ("audit.export",): "trail:export",
    ("audit.history",): "trail:changes trail:record patients:history",
    ("audit.read",): "trail:events trail:check",
    ("audit.reveal",): "intake:whole registry:whole patients:reveal",
    ("children.consent",): "patients:consent patients:withdraw",
    ("children.consent", "children.grant"): "patients:end_grant",
    ("children.enter",): (
        "patients:enter patients:change patients:add_guardian patients:guardian patients:remove_guardian "
        "patients:restore_guardian patients:document patients:remove_document patients:restore_document"
    ),
    ("children.grant",): "patients:grant",
    ("children.merge",): "patients:questions patients:merge patients:split patients:undo_split patients:undo_merge",
    ("children.read",): "patients:children patients:child",
    ("files.take", "files.view"): "files:all",
    ("intake.take_marked",): "intake:mark",
    ("intake.undo",): "intake:undo",
    ("intake.upload",): (
        "intake:imports intake:upload intake:batch intake:rows intake:row intake:choose intake:confirm intake:discard "
        "intake:go_on intake:cards"
    ),
    ("jobs.manage", "jobs.operate"): "jobs:dead",
    ("jobs.manage", "jobs.operate", "jobs.view"): "jobs:all",
    ("network.manage",): "network:register network:following network:change network:code network:close",
    ("notices.operate",): "notices:outgoing notices:again",
    ("registry.audit",): (
        "registry:audit registry:not_decided registry:approve_clean registry:ask_picked "
        "registry:approve_picked"
    ),
    ("registry.audit", "registry.enter"): "registry:void_request",
    ("registry.audit", "registry.enter", "registry.report", "registry.verify"): "registry:act",
    ("registry.enter",): (
        "registry:queue registry:start registry:submit_ready registry:bulk registry:mending registry:mends "
        "registry:mend registry:undo_bulk "
        "registry:new registry:enter registry:new_check registry:new_draft registry:new_discard registry:new_row "
        "registry:new_rest registry:save registry:month registry:ask registry:take_back registry:check registry:draft "
        "registry:discard registry:row registry:rest"
    ),
    ("registry.export",): "registry:export registry:exported",
    ("registry.read",): (
        "registry:cards registry:scope registry:codes registry:card surveillance:after_lock surveillance:cards"
    ),
    ("registry.report",): "registry:report",
    ("registry.verify",): "registry:received registry:accept",
    ("surveillance.lock",): "surveillance:lock surveillance:lift",
    ("surveillance.manage",): "surveillance:admit surveillance:end",
    ("surveillance.sign",): "surveillance:sign surveillance:withdraw",
    ("surveillance.view",): (
        "surveillance:board surveillance:month surveillance:paper surveillance:quality surveillance:cases "
        "surveillance:points surveillance:point"
    ),
}  # fmt: skip

#: The same by page.
OF_PAGE: Final = {page: frozenset(rights) for rights, pages in RIGHTS.items() for page in pages.split()}
