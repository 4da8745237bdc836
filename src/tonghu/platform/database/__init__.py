"""The database under everything: its server, its roles, migrations, backup and restore.

Four roles: ``tonghu_owner`` runs migrations and owns tables, ``tonghu_app`` is what web and workers use,
``tonghu_resolver`` (no log-in) owns the few functions that answer across scopes, ``tonghu_backup`` reads everything for
dumps. See docs/decisions/0005.
"""
