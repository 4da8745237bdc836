"""Files of report cards as an export writes them, edited by hand and brought again."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from made_up_files import Hospital
from openpyxl import load_workbook

import made_up
from tonghu.intake.models import Batch, State
from tonghu.registry.exporting import supplement_columns

#: The headings of the items of the supplement, by their names.
HEADINGS = {item.name: heading for heading, item in supplement_columns().items()}


def exported(hospital: Hospital, kind: str) -> bytes:
    records = made_up.browser(made_up.post("records_department", hospital.institution))
    answer = records.post("/cards/export", {"layout": "2012", "kind": kind, "reason": "与临床核对"})
    assert answer.status_code == 200
    return answer.content


def edited(content: bytes, kind: str, record: str, cells: Mapping[str, object], folder: Path) -> bytes:
    """An exported file in which some cells of the row of a record number say something else."""
    if kind == "csv":
        header, *rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]
        for row in rows:
            if row[header.index("P3")] == record:
                for heading, text in cells.items():
                    row[header.index(heading)] = str(text)
        out = io.StringIO()
        csv.writer(out).writerows([header, *rows])
        return out.getvalue().encode()
    book = load_workbook(io.BytesIO(content))
    titles = [cell.value for cell in book.active[2]]
    for line in book.active.iter_rows(min_row=3):
        if line[titles.index("P3")].value == record:
            for heading, text in cells.items():
                cell = line[titles.index(heading)]
                if isinstance(text, datetime):
                    cell.number_format = "yyyy-mm-dd"
                cell.value = text or None
    book.save(folder / "改.xlsx")
    return (folder / "改.xlsx").read_bytes()


def brought(hospital: Hospital, content: bytes, kind: str = "csv") -> Batch:
    batch = hospital.check(hospital.upload(content, name=f"导出.{kind}"))
    assert batch.state == State.READY, batch.refusal
    return batch
