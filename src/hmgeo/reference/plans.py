"""What plans list: Guangxi's emission targets, Guangdong's key units of the 十三五, tasks with their due days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from hmgeo.reference.tables import read_rows
from hmgeo.vocabulary import LegalRank

GUANGDONG_PLAN = "广东省重金属污染综合防治“十三五”规划"
QINGYUAN_PLAN = "清远市重金属污染综合防治行动计划（2018-2020年）"
JIYUAN_PLANS = {
    "大气": "济源产城融合示范区2021年大气污染防治攻坚战实施方案",
    "水": "济源产城融合示范区2021年水污染防治攻坚战实施方案",
    "土壤": "济源产城融合示范区2021年土壤污染防治攻坚战实施方案",
    "农业农村": "济源产城融合示范区2021年农业农村污染治理攻坚战实施方案",
}
TARGET_YEARS = (2022, 2023, 2024, 2025)


@dataclass(frozen=True, slots=True)
class EmissionTarget:
    """A city's row of 附表1 of the Guangxi plan of 2022.

    Parameters
    ----------
    base_2020_kg
        Emission of key metals in 2020.
    cut
        By year, the stated fraction to be cut; None where the table says 控制不新增. Whether it is cumulative against
        2020 or yearly the text doesn't say: see the parameter `target_is_cumulative`.
    """

    city: str
    city_code: str
    enterprises: int
    base_2020_kg: float
    cut: tuple[tuple[int, float | None], ...]
    source: str

    def allowed_kg(self, year: int) -> float:
        """Return the emission that a year's target leaves, read as cumulative against 2020 (the recorded default).

        Examples
        --------
        >>> round(next(one for one in emission_targets() if one.city == "河池市").allowed_kg(2025), 2)
        46606.14
        """
        return self.base_2020_kg * (1 - (dict(self.cut)[year] or 0.0))


@dataclass(frozen=True, slots=True)
class KeyUnit:
    """A unit that Guangdong's plan of the 十三五 names; several counties where the plan joins them.

    Parameters
    ----------
    township_code
        Of the 2023 code list; empty where there is no such unit in it.
    legal_rank
        Of the plan that lists it.
    """

    city: str
    county: str
    county_codes: tuple[str, ...]
    name: str
    township_code: str
    metals: tuple[str, ...]
    note: str
    document: str
    legal_rank: LegalRank
    source: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a plan; `due` is None where the text sets no day (持续推进). A due day ends no rule."""

    document: str
    plan: str
    number: str
    heading: str
    task: str
    lead: str
    support: str
    time_text: str
    due: date | None
    note: str = ""


@lru_cache(maxsize=1)
def emission_targets() -> tuple[EmissionTarget, ...]:
    """Return the targets of Guangxi's cities, in the order of 附表1.

    Examples
    --------
    >>> sum(one.enterprises for one in emission_targets())
    408
    """
    return tuple(
        EmissionTarget(
            row["city"],
            row["city_code"],
            int(row["n_enterprises"]),
            float(row["base2020_kg"]),
            tuple((year, float(text) if (text := row[f"target_{year}_frac"]) else None) for year in TARGET_YEARS),
            row["source"],
        )
        for row in read_rows("emission_targets_guangxi.csv")
    )


@lru_cache(maxsize=1)
def guangdong_key_units() -> tuple[KeyUnit, ...]:
    """Return the units of Guangdong's plan, in the order of its 附表1.

    Examples
    --------
    >>> [one.name for one in guangdong_key_units() if one.county == "清城区"]
    ['龙塘镇', '石角镇']
    """
    return tuple(
        KeyUnit(
            row["city"],
            row["county"],
            tuple(row["county_code"].split(";")),
            row["unit_text"],
            row["township_code_2023"],
            tuple(row["metals"].split(";")),
            row["note"],
            GUANGDONG_PLAN,
            LegalRank.PLAN,
            row["source"],
        )
        for row in read_rows("key_areas_guangdong_135.csv")
    )


@lru_cache(maxsize=1)
def tasks() -> tuple[Task, ...]:
    """Return the tasks of the Qingyuan plan's 附表2 and of the Jiyuan ledgers of 2021, in their order.

    Examples
    --------
    >>> next(one.due.isoformat() for one in tasks() if one.plan == "土壤" and one.number == "3")
    '2021-12-31'
    """
    qingyuan = [
        Task(
            QINGYUAN_PLAN,
            "附表2",
            row["no"],
            row["section"],
            row["measure"],
            row["lead"],
            row["support"],
            row["time_text"],
            _day(row["deadline"]),
        )
        for row in read_rows("qingyuan_tasks.csv")
    ]
    jiyuan = [
        Task(
            JIYUAN_PLANS[row["plan"]],
            row["plan"],
            row["seq"],
            row["task"],
            row["item"],
            row["lead"],
            row["support"],
            row["time_text"],
            _day(row["deadline"]),
            row["flag"],
        )
        for row in read_rows("jiyuan_2021_ledger.csv")
    ]
    return (*qingyuan, *jiyuan)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
