"""One list of 385 enterprises and the ways in which offices write it down."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pyogrio.raw
import shapely
from pyproj import CRS, Transformer

from hmgeo.intake.load import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT = 385
_random = np.random.default_rng(4)
LON = np.round(_random.uniform(112.95, 113.20, COUNT), 8)
LAT = np.round(_random.uniform(23.52, 23.70, COUNT), 8)
IDS = [f"QY-{number:03d}" for number in range(1, COUNT + 1)]
NAMES = [f"示例企业{number:03d}号" for number in range(1, COUNT + 1)]


def shift_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """The published formula, written a second time and in another manner than the package's."""

    def waves(value: float, terms: tuple[tuple[float, float], ...]) -> float:
        return sum(size * math.sin(value * rate * math.pi) for size, rate in terms) * 2 / 3

    a, ee = 6378245.0, 0.00669342162296594323
    x, y = lon - 105, lat - 35
    both = waves(x, ((20, 6), (20, 2)))
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * abs(x) ** 0.5 + both
    d_lat += waves(y, ((20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30)))
    d_lon = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * abs(x) ** 0.5 + both
    d_lon += waves(x, ((20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30)))
    magic = 1 - ee * math.sin(math.radians(lat)) ** 2
    d_lat *= 180 / (a * (1 - ee) / magic**1.5 * math.pi)
    d_lon *= 180 / (a / magic**0.5 * math.cos(math.radians(lat)) * math.pi)
    return lon + d_lon, lat + d_lat


def shift_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """GCJ-02 to BD-09 by the published formula, written a second time."""
    turn = math.pi * 3000 / 180
    z = math.sqrt(lon**2 + lat**2) + 2e-5 * math.sin(lat * turn)
    theta = math.atan2(lat, lon) + 3e-6 * math.cos(lon * turn)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


GCJ = np.array([shift_to_gcj02(*pair) for pair in zip(LON.tolist(), LAT.tolist(), strict=True)])
BD = np.array([shift_to_bd09(*pair) for pair in GCJ.tolist()])


def in_crs(code: int) -> np.ndarray:
    return np.column_stack(Transformer.from_crs(CRS(4490), CRS(code), always_xy=True).transform(LON, LAT))


def dms(value: float) -> tuple[int, int, float]:
    """Degrees, minutes and seconds to five decimals, which is a third of a millimetre."""
    units = round(value * 3600 * 100_000)
    whole, rest = divmod(units, 3600 * 100_000)
    minutes, seconds = divmod(rest, 60 * 100_000)
    return whole, minutes, seconds / 100_000


def wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


@dataclass(frozen=True)
class Way:
    """A way to write the list, what the user has to say of it, and how far positions may be from the truth."""

    write: Callable[[Path], Path]
    options: ReadOptions = field(default_factory=ReadOptions)
    within_m: float = 0.01


def _csv(
    folder: Path,
    header: list[str],
    cells: list[tuple[str, str]],
    encoding: str = "utf-8",
    delimiter: str = ",",
    order: list[int] | None = None,
) -> Path:
    path = folder / "企业.csv"
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows([IDS[row], NAMES[row], *cells[row]] for row in order or range(COUNT))
    path.write_bytes(text.getvalue().encode(encoding))
    return path


NAMED = ["企业编号", "企业名称", "经度", "纬度"]


def _pairs(values: np.ndarray, places: int = 8) -> list[tuple[str, str]]:
    return [(f"{x:.{places}f}", f"{y:.{places}f}") for x, y in values.tolist()]


TRUE = np.column_stack([LON, LAT])
PLAIN = _pairs(TRUE)


def _angles(shape: str) -> list[tuple[str, str]]:
    made = []
    for lon, lat in TRUE.tolist():
        (d, m, s), (e, n, t) = dms(lon), dms(lat)
        made.append(
            (
                shape.format(d=d, m=m, s=f"{s:08.5f}", a="东经", b="E"),
                shape.format(d=e, m=n, s=f"{t:08.5f}", a="北纬", b="N"),
            )
        )
    return made


def _merged_workbook(folder: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "企业清单"
    sheet.append(["某某区涉重金属企业一览表"])
    sheet.append(["填报单位：示例局", "", "", "2019 年 6 月"])
    sheet.append(["企业编号", "企业名称", "地理坐标", ""])
    sheet.append(["", "", "经度", "纬度"])
    for row in range(COUNT):
        sheet.append([IDS[row], NAMES[row], LON[row], LAT[row]])
    for merged in ("A1:D1", "A3:A4", "B3:B4", "C3:D3"):
        sheet.merge_cells(merged)
    notes = book.create_sheet("填表说明")
    notes.append(["一、本表由县级填报。"])
    path = folder / "企业.xlsx"
    book.save(path)
    return path


def _vector(folder: Path, suffix: str, driver: str, code: int, encoding: str | None = None) -> Path:
    path = folder / f"企业.{suffix}"
    fields = [np.array(IDS, dtype=object), np.array(NAMES, dtype=object)]
    wkb = shapely.to_wkb(shapely.points(in_crs(code)))
    pyogrio.raw.write(
        path,
        wkb,
        fields,
        ["企业编号", "企业名称"],
        geometry_type="Point",
        crs=f"EPSG:{code}",
        driver=driver,
        encoding=encoding,
    )
    return path


def _zipped_shapefile(folder: Path) -> Path:
    shp = _vector(folder, "shp", "ESRI Shapefile", 4490, "GBK")
    dbf = bytearray(shp.with_suffix(".dbf").read_bytes())
    dbf[29] = 0  # no language id either
    path = folder / "企业.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix in (".shp", ".shx", ".prj"):
            archive.writestr(f"图层/企业{suffix}", shp.with_suffix(suffix).read_bytes())
        archive.writestr("图层/企业.dbf", bytes(dbf))
    return path


def _swapped(folder: Path) -> Path:
    return _csv(folder, NAMED, [(lat, lon) for lon, lat in PLAIN])


def _packed(folder: Path) -> Path:
    cells = []
    for lon, lat in TRUE.tolist():
        (d, m, s), (e, n, t) = dms(lon), dms(lat)
        cells.append((f"{d:03d}{m:02d}{s:08.5f}", f"{e:02d}{n:02d}{t:08.5f}"))
    return _csv(folder, NAMED, cells)


SHUFFLED = list(np.random.default_rng(5).permutation(COUNT))
GRID = ["企业编号", "企业名称", "横坐标", "纵坐标"]

WAYS = {
    "gcj02": Way(lambda folder: _csv(folder, NAMED, _pairs(GCJ, 9)), ReadOptions(datum="gcj02"), 0.5),
    "bd09": Way(lambda folder: _csv(folder, NAMED, _pairs(BD, 9)), ReadOptions(datum="百度"), 0.5),
    "dms": Way(lambda folder: _csv(folder, NAMED, _angles("{a}{d}°{m:02d}′{s}″"))),
    "full-width": Way(lambda folder: _csv(folder, NAMED, [(wide(x), wide(y)) for x, y in PLAIN])),
    "packed": Way(_packed),
    "zone prefix": Way(lambda folder: _csv(folder, GRID, _pairs(in_crs(4526), 4))),
    "no prefix, meridian told": Way(
        lambda folder: _csv(folder, GRID, _pairs(in_crs(4547), 4)), ReadOptions(central_meridian=114)
    ),
    "swapped and told": Way(_swapped, ReadOptions(axis_order="lat_lon")),
    "shuffled": Way(lambda folder: _csv(folder, NAMED, PLAIN, order=SHUFFLED)),
    "GBK": Way(lambda folder: _csv(folder, NAMED, PLAIN, "gbk")),
    "BOM": Way(lambda folder: _csv(folder, NAMED, PLAIN, "utf-8-sig")),
    "UTF-16": Way(lambda folder: _csv(folder, NAMED, PLAIN, "utf-16", "\t")),
    "merged header": Way(_merged_workbook),
    "zipped shapefile without cpg": Way(_zipped_shapefile),
    "GeoPackage in EPSG:4547": Way(lambda folder: _vector(folder, "gpkg", "GPKG", 4547)),
    # beyond the fourteen
    "letters behind": Way(lambda folder: _csv(folder, NAMED, _angles("{d}-{m:02d}-{s}{b}"))),
    "semicolons": Way(lambda folder: _csv(folder, NAMED, PLAIN, delimiter=";")),
    "UTF-16 without mark": Way(lambda folder: _csv(folder, NAMED, PLAIN, "utf-16-le")),
    "KML": Way(lambda folder: _vector(folder, "kml", "LIBKML", 4326)),
    "FileGDB": Way(lambda folder: _vector(folder, "gdb", "OpenFileGDB", 4490)),
    "6 degree zone": Way(lambda folder: _csv(folder, GRID, _pairs(in_crs(4497), 4))),
    "both in one cell": Way(
        lambda folder: _csv(folder, ["企业编号", "企业名称", "经纬度"], [(f"{x},{y}",) for x, y in PLAIN])
    ),  # type: ignore[misc]
}
