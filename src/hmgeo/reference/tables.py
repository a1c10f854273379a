"""Reference tables that ship with the package, and the one way to read them.

Every row carries the source it was taken from and how sure that is, in the words of the table.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class KeyArea:
    """A heavy-metal key control area (重点区域, 重点防控区) as a policy text names it.

    Parameters
    ----------
    level
        county, township, place, basin, prefecture, county+ (a county and what surrounds it).
    admin_code
        Six-digit county code, nine-digit township code, or the county that a place or basin lies in.
    role
        key_area, demo_regional, demo_basin, coordination_group, ...
    """

    id: str
    name: str
    level: str
    admin_code: str
    role: str
    metals: tuple[str, ...]
    document: str
    clause: str


@dataclass(frozen=True, slots=True)
class Township:
    """A township-level unit (乡镇、街道) by its nine-digit code."""

    code: str
    name: str
    county_code: str
    source: str


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade class of GB/T 4754 in one edition."""

    code: str
    edition: int
    name: str


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of the package by its file name."""
    text = resources.files("hmgeo.reference").joinpath("data", name).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


@lru_cache(maxsize=1)
def key_areas() -> tuple[KeyArea, ...]:
    """Return the key areas of the texts, in the order of the table.

    Examples
    --------
    >>> next(area.name for area in key_areas() if area.id == "GX-ND")
    '南丹县'
    """
    return tuple(
        KeyArea(
            id=row["id"],
            name=row["official_name"] or row["name_text"],
            level=row["level"],
            admin_code=row["admin_code"],
            role=row["role"],
            metals=tuple(filter(None, row["metals"].split(";"))),
            document=row["source_seed"],
            clause=row["clause"],
        )
        for row in read_rows("key_areas.csv")
    )


@lru_cache(maxsize=1)
def trades() -> dict[tuple[int, str], Trade]:
    """Return the trade classes held, by edition (2011, 2017) and code; not the whole standard.

    Examples
    --------
    >>> trades()[2017, "3212"].name
    '铅锌冶炼'
    >>> trades()[2011, "3130"].name, trades()[2017, "3391"].name
    ('黑色金属铸造', '黑色金属铸造')
    """
    found: dict[tuple[int, str], Trade] = {}
    for row in read_rows("industry_codes.csv"):
        for edition in (2017, 2011):
            code = row[f"gbt4754_{edition}"]
            name = row[f"name_{edition}"] or row["name_2017"]
            if code:
                found.setdefault((edition, code), Trade(code, edition, name))
    return found


@lru_cache(maxsize=1)
def townships() -> tuple[Township, ...]:
    """Return the township codes held: those of the example counties and of 清远市, in order of code.

    Examples
    --------
    >>> next(town.name for town in townships() if town.code == "441802105")
    '龙塘镇'
    """
    rows = read_rows("townships.csv")
    return tuple(Township(row["code"], row["name"], row["county_code"], row["source"]) for row in rows)


def trades_named(name: str) -> tuple[Trade, ...]:
    """Return the classes that carry a name, in both editions, where the table pairs them.

    Parameters
    ----------
    name
        As a list writes it. Only a whole name counts, with or without a closing 业: nothing is guessed from parts.

    Returns
    -------
    tuple of Trade
        At most one for each edition, 2017 first; empty where the table doesn't hold the name.

    Examples
    --------
    >>> [(trade.edition, trade.code) for trade in trades_named("铜压延加工")]
    [(2017, '3251'), (2011, '3261')]
    >>> trades_named("涉重金属危险废物处理处置业")
    ()
    """
    rows = read_rows("industry_codes.csv")
    wanted = "".join(name.split())
    names = {row[column] for row in rows for column in ("name_2017", "name_2011")}
    if wanted not in names:
        wanted = wanted.removesuffix("业")
    found = []
    for edition, other in ((2017, 2011), (2011, 2017)):
        same = [row for row in rows if wanted and row[f"name_{edition}"] == wanted]
        paired = same or [row for row in rows if wanted and row[f"name_{other}"] == wanted]
        codes = dict.fromkeys(row[f"gbt4754_{edition}"] for row in paired if row[f"gbt4754_{edition}"])
        if len(codes) == 1:
            found.append(trades()[edition, next(iter(codes))])
    return tuple(found)
