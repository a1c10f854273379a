"""How well and how fast lists are made one register, held against a truth that is known: the lists are made up.

`python benchmarks/register.py` prints figures for 200, 2,000 and 20,000 rows. Four lists of the same enterprises: a
plain list (the names of the shipped annex of 66 at the smallest size, invented ones above), a permit list, a survey,
and a copy that is shuffled, misspelt and partly renamed. All codes, permits and places are invented. Then a second
year, with what a person who knows the truth decided in the first.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
from shapely.geometry import shape
from stdnum.cn import uscc

from hmgeo.project.registers import merge_lists

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmgeo.register.merge import Register

ANNEX = Path(__file__).resolve().parent.parent / "tools" / "shipped" / "qingyuan_annexes.csv"
COUNTIES = ("清城区", "清新区", "英德市", "连州市", "佛冈县", "阳山县")
OUTLINES = ANNEX.parents[2] / "layers" / "real" / "counties.geojson"
BRANDS = "鸿宏发达兴隆泰盛金鑫源恒顺嘉佳利华丰瑞祥荣昌永安信诚德明辉光新创联合众聚科美康润泽浩瀚天地星宇凯旋龙腾"
TRADES = (
    ("五金制品", "3360"), ("电镀", "3360"), ("表面处理", "3360"), ("铜业", "3211"), ("铅锌冶炼", "3212"),
    ("有色金属", "3240"), ("电源", "3843"), ("蓄电池", "3843"), ("电路板", "3982"), ("化工", "2619"),
    ("颜料", "2643"), ("皮革", "1910"), ("矿业", "0912"), ("金属材料", "3240"), ("再生资源", "4210"),
)  # fmt: skip
ALIKE = {"鸿": "宏", "宏": "鸿", "达": "发", "佳": "嘉", "嘉": "佳", "源": "原", "金": "全", "鑫": "金", "盛": "胜"}
CONFUSED = {"0": "O", "1": "I", "8": "B", "2": "Z", "5": "S"}
SIZES = {200: 66, 2_000: 590, 20_000: 5_900}
"""Rows in all and the enterprises they are of."""


@dataclass(frozen=True, slots=True)
class Firm:
    """One plant; `key` is the truth."""

    key: str
    name: str
    code: str
    permit: str
    county: str
    trade: str
    lon: float
    lat: float


Row = tuple[str, list[str]]


def credit_code(number: int) -> str:
    """Return a code with the right check digit."""
    body = f"91441800MA{number:07d}"
    return body + uscc.calc_check_digit(body)


def invented_names(count: int, dice: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield names that differ, with county and trade; sister firms share their brand."""
    seen: set[str] = set()
    while len(seen) < count:
        brand = "".join(dice.sample(BRANDS, dice.choice((2, 2, 3))))
        for _ in range(dice.choice((1, 1, 1, 2))):
            county = dice.choice(COUNTIES)
            trade, code = dice.choice(TRADES)
            place = dice.choice(("清远市", f"清远市{county}", county, "清远", "广东"))
            name = f"{place}{brand}{trade}{dice.choice(('有限公司', '有限公司', '厂', '有限责任公司'))}"
            if name not in seen and len(seen) < count:
                seen.add(name)
                yield name, county, code


def county_middles() -> dict[str, tuple[float, float]]:
    """Return a point inside each county of the prefecture."""
    features = json.loads(OUTLINES.read_text(encoding="utf-8"))["features"]
    shapes = {
        one["properties"]["name"]: shape(one["geometry"])
        for one in features
        if one["properties"]["adcode"][:4] == "4418"
    }
    return {name: (held.representative_point().x, held.representative_point().y) for name, held in shapes.items()}


def spread(middle: tuple[float, float], by_deg: float, dice: random.Random) -> tuple[float, float]:
    """Return a point near another."""
    return middle[0] + dice.uniform(-by_deg, by_deg), middle[1] + dice.uniform(-by_deg, by_deg)


def firms_of(count: int, dice: random.Random) -> list[Firm]:
    """Return plants, two in five of them in parks; one firm in twenty-five has a second plant."""
    if count == SIZES[200]:
        with ANNEX.open(encoding="utf-8-sig") as file:
            told = list(csv.DictReader(file))
        named = [(row["企业名称"].strip(), row["所在县(区、市)"] or "清城区", "3360") for row in told]
    else:
        named = list(invented_names(count, dice))
    middles = county_middles()
    parks = {
        name: [spread(middle, 0.06, dice) for _ in range(max(count // 200, 2))] for name, middle in middles.items()
    }
    made = []
    for number, (name, county, trade) in enumerate(named):
        middle = middles.get(county, middles["清城区"])
        in_park = dice.random() < 0.4
        lon, lat = (
            spread(dice.choice(parks.get(county, parks["清城区"])), 0.003, dice)
            if in_park
            else spread(middle, 0.06, dice)
        )
        code = credit_code(number)
        made.append(Firm(f"F{number}", name, code, f"{code}001P", county, trade, lon, lat))
        if dice.random() < 0.04:  # a second plant of the firm
            made.append(replace(made[-1], key=f"F{number}b", permit=f"{code}002Q", lon=lon + 0.05, lat=lat - 0.04))
    return made


def misspelt(name: str, dice: random.Random) -> str:
    """Return a name with one sign wrong or missing."""
    at = dice.randrange(2, max(len(name) - 4, 3))
    wrong = ALIKE.get(name[at], dice.choice(BRANDS))
    return dice.choice((name[:at] + wrong + name[at + 1 :], name[:at] + name[at + 1 :]))


def restyled(name: str, dice: random.Random) -> str:
    """Return a name as another office writes it."""
    if "（" in name and dice.random() < 0.5:
        name = (
            name.replace("（", "(").replace("）", ")")
            if dice.random() < 0.5
            else name.replace("（", "").replace("）", "")
        )
    if dice.random() < 0.3:
        name = name.replace("有限公司", "有限责任公司") if "有限责任" not in name else name.replace("有限责任", "有限")
    if dice.random() < 0.2 and name.startswith("清远市"):
        name = dice.choice((f"广东省{name}", name.replace("清远市", "清远", 1)))
    return name


def smudged(code: str, dice: random.Random) -> str:
    """Return a code with one sign read wrong."""
    places = [at for at, sign in enumerate(code) if sign in CONFUSED]
    at = dice.choice(places)
    return code[:at] + CONFUSED[code[at]] + code[at + 1 :]


def renamed(firm: Firm, dice: random.Random) -> str:
    """Return another name altogether."""
    brand = "".join(dice.sample(BRANDS, 3))
    return f"清远市{brand}新材料有限公司" if dice.random() < 0.5 else f"广东{brand}科技有限公司（{firm.county}）"


def lists_of(firms: list[Firm], dice: random.Random) -> dict[str, tuple[list[str], list[Row]]]:
    """Return header and rows of four lists, each row with its truth."""
    main = [firm for firm in firms if not firm.key.endswith("b")]
    plain = [(one.key, [one.name, one.county, one.trade]) for one in main if dice.random() < 0.93]
    permits = [(one.key, [one.permit, restyled(one.name, dice), "清远市"]) for one in firms if dice.random() < 0.8]
    survey = []
    for one in firms:
        if dice.random() < 0.85:
            code = one.code if dice.random() < 0.6 else ""
            code = smudged(code, dice) if code and dice.random() < 0.08 else code
            place = [f"{at + dice.uniform(-2e-4, 2e-4):.6f}" for at in (one.lon, one.lat)]
            survey.append((one.key, [restyled(one.name, dice), code, one.county, *place, "CGCS2000", one.trade]))
    copy = []
    for one in main:
        name, old, code = one.name, "", one.code if dice.random() < 0.5 else ""
        chance = dice.random()
        if chance < 0.15:
            name = misspelt(name, dice)
        elif chance < 0.20:
            name, old = renamed(one, dice), one.name if dice.random() < 0.4 else ""
        place = [f"{at + dice.uniform(-5e-4, 5e-4):.6f}" for at in (one.lon, one.lat)]
        copy.append((one.key, [name, old, code, one.county, *place, "CGCS2000", one.trade]))
    dice.shuffle(copy)
    located = ["县(市、区)", "经度", "纬度", "坐标系", "行业代码"]
    return {
        "名单.csv": (["企业名称", "县(市、区)", "行业代码"], plain),
        "许可证.csv": (["许可证编号", "单位名称", "设区市"], permits),
        "现场调查.csv": (["单位名称", "统一社会信用代码", *located], survey),
        "另一份.csv": (["企业名称", "曾用名", "统一社会信用代码", *located], copy),
    }


def written(folder: Path, lists: dict[str, tuple[list[str], list[Row]]]) -> tuple[list[Path], list[str]]:
    """Write the lists; return their paths and the truth of every row in order."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = []
    for name, (header, rows) in lists.items():
        with (folder / name).open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([header, *(cells for _, cells in rows)])
        truth += [key for key, _ in rows]
    return [folder / name for name in lists], truth


def scores(made: Register, truth: list[str]) -> dict[str, float]:
    """Return precision and recall over pairs of rows of one enterprise."""
    skip = len(made.entries) - len(truth)  # the year before comes first
    group_of = made.matched.group_of[skip:]
    joined = Counter(group_of)
    both = Counter(zip(group_of, truth, strict=True))
    true = Counter(truth)
    pairs = {
        name: sum(n * (n - 1) // 2 for n in held.values()) for name, held in (("j", joined), ("b", both), ("t", true))
    }
    keys: dict[int, Counter[str]] = defaultdict(Counter)
    for group, key in zip(group_of, truth, strict=True):
        keys[group][key] += 1
    offered = useful = 0
    for one in made.matched.proposals:
        shared = sum(keys[one.first][key] * keys[one.second][key] for key in keys[one.first])
        offered, useful = offered + shared, useful + bool(shared)
    counts = made.counts
    return {
        "rows": counts.rows, "merged": counts.merged, "pending": counts.pending, "unmatched": counts.unmatched,
        "precision": pairs["b"] / max(pairs["j"], 1), "wrong": pairs["j"] - pairs["b"],
        "recall": pairs["b"] / pairs["t"],
        "recall with proposals": min((pairs["b"] + offered) / pairs["t"], 1.0),
        "proposals": len(made.matched.proposals), "useful": useful,
    }  # fmt: skip


def decide(book: Path, made: Register, truth: list[str]) -> None:
    """Fill in the sheet as a person would who knows the truth."""
    skip = len(made.entries) - len(truth)
    held: dict[str, Counter[str]] = defaultdict(Counter)
    for group, key in zip(made.matched.group_of[skip:], truth, strict=True):
        held[made.ids[group]][key] += 1
    mostly = {id_: keys.most_common(1)[0][0] for id_, keys in held.items()}
    file = openpyxl.load_workbook(book)
    page = file["待人工确认"]
    at = {cell.value: cell.column for cell in page[1]}
    for row in range(2, page.max_row + 1):
        one, other = (mostly[page.cell(row, at[name]).value] for name in ("对象编号", "候选编号"))
        word = "同一" if one == other else "不同"
        for name, text in (
            ("决定", word),
            ("决定人", "示例"),
            ("决定日期", "2026-01-05"),
            ("决定依据", "核对营业执照"),
        ):
            page.cell(row, at[name]).value = text
    file.save(book)


def next_year(firms: list[Firm], dice: random.Random) -> list[Firm]:
    """Return the firms a year later: some gone, some renamed, some new."""
    kept = [firm for firm in firms if dice.random() > 0.04]
    kept = [replace(one, name=renamed(one, dice)) if dice.random() < 0.02 else one for one in kept]
    fresh = [
        replace(one, key=f"N{number}", code=(code := credit_code(900_000 + number)), permit=f"{code}001P", name=name)
        for number, (one, (name, _, _)) in enumerate(
            zip(dice.sample(firms, len(firms) // 25), invented_names(len(firms) // 25, dice), strict=True)
        )
    ]
    return [*kept, *fresh]


def measure(size: int, folder: Path) -> None:
    """Print both years of one size."""
    dice = random.Random(size)
    firms = firms_of(SIZES[size], dice)
    paths, truth = written(folder / "year1", lists_of(firms, dice))
    start, cpu = time.perf_counter(), time.process_time()
    first = merge_lists(paths, folder / "year1.xlsx")
    told = scores(first, truth)
    told |= {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    told["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report(f"{size} rows, first year", told)
    decide(folder / "year1.xlsx", first, truth)
    paths, truth = written(folder / "year2", lists_of(next_year(firms, dice), dice))
    alone = merge_lists(paths, folder / "alone.xlsx", previous=folder / "year1.xlsx")
    report("second year without decisions", scores(alone, truth))
    both = merge_lists(paths, folder / "year2.xlsx", previous=folder / "year1.xlsx", decisions=[folder / "year1.xlsx"])
    report("second year, decisions replayed", scores(both, truth))
    print("  ", Counter(text.partition("：")[0] for text in both.applied))


def report(title: str, told: dict[str, float]) -> None:
    """Print figures."""
    print(title, *(f"{name} {value:.4g}" for name, value in told.items()), sep="\n   ")


def main() -> None:
    """Measure the sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--here", type=Path, help="measure one size in this process, with its files in this folder")
    told = parser.parse_args()
    if told.here:
        measure(told.sizes[0], told.here)
        return
    for size in told.sizes:  # a process each, so that peaks don't mix
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, __file__, str(size), "--here", folder], check=True)  # noqa: S603 -- own file


if __name__ == "__main__":
    main()
