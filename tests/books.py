"""What workbooks hold, without their looks: openpyxl takes ten to two hundred times as long for both."""

from __future__ import annotations

import html
import re
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from python_calamine import CalamineWorkbook


class Page(NamedTuple):
    """A sheet: its cells, nothing as ""; what is printed above and below; what is said where a cell is filled."""

    rows: list[list[Any]]
    printed: list[str]
    said: list[str]


def pages_of(path: Path) -> dict[str, Page]:
    """Return the sheets of a workbook that we wrote, by name."""
    book = CalamineWorkbook.from_path(path)
    found = {}
    with zipfile.ZipFile(path) as file:
        for number, name in enumerate(book.sheet_names, 1):
            text = file.read(f"xl/worksheets/sheet{number}.xml").decode()
            printed = re.findall(r"<(?:odd|even|first)(?:Header|Footer)>(.*?)</", text, re.DOTALL)
            said = re.findall(r' (?:prompt|error)(?:Title)?="(.*?)"', text, re.DOTALL)
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            found[name] = Page(rows, [*map(html.unescape, printed)], [*map(html.unescape, said)])
    return found
