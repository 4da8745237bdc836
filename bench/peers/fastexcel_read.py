"""Peer: the bare fastexcel read of the first sheet, every cell as text."""

import sys

import fastexcel

sheet = fastexcel.read_excel(sys.argv[1]).load_sheet(0, dtypes="string")
print(len(sheet.to_polars()))
