"""The sheets of a register: who is who, which list has whom, where they differ, what a person has to look at."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hmgeo.register.entry import FAR_M, FROM_PERMIT, NEAR_M, apart_m, county_stem, plain_code, read_name
from hmgeo.register.match import ALIKE, ALIKE_NEARBY, DECIDED, LEVEL_WORDS, MOST_CANDIDATES, SUPPORTS, Proposal
from hmgeo.register.merge import (
    CONTENTS_SHEET,
    DECISION_FIELDS,
    DECISIONS_SHEET,
    DIFFERENT,
    ID_HEADER,
    MERGED_INTO,
    OPEN,
    PENDING_SHEET,
    REGISTER_SHEET,
    ROLE_HEADERS,
    SAME,
    SIDE_FIELDS,
    SIDES,
    Register,
    balance,
)
from hmgeo.vocabulary import Classification

_POINT_HEADERS = ("经度", "纬度", "坐标系", "定位误差(m)")
NOTES_HEADER = "底册说明"
_GRAVEST = (
    Classification.CLASSIFIED,
    Classification.SENSITIVE,
    Classification.INTERNAL,
    Classification.UNMARKED,
    Classification.PUBLIC,
)
_CLASSIFICATION = "密级"
_PARTED_M = 50.0
_NATIONAL_CODE = "统一社会信用代码"


class Sheet(NamedTuple):
    """A table of the register's workbook, and what it is for."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    purpose: str


def sheets(register: Register, ledger: Sequence[tuple[str, ...]] = ()) -> tuple[Sheet, ...]:
    """Return the sheets of the workbook in their order, the table of contents first.

    `ledger`: what reading the lists met: file, sheet, row, field, value, event, reason, action.
    """
    made = [_register(register), _matrix(register), _conflicts(register), _pending(register), _unmatched(register)]
    if any(listed.is_previous for listed in register.lists):
        made.append(_year(register))
    if register.decisions:
        made.append(_decisions(register))
    header = ("文件", "工作表", "行", "字段", "值", "事项", "原因", "处理")
    made.append(Sheet("处理台账", header, tuple(ledger), "读入各表时剔除、假定、存疑的每一件事"))
    made.append(_explained(register))
    contents = tuple((sheet.title, str(len(sheet.rows)), sheet.purpose) for sheet in made)
    return (Sheet(CONTENTS_SHEET, ("工作表", "行数", "内容"), contents, ""), *made)


def _register(register: Register) -> Sheet:
    roles = [role for role in ROLE_HEADERS if any(_value(register, group, role) for group in _groups(register))]
    extra = list(
        dict.fromkeys(header for cells in register.own for header in cells if header not in {ID_HEADER, *own_headers()})
    )
    has_points = any(entry.point or "lon" in entry.values for entry in register.entries)
    points = _POINT_HEADERS if has_points else ()
    header = (ID_HEADER, *(ROLE_HEADERS[role] for role in roles), *points, *extra, *own_headers())
    rows = []
    for group in _groups(register):
        own = [_own_value(register, group, name) for name in extra]
        values = [_value(register, group, role) for role in roles]
        place = _place(register, group) if has_points else ()
        rows.append((register.ids[group], *values, *place, *own, *_standing(register, group)))
    purpose = "每家企业一行，编号逐年不变；可作 hmgeo screen 的污染源清单，加 --sources-layer 底册"
    return Sheet(REGISTER_SHEET, header, tuple(rows), purpose)


def own_headers() -> tuple[str, ...]:
    """Return the headers that the register adds, which are worked out anew each year."""
    return ("合并情况", "合并依据", "列入表数", "来源", NOTES_HEADER)


def filled_headers() -> tuple[str, ...]:
    """Return the headers that the register fills from what lists say of roles and places."""
    return (*ROLE_HEADERS.values(), *_POINT_HEADERS)


def _value(register: Register, group: int, role: str) -> str:
    return "、".join(_former(register, group)) if role == "former_name" else register.value(group, role)


def _groups(register: Register) -> range:
    return range(len(register.ids))


def _standing(register: Register, group: int) -> tuple[str, ...]:
    rows = register.rows_of[group]
    lists = {register.entries[row].source for row in rows if not register.is_old(row)}
    by = "、".join(LEVEL_WORDS[level] for level in register.matched.levels.get(group, ()))
    notes = [note for row in rows for note in register.entries[row].notes]
    if any(register.entries[row].code and register.entries[row].code_given for row in rows):
        notes = [note for note in notes if note != FROM_PERMIT]
    if not lists:
        notes.insert(0, "本年各表均未见；是否关闭须核实")
    merged_ids = {register.own[row].get(ID_HEADER, "") for row in rows if register.is_old(row)} - {register.ids[group]}
    notes += [f"{MERGED_INTO}{id_}" for id_ in sorted(filter(None, merged_ids))]
    for row in rows:
        values = register.entries[row].values
        if "lon" in values and (not register.is_old(row) or _point_row(register, group) is None):
            position = "，".join(dict.fromkeys(filter(None, (values["lon"], values["lat"]))))
            notes.append(f"坐标「{position}」用不上，照录待核（{register.told(row)}）")
    standing = "；".join(register.told(row) for row in rows if not register.is_old(row))
    return register.state(group), by, str(len(lists)), standing, "；".join(dict.fromkeys(notes))


def _former(register: Register, group: int) -> list[str]:
    """Return the other names of a group: those that lists state and those that its rows carry."""
    present = read_name(register.value(group, "name"))[0]
    texts: dict[str, str] = {}
    for row in register.newest_first(group):
        entry = register.entries[row]
        for text in (*re.split(r"[、,，;；]", entry.values.get("former_name", "")), entry.values.get("name", "")):
            if text.strip():
                texts.setdefault(read_name(text)[0], text.strip())
        for name in entry.former:
            texts.setdefault(name, name)
    return [text for full, text in texts.items() if full != present]


def _point_row(register: Register, group: int) -> int | None:
    rows = [row for row in register.newest_first(group) if register.entries[row].point]
    return rows[0] if rows else None


def _place(register: Register, group: int) -> tuple[str, ...]:
    """Return the place as the register writes it; where no row has a usable one, what the newest says, as it stands."""
    row = _point_row(register, group)
    if row is None:
        cells = [register.entries[member].values for member in register.newest_first(group)]
        unread = next((values for values in cells if "lon" in values), {})
        return (*(unread.get(name, "") for name in ("lon", "lat", "datum")), "")
    entry = register.entries[row]
    lon, lat = entry.point or (0.0, 0.0)
    return f"{lon:.6f}", f"{lat:.6f}", "CGCS2000", f"{entry.uncertainty_m:.1f}"


def _own_value(register: Register, group: int, header: str) -> str:
    texts = [text for row in register.newest_first(group) if (text := register.own[row].get(header, ""))]
    if header == _CLASSIFICATION:
        return next((word.value for word in _GRAVEST if word.value in texts), texts[0] if texts else "")
    return texts[0] if texts else ""


def _matrix(register: Register) -> Sheet:
    """Return which list holds which enterprise, and where."""
    header = (ID_HEADER, "企业名称", "合并情况", *(listed.name for listed in register.lists), "列入表数")
    rows = []
    for group in _groups(register):
        by_list: dict[int, list[str]] = defaultdict(list)
        for row in register.rows_of[group]:
            entry = register.entries[row]
            by_list[entry.source].append(f"第 {entry.line} 行 {entry.values.get('name', '')}".rstrip())
        cells = ["；".join(by_list[number]) for number in range(len(register.lists))]
        count = sum(bool(by_list[number]) for number, listed in enumerate(register.lists) if not listed.is_previous)
        name = register.value(group, "name")
        rows.append((register.ids[group], name, register.state(group), *cells, str(count)))
    return Sheet("比对矩阵", header, tuple(rows), "每张表一列：这家企业在该表第几行、叫什么；空白是该表没有")


def _plain(role: str, text: str) -> str:
    """Return a value as values are held against each other."""
    if role in {"name", "former_name"}:
        return read_name(text)[0]
    if role in {"credit_code", "permit"}:
        return plain_code(text)
    if role == "county":
        return county_stem(text)
    plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    try:
        return f"{float(plain):.12g}"
    except ValueError:
        return plain


def _conflicts(register: Register) -> Sheet:
    """Return where rows of one enterprise say different things: what counts, and what else is said."""
    both = (f"{value}{more}" for value in ("采用值", "另一值") for more in ("", "出处", "日期"))
    header = (ID_HEADER, "企业名称", "项目", *both, "说明")
    rows: list[tuple[str, ...]] = []
    names = dict.fromkeys(name for cells in register.own for name in cells)
    skipped = {ID_HEADER, "序号", "备注", *own_headers()}
    fields = [(role, ROLE_HEADERS[role]) for role in ROLE_HEADERS if role != "former_name"]
    fields += [("", name) for name in names if name not in skipped]
    for group in _groups(register):
        current = [row for row in register.newest_first(group) if not register.is_old(row)]
        if len(current) > 1:
            for role, name in fields:
                texts = [
                    (row, register.entries[row].values.get(role, "") if role else register.own[row].get(name, ""))
                    for row in current
                ]
                rows += _differing(register, group, role, name, [text for text in texts if text[1]])
            rows += _parted(register, group, current)
    return Sheet("冲突", header, tuple(rows), "同一企业各表所填不一致之处：采用较新的，两者都列出")


def _differing(
    register: Register, group: int, role: str, name: str, texts: Sequence[tuple[int, str]]
) -> Iterator[tuple[str, ...]]:
    if not texts:
        return
    used = register.value(group, role) if role else _own_value(register, group, name)
    chosen = next((row for row, text in texts if text == used), texts[0][0])
    seen = {_plain(role, used)}
    for row, text in texts:
        if _plain(role, text) not in seen:
            seen.add(_plain(role, text))
            note = "信用代码校验不符" if role == "credit_code" and not register.entries[row].code else ""
            yield (
                *_headed(register, group, name),
                used,
                *_source(register, chosen),
                text,
                *_source(register, row),
                note,
            )


def _parted(register: Register, group: int, rows: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Yield points of one enterprise that lie apart by more than their errors and 50 m."""
    chosen = _point_row(register, group)
    if chosen is None:
        return
    first = register.entries[chosen]
    for row in rows:
        second = register.entries[row]
        gap_m = apart_m(first, second)
        if gap_m is not None and gap_m > max(_PARTED_M, first.uncertainty_m + second.uncertainty_m):
            points = [f"{entry.point[0]:.6f}, {entry.point[1]:.6f}" if entry.point else "" for entry in (first, second)]
            cells = (points[0], *_source(register, chosen), points[1], *_source(register, row))
            yield (*_headed(register, group, "坐标"), *cells, f"相距 {gap_m:.0f} m")


def _headed(register: Register, group: int, name: str) -> tuple[str, str, str]:
    return register.ids[group], register.value(group, "name"), name


def _source(register: Register, row: int) -> tuple[str, str]:
    return register.told(row), register.entries[row].date or "未注明"


def _side(register: Register, group: int) -> tuple[str, ...]:
    values = [register.value(group, role) for role in ("name", "credit_code", "permit", "county")]
    lists = "；".join(register.told(row) for row in register.rows_of[group])
    point = "" if _point_row(register, group) is None else ",".join(_place(register, group)[:2])
    return register.ids[group], *values, point, lists


def _pending(register: Register) -> Sheet:
    """Return what a person has to look at, each pair once, under the one that isn't joined with anything yet."""
    sides = [f"{side}{name}" for side in SIDES for name in (*SIDE_FIELDS, "出处")]
    header = ("组", *sides[:7], "候选次序", *sides[7:], "理由", "名称相似度", "相距(m)", *DECISION_FIELDS)
    asked: dict[int, list[tuple[int, Proposal]]] = defaultdict(list)
    for proposal in register.matched.proposals:
        alone = [group for group in proposal.nearest_of if len(register.rows_of[group]) == 1]
        object_ = (alone or proposal.nearest_of)[-1]
        asked[object_].append((proposal.first if object_ == proposal.second else proposal.second, proposal))
    rows = []
    for number, group in enumerate(sorted(asked), start=1):
        ranked = sorted(asked[group], key=lambda pair: pair[1].nearness)
        for order, (other, proposal) in enumerate(ranked, start=1):
            gap = "" if proposal.distance_m is None else f"{proposal.distance_m:.0f}"
            why = ("；".join(proposal.reasons), f"{proposal.similarity:.2f}", gap)
            cells = (*_side(register, group), str(order), *_side(register, other), *why)
            rows.append((str(number), *cells, "", "", "", ""))
    purpose = f"可能是同一企业的，逐对列出理由；填「决定」一栏（{SAME}、{DIFFERENT}、{OPEN}），下次用 --decisions 读回"
    return Sheet(PENDING_SHEET, header, tuple(rows), purpose)


def _unmatched(register: Register) -> Sheet:
    header = (ID_HEADER, "表", "行", "企业名称", _NATIONAL_CODE, "排污许可证编号", "县(市、区)", "原因")
    rows = []
    for group in _groups(register):
        row = register.rows_of[group][0]
        if register.state(group) != "未匹配" or register.is_old(row):
            continue
        entry = register.entries[row]
        why = "没有名称、信用代码和许可证编号，无从比对" if entry.is_blank else "只见于本表，其他表中没有相同或相近的"
        values = (entry.values.get(role, "") for role in ("name", "credit_code", "permit", "county"))
        rows.append((register.ids[group], register.lists[entry.source].name, str(entry.line), *values, why))
    return Sheet("未匹配", header, tuple(rows), "只见于一张表的行；已各占底册一行")


def _year(register: Register) -> Sheet:
    """Return what changed since the register of the year before; what is not seen is not therefore closed."""
    header = ("变化", ID_HEADER, "上年", "本年", "说明")
    rows: list[tuple[str, ...]] = []
    for group in _groups(register):
        old = [row for row in register.rows_of[group] if register.is_old(row)]
        new = [row for row in register.newest_first(group) if not register.is_old(row)]
        rows += _changes(register, group, old, new)
    order = (
        "新增",
        "新增或更名，待确认",
        "更名",
        "信用代码变化",
        "生产状态变化",
        "并入",
        "本年未见，可能更名，待确认",
        "本年未见",
    )
    rows.sort(key=lambda row: (order.index(row[0]), row[1]))
    return Sheet("年度变化", header, tuple(rows), "与上年底册相比：新增、更名、状态变化、本年未见（未见不等于关闭）")


def _changes(register: Register, group: int, old: Sequence[int], new: Sequence[int]) -> Iterator[tuple[str, ...]]:
    id_, name = register.ids[group], register.value(group, "name")
    with_old = [
        other
        for proposal in register.proposals_of.get(group, ())
        for other in ({proposal.first, proposal.second} - {group})
        if any(register.is_old(row) for row in register.rows_of[other]) != bool(old)
    ]
    near = "、".join(f"{register.ids[other]} {register.value(other, 'name')}" for other in with_old)
    if not old:
        yield ("新增或更名，待确认" if near else "新增", id_, near, name, "见待人工确认" if near else "")
        return
    before = register.entries[old[0]]
    if not new:
        remark = f"与 {near} 相近，见待人工确认" if near else "各表均无；是否关闭、迁出须核实"
        kind = "本年未见，可能更名，待确认" if near else "本年未见"
        yield (kind, id_, before.values.get("name", ""), "", remark)
        return
    for row in old[1:]:
        yield ("并入", id_, register.own[row].get(ID_HEADER, ""), name, "上年两个编号，本年认定为同一企业")
    now = {role: _this_year(register, new, role) for role in ("name", "credit_code", "status")}
    for role, kind in (("name", "更名"), ("credit_code", "信用代码变化"), ("status", "生产状态变化")):
        then = before.values.get(role, "")
        if then and now[role] and _plain(role, then) != _plain(role, now[role]):
            yield (
                kind,
                id_,
                then,
                now[role],
                "、".join(LEVEL_WORDS[level] for level in register.matched.levels[group]),
            )


def _this_year(register: Register, rows: Iterable[int], role: str) -> str:
    texts = (
        register.entries[row].code if role == "credit_code" else register.entries[row].values.get(role, "")
        for row in rows
    )
    return next(filter(None, texts), "")


def _decisions(register: Register) -> Sheet:
    sides = tuple(f"{side}{name}" for side in SIDES for name in SIDE_FIELDS)
    rows = tuple(
        (*decision.first, *decision.second, decision.word, decision.by, decision.on, decision.reason, what)
        for decision, what in zip(register.decisions, register.applied, strict=True)
    )
    return Sheet(
        DECISIONS_SHEET, (*sides, *DECISION_FIELDS, "本次使用情况"), rows, "历次决定，逐年带下去；未用的也保留"
    )


def _explained(register: Register) -> Sheet:
    counts = register.counts
    dated = [(listed, listed.date or "未注明") for listed in register.lists]
    rows = [("各表", f"{listed.name}：{listed.rows} 行，日期 {date}") for listed, date in dated]
    rows += [
        ("核对", balance(counts)),
        ("底册", f"{len(register.ids)} 家"),
        (
            "合并",
            f"依次按{'、'.join(LEVEL_WORDS)}；所填不符的（代码、许可证、县区、厂区、相距 {FAR_M:.0f} m 以上）不合并",
        ),
        ("信用代码", "按 GB 32100 校验；校验不符的只作线索，不据以合并。许可证编号前 18 位是持证单位的信用代码"),
        ("代码相同而名称不同", f"名称相似度低于 {SUPPORTS} 又无 {NEAR_M:.0f} m 内坐标佐证的，列入待人工确认"),
        (
            "待人工确认",
            f"名称相似 {ALIKE}（100 m 内 {ALIKE_NEARBY}）以上、同地同行业或代码形近；每家至多 {MOST_CANDIDATES} 个候选",
        ),
        ("名称相似度", "去掉地名和组织形式后按 rapidfuzz 的 ratio 计算，0 至 1；只用来提请人看，不据以合并"),
        ("冲突", "采用日期较新的；没有日期的排在后面，同日的按各表给出的先后"),
        ("性质", "底册由软件按所列依据汇总，是否同一企业由人认定；本年未见不等于关闭"),
    ]
    if any(DECIDED in levels for levels in register.matched.levels.values()):
        rows.append(("人工认定", "照所填决定合并或分开；决定之后又见相反事实的不照用，列为待复核"))
    return Sheet("说明", ("项目", "内容"), tuple(rows), "怎样比对、怎样取值、行数核对")
