"""Write the cases: files of inputs, the question, and what must come out, worked out without hmgeo.

`python conformance/make.py` writes `cases/` again, byte for byte. Distances are laid out by solving the direct
geodesic problem with `pyproj.Geod`; those to shapes come from `tests/oracle.py` (brute force); shifted and projected
coordinates from the published formulas, written out below; the rest from the clause's words.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path
from typing import Any

import shapely
from pyproj import Geod

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tests"))
from oracle import distance_m  # noqa: E402 - plain geometry over pyproj, nothing of hmgeo

SEMI_MAJOR_M, FLATTENING = 6_378_137.0, 1 / 298.257222101
GEOD = Geod(a=SEMI_MAJOR_M, f=FLATTENING)
LON, LAT = 113.05, 23.60
EVERYWHERE = shapely.box(105.0, 18.0, 120.0, 30.0)
HALF_MM = 0.0005
PENCIL = "铅笔：由条款和输入直接得出"
DIRECT = "由地块边界按 pyproj.Geod 正算布点，距离即所给长度（正北、正东的垂足在起点，东北的最近处是角点）"
ORACLE = "tests/oracle.py（只用 pyproj.Geod 的穷举），1 mm"

Row = dict[str, str]
Feature = tuple[Row, shapely.Geometry | None]


def to(lon: float, lat: float, azimuth_deg: float, metres: float) -> tuple[float, float]:
    """Return the point so many metres away along the ground."""
    there_lon, there_lat, _ = GEOD.fwd(lon, lat, azimuth_deg, metres)
    return float(there_lon), float(there_lat)


def source(name: str, lon: float, lat: float, **cells: str) -> Row:
    """Return a row of the list of enterprises, with twelve decimals: a tenth of a micrometre."""
    return {"企业编号": name, "企业名称": f"示例{name}", "经度": f"{lon:.12f}", "纬度": f"{lat:.12f}", **cells}


def parcel(name: str, shape: shapely.Geometry | None, **cells: str) -> Feature:
    """Return a parcel of arable land."""
    return {"BSM": name, **cells}, shape


def collection(path: Path, features: list[Feature]) -> None:
    """Write features as GeoJSON, without any shape where there is none."""
    rows = [
        {"type": "Feature", "properties": cells, "geometry": shapely.geometry.mapping(shape) if shape else None}
        for cells, shape in features
    ]
    text = json.dumps({"type": "FeatureCollection", "features": rows}, ensure_ascii=False, indent=0)
    path.write_text(text + "\n", encoding="utf-8")


def layer(features: list[Feature] | None, covers: shapely.Geometry | None = EVERYWHERE, *, whole: bool = True) -> Any:  # noqa: ANN401 - a plain tuple for `folder`
    """Return a layer with what it declares: the ground that it covers, and whether it is complete there."""
    return features, covers, whole


def folder(
    name: str,
    title: str,
    rows: list[Row],
    cases: dict[str, Any],
    *,
    by: str,
    as_of: str = "2021-06-30",
    layers: dict[str, Any] | None = None,
) -> None:
    """Write one folder: question, files, expected answers."""
    home = HERE / "cases" / name
    home.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with (home / "sources.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    stated: dict[str, Any] = {}
    for kind, (features, covers, whole) in (layers or {}).items():
        collection(home / f"{kind}.geojson", features)
        stated[kind] = {"file": f"{kind}.geojson", "complete": whole}
        if covers is not None:
            collection(home / f"{kind}-covers.geojson", [({}, covers)])
            stated[kind]["covers"] = f"{kind}-covers.geojson"
    question = {"title": title, "as_of": as_of, "sources": "sources.csv", "layers": stated}
    for file_name, content in (("question", question), ("expected", {"by": by, "cases": cases})):
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (home / f"{file_name}.json").write_text(text + "\n", encoding="utf-8")


def verdict(*allowed: str, **more: object) -> dict[str, object]:
    """Return what one source must come to under one clause."""
    return {"verdict": list(allowed), **more}


def thresholds() -> None:
    """Write half a millimetre before and behind five limits, in three directions, and the limit itself."""
    rows, parcels, cases = [], [], {}
    for place, limit_m in enumerate((50, 500, 1000, 5000, 10000)):
        west, south = 110.0 + 0.8 * place, 23.0
        box = shapely.box(west, south, west + 0.02, south + 0.02)
        parcels.append(parcel(f"P{limit_m}", box))
        starts = {"N": (west + 0.01, south + 0.02, 0), "E": (west + 0.02, south + 0.01, 90),
                  "NE": (west + 0.02, south + 0.02, 45)}  # fmt: skip
        for side, (lon, lat, azimuth) in starts.items():
            for word, extra_m in (("minus", -HALF_MM), ("at", 0.0), ("plus", HALF_MM)):
                name = f"{side}{limit_m}-{word}"
                rows.append(source(name, *to(lon, lat, azimuth, limit_m + extra_m)))
                expected = verdict("clear" if extra_m > 0 else "listed", certainty="certain")
                cases[f"{name}|CF-NEAR-{limit_m}"] = {**expected, "measured_m": limit_m + extra_m, "tolerance_m": 1e-4}
    for word, said in (("minus", "prohibited"), ("at", "clear"), ("plus", "clear")):
        cases[f"N1000-{word}|CF-KEEP-1000"] = verdict(said)
    farmland = {"farmland": layer(parcels)}
    folder("thresholds", "界限前后半毫米；界限本身算在内", rows, cases, by=DIRECT, layers=farmland)


def shapes() -> None:
    """Write distances to shapes of every sort."""
    box = shapely.box(LON, LAT, LON + 0.02, LAT + 0.02)
    ring = shapely.Polygon(
        shapely.box(111, 24, 111.1, 24.1).exterior, [shapely.box(111.02, 24.02, 111.08, 24.08).exterior]
    )
    horseshoe = shapely.Polygon([(112, 25), (112.1, 25), (112.1, 25.01), (112.01, 25.01), (112.01, 25.09),
                                 (112.1, 25.09), (112.1, 25.1), (112, 25.1)])  # fmt: skip
    strip = shapely.Polygon([(108.0, 28.0), (109.5, 28.0), (109.5, 27.999), (108.0, 27.999)])
    pair = shapely.MultiPolygon([shapely.box(115, 22, 115.01, 22.01), shapely.box(115.05, 22, 115.06, 22.01)])
    needle = shapely.Polygon([(116.0, 27.0), (116.3, 27.2), (116.3, 27.20001)])
    drawn = {"box": box, "ring": ring, "horseshoe": horseshoe, "strip": strip, "pair": pair, "needle": needle}
    points = {
        "inside": (LON + 0.01, LAT + 0.01, "box"), "on-a-corner": (LON, LAT, "box"),
        "beside": (LON - 0.03, LAT + 0.013, "box"), "in-the-hole": (111.05, 24.05, "ring"),
        "in-the-ring": (111.01, 24.05, "ring"), "in-the-horseshoe": (112.06, 25.05, "horseshoe"),
        "north-of-a-long-edge": (108.75, 28.05, "strip"), "south-of-a-long-edge": (108.75, 27.95, "strip"),
        "between-two-parts": (115.034, 22.005, "pair"), "beside-a-slanting-edge": (116.12, 27.12, "needle"),
        "beyond-the-tip": (115.96, 26.97, "needle"),
    }  # fmt: skip
    rows, cases = [], {}
    for name, (lon, lat, to_shape) in points.items():
        rows.append(source(name, lon, lat))
        metres = round(distance_m(lon, lat, drawn[to_shape]), 4)
        said = verdict("listed" if metres <= 10000 else "clear", measured_m=metres, tolerance_m=1e-3)  # noqa: PLR2004 - the clause's limit
        cases[f"{name}|CF-NEAR-10000"] = said
    farmland = {"farmland": layer([parcel(name, shape) for name, shape in drawn.items()])}
    folder("shapes", "到各种形状的椭球面最短距离；边在经纬度上为直线", rows, cases, by=ORACLE, layers=farmland)


def _shift(x: float, y: float) -> tuple[float, float]:
    """Return the two sums of sines of the published GCJ-02 formula."""
    pi = math.pi
    waves = (20 * math.sin(6 * x * pi) + 20 * math.sin(2 * x * pi)) * 2 / 3
    lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + waves
    lat += (20 * math.sin(y * pi) + 40 * math.sin(y / 3 * pi)) * 2 / 3
    lat += (160 * math.sin(y / 12 * pi) + 320 * math.sin(y * pi / 30)) * 2 / 3
    lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + waves
    lon += (20 * math.sin(x * pi) + 40 * math.sin(x / 3 * pi)) * 2 / 3
    lon += (150 * math.sin(x / 12 * pi) + 300 * math.sin(x / 30 * pi)) * 2 / 3
    return lon, lat


def gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return GCJ-02 by the published formula (its own ellipsoid: a 6378245, e² 0.00669342162296594323)."""
    axis_m, eccentricity2 = 6_378_245.0, 0.00669342162296594323
    d_lon, d_lat = _shift(lon - 105, lat - 35)
    root = math.sqrt(1 - eccentricity2 * math.sin(math.radians(lat)) ** 2)
    d_lat = d_lat * 180 / (axis_m * (1 - eccentricity2) / root**3 * math.pi)
    d_lon = d_lon * 180 / (axis_m / root * math.cos(math.radians(lat)) * math.pi)
    return lon + d_lon, lat + d_lat


def bd09(lon: float, lat: float) -> tuple[float, float]:
    """Return BD-09 by the published formula, from GCJ-02."""
    x, y = gcj02(lon, lat)
    turn = math.pi * 3000 / 180
    radius = math.hypot(x, y) + 0.00002 * math.sin(y * turn)
    angle = math.atan2(y, x) + 0.000003 * math.cos(x * turn)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


def gauss_kruger(lon: float, lat: float, meridian: float) -> tuple[float, float]:
    """Return easting (500 km, no prefix) and northing on CGCS2000, by Krüger's series in n to the fourth power."""
    n = FLATTENING / (2 - FLATTENING)
    alpha = (n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16 + 41 * n**4 / 180, 13 * n**2 / 48 - 3 * n**3 / 5 + 557 * n**4 / 1440,
             61 * n**3 / 240 - 103 * n**4 / 140, 49561 * n**4 / 161280)  # fmt: skip
    radius_m = SEMI_MAJOR_M / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    phi, lam = math.radians(lat), math.radians(lon - meridian)
    e = 2 * math.sqrt(n) / (1 + n)
    t = math.sinh(math.atanh(math.sin(phi)) - e * math.atanh(e * math.sin(phi)))
    xi, eta = math.atan2(t, math.cos(lam)), math.atanh(math.sin(lam) / math.hypot(1, t))
    north = xi + sum(a * math.sin(2 * k * xi) * math.cosh(2 * k * eta) for k, a in enumerate(alpha, 1))
    east = eta + sum(a * math.cos(2 * k * xi) * math.sinh(2 * k * eta) for k, a in enumerate(alpha, 1))
    return 500_000 + radius_m * east, radius_m * north


def datums() -> None:
    """Write the same places in the systems that lists come in."""
    tolerance = {"tolerance_deg": 1e-6}
    at = [(LON, LAT), (107.54, 24.98)]
    rows, cases = [], {}
    systems = {"CGCS2000": lambda *p: p, "WGS84": lambda *p: p, "GCJ-02": gcj02, "高德": gcj02, "BD-09": bd09,
               "百度": bd09}  # fmt: skip
    for nth, (lon, lat) in enumerate(at, 1):
        for word, shifted in systems.items():
            name = f"{word}-{nth}"
            rows.append(source(name, *shifted(lon, lat), 坐标系=word))
            cases[name] = {"lon": lon, "lat": lat, **tolerance}
    folder(
        "datums", "同一地点，各行自带坐标系", rows, cases, by="GCJ-02、BD-09 公开算法，make.py 中另写；1e-6°，约 0.1 m"
    )
    rows, cases = [], {}
    for lon, lat, zone, meridian in ((LON, LAT, 38, 114), (107.54, 24.98, 36, 108)):
        east, north = gauss_kruger(lon, lat, meridian)
        name = f"zone-{zone}"
        cells = {"企业编号": name, "企业名称": name, "X坐标": f"{north:.4f}", "Y坐标": f"{zone}{east:011.4f}"}
        rows.append(cells)
        cases[name] = {"lon": lon, "lat": lat, "tolerance_deg": 1e-8}
    by = "Krüger 级数（n 至四次），make.py 中另写；1e-8°，约 1 mm"
    folder("gauss-kruger", "三度带高斯坐标，东坐标带号", rows, cases, by=by)
    written = {
        "signs": ("113°03′00.00″", "23°36′00.00″"), "letters": ("113d03m00.00s", "23d36m00.00s"),
        "words": ("113度3分0.00秒", "23度36分0.00秒"), "full-width": ("１１３．０５００００", "２３．６０００００"),
        "hemisphere": ("E113.050000", "N23.600000"), "degrees-and-minutes": ("113°03.0000′", "23°36.0000′"),
        "typed-quotes": ("113°03'00.00\"", "23°36'00.00\""),
    }  # fmt: skip
    rows = [{"企业编号": name, "企业名称": name, "经度": x, "纬度": y} for name, (x, y) in written.items()]
    cases = {name: {"lon": LON, "lat": LAT, "tolerance_deg": 1e-9} for name in written}
    folder("degrees", "度分秒的各种写法，同一地点", rows, cases, by="铅笔：3/60 = 0.05，36/60 = 0.6")


def absence() -> None:
    """Write layers that may not hold all there is: what isn't found in them is unknown, never clear."""
    far = [parcel("P", shapely.box(LON, LAT, LON + 0.01, LAT + 0.01))]
    lon, lat = to(LON + 0.005, LAT + 0.01, 0, 15_000)
    beyond, near = source("beyond", lon, lat), source("near", *to(LON + 0.005, LAT + 0.01, 0, 900))
    clause = "CF-NEAR-10000"
    part = shapely.box(LON - 1, LAT - 1, LON + 1, lat + 0.05)
    holed = EVERYWHERE.difference(shapely.box(lon, lat, lon + 0.02, lat + 0.02).buffer(0.01))
    states = {
        "declared": ("申明完整，覆盖全域", layer(far), "clear"),
        "undeclared": ("什么都没有申明", layer(far, None, whole=False), "not_assessed"),
        "no-extent": ("申明完整，没说覆盖哪里", layer(far, None), "not_assessed"),
        "not-whole": ("说了覆盖哪里，没说完整", layer(far, whole=False), "not_assessed"),
        "part-covered": ("查询圆有一部分在覆盖范围外", layer(far, part), "not_assessed"),
        "hole-in-cover": ("覆盖范围在查询圆内有一个洞", layer(far, holed), "not_assessed"),
        "shape-missing": ("有一个地块没有图形，不知在哪里", layer([*far, parcel("Q", None)]), "not_assessed"),
    }  # fmt: skip
    for name, (title, farmland, said) in states.items():
        cases = {f"beyond|{clause}": verdict(said), f"near|{clause}": verdict("listed")}
        folder(f"absence-{name}", f"图层{title}：近的照列，远的{said}", [beyond, near], cases, by=PENCIL,
               layers={"farmland": farmland})  # fmt: skip
    cases = {f"beyond|{clause}": verdict("not_assessed"), "beyond|CF-REDLINE": verdict("not_assessed"),
             "beyond|CF-PARK": verdict("not_assessed"), "near|CF-KEEP-1000": verdict("not_assessed")}  # fmt: skip
    folder("absence-no-layer", "没有图层", [beyond, near], cases, by=PENCIL)
    elsewhere = layer([parcel("P", shapely.box(118, 20, 118.01, 20.01))])
    kinds = ("farmland", "industrial_parks", "ecological_redline")
    cases = {f"beyond|{clause}": verdict("clear"), "beyond|CF-REDLINE": verdict("clear"),
             "beyond|CF-PARK": verdict("prohibited")}  # fmt: skip
    folder("absence-elsewhere", "图层完整并覆盖全域，最近的在数百公里外", [beyond], cases, by=PENCIL,
           layers=dict.fromkeys(kinds, elsewhere))  # fmt: skip
    cases = {f"beyond|{clause}": verdict("clear", "refused", "not_assessed")}
    folder("absence-empty", "图层没有一个要素，却申明完整：可以照信，也可以退回，不得列出", [beyond], cases, by=PENCIL,
           layers={"farmland": layer([])})  # fmt: skip
    for word, extra_m in (("short", -HALF_MM * 10), ("enough", HALF_MM * 10)):
        edge_lat = to(LON, LAT + 0.5, 0, 10_000 + extra_m)[1]
        here = [source("edge", LON, LAT + 0.5)]
        cover = shapely.box(LON - 1, LAT - 1, LON + 1, edge_lat)
        cases = {f"edge|{clause}": verdict("clear" if extra_m > 0 else "not_assessed")}
        by = "由点位向北 10 km 正算到覆盖范围的边（平行圈，垂足在正北），±5 mm"
        folder(
            f"absence-cover-{word}", "查询圆与覆盖范围的边", here, cases, by=by, layers={"farmland": layer(far, cover)}
        )


def words() -> None:
    """Write classes of land, trades and facts as offices write them."""
    classes = {
        "优先保护类": ("prohibited",), "优先保护": ("prohibited",), "严格管控类": ("clear",), "安全利用类": ("clear",),
        "": ("not_assessed",), "待定": ("not_assessed",), "核心区": ("not_assessed",),
        "优先": ("not_assessed", "prohibited"),
    }  # fmt: skip
    rows, parcels, cases = [], [], {}
    for nth, (word, said) in enumerate(classes.items(), 1):
        lon, name = 110 + 0.3 * nth, f"class-{nth}"
        parcels.append(parcel(name, shapely.box(lon, LAT, lon + 0.01, LAT + 0.01), 土壤环境质量类别=word))
        rows.append(source(name, *to(lon, LAT + 0.01, 0, 500)))
        cases[f"{name}|CF-CLASS-1000"] = verdict(*said, why=f"地块类别写作「{word}」")
    folder(
        "words-classes", "耕地类别的写法；看不懂的不是“否”", rows, cases, by=PENCIL, layers={"farmland": layer(parcels)}
    )
    yes, no, unknown = ("listed",), ("clear",), ("not_assessed",)
    facts = {"是": yes, "否": no, "有": yes + unknown, "无": no + unknown, "Y": yes + unknown, "N": no + unknown,
             "√": yes + unknown, "×": no + unknown, "待查": unknown, "不详": unknown, "": unknown, "？": unknown,
             "是否": unknown}  # fmt: skip
    rows, cases = [], {}
    for nth, (word, said) in enumerate(facts.items(), 1):
        rows.append(source(f"fact-{nth}", LON, LAT + 0.01 * nth, 是否排放重点重金属=word))
        cases[f"fact-{nth}|CF-FACT"] = verdict(*said, why=f"单元格写作「{word}」")
    folder("words-facts", "是与否的写法；同义词或读懂或算不明，不得读反", rows, cases, by=PENCIL)
    trades = {
        "3212": ("2017", "", "listed"), "C3212": ("2017", "", "listed"), "321": ("2017", "", "not_assessed", "listed"),
        "3216": ("2017", "", "not_applicable"), "1411": ("2017", "", "not_applicable"), "": ("", "", "not_assessed"),
        "32l2": ("2017", "", "not_assessed"), "9999": ("2017", "", "not_assessed"), "铅锌冶炼": ("2017", "", "listed"),
        "2110": ("2017", "", "not_applicable"), "待核": ("", "", "not_assessed"),
    }  # fmt: skip
    rows, cases = [], {}
    for nth, (code, (edition, name, *said)) in enumerate(trades.items(), 1):
        rows.append(source(f"trade-{nth}", LON, LAT + 0.01 * nth, 行业代码=code, 行业分类版本=edition, 行业名称=name))
        cases[f"trade-{nth}|CF-TRADE"] = verdict(*said, why=f"行业代码写作「{code}」")
    rows.append(source("trade-quarrel", LON, LAT, 行业代码="3212", 行业分类版本="2017", 行业名称="糕点、面包制造"))
    cases["trade-quarrel|CF-TRADE"] = verdict("not_assessed", "listed", why="代码与名称矛盾，两种都不能当真")
    farmland = {"farmland": layer([parcel("P", shapely.box(LON - 0.1, LAT - 0.1, LON - 0.01, LAT + 0.2))])}
    folder("words-trades", "行业的写法", rows, cases, by=PENCIL, layers=farmland)


def dates() -> None:
    """Write a clause on its first and last days, and on the days beside them."""
    rows = [source("A", *to(LON + 0.005, LAT + 0.01, 0, 900))]
    farmland = {"farmland": layer([parcel("P", shapely.box(LON, LAT, LON + 0.01, LAT + 0.01))])}
    days = {
        "2019-12-31": ("not_applicable", "not_applicable", "not_applicable"),
        "2020-01-01": ("listed", "listed", "listed"),
        "2022-01-01": ("listed", "listed", "listed"),
        "2022-12-31": ("listed", "listed", "listed"),
        "2023-01-01": ("not_assessed", "listed", "listed"),
        "2023-02-28": ("not_assessed", "listed", "listed"),
        "2023-03-01": ("not_assessed", "not_applicable", "listed"),
    }
    for day, said in days.items():
        clauses = ("CF-PERIOD", "CF-REPEALED", "CF-TASK")
        cases = {f"A|{clause}": verdict(one) for clause, one in zip(clauses, said, strict=True)}
        folder(
            f"date-{day}",
            "首日、末日和前后一天；任务期限不终止条款",
            rows,
            cases,
            by=PENCIL,
            as_of=day,
            layers=farmland,
        )


def borders() -> None:
    """Write inside, outside and on the line; what the position's error leaves open; the territory of a clause."""
    box = shapely.box(LON, LAT, LON + 0.02, LAT + 0.02)
    hole = shapely.box(LON + 0.008, LAT + 0.008, LON + 0.012, LAT + 0.012)
    area = box.difference(hole)
    east = (LON + 0.02, LAT + 0.01)
    points = {
        "inside": ((LON + 0.004, LAT + 0.004), "", ("prohibited", "certain"), ("clear", "certain")),
        "outside": (to(*east, 90, 500), "", ("clear", "certain"), ("prohibited", "certain")),
        "just-inside": (to(*east, 270, 0.01), "", ("prohibited", "certain"), ("clear", "certain")),
        "just-outside": (to(*east, 90, 0.01), "", ("clear", "certain"), ("prohibited", "certain")),
        "in-the-hole": ((LON + 0.01, LAT + 0.01), "", ("clear", "certain"), ("prohibited", "certain")),
        "unsure-inside": (to(*east, 270, 20), "50", ("prohibited", "ambiguous"), ("prohibited", "ambiguous")),
        "unsure-outside": (to(*east, 90, 20), "50", ("prohibited", "ambiguous"), ("prohibited", "ambiguous")),
        "unsure-but-inside": (to(*east, 270, 60), "50", ("prohibited", "certain"), ("clear", "certain")),
    }
    rows, cases = [], {}
    for name, (point, error, line, park) in points.items():
        rows.append(source(name, *point, **{"定位误差(m)": error}))
        cases[f"{name}|CF-REDLINE"] = verdict(line[0], certainty=line[1])
        cases[f"{name}|CF-PARK"] = verdict(park[0], certainty=park[1])
    layers = {kind: layer([({"name": kind}, area)]) for kind in ("ecological_redline", "industrial_parks")}
    by = "由东边界沿方位角正算；误差圆碰到界线的取较重一侧，注明临界"
    folder("borders", "在内、在外、压线、误差", rows, cases, by=by, layers=layers)
    rows, cases = [], {}
    for word, extra_m, said in (
        ("surely", 980.0, "certain"),
        ("perhaps", 1010.0, "ambiguous"),
        ("not", 1030.0, "certain"),
    ):
        rows.append(source(word, *to(*east, 90, extra_m), **{"定位误差(m)": "20"}))
        cases[f"{word}|CF-NEAR-1000"] = verdict("clear" if word == "not" else "listed", certainty=said)
    folder("errors", "界限 1000 m，定位误差 20 m", rows, cases, by="铅笔：980+20、1010−20、1030−20 对 1000",
           layers={"farmland": layer([parcel("P", box)])})  # fmt: skip
    rows = [source("here", 113.05, 23.60, 县区="清城区"), source("there", 107.54, 24.98, 县区="南丹县")]
    cases = {"here|CF-QINGCHENG": verdict("listed"), "there|CF-QINGCHENG": verdict("not_applicable", "absent"),
             "here|CF-NEAR-10000": verdict("listed"), "there|CF-NEAR-10000": verdict("listed")}  # fmt: skip
    beside = [parcel("P", box), parcel("Q", shapely.box(107.55, 24.98, 107.56, 24.99))]
    folder("territory", "条款只在其适用地域说话", rows, cases, by=PENCIL, layers={"farmland": layer(beside)})


def rows_kept() -> None:
    """Write rows that are wrong: each comes out once, and none that is wrong comes out clear."""
    rows = [
        source("sound", LON, LAT), {"企业编号": "blank", "企业名称": "无坐标"},
        {"企业编号": "nought", "企业名称": "零", "经度": "0", "纬度": "0"},
        {"企业编号": "words", "企业名称": "文字", "经度": "见附图", "纬度": "见附图"},
        {"企业编号": "half", "企业名称": "缺一半", "经度": "113.050000", "纬度": ""},
        {"企业编号": "too-far-north", "企业名称": "纬度过大", "经度": "113.050000", "纬度": "236.000000"},
        source("abroad", 11.5, 50.0),
    ]  # fmt: skip
    clause = "CF-NEAR-10000"
    cases: dict[str, Any] = {row["企业编号"]: {"times": 1} for row in rows}
    cases |= {f"{row['企业编号']}|{clause}": verdict("not_assessed", "absent") for row in rows[1:]}
    cases[f"sound|{clause}"] = verdict("clear")
    far = {"farmland": layer([parcel("P", shapely.box(110, 20, 110.01, 20.01))])}
    folder("rows", "每行恰好出现一次；坐标不可用的不得为未触及", rows, cases, by=PENCIL, layers=far)


if __name__ == "__main__":
    for write in (thresholds, shapes, datums, absence, words, dates, borders, rows_kept):
        write()
