"""What the screening peers share: the columns and the meaning of the screen, written as each library's users would."""

DIAGNOSES = ["P321", "P324", "P327", "P3291", "P3294", "P3297", "P3281", "P3284", "P3287", "P3271", "P3274"]
COLUMNS = ["P6", "P22", "P7", "P66", *DIAGNOSES]
# scope_icd10.csv, its `yes` rows, as one pattern.
SCOPE = r"^(C[0-8]|C9[0-7]|D0[0-79]|D3[237-9]|D35\.?[2-4]|D4[0-8]|D61\.?[12389]|D6[67]|D69\.?3|D76\.?[12])"
