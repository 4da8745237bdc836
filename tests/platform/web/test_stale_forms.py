"""A form that was opened before a colleague saved never writes over what they saved without a word.

Every form that changes what stands there already has a line here; whoever adds one adds a line, or says below why a
stale one of it can do no harm.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from django import forms
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import made_up
import tonghu
from made_up_cards import Point as CardPoint
from made_up_cards import code
from opened import as_it_stands, of_button, opened
from tonghu.network.models import Institution, InstitutionCode
from tonghu.patients.models import Guardian, HospitalView, Identifier
from tonghu.patients.services import add_document, enter_view, save_guardian
from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.components.as_shown import AsShown
from tonghu.platform.notices.kinds import GROUPS
from tonghu.platform.notices.models import Preference
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry import pages
from tonghu.registry.models import Card
from tonghu.registry.services import move, save_card
from tonghu.surveillance.models import Point
from tonghu.surveillance.services import admit_point

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-02"), pytest.mark.requirement("NET-09")]
TODAY: Final = timezone.localdate
GROUP: Final = next(iter(GROUPS))


@dataclass
class Case:
    """A form that two people have open at once.

    Attributes:
        address: where it is.
        one, other: the browsers of the two.
        theirs: what the first one types and saves.
        mine: what the second one then types into the same field.
        held: what stands in the database, in words.
        kept: what must stand there once the second one was refused.
        told: what the second one is shown of the first one's change.
        elsewhere: what the second one may type into other fields, so that both changes stand.
    """

    address: str
    one: Client
    other: Client
    theirs: dict[str, Any]
    mine: dict[str, Any]
    held: Callable[[], object]
    kept: object
    told: str
    elsewhere: dict[str, Any] | None = None
    both: object = None


def two(role: str, at: Institution) -> tuple[Post, Client, Client]:
    """Two people who hold one role, signed in."""
    first, second = made_up.post(role, at), made_up.post(role, at)
    return first, made_up.browser(first), made_up.browser(second)


def a_view() -> Case:
    post, one, other = two("entry_clerk", made_up.hospital())
    with made_up.acting(post) as by:
        view = enter_view(
            by=by, institution=post.institution_id, record_number="Z1", patient_name="单小雪", phone="13800001234"
        )

    def held() -> object:
        with made_up.acting(post):
            view.refresh_from_db()
        return view.phone, view.sex

    return Case(
        reverse("patients:change", args=[view.pk]), one, other, {"phone": "13900005678"}, {"phone": "13700009999"},
        held, ("13900005678", ""), "139****5678", {"sex": "2"}, ("13900005678", "2"),
    )  # fmt: skip


def a_guardian() -> Case:
    post, one, other = two("entry_clerk", made_up.hospital())
    with made_up.acting(post) as by:
        view = enter_view(by=by, institution=post.institution_id, record_number="Z1", patient_name="单小雪")
        guardian = save_guardian(by=by, view=view, name="虚构母", relation="5", address="虚构省虚构县虚构路1号")

    def held() -> object:
        with made_up.acting(post):
            found = Guardian.objects.get(pk=guardian.pk)
        return found.address, found.phone

    return Case(
        reverse("patients:guardian", args=[view.pk, guardian.pk]), one, other, {"address": "虚构省虚构市虚构街2号"},
        {"address": "虚构省虚构区3号"}, held, ("虚构省虚构市虚构街2号", None), "虚构省虚构",
        {"phone": "13700009999"}, ("虚构省虚构市虚构街2号", "13700009999"),
    )  # fmt: skip


def _institution() -> tuple[Institution, Client, Client]:
    hospital = made_up.hospital(region="510104", name="虚构医院")
    _post, one, other = two("commission_officer", made_up.authority("health", "510000"))
    return hospital, one, other


def _fresh(row: Any, *names: str) -> Callable[[], object]:
    def held() -> object:
        with made_up.acting(made_up.post("centre_officer", made_up.authority("centre", "000000"))):
            found = type(row).objects.get(pk=row.pk)
            said = tuple(getattr(found, name) for name in names)
        return said if len(said) > 1 else said[0]

    return held


def an_institution() -> Case:
    hospital, one, other = _institution()
    return Case(
        reverse("network:change", args=[hospital.pk]), one, other, {"name": "虚构第一医院"}, {"name": "虚构第二医院"},
        _fresh(hospital, "name", "type"), ("虚构第一医院", ""), "虚构第一医院",
    )  # fmt: skip


def an_institution_code() -> Case:
    hospital, one, other = _institution()

    def held() -> object:
        with made_up.acting(made_up.post("centre_officer", made_up.authority("centre", "000000"))):
            return list(InstitutionCode.objects.filter(institution=hospital).values_list("code", flat=True))

    first, second = "45107000012345678A", "45107000012345678B"
    said: dict[str, Any] = {"system": "credit"}
    return Case(
        reverse("network:code", args=[hospital.pk]), one, other, {**said, "code": first}, {**said, "code": second},
        held, [first], first,
    )  # fmt: skip


def the_end_of_an_institution() -> Case:
    hospital, one, other = _institution()
    later, sooner = TODAY() + timedelta(days=90), TODAY() + timedelta(days=30)
    return Case(
        reverse("network:close", args=[hospital.pk]), one, other, {"last_day": later.isoformat()},
        {"last_day": sooner.isoformat()}, _fresh(hospital, "last_day"), later, later.isoformat(),
    )  # fmt: skip


def the_end_of_a_post() -> Case:
    hospital = made_up.hospital()
    clerk = made_up.post("entry_clerk", hospital)
    _post, one, other = two("point_lead", hospital)
    later, sooner = TODAY() + timedelta(days=90), TODAY() + timedelta(days=30)
    why = {"reason": "离岗"}

    def held() -> object:
        with made_up.acting(clerk):
            return Post.objects.get(pk=clerk.pk).last_day

    return Case(
        reverse("accounts:end_post", args=[clerk.pk]), one, other, {"last_day": later.isoformat(), **why},
        {"last_day": sooner.isoformat(), **why}, held, later, later.isoformat(),
    )  # fmt: skip


def a_move() -> Case:
    hospitals = [made_up.hospital(f"MOVE{n}", "510104", name=f"虚构{n}院") for n in range(3)]
    somebody = made_up.person(hospitals[0])
    _post, one, other = two("commission_officer", made_up.authority("health", "510000"))
    said = {"last_day": TODAY().isoformat(), "reason": "调动"}

    def held() -> object:
        with open_scope(system_scope("migration")):
            return Person.objects.filter(pk=somebody.pk).values_list("institution__name", flat=True).first()

    return Case(
        reverse("accounts:move", args=[somebody.pk]), one, other, {"to": "MOVE1", **said}, {"to": "MOVE2", **said},
        held, "虚构1院", "虚构1院",
    )  # fmt: skip


def the_end_of_a_point() -> Case:
    hospital = made_up.hospital(region="510104")
    post, one, other = two("commission_officer", made_up.authority("health", "510000"))
    with made_up.acting(post) as by:
        point = admit_point(institution=hospital, start=date(2026, 1, 1), ground=Point.Ground.values[0], by=by)
    later, sooner = TODAY() + timedelta(days=90), TODAY() + timedelta(days=30)
    why = {"reason": "停办"}

    def held() -> object:
        with made_up.acting(post):
            return Point.objects.get(pk=point.pk).last_day

    return Case(
        reverse("surveillance:end", args=[point.pk]), one, other, {"last_day": later.isoformat(), **why},
        {"last_day": sooner.isoformat(), **why}, held, later, later.isoformat(),
    )  # fmt: skip


def preferences() -> Case:
    post = made_up.post("entry_clerk")
    window = made_up.browser(post), made_up.browser(post)

    def held() -> object:
        with made_up.acting(post):
            return Preference.objects.get(person=post.person_id, group=GROUP).mail

    return Case(
        reverse("notices:preferences"), *window, {f"mail_{GROUP}": "at_once"}, {f"mail_{GROUP}": "never"}, held,
        "at_once", "",
    )  # fmt: skip


CASES: Final = (
    a_view, a_guardian, an_institution, an_institution_code, the_end_of_an_institution, the_end_of_a_post, a_move,
    the_end_of_a_point, preferences,
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_stale_form_is_refused_says_what_the_other_wrote_and_loses_nothing(case: Callable[[], Case]) -> None:
    one = case()
    mine, theirs = opened(one.other, one.address), opened(one.one, one.address)
    assert one.one.post(one.address, {**theirs, **one.theirs}).status_code == 302
    answer = one.other.post(one.address, {**mine, **one.mine})
    assert answer.status_code == 200
    assert one.held() == one.kept, "written over without a word"
    form = answer.context["form"]
    assert form.errors, "it says nothing"
    text = answer.content.decode()
    assert one.told in text
    stands = as_it_stands(form)
    for name, typed in one.mine.items():
        assert str(typed) in str(stands[name]), f"what was typed into {name} is lost"
    assert one.other.post(one.address, {**stands, **one.mine}).status_code == 302, "seen and sent again, it is meant"
    assert one.held() != one.kept


@pytest.mark.parametrize("case", CASES)
def test_a_form_that_carries_nothing_of_what_it_showed_is_refused_too(case: Callable[[], Case]) -> None:
    one = case()
    theirs = opened(one.one, one.address)
    mine = opened(one.other, one.address)
    assert one.one.post(one.address, {**theirs, **one.theirs}).status_code == 302
    for carried in ("", "no such thing", mine["as_shown"] if one.address.endswith("preferences") else "QQ=="):
        answer = one.other.post(one.address, {**mine, **one.mine, "as_shown": carried})
        assert answer.status_code == 200
        assert one.held() == one.kept


@pytest.mark.parametrize("case", [a_view, a_guardian])
def test_fields_that_only_one_side_changed_are_put_together(case: Callable[[], Case]) -> None:
    one = case()
    mine, theirs = opened(one.other, one.address), opened(one.one, one.address)
    assert one.one.post(one.address, {**theirs, **one.theirs}).status_code == 302
    assert one.other.post(one.address, {**mine, **(one.elsewhere or {})}).status_code == 302
    assert one.held() == one.both


@pytest.mark.parametrize("case", CASES)
def test_the_same_change_by_both_is_no_quarrel(case: Callable[[], Case]) -> None:
    one = case()
    mine, theirs = opened(one.other, one.address), opened(one.one, one.address)
    assert one.one.post(one.address, {**theirs, **one.theirs}).status_code == 302
    answer = one.other.post(one.address, {**mine, **one.theirs})
    form = None if answer.status_code == 302 else answer.context["form"]
    # Some acts are over by then, and say so; none may speak of a quarrel.
    assert form is None or not any("其他人" in str(said) for said in form.errors.values())
    assert one.held() == one.kept


def test_a_card_that_both_changed_is_shown_side_by_side() -> None:
    point = CardPoint()
    card = point.card()
    one, other = (made_up.browser(made_up.post("entry_clerk", point.hospital)) for _ in range(2))
    address = reverse("registry:save", args=[card.pk])
    field = code("attending_physician")
    said = {"_version": 1, "_act": "save"}
    assert one.post(address, {**said, field: "甲某"}).status_code == 302
    answer = other.post(address, {**said, field: "乙某"})
    assert answer.status_code == 409
    assert "甲某" in answer.content.decode()
    assert "乙某" in answer.content.decode()
    with point.acting("entry_clerk"):
        assert Card.objects.get(pk=card.pk).version == 2


#: Acts on a card as its page does them, or a page of a list: who does it, what leads there, where, what stays as it is.
_TO_CENTRE: Final = (("auditor", "approve"), ("auditor", "report"))
ACTS_SHOWN: Final[dict[str, tuple[str, tuple[tuple[str, str], ...], str, str]]] = {
    "withdraw": ("entry_clerk", (), "", ""), "void": ("entry_clerk", (("entry_clerk", "withdraw"),), "", ""),
    "submit": ("entry_clerk", (("entry_clerk", "withdraw"),), "", ""),
    "approve": ("auditor", (), "", ""), "return": ("auditor", (), "", ""),
    "recall": ("auditor", (("auditor", "approve"),), "", ""), "report": ("auditor", (("auditor", "approve"),), "", ""),
    "accept": ("centre_officer", _TO_CENTRE, "", ""), "return_by_centre": ("centre_officer", _TO_CENTRE, "", ""),
    "submit the ready": ("entry_clerk", (("entry_clerk", "withdraw"),), "/cards/queue", "/cards/queue/submit"),
    "approve the clean": ("auditor", (), "/cards/audit", "/cards/audit/clean"),
    "report all": ("auditor", (("auditor", "approve"),), "/cards/audit", "/cards/audit/report"),
    "accept a page": ("centre_officer", _TO_CENTRE, "/cards/received", "/cards/received/accept"),
}  # fmt: skip


def _led(point: CardPoint, card: Card, *steps: tuple[str, str]) -> None:
    for role, act in steps:
        with point.acting(role) as by:
            (answer,) = move(cards=[card.pk], act=act, by=by, reason="虚构的原因")
            assert not answer.refused, answer


@pytest.mark.requirement("REG-05")
@pytest.mark.parametrize("name", ACTS_SHOWN)
def test_nobody_moves_a_version_that_they_did_not_see(name: str) -> None:
    """A card goes back and comes again as another version while its page, or a list with it, stands open."""
    role, steps, page, action = ACTS_SHOWN[name]
    point = CardPoint()
    card = point.card()
    _led(point, card, ("entry_clerk", "submit"), *steps)
    reader = made_up.browser(point.centre() if role == "centre_officer" else point.post(role))
    page, action = page or f"/cards/{card.pk}", action or f"/cards/{card.pk}/act"
    reader.get(f"/cards/{card.pk}")  # the sample is looked at, too

    def carried() -> dict[str, str]:
        if name == "submit":  # nobody's button: whoever submits from the page saves what stands on it
            return {"_version": str(Card.objects.get(pk=card.pk).version), "_act": name}
        return {**of_button(reader, page, action), **({} if " " in name else {"_act": name})}

    with point.acting("entry_clerk"):
        before = Card.objects.get(pk=card.pk).state
        mine = carried()
    back = {
        "draft": (), "submitted": (("entry_clerk", "withdraw"),), "approved": (("auditor", "recall"),),
        "reported": (("centre_officer", "return_by_centre"),),
    }  # fmt: skip
    _led(point, card, *back[before])
    with point.acting("entry_clerk") as by:
        save_card(
            card=card.pk, based_on=1, front={code("attending_physician"): "乙某"}, supplement={"grade": "9"}, by=by
        )
    again = {"draft": 0, "submitted": 1, "approved": 2, "reported": 3}[before]
    _led(point, card, *(("entry_clerk", "submit"), *_TO_CENTRE)[:again])
    for said in (mine, {"_act": name}, {**mine, "_version": "x", "card": f"{card.pk}:x"}):
        answer = reader.post(action, {**said, "reason": "虚构的原因"}, follow=True)
        with point.acting("entry_clerk"):
            stands = Card.objects.get(pk=card.pk)
        assert (stands.state, stands.version) == (before, 2), "moved unseen"
        if said is mine and name != "approve the clean":  # what was changed by hand is not clean any more
            assert "已被改为新的一版" in answer.content.decode()
    if name != "approve the clean":
        with point.acting("entry_clerk"):
            mine = carried()
        reader.post(action, {**mine, "reason": "虚构的原因"})
        with point.acting("entry_clerk"):
            assert Card.objects.get(pk=card.pk).state != before, "seen and sent again, it is meant"


def test_pages_move_cards_only_with_the_versions_that_they_showed() -> None:
    """`move` takes bare numbers too, for jobs and imports: no page gives it a list of them."""
    calls = 0
    for file in Path(pages.__path__[0]).glob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "move":
                calls += 1
                cards = next(one.value for one in call.keywords if one.arg == "cards")
                named = isinstance(cards, ast.Name) and cards.id == "seen"  # of `shown`, which mypy sees to
                assert named or isinstance(cards, ast.Dict | ast.DictComp), f"{file.name}:{call.lineno}"
    assert calls >= 7


def test_what_belongs_together_is_not_put_together_of_two_halves() -> None:
    """A document number says the day of birth: one side changes the one, the other side the other."""
    case = a_view()
    mine, theirs = opened(case.other, case.address), opened(case.one, case.address)
    assert case.one.post(case.address, {**theirs, "birth_date": "2019-05-05"}).status_code == 302
    new = {"document_type": "passport", "document_number": "P1234567"}
    answer = case.other.post(case.address, {**mine, **new})
    assert answer.status_code == 200
    assert "2019-05-05" in str(answer.context["form"].errors["document_number"])
    stands = as_it_stands(answer.context["form"])
    assert (stands["birth_date"], stands["document_number"]) == ("2019-05-05", "P1234567")
    assert case.other.post(case.address, stands).status_code == 302
    with suppress(HospitalView.DoesNotExist):
        assert case.held() == ("13800001234", "")


def _known(by: Any, at: int | None) -> tuple[HospitalView, Guardian, Identifier]:
    view = enter_view(by=by, institution=at, record_number="Z1", patient_name="单小雪")  # type: ignore[arg-type]
    guardian = save_guardian(by=by, view=view, name="虚构母", relation="5", phone="13800001234")
    return view, guardian, add_document(by=by, view=view, document_type="passport", document_number="P1234567")


#: What is taken off by a button of the child's page, and how somebody else changes it meanwhile.
TAKEN_OFF: Final[dict[str, tuple[type[Any], dict[str, str]]]] = {
    "guardian": (Guardian, {"phone": "13900005678"}),
    "document": (Identifier, {"document_number": "P7654321"}),
}


@pytest.mark.parametrize("what", TAKEN_OFF)
@pytest.mark.parametrize("carries", ["what it showed", "nothing", "something else"])
def test_what_was_changed_meanwhile_is_not_taken_off_unseen(what: str, carries: str) -> None:
    model, theirs = TAKEN_OFF[what]
    post, _one, other = two("entry_clerk", made_up.hospital())
    with made_up.acting(post) as by:
        view, guardian, document = _known(by, post.institution_id)
    row: Any = {"guardian": guardian, "document": document}[what]
    page = reverse("patients:child", args=[view.child_id])
    button = reverse(f"patients:remove_{what}", args=[view.pk, row.pk])
    mine: dict[str, str] = of_button(other, page, button)
    assert mine
    if carries == "what it showed":
        with made_up.acting(post):
            for name, value in theirs.items():
                setattr(row, name, value)
            row.save(update_fields=list(theirs))
    else:
        mine = {} if carries == "nothing" else {"as_shown": "QQ=="}
    answer = other.post(button, mine, follow=True)
    assert "未移除" in answer.content.decode()
    with made_up.acting(post):
        assert model.objects.filter(pk=row.pk).exists(), "taken off unseen"
    answer = other.post(button, of_button(other, page, button), follow=True)
    assert "已移除" in answer.content.decode(), "seen and sent again, it is meant"
    with made_up.acting(post):
        assert not model.objects.filter(pk=row.pk).exists()


#: Forms that change nothing that stands there already, and why a stale one does no harm.
HARMLESS: Final = {
    "tonghu.patients.forms.DocumentForm": "adds a document; the same one twice is refused",
    "tonghu.patients.forms.ReasonForm": "withdraws or ends; what is over already is refused",
    "tonghu.patients.forms.ConsentForm": "adds a consent",
    "tonghu.patients.forms.GrantForm": "adds a permission; the same one twice is refused",
    "tonghu.platform.web.samples.SampleForm": "shows what forms look like, saves nothing",
    "tonghu.platform.api.forms.IssueForm": "adds a client",
    "tonghu.platform.api.forms.ReasonForm": "renews or ends a client; one that has ended is refused",
    "tonghu.platform.accounts.forms.LogInForm": "changes nothing",
    "tonghu.platform.accounts.forms.CodeForm": "changes nothing",
    "tonghu.platform.accounts.forms.FirstCodeForm": "sets a second factor up that its own code confirms",
    "tonghu.platform.accounts.forms.ConfirmPasswordForm": "asks for the password again",
    "tonghu.platform.accounts.forms.NewPasswordForm": "goes by a link that holds once",
    "tonghu.platform.accounts.forms.ChangePasswordForm": "asks for the password that holds now",
    "tonghu.platform.accounts.forms.LanguageForm": "one choice of one's own, shown at once in every page",
    "tonghu.platform.accounts.forms.RegisterForm": "adds a person; a user name twice is refused",
    "tonghu.platform.accounts.forms.AppointForm": "adds a post; the same one twice is refused",
    "tonghu.platform.accounts.forms.DeputyForm": "adds a deputy",
    "tonghu.platform.trail.forms.WantedForm": "narrows a list",
    "tonghu.platform.trail.forms.ReasonForm": "exports, changes nothing",
    "tonghu.surveillance.forms.ReasonForm": "withdraws or lifts; what is over already is refused",
    "tonghu.surveillance.forms.LockForm": "locks; a month that is locked already is refused",
    "tonghu.surveillance.forms.SignForm": "signs; a month signed already, or with other files by now, is refused",
    "tonghu.surveillance.forms.AdmitForm": "adds a point; the same one twice is refused",
    "tonghu.registry.pages.export_form.ExportForm": "exports, changes nothing",
    "tonghu.intake.forms.UploadForm": "adds a file",
    "tonghu.network.forms.RegisterForm": "adds an institution; a code twice is refused",
}


def _forms() -> set[type[forms.BaseForm]]:
    for module in pkgutil.walk_packages(tonghu.__path__, "tonghu."):
        if module.name.rsplit(".", 1)[-1] in ("forms", "export_form", "samples") or module.name.endswith("_views"):
            importlib.import_module(module.name)
    found: set[type[forms.BaseForm]] = set()
    asked: list[type[forms.BaseForm]] = [forms.BaseForm]
    while asked:
        known = asked.pop().__subclasses__()
        asked += known
        found |= {one for one in known if one.__module__.startswith("tonghu.")}
    return found


def test_every_form_compares_or_can_do_no_harm() -> None:
    bases = {"tonghu.platform.components.as_shown.AsShown", "tonghu.patients.forms.MaskedForm"}
    names = {f"{one.__module__}.{one.__qualname__}": one for one in _forms()}
    comparing = {name for name, one in names.items() if issubclass(one, AsShown)} - bases
    assert comparing - HARMLESS.keys() == {
        "tonghu.patients.forms.ViewForm", "tonghu.patients.forms.GuardianForm", "tonghu.network.forms.InstitutionForm",
        "tonghu.network.forms.CodeForm", "tonghu.network.forms.CloseForm", "tonghu.platform.accounts.forms.EndForm",
        "tonghu.platform.accounts.forms.MoveForm", "tonghu.surveillance.forms.EndForm",
        "tonghu.platform.notices.forms.PreferencesForm", "tonghu.patients.forms.GuardianOffForm",
        "tonghu.patients.forms.DocumentOffForm",
    }  # fmt: skip
    assert names.keys() - comparing - bases == HARMLESS.keys() - comparing, "a form without a line"
