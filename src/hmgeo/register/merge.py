"""Several lists made one register: stable ids, values with their sources, what people decided, what a year changed."""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import NamedTuple

from msgspec import Struct, field

from hmgeo.errors import InputError, Place, Problem, raise_problems
from hmgeo.register.entry import FAR_M, Entry, against, apart_m, entry_of
from hmgeo.register.match import Decided, Matched, Proposal, match_rows

ID_HEADER = "企业编号"
ROLE_HEADERS = {
    "name": "企业名称",
    "former_name": "曾用名",
    "credit_code": "统一社会信用代码",
    "permit": "排污许可证编号",
    "county": "县(市、区)",
    "township": "乡镇(街道)",
    "region_code": "行政区划代码",
    "address": "生产经营场所地址",
    "trade_code": "行业代码",
    "trade_edition": "行业分类版本",
    "trade_name": "行业名称",
    "status": "生产状态",
}
"""Roles of columns, and their headers in the register: those of the list of enterprises."""
CONTENTS_SHEET, REGISTER_SHEET, PENDING_SHEET, DECISIONS_SHEET = "目录", "底册", "待人工确认", "已作决定"
SAME, DIFFERENT, OPEN = "同一", "不同", "待查"
PREVIOUS_WORD = "上年底册"
MERGED_INTO = "并入 "
"""Begins the remark on an enterprise that took another in; that one's id follows."""
SIDES = ("对象", "候选")
SIDE_FIELDS = ("编号", "名称", "信用代码", "许可证", "县区", "坐标")
DECISION_FIELDS = ("决定", "决定人", "决定日期", "决定依据")

_TOGETHER = ("trade_code", "trade_edition", "trade_name")
_ID = re.compile(r"DC(\d+)")


class SourceList(Struct, frozen=True):
    """A list that went in.

    `date`: of the list as a whole, where a row tells none; empty where nobody knows.
    `is_previous`: the register of the year before, whose ids stay.
    """

    name: str
    rows: int
    date: str = ""
    is_previous: bool = False


class Side(NamedTuple):
    """One of the two that a decision is on, as the register and the lists of its day had it; blank where they hadn't.

    `id`: in the register of that day. `place`: lon and lat with a comma between.
    """

    id: str
    name: str
    code: str
    permit: str
    county: str
    place: str


class Decision(Struct, frozen=True):
    """What a person decided; `where` says in which file and row it stands."""

    first: Side
    second: Side
    is_same: bool
    by: str
    on: str
    reason: str
    where: Place

    @property
    def word(self) -> str:
        """同一 or 不同."""
        return SAME if self.is_same else DIFFERENT


class Counts(NamedTuple):
    """Rows in, and what became of them."""

    rows: int
    merged: int
    pending: int
    unmatched: int


class Register(Struct, frozen=True, dict=True):
    """The lists made one.

    Parameters
    ----------
    entries, own
        Every row of every list in order, and its columns that have no role, by header.
    ids
        Of the groups.
    applied
        What became of each decision, in words.
    """

    lists: tuple[SourceList, ...]
    entries: tuple[Entry, ...]
    own: tuple[Mapping[str, str], ...]
    matched: Matched
    ids: tuple[str, ...]
    decisions: tuple[Decision, ...] = ()
    applied: tuple[str, ...] = ()

    @cached_property
    def rows_of(self) -> tuple[tuple[int, ...], ...]:
        """Rows of each group."""
        rows: dict[int, list[int]] = defaultdict(list)
        for row, group in enumerate(self.matched.group_of):
            rows[group].append(row)
        return tuple(tuple(rows[group]) for group in range(len(rows)))

    @cached_property
    def proposals_of(self) -> Mapping[int, tuple[Proposal, ...]]:
        """Proposals that a group takes part in."""
        by_group: dict[int, list[Proposal]] = defaultdict(list)
        for proposal in self.matched.proposals:
            by_group[proposal.first].append(proposal)
            by_group[proposal.second].append(proposal)
        return {group: tuple(proposals) for group, proposals in by_group.items()}

    def is_old(self, row: int) -> bool:
        """Tell whether entry number `row` is one of the year before."""
        return self.lists[self.entries[row].source].is_previous

    def state(self, group: int) -> str:
        """Return what became of `group`, by number: 已合并, 待确认 or 未匹配."""
        if len(self.rows_of[group]) > 1:
            return "已合并"
        return "待确认" if group in self.proposals_of else "未匹配"

    @cached_property
    def counts(self) -> Counts:
        """Rows of this year's lists by what became of them; each counts once."""
        states = Counter(self.state(group) for row, group in enumerate(self.matched.group_of) if not self.is_old(row))
        rows = sum(listed.rows for listed in self.lists if not listed.is_previous)
        return Counts(rows, states["已合并"], states["待确认"], states["未匹配"])

    def newest_first(self, group: int) -> list[int]:
        """Return the rows of `group`, the one whose word counts most first: this year's, then by date, then by list."""
        rows = sorted(self.rows_of[group], key=lambda row: (self.entries[row].source, self.entries[row].line))
        return sorted(rows, key=lambda row: (not self.is_old(row), self.entries[row].date), reverse=True)

    def told(self, row: int) -> str:
        """Return where entry number `row` stands, in words: its list and line."""
        entry = self.entries[row]
        return f"{self.lists[entry.source].name} 第 {entry.line} 行"

    def value(self, group: int, role: str) -> str:
        """Return the value of `role` that counts for `group`; empty where no row has one."""
        rows = self.newest_first(group)
        if role in _TOGETHER:
            rows = [row for row in rows if self.entries[row].values.get("trade_code")][:1] or rows
        if role == "credit_code":
            code = next((self.entries[row].code for row in rows if self.entries[row].code), "")
            return code or next((self.entries[row].code_given for row in rows if self.entries[row].code_given), "")
        return next((text for row in rows if (text := self.entries[row].values.get(role, ""))), "")


def build_register(
    lists: Sequence[SourceList],
    entries: Sequence[Entry],
    own: Sequence[Mapping[str, str]],
    decisions: Sequence[Decision] = (),
) -> Register:
    """Match the rows, replay decisions and give every group its id.

    `InputError`: decisions that contradict each other.

    Parameters
    ----------
    lists, entries
        The lists, and all their rows as compared.
    own
        The columns of each row as its list has them, in the order of `entries`.
    decisions
        What people decided before.
    """
    earlier_ids = {
        id_: row
        for row, entry in enumerate(entries)
        if lists[entry.source].is_previous and (id_ := own[row].get(ID_HEADER, ""))
    }
    decided, applied = _replay(decisions, entries, earlier_ids)
    matched = match_rows(entries, decided)
    ids = _ids(matched.group_of, entries, lists, own, decisions if earlier_ids else ())
    made = Register(tuple(lists), tuple(entries), tuple(own), matched, ids, tuple(decisions), applied)
    counts = made.counts
    if counts.rows != counts.merged + counts.pending + counts.unmatched:
        msg = f"rows in {counts.rows}, out {counts}"
        raise AssertionError(msg)
    return made


def given_up(texts: Iterable[str]) -> list[str]:
    """Return the remarks among `texts` that name an id given up, since its enterprise went into another.

    >>> given_up(["名称中注明停产", "并入 DC00003"])
    ['并入 DC00003']
    """
    return [text for text in texts if text.startswith(MERGED_INTO) and _ID.fullmatch(text.removeprefix(MERGED_INTO))]


def _ids(
    group_of: Sequence[int],
    entries: Sequence[Entry],
    lists: Sequence[SourceList],
    own: Sequence[Mapping[str, str]],
    decisions: Sequence[Decision],
) -> tuple[str, ...]:
    """Return an id for each group: the one it had the year before, else the next number that never was one.

    An id that was given up, and one that a decision names, was one too.
    """
    ids: dict[int, str] = {}
    past = [side.id for decision in decisions for side in (decision.first, decision.second)]
    past += [text.removeprefix(MERGED_INTO) for entry in entries for text in given_up(entry.notes)]
    numbers = [0, *(int(match[1]) for match in map(_ID.fullmatch, past) if match)]
    for row, group in enumerate(group_of):
        if lists[entries[row].source].is_previous:
            earlier = own[row].get(ID_HEADER, "")
            numbers += [int(match[1]) for match in (_ID.fullmatch(earlier),) if match]
            ids.setdefault(group, earlier)
    free = max(numbers)
    for group in range(max(group_of, default=-1) + 1):
        if not ids.get(group):
            free += 1
            ids[group] = f"DC{free:05d}"
    return tuple(ids[group] for group in range(len(ids)))


class _Finder(Struct):
    """Finds the rows that a side of a decision speaks of: by last year's id, code, permit, or name and county."""

    entries: Sequence[Entry]
    earlier_ids: Mapping[str, int]
    by_key: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for row, entry in enumerate(self.entries):
            for key in {entry.code_given or entry.code, entry.permit, f"={entry.full}"} - {"", "="}:
                self.by_key[key].append(row)

    def both(self, decision: Decision) -> tuple[list[int], list[int], bool]:
        """Return the rows of either side, and whether some can't be told apart."""
        ones, others = self._rows(decision.first), self._rows(decision.second)
        shared = ones & others
        return sorted(ones - shared), sorted(others - shared), bool(shared)

    def _rows(self, side: Side) -> set[int]:
        """Return last year's row of that id, and this year's rows that are as the side says, blanks counted.

        A row that says less or more than the side may be another plant of the firm; it finds its group by itself.
        """
        stated = _of_side(side)
        earlier = set(self.earlier_ids.values())
        anchor = self.earlier_ids.get(side.id)
        if anchor is not None and not (_is_known(stated, self.entries[anchor]) and _fits(stated, self.entries[anchor])):
            anchor = None  # the id is of another register, where it may have been another enterprise's
        key = stated.permit or stated.code_given or f"={stated.full}"  # the most telling thing that the side has
        near = {row for row in self.by_key.get(key, ()) if row not in earlier and _fits(stated, self.entries[row])}
        rows = {row for row in near if self._is_as(stated, self.entries[row])}
        if (
            not rows
            and anchor is None
            and len({(self.entries[row].code_given, self.entries[row].permit) for row in near}) == 1
        ):
            rows = near  # they say more than the side does, and all the same
        return rows | ({anchor} if anchor is not None else set())

    @staticmethod
    def _is_as(stated: Entry, row: Entry) -> bool:
        if stated.permit:
            return True
        if row.permit or bool(stated.point) != bool(row.point):
            return False
        return bool(stated.code_given) or (not row.code_given and stated.county == row.county)


def _is_known(stated: Entry, row: Entry) -> bool:
    """Tell whether a name or number says that a row is what was told; an id alone doesn't."""
    pairs = ((stated.code_given, row.code_given or row.code), (stated.permit, row.permit))
    return bool(set(stated.names) & set(row.names)) or any(first and first == second for first, second in pairs)


def _fits(stated: Entry, row: Entry) -> bool:
    """Tell whether nothing that both say differs; a name may have changed where a number stays."""
    pairs = ((stated.code_given, row.code_given or row.code), (stated.permit, row.permit), (stated.county, row.county))
    gap_m = apart_m(stated, row)
    return all(not first or not second or first == second for first, second in pairs) and (
        gap_m is None or gap_m <= FAR_M
    )


def _replay(
    decisions: Sequence[Decision], entries: Sequence[Entry], earlier_ids: Mapping[str, int]
) -> tuple[Decided, tuple[str, ...]]:
    """Return decisions by rows of these lists, and what became of each.

    A decision that these lists don't bear out as it was made is used by nobody's guess: a person looks again.
    """
    _refuse_contradictions(decisions)
    finder = _Finder(entries, earlier_ids)
    pairs: dict[int, list[tuple[int, int]]] = {}
    applied: list[str] = []
    for number, decision in enumerate(decisions):
        ones, others, is_open = finder.both(decision)
        if is_open and not (ones and others):
            applied.append("待复核：两侧在本次各表中分不开")
        elif not ones or not others:
            missing = "、".join(word for word, rows in zip(SIDES, (ones, others), strict=True) if not rows)
            applied.append(f"未用：{missing}不在本次各表中")
        elif decision.is_same and (since := _since(decision, [entries[row] for row in (ones[0], others[0])])):
            applied.append(f"待复核：{since}")
        else:
            applied.append(f"已用：涉及 {len(ones) + len(others)} 行")
            pairs[number] = [(min(pair), max(pair)) for pair in product(ones, others)]
    for number in _clashing(decisions, pairs):
        applied[number] = "待复核：与其他决定在本次各表中落到同几行而互相矛盾"
        del pairs[number]
    same = tuple(pair for number, listed in pairs.items() if decisions[number].is_same for pair in listed)
    different = frozenset(pair for number, listed in pairs.items() if not decisions[number].is_same for pair in listed)
    return Decided(same, different), tuple(applied)


def _clashing(decisions: Sequence[Decision], pairs: Mapping[int, Sequence[tuple[int, int]]]) -> list[int]:
    """Return the decisions by which two rows would be one and two at once."""
    joined = Chains()
    for number, listed in pairs.items():
        if decisions[number].is_same:
            for first, second in listed:
                joined.join(first, second)
    bad = {
        joined.root(first)
        for number, listed in pairs.items()
        if not decisions[number].is_same
        for first, second in listed
        if joined.root(first) == joined.root(second)
    }
    return [
        number
        for number, listed in pairs.items()
        if any(joined.root(first) in bad and joined.root(first) == joined.root(second) for first, second in listed)
    ]


def _refuse_contradictions(decisions: Sequence[Decision]) -> None:
    """Refuse decisions of which one says that two are one, by itself or over others, and another that they are two."""
    joined = Chains()
    for decision in decisions:
        if decision.is_same:
            joined.join(decision.first, decision.second)
    remedy = "改正其中一个决定后再运行"
    problems = [
        Problem(
            "认定不同的两家，按别的「同一」决定是一家",
            decision.where,
            f"{decision.first.name}、{decision.second.name}",
            remedy=remedy,
        )
        for decision in decisions
        if not decision.is_same and joined.root(decision.first) == joined.root(decision.second)
    ]
    raise_problems(InputError, problems)


class Chains:
    """Things that are one over others."""

    def __init__(self) -> None:
        self._parents: dict[Hashable, Hashable] = {}

    def root(self, thing: Hashable) -> Hashable:
        """Return what stands for all that are one with `thing`."""
        while (parent := self._parents.setdefault(thing, thing)) != thing:
            thing = parent
        return thing

    def join(self, first: Hashable, second: Hashable) -> None:
        """Make `first` and `second` one, with all that are one with either."""
        self._parents[self.root(second)] = self.root(first)


def _since(decision: Decision, now: Sequence[Entry]) -> str:
    """Return what speaks against a decision for 同一 now and didn't when it was made."""
    sides = (decision.first, decision.second)
    then = against(*(_of_side(side) for side in sides))
    new = [text for text in against(*now) if text not in then and not text.startswith(("相距", "名称中"))]
    return f"认定同一（{decision.by}，{decision.on}）之后又见{new[0]}" if new else ""


def _of_side(side: Side) -> Entry:
    texts = {"name": side.name, "credit_code": side.code, "permit": side.permit, "county": side.county}
    lon, _, lat = side.place.partition(",")
    try:
        point = (float(lon), float(lat))
    except ValueError:
        point = None
    return entry_of(0, 0, texts, point=point)


def balance(counts: Counts) -> str:
    """Return the sum of rows that `counts` hold, in words."""
    merged, pending, unmatched = counts.merged, counts.pending, counts.unmatched
    return f"读入 {counts.rows} 行 = 已合并 {merged} + 待确认 {pending} + 未匹配 {unmatched}"


def used_decisions(register: Register) -> str:
    """Return how many decisions `register` used, and how many a person has to look at again, in words."""
    counted = Counter(text.partition("：")[0] for text in register.applied)
    return "决定：" + "，".join(f"{word} {counted[word]} 条" for word in ("已用", "未用", "待复核"))
