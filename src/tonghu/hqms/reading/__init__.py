"""Reading discharge files of any format: `open_file` gives a `Source` with a header and rows as text."""

from tonghu.hqms.reading.detect import open_file
from tonghu.hqms.reading.model import Frame, Hits, Note, Ragged, Source

__all__ = ["Frame", "Hits", "Note", "Ragged", "Source", "open_file"]
