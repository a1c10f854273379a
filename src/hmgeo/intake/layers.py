"""Rows become layers: the batches of receptors, with what of a land survey is farmland, and the table of sources.

Sources that may be one enterprise are marked, never merged.
"""

import difflib
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from hmgeo.errors import InputError, Place, Problem
from hmgeo.geo.ellipsoid import geodesic_m
from hmgeo.intake.catalog import COUNTY_TOLERANCE_M, county_in_address, declared_place
from hmgeo.intake.columns import Accepted, Opened, unclear_rows
from hmgeo.intake.places.suspicion import PLACE_EVENT
from hmgeo.intake.rows import SET_ASIDE_EVENT, Cells, Coded, Journal, Outcome, as_wkb
from hmgeo.records import POSITION_SCHEMA, RECEPTOR_SCHEMA, Gates, told_cells
from hmgeo.reference.cells import (
    NO_FARMLAND,
    amount,
    factor,
    is_other_land,
    land_class,
    plain_trade,
    read_word,
    unit_of_header,
    zeros_kept,
)
from hmgeo.reference.tables import is_blank, is_link, links_by_row
from hmgeo.rules.claims import EVENT, Told, disputes, may_claim
from hmgeo.rules.words import says_something, stated_by_row
from hmgeo.vocabulary import (
    MEASURE_DECIMALS,
    TOWNSHIP_DIGITS,
    Completeness,
    LandClass,
    LayerKind,
    PositionKind,
    SoilQualityClass,
    Status,
    Unknown,
)
from hmgeo.words import Reason, say

NO_FARMLAND_EVENT, GARDEN_EVENT = "非耕地图斑", "园地图斑"
"""Ledger events of parcels of a land survey that are other land: 园地 apart, which is 农用地 as 耕地 is."""


def keep_farmland(opened: Opened, outcome: Outcome, garden_action: str = "不是耕地，另计") -> NDArray[np.intp]:
    """Set aside in `outcome` the parcels of a land survey that are no farmland, an entry for each code in `opened`.

    `garden_action`: what becomes of 园地.

    Returned: the usable rows of 园地.
    """
    none: NDArray[np.intp] = np.zeros(0, np.intp)
    if "land_code" not in opened.columns:
        return none
    codes = _land_words(opened, kept := _zeros_kept(opened))
    others: dict[str, NDArray[np.intp]] = {}
    strange: dict[str, NDArray[np.intp]] = {}
    gardens: dict[str, NDArray[np.intp]] = {}
    cut: dict[str, NDArray[np.intp]] = {}
    blanks = none
    assessed = np.flatnonzero(outcome.is_assessed())
    numbers, first = np.unique(codes.code[assessed], return_index=True)
    for number in numbers[np.argsort(first)].tolist():
        code, rows = codes.words[number], assessed[codes.code[assessed] == number]
        if not code:
            blanks = rows + 1
        elif isinstance(land := land_class(code, kept), Unknown):
            strange[code] = rows + 1
        elif land == LandClass.GARDEN:
            gardens[code] = rows + 1
        elif land in NO_FARMLAND:
            (cut if not kept and land_class(f"0{code}", kept) == LandClass.GARDEN else others)[code] = rows + 1
    header = opened.columns["land_code"]
    if blanks.size:
        reason = say("rows_without_land_class", rows="")
        opened.journal.note("地类空缺", reason, "按耕地读取，请核对", field=header, rows=blanks)
    unclear_rows("地类看不懂", strange, "按耕地读取，请核对", header, opened.journal)
    for row in np.concatenate([none, *others.values(), *cut.values(), *gardens.values()]).tolist():
        outcome.mark(row - 1, Status.REJECTED)
    unclear_rows(NO_FARMLAND_EVENT, others, "不是耕地（0101、0102、0103），不作耕地计算", header, opened.journal)
    unclear_rows(NO_FARMLAND_EVENT, cut, "不是耕地；编码可能去了首位 0，若是园地请改正，未另计", header, opened.journal)
    unclear_rows(GARDEN_EVENT, gardens, garden_action, header, opened.journal)
    return np.sort(np.concatenate([none, *gardens.values()])) - 1


def _land_words(opened: Opened, kept: frozenset[int]) -> Coded:
    """Return what each parcel's land is called: its code, the name where that says nothing, both where they differ."""
    codes = opened.coded("land_code")
    if "land_name" not in opened.columns or opened.columns["land_name"] == opened.columns["land_code"]:
        return codes
    names = opened.coded("land_name")
    pairs, at = np.unique(codes.code * len(names.words) + names.code, return_inverse=True)
    words = []
    for code, name in ((codes.words[pair // len(names.words)], names.words[pair % len(names.words)]) for pair in pairs):
        by_code, by_name = land_class(code, kept), land_class(name, kept)
        says = not isinstance(by_name, Unknown) and by_name != by_code
        is_finer = isinstance(by_code, Unknown) or (by_code == LandClass.OTHER and by_name not in NO_FARMLAND)
        is_wider = by_name == LandClass.OTHER and by_code not in NO_FARMLAND and not isinstance(by_code, Unknown)
        if {by_code, by_name} == NO_FARMLAND:  # no farmland by both: the code says which
            words.append(f"{code}({name})")
        else:
            words.append(code if not says or is_wider else name if is_finer else f"{code}/{name}")
    return Coded.of_words(at, words)


def _land_classes(opened: Opened, rows: NDArray[np.intp]) -> pa.Array:
    """Return the `LandClass` of rows of farmland; nulls where the file says nothing of land use."""
    if "land_code" not in opened.columns:
        return pa.nulls(len(rows), pa.string())
    land = _land_words(opened, kept := _zeros_kept(opened))
    if not any(land.words):
        return pa.nulls(len(rows), pa.string())
    classes = [land_class(word, kept) for word in land.words]
    words = [LandClass.UNREAD.value if isinstance(kind, Unknown) else kind for kind in classes]
    return land.column(rows, words)


ASIDE_EVENT = "搁置待核"
"""Ledger event of a layer some of whose features were set aside and may lie where nothing was found."""
_MARGIN_DEG = 1e-5  # a metre: a box may have no width
_COUNTY_MARGIN_DEG = COUNTY_TOLERANCE_M / 100_000
_IDS_NAMED = 3


def rows_aside(opened: Opened, outcome: Outcome, kind: LayerKind) -> list[int]:
    """Return the rows of `opened` that `outcome` set aside, wholly or in part, that may be of the layer's `kind`."""
    rows = list(outcome.aside)
    if kind is not LayerKind.FARMLAND:
        return rows
    land = _land_words(opened, kept := _zeros_kept(opened))
    codes = {row: land.words[land.code[row]] for row in rows}
    return [row for row in rows if not codes[row] or not is_other_land(codes[row], kept)]


def less_set_aside(
    gates: Gates, opened: Opened, outcome: Outcome, kind: LayerKind, accepted: Accepted | None, packed: int = 0
) -> Gates:
    """Return a layer's `gates` without the ground where features may lie that were set aside: they are not absent.

    That is the feature's own box where it can be read, else its county, else everywhere, as for those that were set
    aside when the file was packed; unless somebody accepts just so many as absent.

    Parameters
    ----------
    opened, outcome, kind
        The file, what became of its rows, and what it is a layer of.
    accepted
        Who says that how many may count as absent; None where nobody does.
    packed
        How many were set aside when the file was packed.
    """
    told = Aside(kind, packed)
    ground = told.add(opened, outcome)
    if not told.count:
        return gates
    if accepted is not None and accepted.count == told.count:
        action = say("aside_accepted", by=accepted.by, on=str(accepted.on), reason=accepted.reason)
        opened.journal.note("搁置已确认", told.reason, action, field="几何")
        return gates
    known = sorted(place for place in ground if place is not None)
    coverage = gates.coverage
    if None not in ground and coverage is not None:
        coverage = shapely.difference(coverage, shapely.union_all(shapely.from_wkb([wkb for _, wkb in known])))
    if None in ground or (coverage is not None and coverage.is_empty):
        gates = replace(gates, completeness=Completeness.PARTIAL)
    else:
        gates = replace(gates, coverage=coverage)
    return replace(gates, aside=told.note(opened.journal, accepted))


class Aside(Struct):
    """How many features of a layer were set aside that may be of its kind, the first of them, and where they may lie.

    `packed`: how many were when the file was packed: they may lie anywhere.
    """

    kind: LayerKind
    packed: int = 0
    rows: int = 0
    ids: list[str] = field(default_factory=list)
    is_partly: bool = False
    places: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        """All of them."""
        return self.rows + self.packed

    def add(self, opened: Opened, outcome: Outcome) -> set[tuple[str, bytes] | None]:
        """Add those of (a part of) the file; return the grounds where they may lie, None for anywhere."""
        rows = rows_aside(opened, outcome, self.kind)
        ground = {_may_lie_in(row, opened, outcome) for row in rows} | ({None} if self.packed else set())
        self.rows += len(rows)
        self.ids += [str(opened.ids[row]) for row in rows[: _IDS_NAMED - len(self.ids)]]
        self.is_partly |= bool(outcome.is_assessed()[rows].any())
        self.places |= {"" if place is None else place[0] for place in ground}
        return ground

    @property
    def reason(self) -> Reason:
        """How many, and which."""
        listed = "、".join(self.ids) + ("等" if self.rows > _IDS_NAMED else "")
        packed = say("set_aside_before_packing", packed=self.packed) if self.packed else ""
        words = "shapes_aside_partly" if self.is_partly else "shapes_aside"
        return say(words, layer=self.kind, count=self.count, which=tuple(filter(None, (listed, packed))))

    def note(self, journal: Journal, accepted: Accepted | None = None) -> Reason:
        """Write into `journal` what they mean as long as nobody has `accepted` just so many; return it."""
        where = "任何位置" if "" in self.places else "、".join(sorted(self.places))
        aside = say("aside_may_lie", told=self.reason, where=where)
        mismatch = "" if accepted is None else f"（所填 {accepted.count} 个与实际不符）"
        remedy = f"accept_set_aside: {{count: {self.count}, by: 姓名, on: 日期, reason: 理由}}"
        journal.note(ASIDE_EVENT, aside, say("aside_until_accepted", remedy=f"{remedy}{mismatch}"), field="几何")
        return aside


def gates_of_packed(gates: Gates, count: int, kind: LayerKind) -> Gates:
    """Return the `gates` of a packed layer of a `kind` that lacks `count` features: nobody knows where they lie."""
    if not count:
        return gates
    which = say("set_aside_before_packing", packed=count)
    reason = say("shapes_aside", layer=kind, count=count, which=which)
    return replace(gates, completeness=Completeness.PARTIAL, aside=say("aside_may_lie", told=reason, where="任何位置"))


def _zeros_kept(opened: Opened) -> frozenset[int]:
    return opened.zeros_kept if opened.zeros_kept is not None else zeros_kept(opened.coded("land_code").words)


def _may_lie_in(row: int, opened: Opened, outcome: Outcome) -> tuple[str, bytes] | None:
    """Return the name and the WKB of the ground where a feature may lie; None for anywhere."""
    box = outcome.aside[row]
    if box is not None and all(map(math.isfinite, box)):
        west, south, east, north = box
        around = shapely.box(west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG)
        return "其图形外框内", shapely.to_wkb(around)
    words = (opened.text(role, row) for role in ("county", "township"))
    code = next(filter(None, (opened.text(role, row) for role in ("region_code", "unit_code"))), "")
    county = declared_place(*words, code).county
    if county is None:
        return None
    return county.name, shapely.to_wkb(shapely.buffer(county.shape, _COUNTY_MARGIN_DEG))


def own_errors_m(opened: Opened, outcome: Outcome) -> dict[str, float]:
    """Return how far off usable features may lie beyond what their datum leaves open, by their id in `opened`.

    What it leaves open is part of what `outcome` knows.
    """
    over_m = np.nan_to_num(outcome.uncertainty_m - outcome.shift_margin_m)
    rows = np.flatnonzero(outcome.is_assessed() & (over_m > 0))
    ids = opened.ids if isinstance(opened.ids, pa.Array) else pa.array(opened.ids, pa.string())
    return dict(zip(ids.take(pa.array(rows)).to_pylist(), over_m[rows].tolist(), strict=True))


def _official_areas_m2(opened: Opened) -> pa.Array:
    """Return the official area of each parcel: TBDLMJ, else TBMJ less KCMJ; null with an entry where it is unusable."""
    if "official_area" in opened.columns:
        return _areas(opened, "official_area")
    if "parcel_area" not in opened.columns or "deducted_area" not in opened.columns:
        return pa.nulls(opened.raw.row_count, pa.float64())
    names = f"{opened.columns['parcel_area']}、{opened.columns['deducted_area']}"
    opened.journal.note("面积推算", "没有图斑地类面积（TBDLMJ）", "取图斑面积减扣除地类面积", field=names)
    whole = _areas(opened, "parcel_area").to_pylist()  # told first
    header, texts = opened.columns["deducted_area"], opened.coded("deducted_area")
    read = [0.0 if is_blank(text) else amount(text, header, "m2") for text in texts.words]
    values = np.array([np.nan if value is None else value for value in read])
    _tell_unusable(opened, header, texts, np.isnan(values))
    rest = [
        round(area - less, 6) if area is not None and area > less else None  # no number is smaller than an unread one
        for area, less in zip(whole, values[texts.code].tolist(), strict=True)
    ]
    return pa.array(rest, pa.float64())


def _areas(opened: Opened, role: str) -> pa.Array:
    header = opened.columns[role]
    cells = opened.raw.columns.columns[header] if isinstance(opened.raw.columns, Cells) else pa.nulls(0)
    is_in_m2 = factor(unit_of_header(header) or "m2", "m2") == 1
    if is_in_m2 and (pa.types.is_float64(cells.type) or pa.types.is_float32(cells.type)):
        plain = cells.to_numpy(zero_copy_only=False)
        if ((plain > _WRITTEN_PLAIN[0]) & (plain < _WRITTEN_PLAIN[1])).all():  # as their texts would be read
            return cells.cast(pa.float64())
    texts = opened.coded(role)
    values = np.array([np.nan if (value := amount(text, header, "m2")) is None else value for text in texts.words])
    unusable = ~(values > 0)
    _tell_unusable(opened, header, texts, unusable)
    return pa.array(values[texts.code], pa.float64(), mask=unusable[texts.code])


def _tell_unusable(opened: Opened, header: str, texts: Coded, unusable: NDArray[np.bool_]) -> None:
    strange = {texts.words[number]: texts.rows_of(number) + 1 for number in np.flatnonzero(unusable).tolist()}
    unclear_rows("面积无效", strange, "按图形面积计算", header, opened.journal)


BATCH_ROWS = 50_000
_WRITTEN_PLAIN = (1e-3, 1e15)
"""Doubles within are written without an exponent."""
_LONGEST_WORD = 8
UNREAD_CLASS = "类别不明"
"""Stands for a class word that can't be a class of its own: too long, or with digits."""


def receptor_batches(
    opened: Opened, outcome: Outcome, kind: LayerKind
) -> tuple[list[pa.RecordBatch], list[pa.RecordBatch]]:
    """Return `RECEPTOR_SCHEMA` in batches of 50,000: the usable rows, in input order, then those of 园地 beside them.

    `opened`, `outcome`: the file and what became of its rows; parcels of farmland that are none are set aside in it.
    `InputError`: nothing in the file is usable.
    """
    sound = outcome.sound.copy()
    gardens = keep_farmland(opened, outcome) if kind is LayerKind.FARMLAND else np.zeros(0, np.intp)
    outcome.sound[gardens] = sound[gardens]
    usable = np.flatnonzero(outcome.is_assessed())
    if not usable.size:
        raise nothing_usable(opened, opened.raw.row_count, kind)
    rows = np.sort(np.concatenate([usable, gardens]))
    table, is_garden = _table(opened, outcome, kind, rows), np.isin(rows, gardens)
    parts = [table] if not gardens.size else [table.filter(pa.array(mask)) for mask in (~is_garden, is_garden)]
    batches = [part.combine_chunks().to_batches(max_chunksize=BATCH_ROWS) for part in parts]
    return batches[0], batches[1] if gardens.size else []


def nothing_usable(opened: Opened, rows: int, kind: LayerKind) -> InputError:
    """Return the error of a file, `opened`, of which none of so many `rows` can be used as a `kind` of layer."""
    first = next(
        (
            entry.reason
            for entry in opened.journal.entries
            if entry.event in {SET_ASIDE_EVENT, NO_FARMLAND_EVENT, GARDEN_EVENT}
        ),
        "",
    )
    return InputError(
        Problem(
            what=f"没有任何可用的{kind.zh}要素（共 {rows} 行，全部搁置）",
            where=Place(file=opened.journal.file, sheet=opened.raw.sheet),
            found=first,
            remedy="核对图层、坐标系和几何类型后重新导出",
        )
    )


def usable_batches(opened: Opened, outcome: Outcome, kind: LayerKind) -> list[pa.RecordBatch]:
    """Return the usable rows as `receptor_batches` does of `opened`, `outcome`, `kind`, without 园地; or none."""
    if kind is LayerKind.FARMLAND:
        keep_farmland(opened, outcome, "不是耕地；分块读取、打包不存园地，要另计请直接用原文件")
    rows = np.flatnonzero(outcome.is_assessed())
    if rows.size == 0:
        return []
    return list(_table(opened, outcome, kind, rows).combine_chunks().to_batches(max_chunksize=BATCH_ROWS))


def _table(opened: Opened, outcome: Outcome, kind: LayerKind, rows: NDArray[np.intp]) -> pa.Table:
    is_farmland = kind is LayerKind.FARMLAND
    classes = opened.coded("class")
    words = _soil_classes(opened, classes) if is_farmland else classes.words
    ids = opened.ids if isinstance(opened.ids, pa.Array) else pa.array(opened.ids, pa.string())
    township = _townships(opened)
    columns = {
        "receptor_id": ids if len(rows) == len(ids) else ids.take(pa.array(rows)),
        "name": opened.coded("name").column(rows),
        "class": classes.column(rows, words),
        "official_area_m2": _official_areas_m2(opened).take(pa.array(rows)),
        "township": township.column(rows),
        "geometry": _wkb_of(outcome, rows),
        "stated": _stated(opened, rows, is_farmland=is_farmland),
        "links": _links(opened, rows),
        "land_class": _land_classes(opened, rows) if is_farmland else pa.nulls(len(rows), pa.string()),
    }
    return pa.table(columns, schema=RECEPTOR_SCHEMA)


def _wkb_of(outcome: Outcome, rows: NDArray[np.intp]) -> pa.Array:
    """Return the shapes of rows as plain WKB; of sound ones the file's own bytes, which are that."""
    sound = outcome.sound[rows]
    if outcome.wkb is not None and sound.all():
        whole = outcome.wkb if len(rows) == len(outcome.wkb) else outcome.wkb.take(pa.array(rows))
        return whole.cast(pa.binary())
    others = pa.array(as_wkb(outcome.made[rows[~sound]]), pa.binary())
    if outcome.wkb is None or not sound.any():
        return others
    own = outcome.wkb.take(pa.array(rows[sound])).cast(pa.binary())  # all of them may exceed what plain offsets reach
    place = np.where(sound, np.cumsum(sound) - 1, len(own) + np.cumsum(~sound) - 1)
    return pa.concat_arrays([own, others]).take(pa.array(place))


def _stated(opened: Opened, rows: NDArray[np.intp], *, is_farmland: bool) -> pa.Array:
    """Return the yes/no facts of rows, less those that other cells of their row contradict."""
    columns, at = _different(opened, [name for name in opened.raw.headers if says_something(name)])
    facts, place = stated_by_row(columns, range(at.max(initial=-1) + 1)), at[rows]
    if not is_farmland:  # parcels by the million state nothing that a claim here is about
        may = np.zeros(opened.raw.row_count, bool)  # rows without a claim contradict nothing
        for column in map(opened.raw.coded, filter(may_claim, opened.raw.headers)):
            may |= np.array([bool(word.strip()) for word in column.words], bool)[column.code]
        for number in np.flatnonzero(may[rows]).tolist():
            doubted = _disputed(opened, int(rows[number]))
            if not doubted.isdisjoint(facts[place[number]]):
                facts.append({code: is_so for code, is_so in facts[place[number]].items() if code not in doubted})
                place[number] = len(facts) - 1
    return _maps(facts, RECEPTOR_SCHEMA.field("stated").type).take(pa.array(place))


def _disputed(opened: Opened, row: int) -> frozenset[str]:
    """Return the facts of a row that its other cells contradict, each told in the ledger: nobody can rest on them."""
    contradictions = disputes(Told({name: values[row] for name, values in opened.raw.columns.items()}))
    for dispute in contradictions:
        opened.journal.note_row(
            row + 1, EVENT, dispute.cause, dispute.action, field=dispute.claim.where, value=dispute.values
        )
    return frozenset(topic for dispute in contradictions for topic in dispute.touches)


def _links(opened: Opened, rows: NDArray[np.intp]) -> pa.Array:
    """Return what rows say of other things."""
    own = opened.columns.by_role.get("id", "")
    columns, at = _different(opened, [name for name in opened.raw.headers if is_link(name) and name != own])
    links = links_by_row(columns, range(at.max(initial=-1) + 1))
    return _maps(links, RECEPTOR_SCHEMA.field("links").type).take(pa.array(at[rows]))


def _maps(rows: Sequence[Mapping[str, Any]], kind: pa.DataType) -> pa.Array:
    return pa.array([list(row.items()) for row in rows], kind)


def _different(opened: Opened, names: Sequence[str]) -> tuple[dict[str, list[str]], NDArray[np.int64]]:
    """Return some columns with every different row once, and where each row of the file stands among them."""
    at = np.zeros(opened.raw.row_count, np.int64)
    columns: dict[str, list[str]] = {}
    for name in names:
        column = opened.raw.coded(name)
        different, first, at = np.unique(at * len(column.words) + column.code, return_index=True, return_inverse=True)
        columns = {known: [words[row] for row in different // len(column.words)] for known, words in columns.items()}
        columns[name] = [column.words[code] for code in column.code[first]]
    return columns, at


def _soil_classes(opened: Opened, classes: Coded) -> list[str]:
    """Return the official words, with entries; blanks are 未划分, strange words stay as they are: a class unknown."""
    unclassified = SoilQualityClass.UNCLASSIFIED.value
    if "class" not in opened.columns:
        opened.journal.note(
            "类别未提供", "没有土壤环境质量类别列", say("classes_all_taken_as", unclassified=unclassified)
        )
        return [unclassified]
    made: list[str] = []
    strange: dict[str, NDArray[np.intp]] = {}
    blanks: list[int] = []
    for number, word in enumerate(classes.words):
        known = read_word(LayerKind.FARMLAND.value, word)
        is_blank = isinstance(known, Unknown) and known.code == "not_stated"
        if isinstance(known, Unknown) and not is_blank:
            strange[word] = classes.rows_of(number) + 1
            is_own = len(word) <= _LONGEST_WORD and word.isalpha() and word not in set(LandClass)
            known = word if is_own else UNREAD_CLASS
        blanks += (classes.rows_of(number) + 1).tolist() if is_blank else []
        made.append(unclassified if isinstance(known, Unknown) else known)
    header = opened.columns["class"]
    if blanks:
        opened.journal.note(
            "类别空缺",
            say("rows_in_all", rows=""),
            say("class_taken_as", unclassified=unclassified),
            field=header,
            rows=blanks,
        )
    unclear_rows("类别未识别", strange, "类别不明：凡问及类别的条款，在其范围内不作判断", header, opened.journal)
    return made


def _townships(opened: Opened) -> Coded:
    """Return the township's name; else the nine digits of the unit's code; else the unit's name."""
    headers = [opened.columns.by_role.get(role, "") for role in ("township", "unit_code", "unit_name")]
    columns, at = _different(opened, list(dict.fromkeys(filter(None, headers))))
    rows = at.max(initial=-1) + 1
    named, codes, units = ([text.strip() for text in columns.get(header, [""] * rows)] for header in headers)
    words = [
        name or (code[:TOWNSHIP_DIGITS] if code[:TOWNSHIP_DIGITS].isdigit() else code) or unit
        for name, code, unit in zip(named, codes, units, strict=True)
    ]
    return Coded(at, words)


TWIN_EVENT = "疑似重复"
_NEAR_M = 100.0
_NEAR_DEG = 0.0012  # a little over 100 m of longitude up to 40 N
_ALIKE = 0.8
_MOST_ROWS = 50_000
_FORMS = re.compile(r"有限责任公司|股份有限公司|有限公司|集团|公司|厂|\(.*?\)|\s")


def _note_twins(
    names: Sequence[str], codes: Sequence[str], points: NDArray[np.float64], outcome: Outcome, *, header: str
) -> None:
    """Write down rows that share a credit code, or lie (lon/lat) within 100 m of each other with similar names."""
    by_code: dict[str, list[int]] = defaultdict(list)
    for row, code in enumerate(codes):
        if not is_blank(code):
            by_code[code.upper()].append(row)
    for code, rows in by_code.items():
        for row in rows[1:]:
            reason = say("credit_code_of_row", row=rows[0] + 1)
            outcome.journal.note_row(row + 1, TWIN_EVENT, reason, "照常计算，未合并，请核对", field=header, value=code)
            outcome.remark(row, say("bracketed", thing=TWIN_EVENT, more=reason))
    for row, first, apart_m in _near_and_alike(names, points):
        if codes[row] and codes[row] == codes[first]:
            continue
        reason = say("twin_of_row", row=first + 1, name=names[first], apart_m=apart_m)
        outcome.journal.note_row(row + 1, TWIN_EVENT, reason, "照常计算，未合并，请核对", value=names[row])
        near = say("name_like_row", row=first + 1, apart_m=apart_m)
        outcome.remark(row, say("bracketed", thing=TWIN_EVENT, more=near))


def similarity(name: str, other: str) -> float:
    """Return how alike `name` and `other` are, from 0 to 1, legal forms and brackets left aside.

    >>> similarity("示例有色金属有限公司", "示例有色金属厂"), similarity("甲厂", "乙厂")
    (1.0, 0.0)
    """
    return difflib.SequenceMatcher(None, _core(name), _core(other), autojunk=False).ratio()


def _core(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name)
    return _FORMS.sub("", plain) or plain


def _near_and_alike(names: Sequence[str], points: NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """Return (row, earlier row, metres) of neighbours with different but similar names."""
    placed = np.flatnonzero(np.isfinite(points[:, 0]) & np.array([bool(name) for name in names], dtype=bool))
    if placed.size > _MOST_ROWS:
        return []
    shapes = shapely.points(points[placed])
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_NEAR_DEG)
    ordered = first > second
    later, earlier = placed[first[ordered]], placed[second[ordered]]
    apart_m = geodesic_m(points[later], points[earlier])
    pairs: dict[int, tuple[int, int, float]] = {}
    for row, other, metres in sorted(zip(later.tolist(), earlier.tolist(), apart_m.tolist(), strict=True)):
        if metres <= _NEAR_M and names[row] != names[other] and similarity(names[row], names[other]) >= _ALIKE:
            pairs.setdefault(row, (row, other, metres))
    return list(pairs.values())


REPEAT_NOTE = "重复待确认"
_SAME_PLACE_M = 1.0
_METRE_DEG = 2e-5  # a little over one metre of latitude
_SHORT_TRADE_CODE = re.compile(r"\d{3}")


def positions_table(opened: Opened, outcome: Outcome) -> pa.Table:
    """Return `POSITION_SCHEMA` with every row of `opened` once, in input order; `outcome` gets remarks on repeats."""
    count = opened.raw.row_count
    names = opened.texts("name")
    townships = opened.texts("township")
    cells = opened.texts("trade_code")
    editions = [_edition(text) for text in opened.texts("trade_edition")]
    located = np.flatnonzero(outcome.is_assessed())
    types = np.full(count, -1)
    types[located] = shapely.get_type_id(outcome.shapes[located])
    points = np.full((count, 2), np.nan)
    points[located] = shapely.get_coordinates(_points_on(outcome.shapes[located]))
    counties = _counties(opened, points, outcome)
    _mark_repeats(names, points, outcome)
    _note_twins(
        names, opened.texts("credit_code"), points, outcome, header=opened.columns.by_role.get("credit_code", "")
    )
    _mark_short_codes(cells, opened, outcome)
    kinds = [
        PositionKind.POINT
        if row in outcome.held
        else _position_kind(outcome.status[row], int(types[row]), counties[row] or townships[row])
        for row in range(count)
    ]
    columns = {
        "source_id": opened.ids,
        "name": names,
        "status": [status.value for status in outcome.status],
        "position_kind": kinds,
        "lon": _nullable(points[:, 0]),
        "lat": _nullable(points[:, 1]),
        "position_uncertainty_m": _nullable(np.round(outcome.uncertainty_m, MEASURE_DECIMALS), outcome.is_assessed()),
        "geometry": as_wkb(outcome.shapes),
        "trade_code": [plain_trade(cell, edition) for cell, edition in zip(cells, editions, strict=True)],
        "trade_edition": editions,
        "county": counties,
        "township": townships,
        "note": told_cells(outcome.note_text(row) for row in range(count)),
    }
    return pa.Table.from_pydict(columns, schema=POSITION_SCHEMA)


def _counties(opened: Opened, points: NDArray[np.float64], outcome: Outcome) -> list[str]:
    """Return what rows say of their county; where they say nothing that of the address, unless the point denies it."""
    stated = opened.texts("county")
    if "address" not in opened.columns:
        return stated
    coded = zip(stated, opened.texts("region_code"), strict=True)
    blank = [row for row, words in enumerate(coded) if not any(words)]
    taken: dict[str, list[int]] = defaultdict(list)
    header = opened.columns["address"]
    for row in blank:
        unit = county_in_address(address := opened.text("address", row))
        if unit is None:
            continue
        lon, lat = points[row : row + 1].T
        if np.isfinite(lon[0]) and unit.outside_m(lon, lat)[0] > unit.tolerance_m + outcome.uncertainty_m[row]:
            reason = say("address_contradicts_point", name=unit.name)
            action = "请核对坐标或地址，系统未作改动"
            outcome.journal.note_row(row + 1, PLACE_EVENT, reason, action, field=header, value=address)
            outcome.remark(row, reason)
            continue
        stated[row] = unit.name
        taken[unit.name].append(row + 1)
    for name, rows in taken.items():
        reason, action = say("county_in_address", rows=""), "按地址所写的县处理，请填写县一栏"
        outcome.journal.note("县名取自地址", reason, action, field=header, value=name, rows=rows)
        for row in rows:
            outcome.remark(row - 1, say("county_of_address", name=name))
    return stated


def _points_on(shapes: np.ndarray) -> np.ndarray:
    """Return a point on each shape; points themselves."""
    made = shapes.copy()
    others = shapely.get_type_id(shapes) != shapely.GeometryType.POINT
    made[others] = shapely.point_on_surface(shapes[others])
    return made


def attributes_table(opened: Opened) -> pa.Table:
    """Return the input's own columns, those of `opened`, as text."""
    return pa.Table.from_pydict({name: pa.array(values, pa.string()) for name, values in opened.raw.columns.items()})


def _position_kind(status: Status, type_id: int, named_place: str) -> str:
    if status is Status.ASSESSED:
        return PositionKind.POINT if type_id == shapely.GeometryType.POINT else PositionKind.SHAPE
    if status is Status.NOT_LOCATED and named_place:
        return PositionKind.PLACE
    return ""


def _mark_repeats(names: Sequence[str], points: np.ndarray, outcome: Outcome) -> None:
    """Remark on rows that share name and place (within 1 m) with an earlier row."""
    rows_by_name: dict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(np.isfinite(points[:, 0])).tolist():
        if names[row]:
            rows_by_name[names[row]].append(row)
    for name, rows in rows_by_name.items():
        if len(rows) > 1:
            _mark_repeats_of(name, rows, points, outcome)


def _mark_repeats_of(name: str, rows: Sequence[int], points: np.ndarray, outcome: Outcome) -> None:
    from rtree.index import Index  # noqa: PLC0415 -- only where a name comes twice

    seen = Index()
    for row in rows:
        lon, lat = points[row].tolist()
        reach_lon = _METRE_DEG / max(np.cos(np.radians(lat)), 1e-6)
        box = (lon - reach_lon, lat - _METRE_DEG, lon + reach_lon, lat + _METRE_DEG)
        near = sorted(seen.intersection(box))
        if near:
            here = np.broadcast_to(points[row], (len(near), 2))
            apart_m = geodesic_m(here, points[near])
            near = [other for other, gap_m in zip(near, apart_m.tolist(), strict=True) if gap_m <= _SAME_PLACE_M]
        if near:
            same = say("name_place_of_row", row=near[0] + 1)
            outcome.remark(row, say("bracketed", thing=REPEAT_NOTE, more=same))
            outcome.journal.note_row(
                row + 1, REPEAT_NOTE, say("repeat_of_row", row=near[0] + 1), "照常计算，未合并", value=name
            )
        seen.insert(row, (lon, lat, lon, lat))


def _mark_short_codes(codes: Sequence[str], opened: Opened, outcome: Outcome) -> None:
    """Remark on three-digit trade codes from binary numbers, which may have lost a leading zero."""
    if not opened.raw.is_typed:
        return
    for row, code in enumerate(codes):
        if _SHORT_TRADE_CODE.fullmatch(code):
            outcome.remark(row, say("trade_code_short", found=code))
            outcome.journal.note_row(
                row + 1,
                "行业代码存疑",
                "不足四位，以数值保存时可能丢失前导零",
                "按原样读取，请核对",
                field=opened.columns.by_role.get("trade_code", ""),
                value=code,
            )


def _edition(text: str) -> str:
    """Return the one year of GB/T 4754 that a text names, else the text."""
    years = set(re.findall(r"1994|2002|2011|2017", text))
    return years.pop() if len(years) == 1 else text


def _nullable(values: np.ndarray, keep: np.ndarray | None = None) -> pa.Array:
    mask = ~np.isfinite(values) if keep is None else ~keep
    return pa.array(values, pa.float64(), mask=mask)
