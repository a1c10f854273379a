"""Which rows of several lists are one enterprise for sure, which may be, and why.

Sure is what a number or a name says and nothing that both rows say speaks against; it is worked out level by level
(decisions of people, permit number, credit code, name in full, name without place and form). Where a level would join
rows that something speaks against, none of its links there holds: they are proposed, so that neither the order of lists
nor that of rows decides. Similar names, look-alike codes and one place are proposed only, never joined.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice, pairwise
from typing import NamedTuple

import numpy as np
import shapely
from msgspec import Struct, field
from msgspec.structs import replace
from rapidfuzz import fuzz, process

from hmgeo.register.entry import (
    Entry,
    against,
    apart_m,
    has_more_plants,
    is_distinctive,
    is_national,
    is_near,
    look_alike,
)

MOST_CANDIDATES = 3
"""Proposals shown for one row."""
ALIKE = 0.75
"""Names at least so alike (0 to 1, rapidfuzz.fuzz.ratio of the cores) are proposed."""
ALIKE_NEARBY = 0.5
"""Names at least so alike are proposed where the rows lie within 100 m."""
SUPPORTS = 0.5
"""Names at least so alike support a number that both rows carry."""

_VERY_ALIKE = 0.9
_SAME_PLACE_M = 50.0
_NEARBY_M = 100.0
_NEARBY_DEG = 0.0012  # a little over 100 m of longitude up to 40 N
_LARGEST_BLOCK = 60
_MOST_SHARING = 40
_MOST_SAID = 2
_CELL_PAIRS = 2_000_000


class Why(NamedTuple):
    """Why two rows may be one: the rank of the reason (the smaller the nearer) and its words."""

    rank: int
    text: str


DECIDED, PERMIT, CODE, NAME, CORE = range(5)
LEVEL_WORDS = ("人工认定", "许可证编号", "统一社会信用代码", "企业名称", "去掉地名和组织形式后的名称及所在地")
_LOOK_ALIKE, _SIMILAR, _PLACE, _SHARED_NUMBER = 5, 6, 7, 8


class Decided(Struct, frozen=True):
    """What people decided, by the positions of rows: one enterprise, or two."""

    same: tuple[tuple[int, int], ...] = ()
    different: frozenset[tuple[int, int]] = frozenset()


class Proposal(Struct, frozen=True):
    """Two groups that may be one enterprise.

    Parameters
    ----------
    first, second
        Numbers of groups, the first the smaller.
    similarity
        Of the names' cores, 0 to 1.
    distance_m
        Between the nearest points of both; None where one has none.
    nearest_of
        Those of the two groups for which it is among the three nearest.
    """

    first: int
    second: int
    rank: int
    reasons: tuple[str, ...]
    similarity: float
    distance_m: float | None
    nearest_of: tuple[int, ...] = ()

    @property
    def nearness(self) -> tuple[int, float, float, int, int]:
        """What candidates are ordered by, the nearest first."""
        return self.rank, -self.similarity, self.distance_m or 0.0, self.first, self.second


class Matched(Struct, frozen=True):
    """Rows by enterprise.

    Parameters
    ----------
    group_of
        Number of the group of each row; groups are numbered in the order of their first rows.
    levels
        Of each group, by what its rows were joined.
    proposals
        Nearest first within a group; each pair of groups once.
    """

    group_of: tuple[int, ...]
    levels: Mapping[int, tuple[int, ...]]
    proposals: tuple[Proposal, ...]


class _Forest(Struct):
    """Groups under way: the first row of a group is its root."""

    parents: list[int]
    levels: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def root(self, row: int) -> int:
        while self.parents[row] != row:
            self.parents[row] = self.parents[self.parents[row]]
            row = self.parents[row]
        return row

    def join(self, first: int, second: int, level: int) -> None:
        low, high = sorted((self.root(first), self.root(second)))
        if low != high:
            self.parents[high] = low
            self.levels[low] |= self.levels.pop(high, set())
            self.levels[low].add(level)


_NOTHING_DECIDED = Decided()


def match_rows(entries: Sequence[Entry], decided: Decided = _NOTHING_DECIDED) -> Matched:
    """Group `entries` that are one enterprise for sure or as `decided`; propose what a person has to look at."""
    forest = _Forest(list(range(len(entries))))
    for first, second in decided.same:
        forest.join(first, second, DECIDED)
    fixed = [forest.root(row) for row in range(len(entries))]
    doubtful: dict[tuple[int, int], list[Why]] = defaultdict(list)
    keys: tuple[tuple[int, Callable[[Entry], Iterable[object]]], ...] = (
        (PERMIT, lambda entry: filter(None, (entry.permit,))),
        (CODE, lambda entry: filter(None, (entry.code,))),
        (NAME, lambda entry: dict.fromkeys(entry.names)),
        (CORE, lambda entry: filter(None, (entry.core,))),
    )
    for level, key in keys:
        _join_level(entries, forest, fixed, decided, _links(entries, level, key, doubtful), doubtful)
    for pair, why in _look_alikes(entries):
        doubtful[pair].append(why)
    numbers: dict[int, int] = {}
    group_of = [numbers.setdefault(forest.root(row), len(numbers)) for row in range(len(entries))]
    levels = {group_of[root]: tuple(sorted(ranks)) for root, ranks in forest.levels.items()}
    return Matched(tuple(group_of), levels, _proposals(entries, group_of, decided, doubtful))


def _links(
    entries: Sequence[Entry],
    level: int,
    key: Callable[[Entry], Iterable[object]],
    doubtful: dict[tuple[int, int], list[Why]],
) -> Iterator[tuple[int, int, int]]:
    """Yield the links (row, later row, level) that a level makes; what it leaves in doubt goes to `doubtful`."""
    rows_by: dict[object, list[int]] = defaultdict(list)
    for row, entry in enumerate(entries):
        for value in key(entry):
            rows_by[value].append(row)
    for value, rows in rows_by.items():
        if len(rows) > _MOST_SHARING:  # a number that everybody carries tells nobody from another
            if level in {PERMIT, CODE}:
                why = Why(_SHARED_NUMBER, f"{LEVEL_WORDS[level]} {value} 出现 {len(rows)} 次，不作依据")
                for pair in pairwise(rows):
                    doubtful[pair].append(why)
                continue
            yield from _within_counties(entries, rows, level)
            continue
        has_one_permit = len({entries[row].permit for row in rows if is_national(entries[row].permit)}) == 1
        for pair in combinations(rows, 2):
            doubts, speaks_against = _doubts(entries[pair[0]], entries[pair[1]], level, has_one_permit=has_one_permit)
            if not doubts:
                yield *pair, level
            elif level != CORE or not speaks_against:
                doubtful[pair].append(Why(level, f"{LEVEL_WORDS[level]}相同，但{'；'.join(doubts)}"))


def _doubts(first: Entry, second: Entry, level: int, *, has_one_permit: bool) -> tuple[tuple[str, ...], bool]:
    """Return what speaks against a link, else what it wants to be sure; and whether it is the former."""
    grounds = against(first, second)
    if not grounds:
        lacking = _lacking(first, second, level)
        if not lacking and has_one_permit and has_more_plants(first, second) and not is_near(first, second):
            lacking = "许可证序号不是 001，这家企业不止一个厂区，另一方没有许可证编号和相近坐标"
        return ((lacking,) if lacking else ()), False
    return grounds, True


def _within_counties(entries: Sequence[Entry], rows: Sequence[int], level: int) -> Iterator[tuple[int, int, int]]:
    """Yield the links of a name that very many rows share, each county for itself."""
    by_county: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if entries[row].county:
            by_county[entries[row].county].append(row)
    for here in by_county.values():
        for first, second in pairwise(here):
            if not against(entries[first], entries[second]) and not _lacking(entries[first], entries[second], level):
                yield first, second, level


def _lacking(first: Entry, second: Entry, level: int) -> str:
    """Return what a link wants to be sure, in words; empty where it has all."""
    is_here = bool(first.county) and first.county == second.county
    if level in {PERMIT, CODE}:
        has_support = (
            not (first.full and second.full)
            or set(first.names) & set(second.names)
            or alike(first.core, second.core) >= SUPPORTS
            or is_near(first, second)
        )
        return "" if has_support else "名称差别大，又没有相近的坐标佐证：可能是更名，也可能是代码填错"
    if not (is_distinctive(first.core) and is_distinctive(second.core)) and not is_near(first, second):
        return "名称只说明行业，没有坐标佐证"
    names_place = level == NAME and first.core != first.full.removesuffix("有限公司")
    if names_place or is_here or is_near(first, second):
        return ""
    return "名称不含地名，也没有同一县区或相近坐标佐证"


def _join_level(
    entries: Sequence[Entry],
    forest: _Forest,
    fixed: Sequence[int],
    decided: Decided,
    links: Iterable[tuple[int, int, int]],
    doubtful: dict[tuple[int, int], list[Why]],
) -> None:
    """Join what a level links, but where the joined rows would hold something that speaks against it: there nothing."""
    listed = list(links)
    if not listed:
        return
    trial = _Forest(list(forest.parents))
    for first, second, level in listed:
        trial.join(first, second, level)
    touched = {trial.root(first) for first, _, _ in listed}
    members: dict[int, list[int]] = defaultdict(list)
    for row in range(len(entries)):
        root = trial.root(row)
        if root in touched:
            members[root].append(row)
    objections = {root: _objection(entries, rows, forest, fixed, decided) for root, rows in members.items()}
    for first, second, level in listed:
        objection = objections[trial.root(first)]
        if not objection:
            forest.join(first, second, level)
        elif forest.root(first) != forest.root(second):
            text = f"{LEVEL_WORDS[level]}相同，但连成一家的各行中{objection}"
            doubtful[first, second].append(Why(level, text))


def _objection(
    entries: Sequence[Entry], rows: Sequence[int], forest: _Forest, fixed: Sequence[int], decided: Decided
) -> str:
    """Return what speaks against rows being one, within what isn't one already; empty where nothing does."""
    for first, second in combinations(rows, 2):
        if forest.root(first) == forest.root(second) or fixed[first] == fixed[second]:
            continue
        if (first, second) in decided.different:
            return "有人工认定不是同一企业的"
        grounds = against(entries[first], entries[second])
        if grounds:
            return f"有{grounds[0]}的"
    return ""


def alike(first: str, second: str) -> float:
    """Return how alike `first` and `second`, names as compared, are: 0 to 1."""
    return fuzz.ratio(first, second) / 100 if first and second else 0.0


def _look_alikes(entries: Sequence[Entry]) -> Iterator[tuple[tuple[int, int], Why]]:
    """Yield pairs of rows of which one carries a code that is wrong and looks like the other's.

    Two codes one sign apart (another, missing, added, or two swapped) share what is left when one sign goes.
    """
    wrong = [row for row, entry in enumerate(entries) if entry.code_given and not entry.code]
    if not wrong:
        return
    rows_by: dict[str, list[int]] = defaultdict(list)
    wanted = {variant for row in wrong for variant in _variants(entries[row].code_given)}
    for row, entry in enumerate(entries):
        for variant in _variants(entry.code or entry.code_given) & wanted:
            rows_by[variant].append(row)
    for row in wrong:
        code = entries[row].code_given
        near = {other for variant in _variants(code) for other in rows_by[variant]} - {row}
        for other in islice(sorted(near), _MOST_SHARING):
            theirs = entries[other].code or entries[other].code_given
            if code == theirs:
                text = f"代码同为 {code}，但校验不符"
            else:
                text = f"代码 {code} 校验不符，与 {theirs} 形近或只差一位"
            yield (min(row, other), max(row, other)), Why(_LOOK_ALIKE, text)


def _variants(code: str) -> set[str]:
    if not code:
        return set()
    organisation = {f"={code[8:17]}"} if len(code) >= _ORGANISATION_ENDS else {f"={code}"}
    return {code, f"~{look_alike(code)}", *(code[:at] + code[at + 1 :] for at in range(len(code)))} | organisation


_ORGANISATION_ENDS = 17


def _proposals(
    entries: Sequence[Entry],
    group_of: Sequence[int],
    decided: Decided,
    doubtful: Mapping[tuple[int, int], Sequence[Why]],
) -> tuple[Proposal, ...]:
    """Return what may be one, at most three candidates for each group."""
    parted = {_pair(group_of[first], group_of[second]) for first, second in decided.different}
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(group_of):
        rows_of[group].append(row)
    reasons: dict[tuple[int, int], set[Why]] = defaultdict(set)
    for (first, second), whys in doubtful.items():
        reasons[_pair(group_of[first], group_of[second])].update(whys)
    for (first, second), why in _similar(entries):
        pair = _pair(group_of[first], group_of[second])
        if pair[0] != pair[1] and (pair in reasons or _may_be_one(entries, rows_of[pair[0]], rows_of[pair[1]], why)):
            reasons[pair].add(why)
    made = [
        _proposal(entries, pair, rows_of, whys)
        for pair, whys in reasons.items()
        if pair[0] != pair[1] and pair not in parted
    ]
    return _nearest(made)


def _pair(first: int, second: int) -> tuple[int, int]:
    return (first, second) if first < second else (second, first)


def _may_be_one(entries: Sequence[Entry], ones: Sequence[int], others: Sequence[int], why: Why) -> bool:
    """Tell whether a likeness is worth a person's look: nothing speaks against it, and no list has both as its own."""
    if any(against(entries[row], entries[other]) for row in ones for other in others):
        return False
    shared = {entries[row].source for row in ones} & {entries[other].source for other in others}
    return not shared or (why.rank == _SIMILAR and _best(entries, ones, others)[0] >= _VERY_ALIKE)


def _best(entries: Sequence[Entry], ones: Sequence[int], others: Sequence[int]) -> tuple[float, float | None]:
    """Return the greatest likeness of names between two groups, and the least distance."""
    pairs = [(entries[first], entries[second]) for first in ones for second in others]
    gaps_m = [gap_m for first, second in pairs if (gap_m := apart_m(first, second)) is not None]
    return max(alike(first.core, second.core) for first, second in pairs), min(gaps_m, default=None)


def _proposal(
    entries: Sequence[Entry], pair: tuple[int, int], rows_of: Mapping[int, Sequence[int]], whys: Iterable[Why]
) -> Proposal:
    ordered = sorted(whys)
    similarity, distance_m = _best(entries, rows_of[pair[0]], rows_of[pair[1]])
    deciding = [why for why in ordered if why.rank == ordered[0].rank and why.rank != _SIMILAR]
    deciding += [why for why in ordered if why.rank not in {ordered[0].rank, CORE, _SIMILAR}][:1]
    alike_too = max((why.text for why in ordered if why.rank == _SIMILAR), default="")
    texts = tuple(filter(None, dict.fromkeys((*(why.text for why in deciding[:_MOST_SAID]), alike_too))))
    return Proposal(*pair, ordered[0].rank, texts, similarity, distance_m)


def _nearest(proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    """Return the proposals that are among the three nearest of either side."""
    by_group: dict[int, list[Proposal]] = defaultdict(list)
    for proposal in proposals:
        by_group[proposal.first].append(proposal)
        by_group[proposal.second].append(proposal)
    kept: dict[Proposal, list[int]] = defaultdict(list)
    for group in sorted(by_group):
        for proposal in sorted(by_group[group], key=lambda proposal: proposal.nearness)[:MOST_CANDIDATES]:
            kept[proposal].append(group)
    return tuple(replace(proposal, nearest_of=tuple(groups)) for proposal, groups in kept.items())


def _similar(entries: Sequence[Entry]) -> Iterator[tuple[tuple[int, int], Why]]:
    """Yield pairs of rows whose names are alike, or that lie in one place."""
    rows_by: dict[str, list[int]] = defaultdict(list)
    for row, entry in enumerate(entries):
        for name in dict.fromkeys((entry.core, *entry.former)):
            if name:
                rows_by[name].append(row)
    cores = list(rows_by)
    for first, second, ratio in _alike_cores(cores):
        for near in islice(rows_by[cores[first]], _MOST_SHARING):
            for other in islice(rows_by[cores[second]], _MOST_SHARING):
                if near != other:
                    yield (
                        _pair(near, other),
                        Why(_SIMILAR, f"名称相似 {ratio:.2f}{_where(entries[near], entries[other])}"),
                    )
    yield from _neighbours(entries)


def _where(first: Entry, second: Entry) -> str:
    gap_m = apart_m(first, second)
    if gap_m is not None:
        return f"，相距 {gap_m:.0f} m" if gap_m < 1000 else f"，相距 {gap_m / 1000:.1f} km"  # noqa: PLR2004 -- metres
    return "，同一县区" if first.county and first.county == second.county else ""


def _alike_cores(cores: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Yield (first, second, likeness) of names, compared only where they share a rare pair of signs or all but one.

    Any two names of three signs or more that differ by one sign are compared, whichever sign it is.
    """
    blocks: dict[str, list[int]] = defaultdict(list)
    for number, core in enumerate(cores):
        keys = {core[at : at + 2] for at in range(len(core) - 1)}
        keys |= {f"-{core[:at]}{core[at + 1 :]}" for at in range(len(core))}
        for key in keys:
            blocks[key].append(number)
    arrays = [np.array(block) for block in blocks.values() if 1 < len(block) <= _LARGEST_BLOCK]
    if not arrays:
        return
    parts = [np.column_stack([block[at] for at in np.triu_indices(len(block), 1)]) for block in arrays]
    coded = np.unique(np.concatenate([part[:, 0] * len(cores) + part[:, 1] for part in parts]))
    for start in range(0, len(coded), _CELL_PAIRS):
        ones, others = np.divmod(coded[start : start + _CELL_PAIRS], len(cores))
        names = [cores[first] for first in ones.tolist()], [cores[second] for second in others.tolist()]
        ratios = process.cpdist(*names, scorer=fuzz.ratio, score_cutoff=ALIKE * 100, dtype=np.float32)
        for at in np.flatnonzero(ratios).tolist():
            yield int(ones[at]), int(others[at]), float(ratios[at]) / 100


def _neighbours(entries: Sequence[Entry]) -> Iterator[tuple[tuple[int, int], Why]]:
    """Yield pairs within 100 m whose names are half alike, and pairs in one place and trade."""
    placed = [row for row, entry in enumerate(entries) if entry.point is not None]
    shapes = shapely.points([entries[row].point for row in placed]) if placed else np.array([])
    if not placed:
        return
    ones, others = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_NEARBY_DEG)
    for at, to in zip(ones[ones < others].tolist(), others[ones < others].tolist(), strict=True):
        first, second = entries[placed[at]], entries[placed[to]]
        gap_m = apart_m(first, second)
        if gap_m is None or gap_m > _NEARBY_M:
            continue
        ratio = alike(first.core, second.core)
        trade = first.values.get("trade_code", "")
        if ratio >= ALIKE_NEARBY:
            yield _pair(placed[at], placed[to]), Why(_SIMILAR, f"名称相似 {ratio:.2f}，相距 {gap_m:.0f} m")
        elif gap_m <= _SAME_PLACE_M and trade and trade == second.values.get("trade_code", ""):
            yield (
                _pair(placed[at], placed[to]),
                Why(_PLACE, f"同一地点（相距 {gap_m:.0f} m）、同一行业 {trade}，名称不同"),
            )
