"""The made-up country of the demo: regions as they are, invented hospitals, authorities and people, marked made up.

One person holds each post that a place has: two hospitals, the health commissions of a county, a city and a province,
the national centre, and the province's other authorities. One auditor holds a second post, at the other hospital. Both
hospitals know some children, a few of them the same. Of the hospitals in other provinces only those are there who
report: clerk, auditor and lead. What all of them reported is in :mod:`tonghu.config.made_up_months`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pyotp
from django.db import transaction
from django.utils import timezone

from tonghu.codes import regions
from tonghu.config import demo_folder
from tonghu.config.made_up_points import points
from tonghu.network.models import Institution
from tonghu.network.services import load_regions, register_institution
from tonghu.patients.models.known import DocumentType
from tonghu.patients.services import enter_view
from tonghu.platform.accounts import links, second_factor
from tonghu.platform.accounts.door import Door
from tonghu.platform.accounts.models import Person, Post, SecondFactor
from tonghu.platform.accounts.roles import ROLES, Role
from tonghu.platform.accounts.services import appoint, register_person
from tonghu.platform.accounts.sign_in import scope_of_post
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.synth.chance import Chance
from tonghu.synth.people import invent_name, invent_person

PROVINCE: Final = "510000"
CITY: Final = "510100"
COUNTY: Final = "510104"
#: The province's authorities beside the health commission: short name for user names, department, name.
AUTHORITIES: Final = (
    ("insurance", "四川省虚构医疗保障局"),
    ("civil_affairs", "四川省虚构民政厅"),
    ("drug", "四川省虚构药品监督管理局"),
    ("tcm", "四川省虚构中医药管理局"),
    ("development_reform", "四川省虚构发展和改革委员会"),
    ("human_resources", "四川省虚构人力资源和社会保障厅"),
    ("poverty_relief", "四川省虚构乡村振兴局"),
    ("leading_group", "四川省虚构儿童血液病恶性肿瘤救治管理领导小组"),
)
#: Who is there of a hospital in another province.
REPORTERS: Final = ("entry_clerk", "auditor", "point_lead")
#: How many children are first seen in each hospital, and how many of the first were in the second too.
CHILDREN: Final = {"h1": 36, "h2": 18}
SHARED: Final = 6


@dataclass(frozen=True)
class LogIn:
    """How to log in as one made-up person.

    Attributes:
        place: the institution's name.
        role: what the person is there.
        username: the name to type; the password is the same for all.
        code: the one-time code of this moment; empty where none is asked for.
    """

    place: str
    role: str
    username: str
    code: str


def fill(seed: int, password: str, progress: Callable[[int, int], None] | None = None) -> bool:
    """Fill an empty site; returns whether there was anything to do.

    Args:
        seed: of the names; the same seed invents the same people.
        password: everybody's.
        progress: told how many people are done, and of how many.
    """
    by = system_scope("provisioning")
    with open_scope(by):
        if Institution.objects.filter(made_up=True).exists():
            return False
    with transaction.atomic():
        with open_scope(by):
            load_regions(spells=regions.spells(), by=by)
            places = dict(_places(seed, by))
        few = {point.short for point in points(seed) if not point.whole}
        held = [
            (short, place, role)
            for short, place in places.items()
            for role in _roles(place)
            if short not in few or role.code in REPORTERS
        ]
        chance = Chance(seed, "staff")
        for n, (short, place, role) in enumerate(held, 1):
            person = _staff(f"{short}.{role.code}", place, role, chance, password, by)
            if (short, role.code) == ("h1", "auditor"):
                with open_scope(by):
                    appoint(person=person, role="auditor", institution=places["h2"], starts=_since(), by=by)
            if progress:
                progress(n, len(held))
        _children(seed, places)
    return True


def log_ins() -> list[LogIn]:
    """How to log in as each made-up person, in the order in which they were made."""
    with open_scope(system_scope("login")):
        posts = list(
            Post.objects.filter(person__made_up=True).select_related("person", "institution").order_by("pk").all()
        )
        secrets = {held.person_id: str(held.secret) for held in SecondFactor.objects.all()}
    held = Counter(post.person_id for post in posts)
    found: dict[int, LogIn] = {}
    for post in posts:
        secret = secrets.get(post.person_id)
        found.setdefault(
            post.person_id,
            LogIn(
                post.institution.name,
                ROLES[post.role].zh + ("（登录后选岗位）" if held[post.person_id] > 1 else ""),
                post.person.username,
                pyotp.TOTP(secret).now() if secret else "",
            ),
        )  # fmt: skip
    return list(found.values())


def password_of(home: Path) -> str:
    """Return everybody's password on this demo site, made once and kept in its folder."""
    place = home / demo_folder.PASSWORD
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.touch(mode=0o600)
        place.write_text(f"Tonghu-{pyotp.random_base32(32)[:8].lower()}-2026")
    return place.read_text()


def _places(seed: int, by: Scope) -> Iterator[tuple[str, Institution]]:
    """Every place with a short name for its people's user names."""
    for point in points(seed):
        yield point.short, register_institution(
            code=point.hospital.code, name=point.hospital.name, kind="hospital", region_code=point.county,
            type=point.type, level=3, grade="甲", by=by, made_up=True,
        )  # fmt: skip
    for n, (short, department, region, name) in enumerate(
        (
            ("county", "health", COUNTY, "锦江区虚构卫生健康局"),
            ("city", "health", CITY, "成都市虚构卫生健康委员会"),
            ("province", "health", PROVINCE, "四川省虚构卫生健康委员会"),
            ("centre", "centre", "000000", "虚构国家儿童肿瘤监测中心"),
            *((department, department, PROVINCE, name) for department, name in AUTHORITIES),
        ),
        1,
    ):
        yield short, register_institution(
            code=f"TESTA{n:05d}", name=name, kind="authority", department=department, region_code=region, by=by,
            made_up=True,
        )  # fmt: skip


def _roles(place: Institution) -> list[Role]:
    return [role for role in ROLES.values() if place.place in role.places]


def _staff(username: str, place: Institution, role: Role, chance: Chance, password: str, by: Scope) -> Person:
    with open_scope(by):
        name = invent_name(chance, "12"[chance.below(2)])
        person = register_person(
            username=username, name=name, institution=place, by=by, email=f"{username}@example.org", made_up=True
        )
        appoint(person=person, role=role.code, institution=place, starts=_since(), by=by)
        token = links.issue_link(person=person, by=by)
    links.use_link(token=token, password=password, door=Door())
    if role.second_factor:
        with open_scope(system_scope("login")):
            secret = pyotp.random_base32(32)
            # The code of the step before: the one that is shown next has not been used then. A step can end between
            # the making of a code and its check; the second code is then of the step before.
            earlier = (pyotp.TOTP(secret).at(time.time() - second_factor.STEP_SECONDS) for _ in range(2))
            if not any(second_factor.confirm(person, secret, code) for code in earlier):
                raise AssertionError("a code of the step before is taken")
    return person


def _children(seed: int, places: dict[str, Institution]) -> None:
    """Children as each hospital's clerk entered them; the first few of the second hospital were at the first before."""
    chance = Chance(seed, "children")
    young = timezone.localdate().toordinal()
    children = [
        invent_person(chance, "12"[chance.below(2)], young - chance.between(60, 17 * 365), PROVINCE[:2], n)
        for n in range(1, CHILDREN["h1"] + CHILDREN["h2"] + 1)
    ]
    known = {"h1": children[: CHILDREN["h1"]], "h2": children[CHILDREN["h1"] - SHARED :]}
    for short, theirs in known.items():
        with open_scope(system_scope("login")):
            post = Post.objects.select_related("person", "institution").get(person__username=f"{short}.entry_clerk")
        by = scope_of_post(post, purpose="registration")
        with open_scope(by):
            for child in theirs:
                enter_view(
                    institution=places[short].pk, record_number=f"{short.upper()}{child.record_number}",
                    patient_name=child.name, by=by, sex=child.sex, birth_date=date.fromordinal(child.born),
                    document_type=DocumentType.RESIDENT_ID, document_number=child.id_number,
                    residence=child.address, phone=child.phone,
                )  # fmt: skip


def _since() -> date:
    """A while ago: posts that began today would not show what a history looks like."""
    return timezone.localdate() - timedelta(days=30)
