"""What can be wrong with a file that is brought: one clear line and nothing kept; or findings, and it goes on."""

from __future__ import annotations

import io
import zipfile

import pytest
from made_up_files import Hospital, a_file

from tonghu.errors import InputRefused
from tonghu.intake import private, services
from tonghu.intake.models import Row, State

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


def workbook(rows: list[list[str]]) -> bytes:
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(out)
    return out.getvalue()


HEADER = "P900,P3,P4,P5,P6,P7,P22,P25,P321\n"
REFUSED = {
    "a header alone": (HEADER.encode(), "没有数据行"),
    "no header": (b"1,2,3\n4,5,6\n", "没有找到表头"),
    "a header that nobody knows": ("甲,乙\n1,2\n".encode(), "无法识别表头"),
    "a header of numbers": (b"1,2,3,4\n5,6,7,8\n", "没有找到表头"),
    "the layout of Chinese medicine": (b"ZZJGDM,YLFKFS,BAH,XM,XB,CSRQ\n1,1,1,a,1,2020-01-01\n", "中医"),
    "a delimiter that is none": (HEADER.replace(",", "^").encode() + b"1^2^3^1^2020-01-01^6^2026-10-01^\n",
                                 "表头"),
    "a column twice": (HEADER.replace("P7", "P6").encode() + b"1,2,3,1,2020-01-01,6,2026-10-01,2026-10-02,C91\n",
                       "列重复"),
    "no main diagnosis": (b"P900,P3,P4,P5,P6,P22\n1,2,3,1,2020-01-01,2026-10-01\n", "缺少筛查所必需的列"),
    "a workbook cut off": (workbook([["P900", "P3"], ["1", "2"]])[:-400], ""),
    "an archive in an archive": (zipped(a_zip=zipped(b_csv=b"P900,P3\n1,2\n")), ""),
    "an archive with two files": (zipped(a_csv=b"P900\n1\n", b_csv=b"P900\n1\n"), ""),
    "a bomb": (zipped(a_csv=b"0" * 200_000_000), ""),
    "an archive with nothing in it": (zipped(), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_one_line_and_nothing_is_kept(hospital: Hospital, name: str) -> None:
    content, words = REFUSED[name]
    batch = hospital.check(hospital.upload(content))
    assert batch.state == State.REFUSED
    zh, en, name = str(batch.refusal).split("\n")
    assert name == "虚构.csv", "the file is gone: so that one knows which it was"
    assert words in zh
    assert zh
    assert en
    assert "Traceback" not in batch.refusal
    assert private.PREFIX not in batch.refusal, "where it was looked at is nobody's matter"
    with hospital.acting():
        assert not Row.objects.exists()
        assert batch.file.destroyed_at is not None


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "文件是空的"), (b"%PDF-1.7 made up", "PDF"), (b"P900,P3\n1,\x00\x00\x00\n", "无法识别的文件")],
)
def test_it_is_not_even_taken(hospital: Hospital, content: bytes, words: str) -> None:
    with pytest.raises(InputRefused) as refused:
        hospital.upload(content)
    assert words in refused.value.zh


@pytest.mark.parametrize(
    "page",
    [
        {"P6": "20211345"}, {"P6": "44013"}, {"P13": "5.10107E+17"}, {"P13": "510107850101001"},
        {"P13": "99010120200301001x"}, {"P3": "１２３４"}, {"P4": "虚构\n童"}, {"P4": '虚"构'}, {"P25": "26-10-08"},
        {"P801": "四川省" * 200}, {"P3": "1" * 40}, {"P2": "99999"}, {"P5": "男"}, {"P22": ""}, {"P900": ""},
    ],
    ids=str,
)  # fmt: skip
def test_a_cell_that_is_wrong_stops_nothing(hospital: Hospital, page: dict[str, str]) -> None:
    batch = hospital.checked(hospital.page(**page), hospital.page(P3="ZY0002"))
    assert batch.state == State.READY
    with hospital.acting() as by:
        assert batch.rows.count() == 2
        services.choose(batch=batch.pk, choice="new", match="undetermined", by=by)
    batch = hospital.confirmed(batch)
    assert batch.state == State.CONFIRMED
    assert batch.counts["created"] + batch.counts["failed"] == 2
    assert batch.counts["created"] >= 1


@pytest.mark.parametrize(("encoding", "delimiter"), [("gb18030", ","), ("utf-8-sig", "\t"), ("utf-8", "|")])
def test_any_writing_of_a_table_is_read(hospital: Hospital, encoding: str, delimiter: str) -> None:
    content = a_file([hospital.page()]).decode().replace(",", delimiter).encode(encoding)
    batch = hospital.confirmed(hospital.check(hospital.upload(content)))
    assert batch.counts["created"] == 1


def test_a_workbook_is_read(hospital: Hospital) -> None:
    page = hospital.page()
    batch = hospital.check(hospital.upload(workbook([list(page), list(page.values())]), name="虚构.xlsx"))
    assert hospital.confirmed(batch).counts["created"] == 1
