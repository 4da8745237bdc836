"""The fixture for tests that commit: what one connection writes another reads, and afterwards it is gone."""

from __future__ import annotations

import made_up
from committed import in_threads
from tonghu.platform.accounts.models import Post
from tonghu.platform.scope.scope import open_scope, system_scope


def test_threads_write_on_connections_of_their_own(committed: None) -> None:
    held = made_up.post("entry_clerk")
    pids = in_threads(lambda _number: made_up.post("auditor", held.institution).pk, 3)
    with open_scope(system_scope("login")):
        assert set(Post.objects.values_list("pk", flat=True)) == {held.pk, *pids}


def test_what_was_committed_is_gone_afterwards(committed: None) -> None:
    with open_scope(system_scope("login")):
        assert not Post.objects.exists()
