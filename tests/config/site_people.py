"""Hospitals with a clerk and an auditor for a site of the tests, and discharge files of theirs. Nobody here exists.

``python site_people.py FOLDER HOSPITALS FILES ROWS`` fills the open site of ``TONGHU_HOME`` and prints as JSON who can
log in and where the files lie: the services of a site need its own settings, so this is a process of its own.
"""

from __future__ import annotations

import csv
import json
import sys
from datetime import date, timedelta
from pathlib import Path

PASSWORD = "Hard-to-guess 7"
HERE = Path(__file__).resolve().parent


def fill(folder: Path, hospitals: int, files: int, rows: int) -> list[dict[str, object]]:
    """Make them, and write the files: each row a stay of its own on whose page nothing is found."""
    import made_up
    from made_up_cards import BORN_A_DAY, identity_number, page
    from tonghu.platform.scope.scope import open_scope, system_scope

    made = []
    for place in range(hospitals):
        # The same children are seen at several hospitals, under other record numbers.
        organisation = f"45107000{place:010d}{place:04d}"
        hospital = made_up.hospital(organisation)
        names = {}
        for role in ("entry_clerk", "auditor"):
            held = made_up.post(role, hospital).person
            with open_scope(system_scope("login")):
                held.set_password(PASSWORD)
                held.save()
            names[role] = held.username
        brought = []
        for number in range(files):
            file = folder / f"{organisation}-{number}.csv"
            with file.open("w", encoding="utf-8", newline="") as out:
                lines = csv.writer(out)
                records = [f"H{place:02d}F{number:03d}R{row:05d}" for row in range(rows)]
                for row, record in enumerate(records):
                    day, child = divmod(number * rows + row, BORN_A_DAY)
                    born = str(date(2016, 9, 25) + timedelta(days=day))
                    front = page(
                        medical_record_no=record, org_code=organisation, birth_date=born,
                        national_id=identity_number(child, born),
                        discharge_datetime=f"2026-09-12 {10 + row // 60 % 10}:{row % 60:02d}",
                    ).front  # fmt: skip
                    if not row:
                        lines.writerow(front)
                    lines.writerow(front.values())
            brought.append({"file": str(file), "records": records})
        made.append({"code": organisation, "hospital": hospital.pk, **names, "files": brought})
    return made


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    from tonghu.config import environment
    from tonghu.config.site import Site

    Site(environment.home()).open()
    print(json.dumps(fill(Path(sys.argv[1]), *map(int, sys.argv[2:]))))
