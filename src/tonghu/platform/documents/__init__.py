"""Papers: one description, given out as PDF (Typst) and as Word that WPS edits (docxtpl), charts included.

Example::

    paper = Paper(title=..., blocks=(Text(...), Grid(...), Picture(chart)), issued_by=..., day=...)
    pdf(paper)   # bytes
    word(paper)  # bytes
"""
