"""The real annexes 4 and 5 of the Qingyuan plan as an office keeps them: one workbook, no coordinates."""

from __future__ import annotations

import csv
from pathlib import Path

from shipped.writing import write_xlsx

SOURCE = Path(__file__).with_name("qingyuan_annexes.csv")
"""Transcribed from 《清远市重金属污染综合防治行动计划（2018—2020年）》附表4、附表5, spaces and all."""

PLACE = "real/qingyuan_annexes.xlsx"


def annex_rows() -> list[dict[str, str | float]]:
    """Return the 66 rows of the annexes, as they are printed."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


def make_annex(out: Path) -> None:
    """Write the workbook of the third project below the folder of the shipped layers."""
    write_xlsx(annex_rows(), out / PLACE, "附表4、附表5")
