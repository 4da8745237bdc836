"""Many institutions from one file: every fault named, all of it or nothing, the same again changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import made_up
from tonghu.codes.regions import history
from tonghu.errors import InputRefused
from tonghu.network import bringing, services
from tonghu.network.models import Institution
from tonghu.platform.audit.models import Event
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.django_db

HEADINGS = "机构编码,机构名称,行政区划,种类,条线,类别,级别,等次,启用日期,登记号,统一社会信用代码"
ROWS = (
    "H1,虚构儿童医院（东院）,510104,医院,,儿童医院,三级,甲等,2026-01-01,45107000012345678A1234,12510000MB1234567X",
    "H2,虚构卫生院,510107,,,C220,1,,2026/1/2,,",
    "P1,虚构省卫健委,510000,,卫生健康,,,,,,",
)


def a_file(folder: Path, *rows: str, headings: str = HEADINGS, encoding: str = "utf-8-sig") -> Path:
    file = folder / "机构.csv"
    file.write_text("\n".join([headings, *rows]), encoding)
    return file


def brought(file: Path, **more: bool) -> bringing.Brought:
    by = system_scope("provisioning")
    with open_scope(by):
        return bringing.bring(bringing.read(file), by=by, **more)


def counts(done: bringing.Brought) -> tuple[int, int, int, list[str]]:
    return done.new, done.changed, done.same, [fault.en for fault in done.faults]


@pytest.mark.requirement("NET-01")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_file_is_registered_once_and_what_it_says_otherwise_later_is_changed(tmp_path: Path, encoding: str) -> None:
    file = a_file(tmp_path, ROWS[0], ",,", *ROWS[1:], encoding=encoding)
    assert counts(brought(file, dry_run=True)) == (3, 0, 0, [])
    assert not Institution.objects.filter(code__in=("H1", "H2", "P1")).exists()
    assert counts(brought(file)) == (3, 0, 0, [])
    assert counts(brought(file)) == (0, 0, 3, [])
    first, second, third = Institution.objects.order_by("code").filter(code__in=("H1", "H2", "P1"))
    assert (first.name, first.kind, first.type, first.level, first.grade) == (
        "虚构儿童医院（东院）", "hospital", "A519", 3, "甲",
    )  # fmt: skip
    assert f"{first.valid.lower}" == "2026-01-01"
    assert services.codes_of(first) == {
        "registration": "45107000012345678A1234", "credit": "12510000MB1234567X",
    }  # fmt: skip
    assert (second.kind, second.level, third.department) == ("primary_care", 1, "health")
    # A blank says nothing, what is said otherwise is changed, codes too; what stands for good stays.
    again = a_file(
        tmp_path, "H1\t\t虚构新名\t510104\t", "H2\t45107000012345678B1234\t虚构卫生院\t510107\t2",
        headings="code\tregistration\tname\tregion\tlevel",
    )  # fmt: skip
    assert counts(brought(again)) == (0, 2, 0, [])
    first.refresh_from_db()
    assert (first.name, first.level) == ("虚构新名", 3)
    assert services.codes_of(second) == {"registration": "45107000012345678B1234"}
    kind = a_file(tmp_path, "H1,虚构新名,510104,primary_care", headings="code,name,region,kind")
    assert "kind and first day stay" in brought(kind).faults[0].en
    with open_scope(system_scope("chain")):
        assert [event.data for event in Event.objects.filter(kind="network.brought").order_by("pk")] == [
            {"new": 3, "changed": 0}, {"new": 0, "changed": 2},
        ]  # fmt: skip


def test_every_fault_says_row_column_and_what_would_be_right_and_nothing_is_kept(tmp_path: Path) -> None:
    by = system_scope("provisioning")
    with open_scope(by):
        services.load_regions(spells=[*history("510104"), *history("510122")], by=by)
    file = a_file(
        tmp_path, "H1,虚构甲,510104,医院", "H2,,51010,诊所", "H3,虚构丙,510122,医院", "H1,虚构丁,510104,医院",
        "H5,虚构戊,510104,医院,,C220", f"{'9' * 23},虚构己,510104,医院,,,四级,优,2026-13-01",
    )  # fmt: skip
    done = brought(file)
    assert [(fault.row, fault.en.removeprefix(", ")) for fault in done.faults] == [
        (3, "name: empty, should be at most 120 characters"),
        (3, "region: not “51010”, but six digits, 510104"),
        (3, "kind: not “诊所”, but hospital, primary_care, authority"),
        (4, ": The region code 510122 does not exist today"),
        (5, "code: H1 is that of row 2; an institution has one row"),
        (6, ": The type “C220” does not fit this kind of institution"),
        (7, f"code: not “{'9' * 23}”, but at most 22 characters"),
        (7, "level: not “四级”, but 1, 2 or 3"),
        (7, "grade: not “优”, but 特, 甲, 乙, 丙"),
        (7, "since: not “2026-13-01”, but a day, such as 2026-01-01"),
    ]
    assert str(done.faults[1]).startswith("第 3 行“行政区划”：“51010”不能用，应为六位区划代码")
    assert not Institution.objects.exists()


@pytest.mark.parametrize(
    ("headings", "said"),
    [
        ("机构编码,机构名称", "lacks the columns region"),
        ("机构编码,机构名称,行政区划,床位数", "has unknown columns: 床位数"),
        ("机构编码,机构名称,行政区划,name", "has columns twice"),
        (HEADINGS, "holds no institution"),
    ],
)
def test_a_file_that_is_none_of_institutions_is_refused_in_one_line(tmp_path: Path, headings: str, said: str) -> None:
    with pytest.raises(InputRefused, match=said):
        bringing.read(a_file(tmp_path, headings=headings))


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="There is no file"):
        bringing.read(tmp_path / "none.csv")
    for content in (b"\xff\xff\xff", b'code,name,region\n"' + b"x" * 200_000):
        (tmp_path / "bad.csv").write_bytes(content)
        with pytest.raises(InputRefused, match="no table of text in UTF-8 or GB18030"):
            bringing.read(tmp_path / "bad.csv")


def test_rows_beyond_the_region_of_who_brings_them_are_refused(tmp_path: Path) -> None:
    officer = made_up.post("commission_officer", made_up.authority("health", "330000"))
    with made_up.acting(officer) as by:
        done = bringing.bring(bringing.read(a_file(tmp_path, ROWS[0])), by=by)
    assert counts(done) == (0, 0, 0, [": The institution is not in your region"])
    assert not Institution.objects.filter(code="H1").exists()
