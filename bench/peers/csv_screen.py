"""Peer: the standard library's csv module doing the same screen."""

import csv
import re
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from screening import DIAGNOSES, SCOPE

scope = re.compile(SCOPE)
found = 0
with Path(sys.argv[1]).open(encoding="utf-8-sig", newline="") as file:
    for row in csv.DictReader(file):
        try:
            birth, admission = date.fromisoformat(row["P6"][:10]), date.fromisoformat(row["P22"][:10])
            age = admission.year - birth.year - ((admission.month, admission.day) < (birth.month, birth.day))
        except ValueError:
            age = int(row["P7"]) if row["P7"].isdigit() else 0 if row["P66"] else 99
        found += age < 20 and any(scope.match(row[c]) for c in DIAGNOSES)
print(found)
