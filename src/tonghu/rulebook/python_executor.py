"""One record against all rules: the conditions as one generated Python function.

SQL's three truth values need no third value in the generated code. For every condition two plain Python expressions
are written: one that holds when the condition is TRUE, one that holds when it is FALSE; neither holding is unknown.
``and``/``or`` swap places under ``not``, and ``is not None`` guards stand only where a value is used, so a rule whose
facts are absent costs a few comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tonghu.rulebook import language, meaning
from tonghu.rulebook.expressions import Call, Kind, Literal, Name, Node, Value
from tonghu.rulebook.missing import missing
from tonghu.rulebook.rules import Rule
from tonghu.rulebook.schema import UNREADABLE, Aggregate, Collection, Derived, member_names, put_on

if TYPE_CHECKING:
    from tonghu.rulebook.ruleset import RuleSet

Record = Mapping[str, Value]


class Answer(NamedTuple):
    """What a rule says of a record, when it is not simply content.

    `fact`: the fact that the finding is put on; `slot`: the occurrence, for a rule over a collection. `verdict` is
    ``finds`` or ``unknown``; then `missing` names the facts that would decide it.
    """

    rule: Rule
    fact: str
    slot: int | None
    verdict: str
    missing: tuple[str, ...] = ()


Judge = Callable[[Record], list[Answer]]

FINDS, UNKNOWN = "finds", "unknown"

_OPPOSITE = {"=": "!=", "<>": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_PYTHON = {"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_HELPERS: dict[str, object] = {
    name: getattr(meaning, name)
    for name in (
        "EXACT", "upper", "code_key", "years_between", "days_between", "date_of", "at_midnight", "days_as_months",
        "stay_days", "id_valid", "id_birth", "id_is_male", "province_known",
    )
}  # fmt: skip


def compile_judge(ruleset: RuleSet, columns: frozenset[str] | None) -> Judge:
    """The function that answers for all rules of the set at once."""
    return _Writer(ruleset, columns).judge()


@lru_cache(maxsize=4096)
def _places(bits: int) -> tuple[int, ...]:
    """Where the bits of an integer are set, from the lowest on."""
    return tuple(place for place in range(bits.bit_length()) if bits >> place & 1)


class _Writer:
    """Writes the source of one judge. Locals: f_ facts, d_ derived, c_ members, m_ missing lists, t temporaries."""

    def __init__(self, ruleset: RuleSet, columns: frozenset[str] | None) -> None:
        self.ruleset = ruleset
        self.schema = ruleset.schema
        self.columns = columns
        self.constants: dict[str, object] = {**_HELPERS, "Answer": Answer}
        self.facts: dict[str, None] = {}
        self.collection: Collection | None = None
        self.collections: dict[str, None] = {}
        self.members: dict[str, str] = {}
        self.temporaries = 0

    def judge(self) -> Judge:
        body = [line for name in self.ruleset.derived_used for line in self._derived(self.schema.derived[name])]
        for number, rule in enumerate(self.ruleset.rules):
            if rule.each == "record":
                body += self._record_rule(number, rule)
        for collection in dict.fromkeys(rule.each for rule in self.ruleset.rules if rule.each != "record"):
            body += self._collection_rules(self.schema.collections[collection])
        lines = [
            "def judge(record):",
            "g = record.get",
            "answers = []",
            "add = answers.append",
            *self._occurrences(),
            *(f"f_{name} = g({name!r})" for name in self.facts),
            *body,
            "return answers",
        ]
        source = "\n    ".join(lines)
        exec(compile(source, "<rules>", "exec"), self.constants)  # noqa: S102 -- from the checked tree, never from text
        judge: Judge = self.constants["judge"]  # type: ignore[assignment]
        return judge

    # --- Statements

    def _occurrences(self) -> list[str]:
        """Which slots of which collection have something in them, as bits: one walk over what the record has."""
        lines = []
        bits_of: dict[str, int] = {}
        shift = 0
        for name in self.collections:
            collection = self.schema.collections[name]
            slots = dict(self.schema.slots(name, self.ruleset.layout))
            keys = {slot: tuple(m if isinstance(m, str) else None for m in slots[slot].members) for slot in slots}
            self.constants |= {
                f"K_{name}": keys,
                f"V_{name}": {
                    slot: tuple(m.value if isinstance(m, Literal) else None for m in slots[slot].members)
                    for slot in slots
                },
                f"U_{name}": {slot: tuple(f"{key}{UNREADABLE}" for key in keys[slot]) for slot in slots},
                f"N_{name}": {slot: member_names(collection, slots[slot].members) for slot in slots},
                f"S_{name}": {slot: tuple(k is None or self._is_supplied(k) for k in keys[slot]) for slot in slots},
            }
            if collection.always:
                self.constants[f"O_{name}"] = tuple(keys)
                lines.append(f"o_{name} = O_{name}")
                continue
            for slot, found in keys.items():
                for key in filter(None, found):
                    for written in (key, f"{key}{UNREADABLE}"):
                        bits_of[written] = bits_of.get(written, 0) | 1 << slot + shift
            lines.append(f"o_{name} = places(seen >> {shift} & {(1 << len(collection.slots)) - 1})")
            shift += len(collection.slots)
        if bits_of:
            self.constants |= {"BITS_OF": bits_of, "places": _places}
            lines[:0] = [
                "seen = 0",
                "for key in BITS_OF.keys() & record.keys():",
                "    value = record[key]",
                "    if value is not None and value is not False or value is False and key in BOOLEANS:",
                "        seen |= BITS_OF[key]",
            ]
            self.constants["BOOLEANS"] = frozenset(
                name for name, fact in self.schema.facts.items() if fact.type.kind is Kind.BOOLEAN
            )
        return lines

    def _record_rule(self, number: int, rule: Rule) -> list[str]:
        self.collection = None
        self.constants |= {f"R{number}": rule, f"A{number}": Answer(rule, rule.at, None, FINDS)}
        return [
            f"if {self.true(rule.finds)}: add(A{number})",
            f"elif not {self.false(rule.finds)}:",
            f"    add(Answer(R{number}, {rule.at!r}, None, {UNKNOWN!r}, {self.missing(rule.finds)}))",
        ]

    def _collection_rules(self, collection: Collection) -> list[str]:
        def write() -> list[str]:
            lines = []
            for number, rule in enumerate(self.ruleset.rules):
                if rule.each == collection.name:
                    self.constants[f"R{number}"] = rule
                    self.constants[f"A{number}"] = self._answers(rule, collection)
                    lines += [
                        f"if {self.true(rule.finds)}: add(A{number}[s])",
                        f"elif not {self.false(rule.finds)}:",
                        f"    add(Answer(R{number}, A{number}[s].fact, s, {UNKNOWN!r}, {self.missing(rule.finds)}))",
                    ]
            return lines

        return self._in_loop(collection, write)

    def _answers(self, rule: Rule, collection: Collection) -> dict[int, Answer]:
        """The finding of each slot: it is the same one every time."""
        at = collection.index[rule.at]
        slots = self.schema.slots(collection.name, self.ruleset.layout)
        return {number: Answer(rule, put_on(slot.members, at), number, FINDS) for number, slot in slots}

    def _in_loop(self, collection: Collection, write: Callable[[], list[str]]) -> list[str]:
        """A loop over the occurrences, with the members that the lines use as locals."""
        self.collections[collection.name] = None
        self.collection, self.members = collection, {}
        lines = write()
        self.collection = None
        return [
            f"for s in o_{collection.name}:",
            f"    k = K_{collection.name}[s]",
            *(f"    {line}" for line in self.members.values()),
            *(f"    {line}" for line in lines),
        ]

    def _derived(self, derived: Derived) -> list[str]:
        name = derived.fact.name
        d, m = f"d_{name}", f"m_{name}"
        self.collection = None
        if derived.aggregate is None:
            lines = [f"{d} = {self.value(derived.expression)}"]
            missed = self.missing(derived.expression)
            return [*lines, f"{m} = () if {d} is not None else {missed} or ({name!r},)"]
        absent = self.ruleset.absent_behind(derived, self.columns)
        if absent:
            return [f"{d} = None", f"{m} = {absent!r}"]
        collection = self.schema.collections[derived.over or ""]
        start, step, end = self._aggregate(derived, d, m)
        return [
            f"{d} = {start}; {m} = ()",
            *self._in_loop(collection, step),
            end,
            f"if {d} is None and not {m}: {m} = ({name!r},)",
        ]

    def _aggregate(self, derived: Derived, d: str, m: str) -> tuple[str, Callable[[], list[str]], str]:
        """What the total starts as, the lines that each occurrence adds, and what is done at the end."""
        node, where, kind = derived.expression, derived.where, derived.aggregate

        def only(lines: list[str]) -> list[str]:
            return lines if where is None else [f"if {self.true(where)}:", *(f"    {line}" for line in lines)]

        def each_value(then: str) -> Callable[[], list[str]]:
            return lambda: only([f"v = {self.value(node)}", f"if v is not None{then}"])

        if kind is Aggregate.COUNT:
            return "0", lambda: only([f"if {self.true(node)}: {d} += 1"]), "pass"
        if kind is Aggregate.ANY:

            def any_lines() -> list[str]:
                unknown = f"{d} = None; {m} += {self.missing(node)}"
                return only([f"if {self.true(node)}: {d} = True; break", f"if not {self.false(node)}: {unknown}"])

            return "False", any_lines, f"if {d}: {m} = ()"
        if kind is Aggregate.DISTINCT:
            return "set()", each_value(f": {d}.add(v)"), f"{d} = len({d})"
        if kind is Aggregate.SUM:
            decimal = node.type.kind is Kind.DECIMAL
            return "0", each_value(f": {d} = EXACT.add({d}, v)" if decimal else f": {d} += v"), "pass"
        sign = "<" if kind is Aggregate.MIN else ">"
        return "None", each_value(f" and ({d} is None or v {sign} {d}): {d} = v"), "pass"

    # --- Names

    def _is_supplied(self, name: str) -> bool:
        return self.columns is None or name in self.columns

    def _is_present(self, name: str) -> bool:
        """Whether records of the layout have the fact, and the form or file has it."""
        return self.schema.fact(name).is_in(self.ruleset.layout) and self._is_supplied(name)

    def _name(self, node: Name) -> str:
        if node.member:
            assert self.collection is not None
            place, local = self.collection.index[node.name], f"c_{node.name}"
            constant = any(isinstance(slot.members[place], Literal) for slot in self.collection.slots)
            source = f"V_{self.collection.name}[s][{place}]" if constant else f"g(k[{place}])"
            self.members[local] = f"{local} = {source}"
            return local
        if node.name in self.schema.derived:
            return f"d_{node.name}"
        if not self._is_present(node.name):
            return "None"
        self.facts[node.name] = None
        return f"f_{node.name}"

    def _given(self, node: Name) -> tuple[str, str]:
        """When the cell has something, and when it has nothing."""
        value = self._name(node)
        if node.member:
            assert self.collection is not None
            name, place = self.collection.name, self.collection.index[node.name]
            given = f"({value} is not None or g(U_{name}[s][{place}]) is True)"
            return given, f"(not {given} and S_{name}[s][{place}])"
        if node.name in self.schema.derived:
            return f"({value} is not None)", f"({value} is None)"
        if value == "None":
            return "False", str(self._is_supplied(node.name))
        given = f"({value} is not None or g({node.name + UNREADABLE!r}) is True)"
        return given, f"(not {given})"

    # --- Expressions

    def true(self, node: Node) -> str:
        """A Python expression that holds when the condition is TRUE."""
        return self._decided(node, True)

    def false(self, node: Node) -> str:
        """A Python expression that holds when the condition is FALSE."""
        return self._decided(node, False)

    def _decided(self, node: Node, wanted: bool) -> str:
        if isinstance(node, Literal):
            return str(node.value is wanted)
        if isinstance(node, Name):
            return f"({self._name(node)} is {wanted})"
        args = node.args
        match node.op:
            case "not":
                return self._decided(args[0], not wanted)
            case "and" | "or":
                word = "and" if (node.op == "and") is wanted else "or"
                return f"({self._decided(args[0], wanted)} {word} {self._decided(args[1], wanted)})"
            case "is null":
                known = self._known(args[0])
                return f"(not {known})" if wanted else known
            case "is true" | "is false":
                held = self._decided(args[0], node.op == "is true")
                return held if wanted else f"(not {held})"
            case "given":
                assert isinstance(args[0], Name)
                return self._given(args[0])[0 if wanted else 1]
            case "case":
                value, default = (self._decided(arg, wanted) for arg in args[1:])
                return f"({value} if {self.true(args[0])} else {default})"
            case "coalesce":
                return f"({self.value(node)} is {wanted})"
        guards, held = self._strict_condition(node, wanted)
        return "(" + " and ".join([*guards, held]) + ")"

    def _strict_condition(self, node: Call, wanted: bool) -> tuple[list[str], str]:
        if node.op in _PYTHON:
            guards, (left, right) = self._operands(node.args)
            return guards, f"{left} {(_PYTHON if wanted else _OPPOSITE)[node.op]} {right}"
        if node.op == "in":
            guards, (value,) = self._operands(node.args[:1])
            among = self._bind(frozenset(arg.value for arg in node.args[1:] if isinstance(arg, Literal)))
            return guards, f"{value} {'in' if wanted else 'not in'} {among}"
        guards, atom = self._atom(node)
        return guards, atom if wanted else f"not {atom}"

    def _known(self, node: Node) -> str:
        """A Python expression that holds when the value is not NULL."""
        if node.type.kind is Kind.BOOLEAN and isinstance(node, Call):
            return f"({self.true(node)} or {self.false(node)})"
        guards, _ = self._atom(node)
        return "(" + (" and ".join(guards) or "True") + ")"

    def value(self, node: Node) -> str:
        """A Python expression for the value, None for NULL."""
        if isinstance(node, Literal):
            return self._literal(node)
        if isinstance(node, Name):
            return self._name(node)
        if node.op == "case":
            return f"({self.value(node.args[1])} if {self.true(node.args[0])} else {self.value(node.args[2])})"
        if node.op == "coalesce":
            text = self.value(node.args[-1])
            for arg in reversed(node.args[:-1]):
                name = self._temporary()
                text = f"({name} if ({name} := {self.value(arg)}) is not None else {text})"
            return text
        if node.type.kind is Kind.BOOLEAN:
            return f"(True if {self.true(node)} else False if {self.false(node)} else None)"
        guards, atom = self._atom(node)
        return f"({atom} if {' and '.join(guards)} else None)" if guards else atom

    def _atom(self, node: Node) -> tuple[list[str], str]:
        """Guards that must hold, in order, for the value not to be NULL; and the value after them."""
        if isinstance(node, Literal):
            return (["False"] if node.value is None else []), self._literal(node)
        if isinstance(node, Name):
            name = self._name(node)
            return [f"{name} is not None" if name != "None" else "False"], name
        function = language.FUNCTIONS.get(node.op)
        arithmetic = node.op in ("+", "-", "*", "neg")
        comparison = node.op in _PYTHON or node.op in ("and", "or", "not", "in", "given") or node.op.startswith("is ")
        if comparison or not (function or arithmetic):
            name = self._temporary()
            return [f"({name} := {self.value(node)}) is not None"], name
        guards, atoms = self._operands(node.args)
        if arithmetic:
            return guards, self._calculated(node, atoms)
        assert function is not None
        last = node.args[-1]
        prepared = ""
        if function.prepare is not None:
            assert isinstance(last, Literal)
            prepared = self._bind(function.prepare(str(last.value)))
        if "None" in atoms:  # never reached, and Python would warn of what it is written to do with None
            return ["False"], "None"
        text = function.python.format(", ".join(atoms) if function.many else atoms[0], *atoms[1:], k=prepared)
        if function.total:
            return guards, text
        name = self._temporary()
        return [*guards, f"({name} := {text}) is not None"], name

    def _operands(self, args: Iterable[Node]) -> tuple[list[str], list[str]]:
        guards: dict[str, None] = {}
        atoms = []
        for arg in args:
            wanted, atom = self._atom(arg)
            guards |= dict.fromkeys(wanted)
            atoms.append(atom)
        return list(guards), atoms

    def _calculated(self, node: Call, atoms: Sequence[str]) -> str:
        if node.op == "neg":
            return f"(-{atoms[0]})"
        if node.type.kind is Kind.DECIMAL and node.type.digits > 28:  # more than Python's decimals keep by default
            method = {"+": "add", "-": "subtract", "*": "multiply"}[node.op]
            return f"EXACT.{method}({atoms[0]}, {atoms[1]})"
        return f"({atoms[0]} {node.op} {atoms[1]})"

    def _literal(self, node: Literal) -> str:
        if node.value is None or isinstance(node.value, str | int):
            return repr(node.value)
        return self._bind(node.value)

    def _bind(self, value: object) -> str:
        """A global of the generated module that holds `value`."""
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _temporary(self) -> str:
        self.temporaries += 1
        return f"t{self.temporaries}"

    def missing(self, node: Node) -> str:
        """A Python expression for the names of the facts that an unknown condition waits for."""
        parts = [f"*({self._named(name)} if {self.true(when)} else ())" for name, when in missing(node)]
        return f"tuple(dict.fromkeys(({', '.join(parts)},)))" if parts else "()"

    def _named(self, name: Name) -> str:
        if name.member:
            assert self.collection is not None
            return f"(N_{self.collection.name}[s][{self.collection.index[name.name]}],)"
        return f"m_{name.name}" if name.name in self.schema.derived else f"({name.name!r},)"
