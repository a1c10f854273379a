"""Empty lists for an office to fill: headers, what each column may hold, and an example row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xlsxwriter

from hmgeo.outputs.cells import display_width
from hmgeo.outputs.style import SHEET_FONT
from hmgeo.outputs.workbook import CREATED
from hmgeo.reference.templates import GUIDE_MARKS, templates

if TYPE_CHECKING:
    from pathlib import Path

    from xlsxwriter.worksheet import Worksheet

    from hmgeo.reference.templates import TemplateColumn

SUBTABLES = {"企业清单": ("排放口",)}
"""Tables that live in the workbook of another one."""
_LONGEST_CHOICE = 250
_ROWS_TO_FILL = 1000
_WIDEST = 40


def write_templates(folder: Path) -> tuple[str, ...]:
    """Write one workbook per list and return the file names, in the order of the lists.

    Row 1 holds the headers (a star marks a required column), row 2 what each column may hold, row 3 an example. Rows
    2 and 3 start with a mark by which they are told from data when the list is read, so they may stay.
    """
    nested = {name for names in SUBTABLES.values() for name in names}
    written = []
    for name in templates():
        if name in nested:
            continue
        file = f"{name}.xlsx"
        _write(folder / file, (name, *SUBTABLES.get(name, ())))
        written.append(file)
    return tuple(written)


def _write(path: Path, names: tuple[str, ...]) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": names[0], "author": "hmgeo", "created": CREATED})
        common = {"font_name": SHEET_FONT, "font_size": 10, "text_wrap": True, "valign": "vcenter"}
        head = book.add_format({**common, "bold": True, "bg_color": "#E4E9EE", "border": 1})
        needed = book.add_format({**common, "bold": True, "bg_color": "#F9E0CF", "border": 1})
        text = book.add_format({"font_name": SHEET_FONT, "font_size": 10, "num_format": "@"})
        guide = book.add_format({**common, "border": 1, "italic": True, "font_color": "#666666"})
        for name in names:
            columns = templates()[name]
            page = book.add_worksheet(name)
            for index, column in enumerate(columns):
                title = f"{column.name}*" if column.is_required else column.name
                page.set_column(index, index, min(display_width(title) + 3, _WIDEST), text)
                page.write_string(0, index, title, needed if column.is_required else head)
                for row, (mark, value) in enumerate(zip(GUIDE_MARKS, (column.allowed, column.example), strict=True)):
                    page.write_string(row + 1, index, value if index else f"{mark}{value}", guide)
                _offer(page, index, column)
            page.freeze_panes(3, 2)


def _offer(page: Worksheet, index: int, column: TemplateColumn) -> None:
    """Offer a closed list of values as a choice; other values only give a warning, since lists grow."""
    values = column.allowed.split("/")
    short = [value for value in values if value]
    if len(short) < 2 or len(",".join(short)) > _LONGEST_CHOICE or any(" " in one or "，" in one for one in short):  # noqa: PLR2004 -- one is no choice
        return
    page.data_validation(
        3,
        index,
        _ROWS_TO_FILL,
        index,
        {
            "validate": "list",
            "source": short,
            "error_type": "warning",
            "error_title": "不在常用值中",
            "error_message": f"常用值：{'、'.join(short)}"[:_LONGEST_CHOICE],
        },
    )
