"""Invented wind frequencies and outlets, with ids of invented enterprises and the dirt of real tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipped.places import SYNTHETIC
from shipped.writing import write_xlsx

if TYPE_CHECKING:
    from pathlib import Path

    from shipped.regions import Region

WIND_PERCENT = {
    "N": 13.2, "NNE": 11.8, "NE": 7.9, "ENE": 4.1, "E": 4.6, "ESE": 4.9, "SE": 6.3, "SSE": 6.8, "S": 7.1,
    "SSW": 3.6, "SW": 2.7, "WSW": 1.6, "W": 1.5, "WNW": 2.0, "NW": 4.4, "NNW": 8.3, "C": 9.2,
}  # fmt: skip
"""An invented year of monsoon winds, adding up to a hundred."""

# number of the enterprise, outlet, medium, stack height, pollutant, kg a year, receiving water
OUTLETS: tuple[tuple[int, str, str, str | float, str, float, str], ...] = (
    (1, "DA001", "废气", 45, "镉及其化合物", 1.2, ""),
    (1, "DA002", "废气", 15, "铅及其化合物", 8.5, ""),
    (1, "DW001", "废水", "", "总镉", 0.3, ""),
    (3, "DA001", "废气", 30, "铅及其化合物", 5.6, ""),
    (6, "DA001", "废气", 25, "镉及其化合物", 0.4, ""),
    (6, "DW001", "废水", "", "六价铬", 0.15, ""),
    (9, "DA001", "废气", 60, "镉及其化合物", 2.1, ""),
    (10, "DW001", "废水", "", "总铬", 0.8, "示例排渠"),
    (12, "DA001", "废气", "约三十米", "镉及其化合物", 0.6, ""),
    (14, "DA001", "废气", 20, "颗粒物", 350, ""),
    (15, "DA001", "废气", 35, "镉及其化合物", 0.9, ""),
    (21, "DA001", "废气", 40, "砷及其化合物", 0.7, ""),
    (99, "DA001", "废气", 20, "镉及其化合物", 0.5, ""),
    (0, "DA001", "废气", 15, "铅及其化合物", 0.2, ""),
)


def make_wind(region: Region, path: Path) -> None:
    """Write 风频表: 16 directions and calm."""
    station, years = f"{region.county}示例气象站（合成）", "2000-2018（合成）"
    rows: list[dict[str, str | float]] = [
        {"风向": name, "频率(%)": percent, "气象站": station, "年份": years}
        for name, percent in WIND_PERCENT.items()
    ]  # fmt: skip
    write_xlsx(rows, path, "风频表")


def make_outlets(region: Region, path: Path) -> None:
    """Write 排放口: some belong to nobody, one to an id that two enterprises carry, one has a height in words."""
    rows: list[dict[str, str | float]] = [
        {
            "企业编号": f"示例{region.prefix}-{number:03d}" if number else "",
            "排放口编号": outlet,
            "类型": medium,
            "排气筒高度(m)": height,
            "污染物": pollutant,
            "年排放量(kg)": mass,
            "受纳水体": water,
            "数据来源": SYNTHETIC,
            "资料时点": f"{region.vintage}-06",
            "密级": "公开",
        }
        for number, outlet, medium, height, pollutant, mass, water in OUTLETS
    ]
    write_xlsx(rows, path, "排放口")
