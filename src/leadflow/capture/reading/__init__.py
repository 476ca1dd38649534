"""Reading what comes as files and payloads: pure, streaming, and strict where a guess would cost data.

The engine opens files and hands over their bytes or text in chunks:

- `Decoded` turns bytes into text (BOM, UTF-8, UTF-16, Windows-1252) or refuses with the byte offset;
- `read_csv`, `read_jsonl`, `read_vcards` turn text into rows and faults with line and column;
- `map_columns` says which column holds what, `date_order` how a column writes dates;
- `verify`, `submission` read LinkedIn's lead forms; `neutralise`, `restore` keep formulas out of exports.

>>> rows = read_csv(Decoded([b"sep=;\\r\\nE-Mail;PLZ\\r\\n", "ana@example.si;01067\\r\\n".encode()]))
>>> map_columns(rows.header).targets
{'E-Mail': 'contact.email', 'PLZ': 'contact.postcode'}
>>> next(iter(rows))
Row(line=3, cells={'E-Mail': 'ana@example.si', 'PLZ': '01067'})
"""

from leadflow.capture.reading.columns import ColumnGuess, ColumnMapping, Finding, map_columns
from leadflow.capture.reading.csv_rows import CsvRows, read_csv
from leadflow.capture.reading.dates import DateOrder, date_order, parse_date, parse_moment_us
from leadflow.capture.reading.dialect import Dialect, sniff_dialect
from leadflow.capture.reading.jsonl import JsonRow, read_jsonl
from leadflow.capture.reading.linkedin import Notice, challenge_response, notice, submission, verify
from leadflow.capture.reading.neutralise import neutralise, restore
from leadflow.capture.reading.rows import Limits, Row, RowFault, RowNote
from leadflow.capture.reading.sniff import Decoded, Encoding, sniff_encoding
from leadflow.capture.reading.vcard import Card, Property, read_vcards

__all__ = [
    "Card",
    "ColumnGuess",
    "ColumnMapping",
    "CsvRows",
    "DateOrder",
    "Decoded",
    "Dialect",
    "Encoding",
    "Finding",
    "JsonRow",
    "Limits",
    "Notice",
    "Property",
    "Row",
    "RowFault",
    "RowNote",
    "challenge_response",
    "date_order",
    "map_columns",
    "neutralise",
    "notice",
    "parse_date",
    "parse_moment_us",
    "read_csv",
    "read_jsonl",
    "read_vcards",
    "restore",
    "sniff_dialect",
    "sniff_encoding",
    "submission",
    "verify",
]
