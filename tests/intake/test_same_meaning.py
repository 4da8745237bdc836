"""What an import does set-wise means what the services mean one by one: columns, findings, children, views, names."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest
from django.utils import timezone
from made_up_files import Hospital, a_file, a_hospital, identity_number

import made_up
from tonghu import cli
from tonghu.hqms.check import Options
from tonghu.intake import identity as identities
from tonghu.intake.checking import TYPED, checked
from tonghu.patients.bulk import Seen, enter_views
from tonghu.patients.models import FormerName, HospitalView, NameToken
from tonghu.patients.services import enter_view
from tonghu.registry import checks
from tonghu.registry.content import Content, key, open_
from tonghu.registry.models import Card, CardVersion, Finding
from tonghu.registry.services import enter_card
from tonghu.registry.summary import facts, identity

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 22)


def test_columns_and_identity_of_a_file_are_those_of_its_contents(tmp_path: Path) -> None:
    """Over a made-up hospital's month in each layout, mistakes included."""
    for layout in ("2012", "2020"):
        file = tmp_path / f"{layout}.csv"
        made = f"--rows 400 --seed 11 --month 2026-10 --in-scope 0.2 --mistakes 0.6 --layout {layout}"
        assert cli.main(["synth", "--out", str(file), *made.split()]) == 0
        with checked(file, file.name, Options(on=ON), lambda _rows: None) as found:
            cases = [case for block, _findings in found.blocks(37) for case in block]
            found_in = defaultdict(set)
            for _block, findings in found.blocks(50):
                for row, *said in findings.select("row", "rule", "version", "column", "level").iter_rows():
                    found_in[row].add(tuple(said))
        assert len(cases) > 60
        for case in cases:
            content = Content(layout, case.front, case.supplement)
            expected = facts(content, ON)
            for name, value in zip(TYPED, case.typed, strict=True):
                wanted = getattr(expected, name)
                if name in ("admission_at", "discharge_at"):
                    wanted = wanted and timezone.make_naive(wanted)
                if case.why and name in ("record_number", "discharge_at"):
                    continue
                assert value == wanted, (name, case.row, case.front)
            assert case.identity == identity(content)
            assert found_in[case.row] == {
                (each.rule, each.rule_version, each.column, each.level) for each in checks.check(content, ON)
            }


@pytest.mark.parametrize("wrong", [{"P5": "19"}, {"P5": "2女"}, {"P2": "12345"}])
def test_a_wrong_value_does_not_become_another_by_its_beginning(hospital: Hospital, wrong: dict[str, str]) -> None:
    batch = hospital.checked(hospital.page(**wrong))
    with hospital.acting():
        row = batch.rows.get()
        said = identities.opened(row.identity)
    assert (row.sex, said.sex, row.admission_count) == ({"P5": ("", "", "1")}.get(*wrong, ("1", "1", "")))
    assert row.errors + row.warnings, "the rules name it"


def test_an_imported_card_is_the_card_that_a_clerk_would_have_entered(hospital: Hospital) -> None:
    page = hospital.page(P13=identity_number("2020-03-01", 1), P27="99")
    hospital.imported(page)
    other = a_hospital()
    with hospital.acting():
        imported = Card.objects.select_related("view").get()
        version = CardVersion.objects.get()
        findings = sorted(Finding.objects.values_list("rule", "rule_version", "level", "column"))
    with other.acting() as by:
        said = open_(version.content)
        entered = enter_card(institution=other.institution, content=said, by=by, archive_month=imported.archive_month)
        own = {"id", "institution", "view", "created_at", "changed_at", "state_since", "authors", "origin"}
        own |= {"compared_at"}  # of an import a job compares the stays
        for field in Card._meta.concrete_fields:
            if field.name not in own:
                assert getattr(imported, field.attname) == getattr(entered, field.attname), field.name
        assert imported.child_id == entered.child_id, "one document, one child"
        for field in HospitalView._meta.concrete_fields:
            if field.name not in ("id", "institution", "created_at", "updated_at"):
                assert getattr(imported.view, field.attname) == getattr(entered.view, field.attname), field.name
        other_findings = sorted(Finding.objects.values_list("rule", "rule_version", "level", "column"))
        assert other_findings == findings
        assert findings, "a rule finds that 99 days are not seven"
        assert bytes(version.content_key) == key(said)


@pytest.mark.requirement("REG-17")
def test_views_set_wise_are_views_one_by_one(hospital: Hospital) -> None:
    known = {
        "sex": "2", "birth_date": date(2020, 3, 1), "ethnicity": "01", "nationality": "中国",
        "residence": "四川省虚构路", "residence_code": "510000", "phone": "13800000001", "document_type": "resident_id",
        "document_number": identity_number("2020-03-01", 21),
    }  # fmt: skip
    other = a_hospital()
    with other.acting() as by:
        one = enter_view(institution=other.institution.pk, record_number="R1", patient_name="单小雪", by=by, **known)
        tokens = sorted(NameToken.objects.filter(view=one).values_list("kind", "token", "former"))
    with hospital.acting() as by:
        seen = [Seen(record_number="R1", patient_name="单小雪", **known), Seen(record_number="R2", patient_name="无")]
        (child, view), (second, _view) = enter_views(institution=hospital.institution.pk, seen=seen, by=by)
        assert child == one.child_id != second
        made = HospitalView.objects.get(pk=view)
        for field in HospitalView._meta.concrete_fields:
            if field.name not in ("id", "institution", "created_at", "updated_at"):
                assert getattr(made, field.attname) == getattr(one, field.attname), field.name
        assert sorted(NameToken.objects.filter(view=view).values_list("kind", "token", "former")) == tokens
        # Later news changes the view, what is older does not; what a row does not say stays.
        news = [Seen(record_number="R1", patient_name="单晓雪", document_number=known["document_number"])]
        old = [Seen(record_number="R1", patient_name="单大雪", document_number=known["document_number"], latest=False)]
        for rows in (news, old):
            assert enter_views(institution=hospital.institution.pk, seen=rows, by=by) == [(child, view)]
        made.refresh_from_db()
        assert (made.patient_name, made.phone) == ("单晓雪", "13800000001")
        former = FormerName.objects.filter(view=view).values_list("name", flat=True)
        assert set(former) == {"单小雪", "单大雪"}, "what earlier stays call a child is kept, whichever comes first"
        # Of several rows of one child the last speaks.
        twice = [Seen(record_number="R3", patient_name="甲"), Seen(record_number="R3", patient_name="乙")]
        views = enter_views(institution=hospital.institution.pk, seen=twice, by=by)
        assert views[0] == views[1]
        assert HospitalView.objects.get(pk=views[0][1]).patient_name == "乙"


def test_a_document_is_evidence_only_where_it_is_the_childs(hospital: Hospital) -> None:
    def evidence(number: str, born: str = "2020-03-01") -> tuple[str, str]:
        content = Content("2012", {"P4": "虚构童", "P13": number, "P6": born})
        return identities.document(identity(content))

    right = identity_number("2020-03-01", 7)
    assert evidence(right) == ("resident_id", right)
    assert evidence(right.lower()) == ("resident_id", right)
    assert evidence(right, "2019-01-01") == ("", ""), "the mother's"
    assert evidence(right, "不详") == ("resident_id", right)
    assert evidence("E12345678") == ("other", "E12345678")
    for filler in ("-", "无", "不详", "0", "000000000000000000", "5.10107E+17", "E00000000", "990101202003010011"):
        assert evidence(filler) in (("", ""), ("resident_id", filler) if filler == right else ("", ""))
    # So brothers with their mother's number stay two children.
    hospital.imported(
        hospital.page(P13=identity_number("1990-01-01", 3)),
        hospital.page(P3="ZY0002", P4="虚构弟", P13=identity_number("1990-01-01", 3)),
    )
    with hospital.acting():
        assert len(set(Card.objects.values_list("child", flat=True))) == 2


def test_a_file_of_several_stays_makes_one_child_with_its_latest_page(hospital: Hospital) -> None:
    number = identity_number("2020-03-01", 9)
    later = hospital.page(P13=number, P22="2026-10-20", P25="2026-10-25 10:00", P2="2", P802="13900000009", P21="")
    hospital.imported(later, hospital.page(P13=number))
    with hospital.acting():
        view = HospitalView.objects.get()
        assert view.phone == "13900000009"
        assert Card.objects.filter(view=view).count() == 2
    made_up.person()  # the site has others, too
    earlier = hospital.page(P13=number, P22="2026-09-01", P25="2026-09-05 10:00", P2="0", P21="13700000000")
    hospital.imported(earlier)
    with hospital.acting():
        assert HospitalView.objects.get().phone == "13900000009", "what is older is no news"
    assert a_file([later])
