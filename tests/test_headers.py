"""Names of columns as offices write them, each with the right reading; written before the reader that is held to it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from test_office_files import AREAS, POINTS

from hmgeo.errors import InputError, UsageError
from hmgeo.intake.columns import ROLE_WORDS, ROLES, ReadOptions, recognise
from hmgeo.intake.load import load_positions, open_file
from hmgeo.intake.places.headers import name_parts
from hmgeo.project.check import check_layer
from hmgeo.project.spec import told_columns
from hmgeo.reference.tables import read_rows
from hmgeo.vocabulary import Basis, LayerKind

HERE = (113.0375, 23.685278)
"""113°02′15″ E, 23°41′07″ N: the point of every row, written in each shape's own way."""
HERE_CELLS = "113.0375|23.685278"  # written @ below
CLOSE_DEG = 2e-5  # what GCJ-02 and BD-09 lose on the way back, and seconds without decimals
GCJ = "113.042933|23.682777"  # by the published formula, written a second time in tests/intake.py
BD = "113.049379|23.689115"
EAST, NORTH = "401824.069", "2620762.599"  # EPSG:4547 by pyproj; zone 38 puts 38 before the easting
DMS = "113°02′15″|23°41′07″"
PARTS = "113|02|15|23|41|07"
CODE = "91440000TEST000001001P"
USCC = "91440000TEST000001"
NOWHERE, ASKS = "not located", "asks"


@dataclass(frozen=True)
class Shape:
    """Header rows and a data row with bars between the cells, and what is right."""

    header: str
    row: str
    at: tuple[float, float] | str = HERE
    name: str = "甲厂"
    id: str = "row-1"
    county: str = ""
    trade: str = ""
    credit: str = ""
    kind: LayerKind = LayerKind.ENTERPRISES
    line: str = ""


def lonlat(header: str, row: str = "@", **right: object) -> Shape:
    return Shape(f"企业名称|{header}", f"甲厂|{row}", **right)  # type: ignore[arg-type]


K = LayerKind
SHAPES: dict[str, Shape] = {
    # templates.md
    "template": Shape("企业编号*|企业名称*|县(市、区)*|经度|纬度", "Q1|甲厂|清城区|@", id="Q1", county="清城区"),
    "tailings": Shape(
        "库编号*|名称*|经度|纬度|初期坝坝脚经度*|坝脚纬度*", "W1|甲厂|@|113.03|23.68", id="W1", kind=K.TAILINGS_PONDS
    ),
    "outfall-template": Shape(
        "企业编号*|排放口编号*|类型|经度*|纬度*|坐标系*",
        "Q1|DW001|废水|@|CGCS2000", id="DW001", name="", kind=K.OUTFALLS,
    ),
    # the permit platform
    "permit-names": Shape(
        "排污许可证编号|排污单位名称|行业类别|经度|纬度", f"{CODE}|甲厂|电镀|@", id=CODE, credit=USCC
    ),
    "permit-centre": Shape(
        "许可证书编号|单位名称|注册地址|省份|市|县|行业类型|生产经营场所中心经度|生产经营场所中心纬度",
        f"{CODE}|甲厂|某路1号|广东省|清远市|清城区|电镀|{DMS}", id=CODE, county="清城区", credit=USCC,
    ),
    "permit-list": Shape(
        "省/直辖市|地市|许可证编号|单位名称|行业类别|有效期限|发证日期|管理类别",
        f"广东省|清远市|{CODE}|甲厂|电镀|2023-01-01至2027-12-31|2022-12-20|重点管理", at=NOWHERE, id=CODE, credit=USCC,
    ),
    "permit-outlets": Shape(
        "排放口编号|排放口名称|污染物种类|排放口地理坐标经度|排放口地理坐标纬度|排气筒高度(m)",
        f"DA001|甲厂|铅|{DMS}|15", id="DA001", kind=K.OUTFALLS,
    ),
    "permit-drain": Shape(
        "XKDRAINCODE|排放口名称|LONGITUDE|LATITUDE", f"DA001|甲厂|{DMS}", id="DA001", kind=K.OUTFALLS
    ),
    "permit-merged": Shape(
        "排放口编号|排放口名称|排放口地理坐标||受纳自然水体||汇入受纳自然水体处地理坐标|\n||经度|纬度|名称|功能目标|经度|纬度",
        f"DW001|甲厂|{DMS}|北江|III|113°05′00″|23°40′00″", id="DW001", kind=K.OUTFALLS,
    ),
    # statistics, inventories, the tax
    "parts-under": Shape(
        "企业名称|排放口地理坐标经度_度|排放口地理坐标经度_分|排放口地理坐标经度_秒|排放口地理坐标纬度_度|排放口地理坐标纬度_分|排放口地理坐标纬度_秒",
        f"甲厂|{PARTS}",
    ),
    "parts-dash": lonlat(
        "排放口地理坐标-经度-度|排放口地理坐标-经度-分|排放口地理坐标-经度-秒|排放口地理坐标-纬度-度|排放口地理坐标-纬度-分|排放口地理坐标-纬度-秒",
        PARTS,
    ),
    "parts-bracket": lonlat("中心经度(度)|中心经度(分)|中心经度(秒)|中心纬度(度)|中心纬度(分)|中心纬度(秒)", PARTS),
    "parts-glued": lonlat("经度度|经度分|经度秒|纬度度|纬度分|纬度秒", PARTS),
    "parts-signs": lonlat("东经(°)|东经(′)|东经(″)|北纬(°)|北纬(′)|北纬(″)", PARTS),
    "parts-latin": lonlat("lon_d|lon_m|lon_s|lat_d|lat_m|lat_s", PARTS),
    "parts-words": lonlat("longitude_deg|longitude_min|longitude_sec|latitude_deg|latitude_min|latitude_sec", PARTS),
    "parts-pinyin": lonlat("JD_D|JD_F|JD_M|WD_D|WD_F|WD_M", PARTS),
    "parts-front": lonlat("度(经度)|分(经度)|秒(经度)|度(纬度)|分(纬度)|秒(纬度)", PARTS),
    "parts-merged": Shape("企业名称|经度|||纬度||\n|度|分|秒|度|分|秒", f"甲厂|{PARTS}"),
    "parts-three-rows": Shape("企业名称|地理坐标|||||\n|经度|||纬度||\n|度|分|秒|度|分|秒", f"甲厂|{PARTS}"),
    "degree-unit": lonlat("排放口地理坐标经度（度）|排放口地理坐标纬度（度）"),
    "parts-and-decimal": lonlat(
        "经度|经度(度)|经度(分)|经度(秒)|纬度|纬度(度)|纬度(分)|纬度(秒)", "113.0375|113|02|15|23.685278|23|41|07"
    ),
    "river-outlet": Shape("入河排污口名称|入河口经度|入河口纬度|受纳水体名称", "甲厂|@|北江", kind=K.OUTFALLS),
    "red-line-fields": Shape(
        "XMBH|XMMC|YDMJ|JD|WD", "XM1|甲厂|3.2|@", id="XM1", kind=K.PROJECT_SITES
    ),
    "river-outlet-latin": Shape("入河排污口名称|INRIVER_LON|INRIVER_LAT", "甲厂|@", kind=K.OUTFALLS),
    # groundwater sources, surveys of safely used farmland, lists of supervised units
    "groundwater": lonlat("中心经度|中心纬度|生产状态|投产年份", "@|在产|2010"),
    "centre-cell": Shape("地块编号|地理位置|中心坐标|面积(亩)", "D1|清城区|113.0375,23.685278|3", id="D1", name=""),
    "kaifeng": Shape(
        "县区|企业名称|重点行业类型|主要原料|合计", "清城区|甲厂|电镀|铬酐|3", at=NOWHERE, county="清城区"
    ),
    "supervised": Shape(
        "县区|企业名称|地址|行业类别|纳入名单原因", "清城区|甲厂|某路|电镀|涉重", at=NOWHERE, county="清城区"
    ),
    "address-only": Shape(
        "序号|企业名称|统一社会信用代码|详细地址", f"1|甲厂|{USCC}|清城区某路1号", at=NOWHERE, credit=USCC,
        county="清城区",
    ),
    "names-only": Shape("序号|企业名称", "1|甲厂", at=NOWHERE),
    # whose point it is
    "plant": lonlat("企业经度|企业纬度"),
    "plant-centre": lonlat("厂区中心经度|厂区中心纬度"),
    "gate": lonlat("大门经度|大门纬度"),
    "parcel-centre": lonlat("地块中心经度|地块中心纬度"),
    "pollution-source": lonlat("污染源经度|污染源纬度"),
    "site": lonlat("厂址坐标（经度）|厂址坐标（纬度）"),
    "located-at": lonlat("项目所在地经度|项目所在地纬度", kind=K.PROJECT_SITES),
    "place": lonlat("生产经营场所地址经度|生产经营场所地址纬度"),
    "unit-before": lonlat("企业（单位）中心点经度|企业（单位）中心点纬度"),
    # how longitude is called
    "lon-lat": lonlat("Longitude(E)|Latitude(N)"),
    "lng": lonlat("lng|lat"),
    "letters": lonlat("E|N"),
    "letters-degree": lonlat("E（°）|N（°）"),
    "east-north": lonlat("东经|北纬"),
    "east-degree": lonlat("东经（E）|北纬（N）"),
    "slash-degree": lonlat("经度/°|纬度/°"),
    "glued-letter": lonlat("经度E|纬度N"),
    "typo": lonlat("经度|维度"),
    "wide": lonlat("经　度|纬　度"),
    "value": lonlat("经度值|纬度值"),
    "geographic": lonlat("地理坐标经度|地理坐标纬度"),
    "position": lonlat("位置_经度|位置_纬度"),
    "decimal": lonlat("经度（十进制）|纬度（十进制）"),
    "decimal-degree": lonlat("经度（小数点后六位）|纬度（小数点后六位）"),
    "pinyin": lonlat("ZXJD|ZXWD"),
    "lat-first": lonlat("纬度|经度", "23.685278|113.0375"),
    "xy-degrees": lonlat("X坐标|Y坐标"),
    "x-is-lon": lonlat("X（经度）|Y（纬度）"),
    "xy-named": lonlat("中心点坐标X|中心点坐标Y"),
    "point-xy": Shape("FID|Shape *|名称|POINT_X|POINT_Y", "0|Point|甲厂|@"),
    "traditional": lonlat("經度|緯度"),
    "merged-title": Shape("企业一览表|||\n企业名称|坐标||备注\n|经度|纬度|", "甲厂|@|无"),
    # datums in the names
    "baidu": lonlat("百度经度|百度纬度", BD),
    "baidu-bracket": lonlat("经度（百度坐标）|纬度（百度坐标）", BD),
    "bd-latin": lonlat("bd_lng|bd_lat", BD),
    "bd09-latin": lonlat("lng_bd09|lat_bd09", BD),
    "amap": lonlat("高德经度|高德纬度", GCJ),
    "gcj-latin": lonlat("gcj02_lon|gcj02_lat", GCJ),
    "wgs-latin": lonlat("wgs84_lon|wgs84_lat"),
    "cgcs": lonlat("CGCS2000经度|CGCS2000纬度"),
    "cgcs-title": lonlat("经度（2000国家大地坐标系）|纬度（2000国家大地坐标系）"),
    "one-cell-baidu": lonlat("百度坐标", BD.replace("|", ",")),
    # one cell
    "cell": lonlat("经纬度", "113.0375,23.685278"),
    "cell-words": lonlat("经纬度", "东经113°02′15″、北纬23°41′07″"),
    "cell-glued": lonlat("地理坐标", "东经113°02′15″北纬23°41′07″"),
    "cell-slash": lonlat("经纬度坐标", "113.0375E/23.685278N"),
    "cell-north-first": lonlat("坐标", "北纬23°41′07″，东经113°02′15″"),
    "cell-pause": lonlat("企业坐标", "113.0375、23.685278"),
    "cell-labels": lonlat("中心点经纬度", "经度：113.0375；纬度：23.685278"),
    "cell-letters": lonlat("经度/纬度", "E113°02′15″,N23°41′07″"),
    "cell-lines": lonlat("经度、纬度", "113.0375\n23.685278"),
    "cell-brackets": lonlat("位置坐标", "（113.0375，23.685278）"),
    "cell-point": lonlat("坐标（E,N）", "POINT(113.0375 23.685278)"),
    "cell-latlon": lonlat("纬度,经度", "23.685278,113.0375"),
    "cell-of-outlet": lonlat("排放口坐标", "113.0375 23.685278"),
    "cell-where": lonlat("在哪里", "113.0375,23.685278"),
    "cell-place": lonlat("厂区位置", "东经113°02′15″，北纬23°41′07″"),
    "place-in-words": lonlat("地理位置|经度|纬度", "某路口北 200 米|@"),
    # survey grids
    "grid-prefix": lonlat("X坐标|Y坐标", f"{NORTH}|38{EAST}"),
    "grid-said": lonlat("X(北)|Y(东)", f"{NORTH}|38{EAST}"),
    "grid-said-long": lonlat("纵坐标X|横坐标Y", f"{NORTH}|38{EAST}"),
    "grid-metres": lonlat("X（m）|Y（m）", f"{NORTH}|38{EAST}"),
    "grid-east": lonlat("东坐标|北坐标", f"38{EAST}|{NORTH}"),
    "grid-zone-column": lonlat("X坐标|Y坐标|带号", f"{NORTH}|{EAST}|38"),
    "grid-meridian": lonlat("X坐标|Y坐标|中央子午线", f"{NORTH}|{EAST}|114"),
    "grid-county": Shape("企业名称|区县|X坐标|Y坐标", f"甲厂|清城区|{NORTH}|{EAST}", county="清城区"),
    "grid-2000": lonlat("2000坐标X|2000坐标Y", f"{NORTH}|38{EAST}"),
    "grid-and-degrees": lonlat("X坐标|Y坐标|经度|纬度", f"{NORTH}|38{EAST}|@"),
    # a second pair
    "second-pair": lonlat("经度|纬度|中心经度|中心纬度", "||@"),
    "spare-pair": lonlat("经度|纬度|百度经度|百度纬度", f"@|{BD}"),
    "same-twice": lonlat("中心经度|中心纬度|大门经度|大门纬度", "@|@"),
    # two readings: the question
    "asks-gate": lonlat(
        "中心经度|中心纬度|大门经度|大门纬度", "@|113.03|23.68", at=ASKS, line="lon=中心经度,lat=中心纬度"
    ),
    "asks-ends": lonlat(
        "KZDMQDJD|KZDMQDWD|KZDMZDJD|KZDMZDWD", "@|113.2|23.7", at=ASKS, line="lon=KZDMQDJD,lat=KZDMQDWD"
    ),
    "asks-numbered": lonlat(
        "经度1|纬度1|经度2|纬度2", "@|113.2|23.7", at=ASKS, line="lon=经度1,lat=纬度1"
    ),
    "asks-corner": lonlat(
        "左上角经度|左上角纬度|右下角经度|右下角纬度", "@|113.2|23.7", at=ASKS, line="lon=左上角经度,lat=左上角纬度"
    ),
    "asks-datums": lonlat(
        "高德经度|高德纬度|WGS84经度|WGS84纬度", f"{GCJ}|113.2|23.685278", at=ASKS, line="lon=高德经度,lat=高德纬度"
    ),
    "asks-water": lonlat("受纳水体经度|受纳水体纬度", at=ASKS, line="lon=受纳水体经度,lat=受纳水体纬度"),
    "asks-split": lonlat(
        "企业甲_度|企业甲_分|企业甲_秒|企业乙_度|企业乙_分|企业乙_秒", PARTS, at=ASKS,
        line="lon=企业甲_度+企业甲_分+企业甲_秒,lat=企业乙_度+企业乙_分+企业乙_秒",
    ),
    "asks-unnamed": lonlat("东西向|南北向", at=ASKS, line="lon=东西向,lat=南北向"),
    # names, trades, counties, codes
    "full-name": Shape("单位详细名称（盖章）|经度|纬度", "甲厂|@"),
    "bare-name": Shape("序号|企业|经度|纬度", "1|甲厂|@"),
    "name-bracket": Shape("企业(单位)名称|经度|纬度", "甲厂|@"),
    "source-name": Shape("污染源企业名称|经度|纬度", "甲厂|@"),
    "polluter": Shape("重点排污单位名称|经度|纬度", "甲厂|@"),
    "not-the-trade": Shape("行业名称|乡镇名称|受纳水体名称|企业名称|经度|纬度", "电镀|石角镇|北江|甲厂|@"),
    "trade-code": lonlat("行业类别代码|经度|纬度", "3360|@", trade="3360"),
    "trade-national": lonlat("国民经济行业分类代码|经度|纬度", "3360|@", trade="3360"),
    "trade-both": lonlat("行业类别及代码|经度|纬度", "C3360 金属表面处理|@", trade="3360"),
    "trade-small": lonlat("行业小类代码|经度|纬度", "3360|@", trade="3360"),
    "county-name": lonlat("区（县）名称|经度|纬度", "清城区|@", county="清城区"),
    "county-of": lonlat("所属县（市、区）|经度|纬度", "清城区|@", county="清城区"),
    "county-level": lonlat("县级行政区|经度|纬度", "清城区|@", county="清城区"),
    "county-banner": lonlat("所在地县（区、市、旗）|经度|纬度", "清城区|@", county="清城区"),
    "credit": lonlat("企业统一社会信用代码|经度|纬度", f"{USCC}|@", credit=USCC),
    "credit-or": lonlat("统一社会信用代码（组织机构代码）|经度|纬度", f"{USCC}|@", credit=USCC),
}  # fmt: skip


MORE: dict[str, Shape] = {
    "dotted": lonlat("经度（度.分秒）|纬度（度.分秒）", "113.0215|23.4107"),
    "dotted-minutes": lonlat("经度(度.分)|纬度(度.分)", "113.0225|23.411167"),
    "firm-of-an-outfall": Shape(
        "排放口编号|企业经度|企业纬度|排放口经度|排放口纬度", "D1|113.2|23.7|@", id="D1", name="", kind=K.OUTFALLS
    ),
    "nitrogen": lonlat("E|N", "3.2|4.5", at=NOWHERE),
    "progress": lonlat("XMJD|XMWD", "30|25", at=NOWHERE),
    "asks-repeated": lonlat("经度|纬度|经度|纬度", "@|113.2|23.7", at=ASKS, line="lon=经度,lat=纬度"),
    "nearest": lonlat("中心经度|中心纬度|最近敏感点经度|最近敏感点纬度", "@|113.2|23.7"),
    "asks-intake": lonlat(
        "下游取水口经度|下游取水口纬度", at=ASKS, line="lon=下游取水口经度,lat=下游取水口纬度"
    ),
    "asks-school": lonlat("学校经度|学校纬度", at=ASKS, line="lon=学校经度,lat=学校纬度"),
    "school-of-schools": lonlat("学校经度|学校纬度", kind=K.SENSITIVE_SITES),
    "asks-outlet": lonlat(
        "经度|纬度|排放口经度|排放口纬度", "113.2|23.7|@", at=ASKS, kind=K.OUTFALLS,
        line="lon=排放口经度,lat=排放口纬度",
    ),
    "outlet-agrees": lonlat("经度|纬度|排放口经度|排放口纬度", "@|@", kind=K.OUTFALLS),
    "outlet-of-a-firm": lonlat("经度|纬度|排放口经度|排放口纬度", "@|113.2|23.7"),
    "no-permit": Shape("许可证编号|单位名称", "无|甲厂", at=NOWHERE),
    "asks-village-place": lonlat(
        "最近居民点位置", "113.0375,23.685278", at=ASKS, line="lonlat=最近居民点位置"
    ),
    "place-without-numbers": lonlat("位置", "国道 113 号 23 公里", at=NOWHERE),
}  # fmt: skip
"""Found by trying to break it."""

PAGE = Path(__file__).parents[1] / "docs" / "headers.md"
HEAD = """# Columns and files that are recognised

Written by `python tests/test_headers.py`, from the tables by which columns are read, and the shapes and files by which
that is tested. How names are read: [intake.md](intake.md). Case, spaces, brackets, signs and the star of a required
field don't matter; a unit in brackets after a name is allowed. What isn't here is read with `--columns`.

## Names

`(a·b)?` may be missing, `(a·b)…` may come several times; the first that a file has is taken.

| what | names |
|---|---|
"""
MIDDLE = """
## Coordinates

Each shape is a test: names (`/` parts columns, `⏎` header rows), a row, what comes of it. The point is 113°02′15″ E,
23°41′07″ N.

{summary}

What is asked has no one reading: two points (centre or gate, start or end of a reach, two corners, two maps that
differ), a point that is named after something else, or names that say nothing. Each question names the columns and
prints the line that answers it; after that line the row is read right.

| names | a row | read as |
|---|---|---|
"""
FILES = """
## Files

Each is a test: two firms at their points, or one parcel with its outline, written as offices, platforms and surveyors
hand them out.

{summary}

| file | what is in it | read as |
|---|---|---|
"""


def test_every_row_of_the_lists_of_columns_is_read() -> None:
    rows = read_rows("columns.csv")
    assert {row["list"] for row in rows} == {"role", "list_role", "name", "class", "id", "title", "link", "alias"}
    kinds = {row["of"] for row in rows if row["list"] in {"name", "class", "id"}}
    assert kinds - {kind.value for kind in LayerKind} == {""}
    assert len({(row["list"], row["of"]) for row in rows}) == len(rows)
    words = [word for row in rows if row["list"] == "id" for word in row["names"].split()]
    assert [word for word in words if not word.isalnum()] == []  # a pattern would never match there


def page() -> str:
    def cells(text: str) -> str:
        return text.replace("@", HERE_CELLS).replace("|", " / ").replace("\n", " ⏎ ").replace("*", "\\*")

    names = [
        f"| {ROLE_WORDS.get(role, role)} | {patterns.replace('?:', '').replace('|', '·').replace('*', '…')} |"
        for role, patterns in ROLES.items()
    ]
    shapes = []
    held = [*SHAPES.values(), *MORE.values()]
    for shape in held:
        told = f"asked: `--columns {shape.line}`" if shape.at == ASKS else "no place, waits in fixme.xlsx"
        told = "the point" if shape.at == HERE else told
        shapes.append(f"| {cells(shape.header)} | {cells(shape.row)} | {told} |")
    asked = sum(shape.at == ASKS for shape in held)
    nowhere = sum(shape.at == NOWHERE for shape in held)
    shown = f"Of {len(held)} shapes {len(held) - asked - nowhere} are read untouched, {nowhere} are lists without a"
    shown += f" usable point, taken as such, and {asked} ask; none is refused, none read wrong."
    files = [f"| {path} | {what} | {'two points' if what in POINTS else 'one area'} |" for path, what in _file_names()]
    files.append("| a.dxf | red line of a drawing | asked: its CRS, `--sources-crs EPSG:4526`; then one area |")
    read = f"Of {len(files)} files {len(files) - 1} are read untouched, 1 asks, none is refused, none read wrong."
    shaped = MIDDLE.format(summary=shown) + "\n".join(shapes) + "\n"
    return HEAD + "\n".join(names) + "\n" + shaped + FILES.format(summary=read) + "\n".join(files) + "\n"


def _file_names() -> list[tuple[str, str]]:
    with TemporaryDirectory() as folder:
        made = [(what, maker, Path(folder) / str(at)) for at, (what, maker) in enumerate({**POINTS, **AREAS}.items())]
        for _, _, own in made:
            own.mkdir()
        return [(maker(own).relative_to(own).as_posix(), what) for what, maker, own in made]


def test_the_page_says_what_is_recognised() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def write(folder: Path, shape: Shape) -> Path:
    path = folder / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerows(line.split("|") for line in [*shape.header.split("\n"), shape.row.replace("@", HERE_CELLS)])
    return path


def mapping(line: str) -> tuple[tuple[str, str], ...]:
    return tuple((role, name) for role, _, name in (part.partition("=") for part in line.split(",")))


def faults(path: Path, shape: Shape, options: ReadOptions) -> list[str]:
    """What comes out otherwise than is right; nothing where all is."""
    positions, _ = load_positions(path, kind=shape.kind, basis=Basis.SYNTHETIC, options=options)
    row = positions.table.to_pylist()[0]
    found: list[str] = []
    if shape.at == NOWHERE:
        if row["status"] != "not_located":
            found.append(f"status {row['status']}")
    elif row["status"] != "assessed":
        found.append(f"status {row['status']}: {row['note']}")
    elif max(abs(row["lon"] - HERE[0]), abs(row["lat"] - HERE[1])) > CLOSE_DEG:
        found.append(f"at {row['lon']}, {row['lat']}")
    wanted = {"name": shape.name, "source_id": shape.id, "county": shape.county}
    if shape.trade:
        wanted["trade_code"] = shape.trade
    found += [f"{key} {row[key]!r}" for key, value in wanted.items() if row[key] != value]
    credit = open_file(path, shape.kind, options, path.name).texts("credit_code")[0]
    return found + ([f"credit code {credit!r}"] if credit != shape.credit else [])


def judge(folder: Path, shape: Shape) -> tuple[str, str]:
    """right, asked (right after the line that it prints), refused or wrong, with what was seen."""
    path = write(folder, shape)
    try:
        found = faults(path, shape, ReadOptions())
    except InputError as error:
        if shape.at != ASKS:
            return "refused", str(error)
        if f"--columns {shape.line}" not in str(error):
            return "refused", f"no line: {error}"
        after = faults(path, shape, ReadOptions(columns=mapping(shape.line)))
        return ("wrong", "; ".join(after)) if after else ("asked", "")
    is_soft = all(one.startswith("status") for one in found)
    if shape.at == ASKS:
        return "wrong", "read without a question"
    return ("right", "") if not found else ("refused" if is_soft else "wrong", "; ".join(found))


@pytest.mark.parametrize("name", {**SHAPES, **MORE})
def test_a_header_is_read_by_its_meaning(name: str, tmp_path: Path) -> None:
    shape = {**SHAPES, **MORE}[name]
    assert judge(tmp_path, shape) == ("asked" if shape.at == ASKS else "right", "")


OTHERS = [
    *("坐标系", "坐标来源", "坐标采集方式", "中央子午线经度", "经度误差", "是否有坐标", "坐标核实人", "坐落", "XMJD"),
    *(
        "N(mg/kg)",
        "E.coli",
        "年份",
        "x光机数量",
        "东",
        "北",
        "北侧",
        "东侧边界",
        "行政区划",
        "宽度",
        "温度",
        "进度",
        "百分比",
    ),
]


@pytest.mark.parametrize("header", OTHERS)
def test_no_coordinate_is_seen_in_other_names(header: str) -> None:
    found = name_parts(header)
    assert found is None or found.is_weak
    assert recognise(["企业名称", header], LayerKind.ENTERPRISES).place is None


def test_what_was_taken_is_told_in_one_line(tmp_path: Path) -> None:
    _, ledger = load_positions(
        write(tmp_path, SHAPES["parts-under"]), kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC
    )
    told = next(entry.value for entry in ledger.entries if entry.event == "字段对应")
    assert told == ("名称 ← 企业名称；经度 ← 排放口地理坐标经度_度/_分/_秒；纬度 ← 排放口地理坐标纬度_度/_分/_秒")


def test_a_list_without_coordinates_waits_row_by_row(tmp_path: Path) -> None:
    positions, ledger = load_positions(
        write(tmp_path, SHAPES["kaifeng"]), kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC
    )
    row = positions.table.to_pylist()[0]
    assert (row["status"], row["position_kind"], row["county"], row["note"]) == (
        "not_located", "place", "清城区", "没有坐标",
    )  # fmt: skip
    assert [(one.row, one.event, one.action) for one in ledger.entries if one.event in {"未定位", "没有坐标列"}] == [
        (0, "没有坐标列", "按所填的县、乡镇处理，不落点"),
        (1, "未定位", "请补充坐标"),
    ]


def test_blank_coordinates_are_taken_from_the_second_pair_and_told(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("企业名称,经度,纬度,中心经度,中心纬度\n乙厂,113.05,23.69,,\n甲厂,,,113.0375,23.685278\n", "utf-8")
    positions, ledger = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    assert positions.table["lon"].to_pylist() == [113.05, 113.0375]
    assert positions.table["note"][1].as_py() == "坐标取自 中心经度、中心纬度（经度、纬度 空白）"
    assert [one.row for one in ledger.entries if one.event == "坐标取自另一对列"] == [2]


@pytest.mark.parametrize(
    "whose",
    ["原{}", "原址{}", "旧厂{}", "搬迁前{}", "{}（变更前）", "注册地{}", "{}（旧址）", "集团总部{}", "办公地址{}"],
)
def test_a_point_of_the_past_or_of_the_owner_is_asked_about(whose: str, tmp_path: Path) -> None:
    path, (lon, lat) = tmp_path / "list.csv", (whose.format("经度"), whose.format("纬度"))
    path.write_text(f"企业名称,{lon},{lat}\n甲厂,113.05,23.69\n", "utf-8")
    with pytest.raises(InputError, match="坐标列像是别处的位置"):
        load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    path.write_text(f"企业名称,{lon},{lat},经度,纬度\n甲厂,113.9,23.69,113.05,23.69\n", "utf-8")
    positions, _ = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    assert positions.table["lon"].to_pylist() == [113.05]


@pytest.mark.parametrize("whose", ["原料堆场", "前处理车间", "迁建后"])
def test_a_part_of_the_works_is_a_place_of_it(whose: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"企业名称,{whose}经度,{whose}纬度\n甲厂,113.05,23.69\n", "utf-8")
    positions, _ = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    assert positions.table["lon"].to_pylist() == [113.05]


@pytest.mark.parametrize(
    ("other", "said"),
    [("受纳水体经度,受纳水体纬度", ""), ("最近敏感点经度,最近敏感点纬度", ""), ("大门经度,大门纬度", ""),
     ("新经度,新纬度", "lon=新经度,lat=新纬度")],
)  # fmt: skip
def test_a_blank_is_not_filled_from_another_things_point_or_from_what_was_turned_away(
    other: str, said: str, tmp_path: Path
) -> None:
    path, first = tmp_path / "list.csv", "经度,纬度"
    path.write_text(
        f"企业名称,{other if said else first},{first if said else other}\n甲厂,113.05,23.69,,\n乙厂,,,113.9,23.7\n",
        "utf-8",
    )
    options = ReadOptions(columns=told_columns([said]) if said else ())
    positions, _ = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=options)
    used, left = (other, first) if said else (first, other)
    assert positions.table["status"].to_pylist() == ["assessed", "rejected"]
    words = f"{used.replace(',', '、')} 空白而 {left.replace(',', '、')} 有数值，未采用；请填入前者"
    assert positions.table["note"][1].as_py().startswith(words)
    assert "--columns" not in positions.table["note"][1].as_py()


def test_a_county_that_only_the_address_names_is_taken_unless_the_point_denies_it(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    rows = (
        "甲厂,,清远市清城区某路1号,113.0375,23.685278",
        "乙厂,,广东省清远市清城区石角镇,,",
        "丙厂,,南丹县城关镇,113.0375,23.685278",  # 南丹 lies 600 km away
        "丁厂,清新区,清城区某路,,",
        "戊厂,,清新路3号、近清城区大道,,",
        "己厂,,清城区与清新区交界,,",
    )
    path.write_text("企业名称,县区,地址,经度,纬度\n" + "\n".join(rows) + "\n", "utf-8")
    positions, ledger = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    table = positions.table
    assert table["county"].to_pylist() == ["清城区", "清城区", "", "清新区", "", ""]
    assert table["status"].to_pylist()[:3] == ["assessed", "not_located", "assessed"]
    assert table["position_kind"].to_pylist()[1] == "place"
    assert table["note"].to_pylist()[:3] == [
        "县取自地址（清城区）", "没有坐标；县取自地址（清城区）", "地址写的是南丹县，点位不在其内",
    ]  # fmt: skip
    told = [(one.event, one.row, one.value) for one in ledger.entries if one.event in {"县名取自地址", "位置存疑"}]
    assert told == [("位置存疑", 3, "南丹县城关镇"), ("县名取自地址", 0, "清城区")]


def test_a_file_is_pictured_in_ten_lines(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        f"排污许可证编号,单位名称,县区,经度,纬度,备注\n{CODE},甲厂,清城区,113.0375,23.685278,新\n,乙厂,清城区,,,\n",
        "utf-8",
    )
    report = check_layer(path, "enterprises", page=tmp_path / "图.html")
    page = (tmp_path / "图.html").read_text("utf-8")
    assert '"bounds":[[23.685278,113.0375],[23.685278,113.0375]],' in page
    assert ("未定位 1 行，不在图上" in page, "甲厂" in page, "乙厂" in page) == (True, True, False)
    read = (
        "编号 ← 排污许可证编号；名称 ← 单位名称；县 ← 县区；排污许可证编号 ← 排污许可证编号；经度 ← 经度；纬度 ← 纬度"
    )
    assert report.tables[0].rows == (
        ("是什么", "涉重金属企业（enterprises）"),
        ("工作表/图层", "—"),
        ("数据行", "2：已评估 1，未定位 1，退回补正 0"),
        ("几何", "点 1"),
        ("读懂的列", read),
        ("未用到的列", "备注"),
        ("坐标系", "CGCS2000"),
        ("位置误差", "5.1 米"),
        ("范围", "经度 113.03750–113.03750，纬度 23.68528–23.68528；位于 清城区 1 行"),
        ("等人处理", "编号空缺 1 处；未定位 1 处"),
    )


def test_a_question_is_answered_by_its_line_and_what_is_written_is_read_again(tmp_path: Path) -> None:
    path, written = write(tmp_path, SHAPES["asks-gate"]), tmp_path / "列.yml"
    (told,) = check_layer(path, "enterprises").problems
    assert "--columns lon=中心经度,lat=中心纬度 或 --columns lon=大门经度,lat=大门纬度" in str(told)
    said = ReadOptions(columns=told_columns(["lon=大门经度,lat=大门纬度"]))
    assert check_layer(path, "enterprises", options=said, write_columns=written).is_usable
    assert told_columns([str(written)]) == (("name", "企业名称"), ("lon", "大门经度"), ("lat", "大门纬度"))
    with pytest.raises(UsageError, match="列的对应看不懂（现为「大门经度」）"):
        told_columns(["大门经度"])
    with pytest.raises(InputError, match="字段映射的列不存在（现为「大门精度」）"):
        load_positions(
            path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC,
            options=ReadOptions(columns=(("lon", "大门精度"), ("lat", "大门纬度"))),
        )  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
