"""Peer: pandas doing the same screen, a hundred thousand rows at a time."""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from screening import COLUMNS, DIAGNOSES, SCOPE

found = 0
for frame in pd.read_csv(sys.argv[1], usecols=COLUMNS, dtype=str, chunksize=100_000):
    birth = pd.to_datetime(frame["P6"].str[:10], format="%Y-%m-%d", errors="coerce")
    admission = pd.to_datetime(frame["P22"].str[:10], format="%Y-%m-%d", errors="coerce")
    early = (admission.dt.month * 100 + admission.dt.day) < (birth.dt.month * 100 + birth.dt.day)
    age = admission.dt.year - birth.dt.year - early
    age = age.fillna(pd.to_numeric(frame["P7"], errors="coerce")).fillna(frame["P66"].notna().map({True: 0.0}))
    codes = pd.concat([frame[c].str.match(SCOPE.removeprefix("^")).fillna(False) for c in DIAGNOSES], axis=1)
    found += int(((age < 20) & codes.any(axis=1)).sum())
print(found)
