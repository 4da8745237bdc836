"""What proves two databases equal: rows and a content hash of every table, and a hash of who may do what.

A table's content hash is the sum of its rows' MD5 halves, so that it needs no order and a row more, less, twice or
altered changes it. (Chance is what it guards against; that nobody altered the file is the encryption's to say.)
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any, Final, cast

import psycopg
from psycopg import sql

_TABLES: Final = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
ORDER BY 1, 2
"""
#: Rows become text the same way in every session.
_SETTINGS: Final = (
    "SET row_security = off", "SET timezone = 'UTC'", "SET datestyle = 'ISO, YMD'", "SET intervalstyle = 'postgres'",
    "SET bytea_output = 'hex'", "SET extra_float_digits = 1",
)  # fmt: skip
_CONTENT: Final = """
SELECT count(*), coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0)::text || ':' ||
  coalesce(sum(('x' || right(h, 16))::bit(64)::bigint::numeric), 0)::text
FROM (SELECT md5(t::text) AS h FROM {} AS t) AS hashed
"""
#: Each row is a kind, a name, and what it is like.
_STRUCTURE: Final = (
    # Tables, views, sequences: owner, row security, rights, whose rights a view reads with and what it says.
    """SELECT 'table', c.oid::regclass::text, c.relkind::text, r.rolname, c.relrowsecurity, c.relforcerowsecurity,
         (SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE "C") FROM unnest(c.relacl) a),
         (SELECT string_agg(o, ',' ORDER BY o COLLATE "C") FROM unnest(c.reloptions) o),
         CASE WHEN c.relkind IN ('v', 'm') THEN regexp_replace(pg_get_viewdef(c.oid), {noise}, '', 'g') END
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND {ours}""",
    # Columns: type, what they hold by themselves, rights of their own.
    """SELECT 'column', format('%s.%I', a.attrelid::regclass, a.attname), format_type(a.atttypid, a.atttypmod),
         a.attnotnull, a.attidentity::text, a.attgenerated::text,
         regexp_replace(pg_get_expr(d.adbin, d.adrelid), {noise}, '', 'g'),
         (SELECT string_agg(x::text, ',' ORDER BY x::text COLLATE "C") FROM unnest(a.attacl) x)
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') AND {ours}""",
    # Policies, word for word but for casts and brackets: PostgreSQL writes those anew each time it reads them.
    """SELECT 'policy', format('%I.%I.%I', schemaname, tablename, policyname), permissive, roles::text, cmd,
         regexp_replace(qual, {noise}, '', 'g'), regexp_replace(with_check, {noise}, '', 'g') FROM pg_policies""",
    # Functions: owner, whose rights they run with, where they look names up, rights, text. Rights that were granted and
    # are the default anyway come back unwritten: they are the same.
    """SELECT 'function', p.oid::regprocedure::text, r.rolname, p.prosecdef, p.prosrc, p.proconfig::text,
         (SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE "C")
          FROM unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a)
       FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner
       WHERE {ours} AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')""",
    # Triggers, constraints and indexes by what they say.
    """SELECT 'trigger', format('%s.%I', t.tgrelid::regclass, t.tgname), t.tgenabled::text,
         regexp_replace(pg_get_triggerdef(t.oid), {noise}, '', 'g') FROM pg_trigger t
       JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE NOT t.tgisinternal AND {ours}""",
    """SELECT 'constraint', format('%s.%I', k.conrelid::regclass, k.conname), k.contype::text,
         k.convalidated, regexp_replace(pg_get_constraintdef(k.oid), {noise}, '', 'g') FROM pg_constraint k
       JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND {ours}""",
    """SELECT 'index', i.indexrelid::regclass::text, regexp_replace(pg_get_indexdef(i.indexrelid), {noise}, '', 'g')
       FROM pg_index i
       JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {ours}""",
    """SELECT 'schema', n.nspname, r.rolname, n.nspacl::text
       FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE {ours}""",
    # What tables, sequences and functions to come will allow by themselves.
    """SELECT 'rights to come', format('%s %s', r.rolname, d.defaclobjtype),
         (SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE "C") FROM unnest(d.defaclacl) a)
       FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole WHERE r.rolname LIKE 'tonghu\\_%'""",
)
_NOISE: Final = r"'::[a-z_ ]+(\[\])?|[()\s]'"
_OURS: Final = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"


@dataclass(frozen=True)
class Evidence:
    """What a database held at one moment.

    Attributes:
        tables: ``schema.table`` to its number of rows and its content hash.
        structure: each table, column, policy, function, trigger, constraint, index, schema and default right to a
            hash over its owner, its rights and its text.
        sequences: ``schema.sequence`` to its last value; they move on their own, so that a later value is right too.
    """

    tables: dict[str, tuple[int, str]]
    structure: dict[str, str]
    sequences: dict[str, int]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(count for count, _ in self.tables.values())

    @property
    def structure_hash(self) -> str:
        """One hash over the whole structure, 16 characters."""
        return hashlib.sha256(repr(sorted(self.structure.items())).encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """The evidence for the manifest."""
        return asdict(self)


def from_json(said: dict[str, Any]) -> Evidence:
    """The evidence of a manifest."""
    tables = {name: (count, content) for name, (count, content) in said["tables"].items()}
    return Evidence(tables, said["structure"], said["sequences"])


def gather(connection: psycopg.Connection[Any]) -> Evidence:
    """Read the whole database in the connection's transaction; the role must read everything."""
    for setting in _SETTINGS:
        connection.execute(cast(Any, setting))
    tables: dict[str, tuple[int, str]] = {}
    for schema, name in connection.execute(_TABLES).fetchall():
        row = connection.execute(sql.SQL(_CONTENT).format(sql.Identifier(schema, name))).fetchone()
        assert row is not None
        tables[f"{schema}.{name}"] = (row[0], row[1])
    structure = {
        f"{row[0]} {row[1]}": hashlib.sha256(repr(row[2:]).encode()).hexdigest()[:16]
        for query in _STRUCTURE
        for row in connection.execute(cast(Any, query.replace("{ours}", _OURS).replace("{noise}", _NOISE))).fetchall()
    }
    held = connection.execute("SELECT schemaname, sequencename, last_value FROM pg_sequences").fetchall()
    return Evidence(tables, structure, {f"{schema}.{name}": value or 0 for schema, name, value in held})


def differences(wanted: Evidence, found: Evidence) -> list[str]:
    """What is not equal, one line each; empty when everything is."""
    said = [
        f"{name}: {wanted.tables.get(name, ('–', ''))[0]} → {found.tables.get(name, ('–', ''))[0]}"
        for name in sorted(wanted.tables.keys() | found.tables.keys())
        if wanted.tables.get(name) != found.tables.get(name)
    ]
    said += [
        name
        for name in sorted(wanted.structure.keys() | found.structure.keys())
        if wanted.structure.get(name) != found.structure.get(name)
    ]
    said += [
        f"{name}: {value} → {found.sequences.get(name)}"
        for name, value in sorted(wanted.sequences.items())
        if found.sequences.get(name, -1) < value
    ]
    return said
