"""One discharge file, checked from end to end: read, screen, judge, write. The flow, and nothing else, is here.

A file is read once, block by block. The prefilter passes over nearly all rows on a few columns; the rest is fetched
whole, gathered into batches, cast to typed facts, screened by the scope rules, and judged by the front-page rules; the
cases are written as they come. What compares rows with each other waits until the last one is known. Memory is bounded
by a batch, plus some numbers for each case and finding.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import polars as pl

from tonghu import __version__
from tonghu.codes.dates import CHINA, today_in_china
from tonghu.errors import InputRefused
from tonghu.hqms import across, facts, findings, header, iccc, misplaced, summary, uncoded
from tonghu.hqms.asking import FEW
from tonghu.hqms.cases import OWN_COLUMNS, CasesFile
from tonghu.hqms.facts import Facts
from tonghu.hqms.filehash import FileHash
from tonghu.hqms.findings import Register
from tonghu.hqms.judge import SET as FRONT_PAGE
from tonghu.hqms.judge import Judge, answered_elsewhere
from tonghu.hqms.layout import Columns, detect, is_column
from tonghu.hqms.lists import LISTED_FACTS, ClinicalList
from tonghu.hqms.outputs import CASES, FINDINGS, MARKED, MARKED_BEFORE, SUMMARY, Outputs
from tonghu.hqms.prefilter import Prefilter, bounds
from tonghu.hqms.reading import Hits, Source, open_file
from tonghu.hqms.reading.ahead import prefetched
from tonghu.hqms.screen import SET as SCOPE
from tonghu.hqms.screen import UNDETERMINED, Screen
from tonghu.hqms.sieve import Sieve
from tonghu.hqms.summary import Summary
from tonghu.hqms.waiting import Waiting
from tonghu.rulebook import Rulebook, RuleSet

# So many fetched rows are cast, screened and written together, and so many judged together (see `waiting`).
BATCH = 10_000
JUDGED = 30_000
LAYERS = ("benign_other", "other_blood", "lch")

Progress = Callable[[int], None]
"""Told now and then how many rows have been read, or marked; first of none."""

Also = Callable[[Columns, pl.DataFrame, pl.DataFrame, Register], pl.DataFrame | None]
"""Of rows in scope, told what the screen says of them (OWN_COLUMNS) and their cells, what else is found in them."""


@dataclass(frozen=True)
class Options:
    """What the user asked for.

    Attributes:
        on: the day whose rules apply, and “today” in them; default: today in China.
        known: headings beside the standard's that whoever asks reads: they are no fault of the file.
    """

    on: date = field(default_factory=today_in_china)
    all_rows: bool = False
    archive_month: date | None = None
    mark: bool = False
    layers: tuple[str, ...] = ()
    clinical_list: Path | None = None
    region: str | None = None
    known: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rules:
    """The rules of one run, for one layout."""

    scope: RuleSet
    front_page: RuleSet

    @classmethod
    def of(cls, book: Rulebook, layout: str, options: Options) -> Rules:
        """The rules in force for `layout` on the day and at the place asked for."""
        return cls(
            book.on(options.on, options.region, [SCOPE], layout, options=options.layers),
            book.on(options.on, options.region, [FRONT_PAGE], layout),
        )


def check(
    file: Path,
    out: Path,
    options: Options,
    progress: Progress = lambda _rows: None,
    marking: Progress = lambda _rows: None,
    digest: FileHash | None = None,
    also: Also | None = None,
) -> Summary:
    """Check a discharge file and write the results into the folder `out`.

    `progress` is told of the rows read, `marking` of those written into the workbook. `digest`: the hash of the file,
    where it was begun before; on two processors it is free while one is busy importing. `also`: what whoever asks finds
    besides in the rows in scope.
    Raises InputRefused with one clear line where the file cannot be used or the folder cannot be written to; then the
    folder has no new file.
    """
    started = time.perf_counter()
    _refuse_impossible(options)
    listed = ClinicalList.read(options.clinical_list) if options.clinical_list else None
    source = open_file(file, is_column)
    if digest is not None:
        source.hashed_by(digest)
    columns = detect(source.header)
    with Outputs(out) as outputs:
        outputs.spare(file, *([options.clinical_list] if options.clinical_list else []))
        run = _Run(source, columns, options, listed, outputs, also)
        run.read(progress)
        made = run.results(file, started, marking)
        outputs.publish()
    return made


def _refuse_impossible(options: Options) -> None:
    """Refuse an archive month that has not come yet."""
    month = options.archive_month
    if month is not None and (month.year, month.month) > (options.on.year, options.on.month):
        raise InputRefused(
            f"归档月 {month:%Y-%m} 晚于检查日期 {options.on}：请核对 --archive-month",
            f"The archive month {month:%Y-%m} lies after the day of the check, {options.on}: see --archive-month",
        )


class _Run:
    """One run in the making."""

    def __init__(
        self,
        source: Source,
        columns: Columns,
        options: Options,
        listed: ClinicalList | None,
        outputs: Outputs,
        also: Also | None,
    ) -> None:
        # Heavy things are imported where they are needed first: a refused header should not wait for them.
        from tonghu.rulebook import packaged

        self.source, self.columns, self.options, self.listed, self.outputs = source, columns, options, listed, outputs
        self.also = also
        self.began = datetime.now(CHINA)
        self.rules = Rules.of(packaged("registry"), columns.named, options)
        self.register = Register()
        limits = bounds(self.rules.scope.rules)
        self.prefilter = Prefilter(columns, limits)
        self.sieve = Sieve(columns, limits)
        self.screen = Screen(self.rules.scope, columns, limits.age_below)
        self.by_dictionary = answered_elsewhere(self.rules.front_page.rules)
        lists = listed.facts(columns) if listed else ()
        self.judge = Judge(self.rules.front_page, columns, self.register, self.by_dictionary, lists)
        self.groups: Counter[str] = Counter()
        self.months: Counter[str] = Counter()
        self.found: list[pl.DataFrame] = []
        self.stays: list[pl.DataFrame] = []
        self.values: list[pl.DataFrame] = []
        self.ragged: list[int] = []
        self.ragged_in_scope: list[int] = []
        self.marked: list[Path] = []
        self.waiting = Waiting(self.judge.rows, JUDGED, self.judge.ready_for_many)
        self.lost_zeros: tuple[str, str] | None = None
        self.rows = 0

    def read(self, progress: Progress) -> None:
        """Read the file to its end; cases are written on the way."""
        progress(0)
        with CasesFile(self.outputs.path(CASES), self.columns.header) as cases:
            for batch in self._batches(progress):
                self._batch(batch, cases)

    def _batches(self, progress: Progress) -> Iterator[_Batch]:
        waiting: list[Hits] = []
        height = 0
        keep = self._keep_all if self.options.all_rows else self.prefilter.keep
        self.source.sieve = None if self.options.all_rows else self.sieve
        # Rows are parsed and cast side by side.
        for hits in prefetched(self.source.screen(self.prefilter.positions, keep)):
            self.rows += hits.screened
            self.ragged += [one.row for one in hits.ragged]
            progress(self.rows)
            if len(hits.rows):
                waiting.append(hits)
                height += len(hits.rows)
            if height > FEW:
                self.waiting.expect_many()
            if height >= BATCH:
                yield _Batch.of(waiting)
                waiting, height = [], 0
        if waiting:
            yield _Batch.of(waiting, last=True)

    def _keep_all(self, data: pl.DataFrame) -> pl.Series:
        self.prefilter.keep(data)  # for its counts
        return pl.repeat(value=True, n=len(data), eager=True)

    def _batch(self, batch: _Batch, cases: CasesFile) -> None:
        known = facts.of_rows(self.columns, batch.rows, batch.data, self.options.on)
        decided = self.screen.decide(known.table, batch.data)
        decided = misplaced.added(decided, batch.rows, batch.data, batch.ragged, self.prefilter.bounds)
        at = decided["at"]
        self.groups.update(dict(decided["scope_group"].value_counts().iter_rows()))
        # Usually the prefilter has left nothing to drop, and gathering hundreds of columns is not free.
        exactly = len(at) == len(batch.data)
        scoped = batch.data if exactly else batch.data[at]
        if batch.ragged:
            self.ragged_in_scope += [row for row in batch.rows[at] if row in batch.ragged]
        if self.options.all_rows or exactly:
            self._judge(known, batch.data, last=batch.last)
        else:
            self._judge(Facts(known.table[at], known.cast.at(at)), scoped, last=batch.last)
        front = iccc.classified(decided, scoped, self.columns).select(OWN_COLUMNS)
        cases.write(front, scoped, batch.lines(at))
        if self.also and len(at) and (more := self.also(self.columns, front, scoped, self.register)) is not None:
            self.found.append(more)
        if self.options.mark and len(at):
            self._keep_for_marking(front, scoped)
        if "discharge_datetime" in known.table.columns:
            months = known.table["discharge_datetime"].gather(at).drop_nulls().dt.strftime("%Y-%m")
            self.months.update(dict(months.value_counts().iter_rows()))

    def _judge(self, known: Facts, data: pl.DataFrame, *, last: bool) -> None:
        """Judge the cells now; let the rows wait for others, because asking all rules has its price each time."""
        if data.is_empty():
            return
        table = self.listed.joined(known.table, self.columns) if self.listed else known.table
        self.waiting.add(table, data)
        if last:
            self.waiting.finish()  # and all else of the last rows is done beside their judging
        self.found.append(self.judge.misfits(known, data))
        stays = across.kept(table)
        self.stays.append(stays)
        self.values.append(
            data.select(f"c{self.columns.position[name]}" for name in stays.columns if name != across.ROW)
        )

    def _keep_for_marking(self, front: pl.DataFrame, data: pl.DataFrame) -> None:
        path = self.outputs.work / f"rows-{len(self.marked)}.arrow"
        pl.concat([front, data], how="horizontal").write_ipc(path)
        self.marked.append(path)

    def results(self, file: Path, started: float, marking: Progress) -> Summary:
        """Judge what needs all rows, and write findings, workbook and summary."""
        self._refuse_shifted()
        uncoded.refuse(self.columns, *self._uncoded())
        if self.rows == 0:
            raise InputRefused(
                f"{file.name} 只有表头，没有数据行：请核对导出条件后重新导出",
                f"{file.name} has a header and no data rows: check what was exported",
            )
        self.waiting.finish()
        compared = []
        if self.stays:  # compared while the last rows are judged
            today = pl.lit(self.options.on).alias("today")
            stays = pl.concat(self.stays).with_columns(today, pl.lit(self.columns.named).alias("layout"))
            compared.append(self.judge.among(stays, pl.concat(self.values)))
            self.lost_zeros = across.lost_zeros(stays)
        self.found += self.waiting.found() + compared
        if "HQ033" in self.by_dictionary:
            rule, known = self.by_dictionary["HQ033"], self.options.known
            self.found.append(header.finding(self.columns, rule, self.register, known))
        found = findings.ordered(self.found, self.register)
        findings.write(self.outputs.path(FINDINGS), found, self.columns, self.register)
        names = [CASES, FINDINGS, SUMMARY] + ([MARKED] if self.options.mark else [])
        made = self._summary(file, found, names, started)
        if self.options.mark:
            self._mark(found, made, marking)
        made.write(self.outputs.path(SUMMARY))
        return made

    def _refuse_shifted(self) -> None:
        """Refuse a file whose date columns hold no dates at all: the header does not stand above its own columns.

        In a short file that may be chance, so there the column of the main diagnosis must hold no codes either.
        """
        passed = 2 * self.sieve.rows
        given, read = passed + self.prefilter.dates_given, passed + self.prefilter.dates_read
        if (given >= 20 and read * 20 < given) or (read == 0 and self.prefilter.codes_misplaced):
            raise InputRefused(
                f"表头与数据错位：出生日期、入院日期两列的 {given} 个值中只有 {read} 个是日期；"
                "请核对表头与数据列是否一一对应、日期是否写作 2026-09-07",
                f"Header and data do not stand in line: of {given} values under birth and admission date only {read} "
                "are dates; check that each header stands above its own column and that dates look like 2026-09-07",
            )

    def _uncoded(self) -> tuple[int, int]:
        """Rows that are young enough, or may be, and those among them without a code; none where no scope is known."""
        if not self.rules.scope.rules:
            return 0, 0
        return self.sieve.young + self.prefilter.asked, self.sieve.uncoded + self.prefilter.uncoded

    def _mark(self, found: pl.DataFrame, made: Summary, progress: Progress) -> None:
        from tonghu.hqms import marking

        width = len(OWN_COLUMNS)

        def parts() -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
            for path in self.marked:
                both = pl.read_ipc(path)
                yield both[:, :width], both[:, width:]

        marked = marking.Marked(made, self.columns, found, self.register)
        marking.write(self.outputs.path(MARKED), marked, parts(), progress)

    def _summary(self, file: Path, found: pl.DataFrame, names: Sequence[str], started: float) -> Summary:
        source, columns, options = self.source, self.columns, self.options
        groups = {rule.outcome or "": 0 for rule in self.rules.scope.rules} | self.groups
        undetermined = groups.pop(UNDETERMINED, 0)
        declared = options.archive_month
        assumed = min(self.months, key=lambda month: (-self.months[month], month), default=None)
        month_note = [] if declared else summary.not_last_month(assumed, options.on)
        return Summary(
            tool="tonghu",
            version=__version__,
            made_on=self.began.isoformat(timespec="seconds"),
            file=file.name,
            size=file.stat().st_size,
            sha256=source.sha256,
            layout=columns.named,
            format=source.format,
            zipped=source.zipped,
            encoding=source.encoding,
            delimiter=source.delimiter,
            taken_for={"zh": source.described_zh, "en": source.described_en},
            notes=summary.notes([*self._attention(), *month_note], self._notes()),
            on=options.on.isoformat(),
            region=options.region,
            archive_month=f"{declared:%Y-%m}" if declared else assumed,
            archive_month_assumed=declared is None and assumed is not None,
            all_rows=options.all_rows,
            layers=list(options.layers),
            rows=self.rows,
            under_20=self._young(),
            in_scope=sum(groups.values()),
            by_group=groups,
            undetermined=undetermined,
            ragged_rows=self.ragged_in_scope,
            findings=len(found),
            findings_by_level=summary.by_level(found, self.register),
            findings_by_rule=summary.by_rule(found, self.register, columns),
            problem_cards=summary.problem_cards(found, self.register),
            unknown_columns=list(columns.unknown),
            missing_columns=[f.code for f in columns.missing],
            ignored_columns=list(columns.ignored),
            rule_sets=[
                {"set": name, "rules": len(rules.rules), "versions": {rule.id: rule.version for rule in rules.rules}}
                for name, rules in ((SCOPE, self.rules.scope), (FRONT_PAGE, self.rules.front_page))
            ],
            inert_rules=sorted({rule.id for rule in self.rules.front_page.inert(LISTED_FACTS if self.listed else ())}),
            outputs=list(names),
            seconds=round(time.perf_counter() - started, 2),
        )

    def _notes(self) -> list[tuple[str, str]]:
        listed = [note for note in (self.listed and self.listed.note, self.lost_zeros) if note]
        notes = [*((zh, en) for zh, en in self.source.notes), *self.columns.notes, *listed]
        if not self.options.mark and self.outputs.has_old_workbook:
            notes.append(
                (
                    f"结果目录中以前检查留下的 {MARKED} 已改名为 {MARKED_BEFORE}，与本次无关",
                    f"{MARKED} of an earlier check is now called {MARKED_BEFORE}; it does not belong to this one",
                )
            )
        return notes

    def _young(self) -> int:
        """Rows under the age of the scope; none where no age is known."""
        if self.screen.age_below is None:
            return 0
        return self.sieve.young + self.prefilter.young + self.screen.late_young

    def _attention(self) -> list[tuple[str, str]]:
        return [*self._scope_note(), *self._ragged_note(), *uncoded.note(*self._uncoded())]

    def _scope_note(self) -> list[tuple[str, str]]:
        if self.rules.scope.rules:
            return []
        on = self.options.on
        return [
            (
                f"{on} 没有生效的监测范围，未判断任何一行是否应报告，也未统计年龄；请核对 --on",
                f"No surveillance scope was in force on {on}: no row was screened and none counted by age; see --on",
            )
        ]

    def _ragged_note(self) -> list[tuple[str, str]]:
        if not self.ragged:
            return []
        listed = "、".join(map(str, self.ragged[:10])) + ("……" if len(self.ragged) > 10 else "")
        count = len(self.ragged)
        return [
            (
                f"{count} 行的列数与表头不同，其内容可能错列，请核对：数据行号 {listed}（表头不计）",
                f"{count} row(s) have more or fewer cells than the header; cells may be misplaced: data rows "
                f"{listed} (the header not counted)",
            )
        ]


@dataclass(frozen=True)
class _Batch:
    """Fetched rows of several blocks: numbers, cells, and the lines of the file where the reader passes them on."""

    rows: pl.Series
    data: pl.DataFrame
    raw_lines: Sequence[bytes] | None
    ragged: frozenset[int]
    last: bool

    @classmethod
    def of(cls, hits: Sequence[Hits], *, last: bool = False) -> _Batch:
        given = [one.raw_lines for one in hits if one.raw_lines is not None]
        return cls(
            pl.concat([one.rows for one in hits], rechunk=True),
            # In one piece: columns in hundreds of chunks take five times as long to cast.
            pl.concat([one.data for one in hits], rechunk=True),
            [line for lines in given for line in lines] if len(given) == len(hits) else None,
            frozenset(row.row for one in hits for row in one.ragged),
            last,
        )

    def lines(self, at: pl.Series) -> Sequence[bytes] | None:
        """The lines of some rows."""
        return None if self.raw_lines is None else [self.raw_lines[place] for place in at]
