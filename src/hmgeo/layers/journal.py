"""The pen that writes a ledger while one file is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hmgeo.records import Ledger, LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

_ROWS_NAMED = 5


@dataclass(slots=True)
class Journal:
    """Collects entries on one file; rows are data rows counted from 1.

    Parameters
    ----------
    file, sheet
        As the user named them; put into every entry.
    ids
        The id of each row, once known; put into the entries that speak of a row.
    """

    file: str
    sheet: str = ""
    ids: list[str] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)

    def note(self, event: str, reason: str = "", action: str = "", *, field: str = "", value: str = "") -> None:
        """Write an entry on the file as a whole."""
        self.entries.append(
            LedgerEntry(
                file=self.file,
                sheet=self.sheet,
                field=field,
                value=value,
                event=event,
                reason=reason,
                action=action,
            )
        )

    def note_row(
        self, row: int, event: str, reason: str = "", action: str = "", *, field: str = "", value: str = ""
    ) -> None:
        """Write an entry on one data row."""
        self.entries.append(
            LedgerEntry(
                file=self.file,
                sheet=self.sheet,
                row=row,
                field=field,
                value=value,
                event=event,
                reason=reason,
                action=action,
                source_id=self.ids[row - 1] if row <= len(self.ids) else "",
            )
        )

    def ledger(self) -> Ledger:
        """Return what was written, in order."""
        return Ledger(tuple(self.entries))


def name_rows(rows: Iterable[int]) -> str:
    """Name how many rows something concerns and the first of them.

    Examples
    --------
    >>> name_rows([3, 4, 9])
    '3 行（数据第 3、4、9 行）'
    """
    listed = list(rows)
    more = "等" if len(listed) > _ROWS_NAMED else ""
    return f"{len(listed)} 行（数据第 {'、'.join(map(str, listed[:_ROWS_NAMED]))} 行{more}）"
