"""What the tests of the discharge-file engine share: the sample, files made from it, and a way to run the command."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from discharge_files import DATA

from tonghu import cli

ON = "2026-11-22"


@dataclass
class Result:
    """One run: exit code, what it printed, and the folder it wrote."""

    code: int
    out: str
    err: str
    folder: Path

    def rows(self, name: str) -> list[dict[str, str]]:
        text = (self.folder / name).read_bytes().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    @property
    def cases(self) -> list[dict[str, str]]:
        return self.rows("cases.csv")

    @property
    def findings(self) -> list[dict[str, str]]:
        return self.rows("findings.csv")

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads((self.folder / "summary.json").read_text("utf-8"))

    def rules(self, row: int | str) -> set[str]:
        return {finding["rule"] for finding in self.findings if finding["row"] == str(row)}

    def refused(self) -> str:
        """The one line of a refusal; asserts that it is one, in two languages, and that nothing was written."""
        assert self.code == 2, self.out
        assert self.out == ""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1
        assert " / " in lines[0]
        assert "Traceback" not in lines[0]
        assert not self.folder.exists() or not any(self.folder.iterdir())
        return lines[0]


@pytest.fixture
def check(tmp_path, capsys):
    """Run `tonghu hqms check` on a file; bytes are written into one first."""
    runs = 0

    def run(file: Path | bytes, *options: str, name: str = "file.csv", on: str | None = ON) -> Result:
        nonlocal runs
        runs += 1
        if isinstance(file, bytes):
            path = tmp_path / name
            path.write_bytes(file)
            file = path
        folder = tmp_path / f"out{runs}"
        dated = ["--on", on] if on else []
        code = cli.main(["hqms", "check", str(file), "--out", str(folder), *dated, *options])
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err, folder)

    return run


@pytest.fixture(scope="session")
def truth() -> dict[str, Any]:
    return json.loads((DATA / "hqms_2012_sample.truth.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def sample_rows() -> list[list[str]]:
    """The sample, header first."""
    text = (DATA / "hqms_2012_sample.gb18030.csv").read_bytes().decode("gb18030")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture
def sample_dbf(tmp_path) -> Path:
    path = tmp_path / "sample.dbf"
    path.write_bytes(gzip.decompress((DATA / "hqms_2012_sample.dbf.gz").read_bytes()))
    return path


@pytest.fixture(scope="session")
def clean(sample_rows) -> dict[str, str]:
    """A stay in scope without errors: row 88 of the sample."""
    return dict(zip(sample_rows[0], sample_rows[88], strict=True))
