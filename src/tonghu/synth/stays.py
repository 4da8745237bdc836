"""What happens in a stay: diagnoses in their slots, procedures on their days, how it ends. No person in it yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from tonghu.synth.catalogue import HAEMOPHILIA, Disease, Ordinary, Procedure, companions, procedures
from tonghu.synth.chance import Chance, Wheel

HOME, TRANSFER, COMMUNITY, AGAINST_ADVICE, DIED = "1", "2", "3", "4", "5"
POSTERIOR_SLOTS = 16  # how far behind the other diagnoses a disease may stand where the layout has 40 slots


@dataclass(slots=True)
class Diagnosis:
    """One diagnosis slot: `poa` as in RC027."""

    code: str
    name: str
    poa: str = "1"


@dataclass(slots=True)
class Stay:
    """The clinical content of one stay of `days` nights. `scope` is (group, code, slot) or None when out of scope."""

    diagnoses: list[Diagnosis]
    department: str
    days: int
    admitted_for: Diagnosis
    scope: tuple[str, str, int] | None = None
    done: list[tuple[Procedure, int]] = field(default_factory=list)
    morphology: tuple[str, str] | None = None
    external: tuple[str, str] | None = None
    ending: str = HOME
    intensive: bool = False
    newborn: bool = False
    gives_birth: bool = False
    planned_return: bool = False
    emergency: bool = False

    @property
    def operated(self) -> bool:
        """Whether an operation (not only a diagnostic or therapeutic procedure) was done."""
        return any(procedure.is_operation for procedure, _ in self.done)

    @property
    def bleeder(self) -> bool:
        """Whether haemophilia stands in any slot."""
        return any(d.code.startswith(HAEMOPHILIA) for d in self.diagnoses)


_KINDS: dict[str, Wheel[str]] = {
    "chemo": Wheel(
        ("first", "chemotherapy", "complication", "transplant", "transplanted", "medical", "follow_up"),
        (9, 60, 15, 2.5, 2, 8, 3.5),
    ),
    "both": Wheel(
        ("first", "operation", "chemotherapy", "radiotherapy", "complication", "medical", "follow_up"),
        (5, 14, 52, 6, 14, 5, 4),
    ),
    "surgery": Wheel(("operation", "medical", "follow_up"), (62, 28, 10)),
    "medical": Wheel(("first", "medical", "complication"), (15, 60, 25)),
    "blood": Wheel(("first", "medical", "beside"), (15, 62, 23)),
}
_BESIDE = (
    ("J18.000", "支气管肺炎"),
    ("A08.000", "轮状病毒性肠炎"),
    ("K35.800", "急性阑尾炎"),
    ("S06.000", "脑震荡"),
)


def kinds_of(course: str) -> Wheel[str]:
    """The kinds of stay in a course of treatment, by how often each comes."""
    return _KINDS[course]


def _ending(chance: Chance, grave: float) -> str:
    lot = chance.random()
    if lot < grave:
        return DIED
    if lot < grave + 0.012:
        return TRANSFER
    if lot < grave + 0.016:
        return COMMUNITY
    if lot < grave + 0.045:
        return AGAINST_ADVICE
    return HOME


def _some(chance: Chance, kind: str, count: int, taken: set[str], poa: str | None = None) -> list[Diagnosis]:
    """Up to `count` different companions of `kind`, none of which is `taken`."""
    pool = [pair for pair in companions(kind) if pair[0] not in taken]
    chance.shuffle(pool)
    return [Diagnosis(code, name, poa or chance.one("1114")) for code, name in pool[:count]]


def stay_in_scope(chance: Chance, disease: Disease, kind: str, slots: int) -> Stay:
    """A stay of a child with `disease`. `slots`: other diagnoses the layout can hold (10 or 40)."""
    own = Diagnosis(disease.code, disease.name)
    table = procedures()
    malignant = disease.group == "malignant"
    days = 1 + chance.below(6)
    done: list[tuple[Procedure, int]] = []
    others = _some(chance, "complication", chance.below(3), {disease.code}, None)
    main, emergency, grave = own, False, 0.001
    external: tuple[str, str] | None = None
    if kind == "first":
        days, emergency, grave = 7 + chance.below(16), chance.happens(0.4), 0.006
        done.append((table["marrow" if disease.department == "07.07" else "ct"], 1))
        if disease.iccc == "I":
            done.append((table["puncture"], 3))
    elif kind == "chemotherapy":
        main, days = Diagnosis("Z51.100", "肿瘤化学治疗疗程"), chance.below(8)
        done.append((table["chemo"], min(1, days)))
        if disease.iccc == "I" and chance.happens(0.6):
            done.append((table["puncture"], min(1, days)))
    elif kind == "radiotherapy":
        main, days = Diagnosis("Z51.000", "肿瘤放射治疗疗程"), 10 + chance.below(20)
        done.append((table["radiation"], 2))
    elif kind == "complication":
        first, *rest = _some(chance, "complication", 1 + chance.below(4), {disease.code}, "1")
        main, others, days, emergency, grave = first, rest, 4 + chance.below(12), chance.happens(0.5), 0.012
        if chance.happens(0.3):
            done.append((table["platelets"], 1))
    elif kind == "transplant":
        days, grave = 25 + chance.below(20), 0.02
        others = [Diagnosis("Z94.800", "其他器官和组织移植状态", "4"), *others]
        done.append((table["allograft" if chance.happens(0.7) else "autograft"], 9))
    elif kind == "transplanted":
        main, days = Diagnosis("Z94.800", "其他器官和组织移植状态"), 5 + chance.below(10)
    elif kind == "operation":
        days = 6 + chance.below(12)
        done.append((table[disease.operation or "soft"], 2))
    elif kind == "follow_up" and malignant:
        main, days = Diagnosis("Z08.900", "恶性肿瘤治疗后的随诊检查"), 1 + chance.below(2)
        done.append((table["mri" if disease.iccc == "III" else "ct"], 0))
    elif kind == "beside":
        code, name = chance.one(_BESIDE)
        main, days, emergency = Diagnosis(code, name), 3 + chance.below(6), True
        others = [d for d in others if d.code != code]
        external = ("W10.000", "在楼梯和台阶上跌倒") if code.startswith("S") else None
        if code == "K35.800":
            done.append((table["appendix"], 1))
    if disease.code.startswith(HAEMOPHILIA):
        done.append((table["factor"], min(1, days)))
    if malignant and disease.iccc not in ("I", "II") and chance.happens(0.06):
        others.append(Diagnosis("C78.000", "肺部继发性恶性肿瘤"))
    diagnoses, position = _in_slots(chance, main, own, others, slots)
    return Stay(
        diagnoses=diagnoses,
        department=disease.department,
        days=days,
        admitted_for=main,
        scope=(disease.group, disease.code, position),
        done=done,
        morphology=(disease.morphology, disease.morphology_name) if disease.morphology else None,
        external=external,
        ending=_ending(chance, grave),
        intensive=days >= 4 and chance.happens(0.04),
        planned_return=kind in ("chemotherapy", "radiotherapy"),
        emergency=emergency,
    )


def _in_slots(
    chance: Chance, main: Diagnosis, own: Diagnosis, others: list[Diagnosis], slots: int
) -> tuple[list[Diagnosis], int]:
    """Main diagnosis first; the disease, where it is not main, somewhere among the others (secondaries behind it)."""
    secondaries = [d for d in others if d.code.startswith("C")]
    plain = [d for d in others if not d.code.startswith("C")]
    if main is own:
        return [main, *plain, *secondaries], 0
    if slots > 10 and chance.happens(0.08):
        taken = {own.code, main.code, *(d.code for d in plain)}
        plain += _some(chance, "complication", 10 + chance.below(POSTERIOR_SLOTS - 10) - len(plain), taken, "1")
        place = len(plain)
    else:
        place = 0 if chance.happens(0.6) else chance.below(len(plain) + 1)
    listed = [main, *plain[:place], own, *plain[place:], *secondaries]
    return listed, place + 1


def ordinary_stay(chance: Chance, ordinary: Ordinary) -> Stay:
    """A stay of somebody who is not in scope: another disease, or an adult."""
    main = Diagnosis(ordinary.code, ordinary.name)
    second = [Diagnosis(ordinary.second, ordinary.second_name)] if ordinary.second else []
    taken = {ordinary.code, ordinary.second}
    kind = "adult" if ordinary.who == "adult" else "child"
    others = [] if ordinary.who == "newborn" else _some(chance, kind, chance.below(4), taken)
    days = max(0, ordinary.days - 2 + chance.below(5))
    done: list[tuple[Procedure, int]] = []
    if ordinary.operation:
        done.append((procedures()[ordinary.operation], min(1, days)))
    if ordinary.code.startswith(HAEMOPHILIA):
        done.append((procedures()["factor"], min(1, days)))
    if main.code == "Z51.100":
        done.append((procedures()["chemo"], min(1, days)))
    if main.code == "P22.000":
        done.append((procedures()["ventilator"], 0))
    return Stay(
        diagnoses=[main, *second, *others],
        department=ordinary.department,
        days=days,
        admitted_for=main,
        done=done,
        morphology=(ordinary.morphology, ordinary.morphology_name) if ordinary.morphology else None,
        external=(ordinary.external, ordinary.external_name) if ordinary.external else None,
        ending=_ending(chance, 0.012 if ordinary.low >= 45 else 0.0005),
        intensive=days >= 4 and chance.happens(0.03),
        newborn=ordinary.who == "newborn",
        gives_birth=ordinary.second.startswith("Z37"),
        planned_return=main.code == "Z51.100",
        emergency=chance.happens(0.35),
    )
