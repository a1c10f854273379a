"""Replacement of new emissions (总量替代): ratios, a ledger that sells no kilogram twice, a plan held against both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from hmgeo.errors import InputError, Place, Problem, UsageError, raise_problems
from hmgeo.judging.own_columns import number_of
from hmgeo.reference.tables import key_areas
from hmgeo.results.siting import OffsetLine, SiteAnswer
from hmgeo.rules.model import Rule, RuleStanding
from hmgeo.rules.parameters import declaration
from hmgeo.rules.standing import codes_of_place, standing_of, stem_of
from hmgeo.rules.words import names_document
from hmgeo.siting.site import Site
from hmgeo.vocabulary import FIVE_METALS, METALS, Standing, Verdict
from hmgeo.words import say

SUMMED = "合计"
DECIMALS = 6  # a milligram a year: sums of decimals must not refuse or grant by rounding


class _Need(Struct, frozen=True):
    """How much an offset rule asks for: kg/a of one metal, or of the five together (`SUMMED`)."""

    metal: str
    added_kg: float
    ratio: float
    required_kg: float


def needs_of(added_kg: Mapping[str, float], ratio: float, *, is_summed: bool) -> tuple[_Need, ...]:
    """Return what must be replaced.

    Parameters
    ----------
    added_kg
        New emission in kg/a by metal symbol.
    ratio
        Replacement to new emission, such as 1.2.
    is_summed
        Whether the ratio holds for the sum of the five metals rather than for each.

    Examples
    --------
    >>> [(need.metal, need.required_kg) for need in needs_of({"Pb": 10.0, "Cd": 0.5}, 1.2, is_summed=False)]
    [('Pb', 12.0), ('Cd', 0.6)]
    >>> needs_of({"Pb": 10.0, "Cd": 0.5}, 1.2, is_summed=True)[0].required_kg
    12.6
    """
    kg_by_metal = {metal: added_kg[metal] for metal in FIVE_METALS if added_kg.get(metal, 0.0) > 0}
    if is_summed:
        kg_by_metal = {SUMMED: sum(kg_by_metal.values())} if kg_by_metal else {}
    return tuple(_Need(metal, kg, ratio, round(kg * ratio, DECIMALS)) for metal, kg in kg_by_metal.items())


OFFSET_MATTER, OFFSET_BASIS, _RATIO_UNIT = "总量来源", "offset_basis", "1"


def uncontrolled(metals: Iterable[str]) -> tuple[str, ...]:
    """Return why nothing is asked for `metals` (symbols) whose total isn't controlled; nothing where all are.

    >>> "铊不在其列" in uncontrolled(["Pb", "Tl"])[0], uncontrolled(["Pb"])
    (True, ())
    """
    named = [METALS.get(metal, metal) for metal in dict.fromkeys(metals) if metal not in FIVE_METALS]
    return (say("metals_uncontrolled", metals=tuple(named)),) if named else ()


class Asked(Struct, frozen=True):
    """An offset clause that holds in a place, with the ratio it asks for; None where its text gives none."""

    rule: Rule
    standing: RuleStanding
    ratio: float | None

    @property
    def text(self) -> str:
        """The ratio with its clause, for people."""
        cited = self.standing.value or self.rule.latest
        ratio = "条文未给出比例数值" if self.ratio is None else f"替代比例 {self.ratio:g}:1"
        source = f"《{cited.document}》{cited.clause}，{self.rule.id}；{self.standing.verified}"
        return f"{ratio}（{self.rule.condition or self.rule.title.zh}；{source}）。"


def asked_at(rules: Iterable[Rule], place: str, as_of: date) -> tuple[Asked, ...]:
    """Return the offset clauses that hold in a place on a day: those of key areas within them, the others outside.

    `UsageError` where only a part of the place is a key area of the clause.

    Parameters
    ----------
    place
        Administrative code, of a township where a county is a key area only in part.
    rules
        Of the book; others than offset clauses are left out.
    as_of
        The day asked about.
    """
    codes, clauses = codes_of_place(place), []
    for rule in rules:
        leaves = rule.test.leaves() if rule.test is not None else ()
        is_by_place = len(leaves) == 1 and leaves[0].text("layer") == "key_areas"
        stands = standing_of(rule, as_of=as_of, place_codes=codes, adopted=False)
        if rule.matter != OFFSET_MATTER or not is_by_place or stands.standing is not Standing.IN_FORCE:
            continue
        if (leaves[0].kind == "within") is _is_among(leaves[0].texts("area_ids"), place):
            clauses.append(Asked(rule, stands, _ratio_of(rule, str((stands.value or rule.latest).in_force_from))))
    return tuple(clauses)


def _is_among(area_ids: Sequence[str], place: str) -> bool:
    """Return whether one of some key areas holds a place; a place that one holds in part can't be told."""
    areas = [area.admin_code for area in key_areas() if area.id in area_ids]
    if set(areas) & codes_of_place(place):
        return True
    parts = [code for code in areas if code.startswith(stem_of(place))]
    if parts:
        remedy = f"写到乡镇，如 --in {parts[0]}"
        raise UsageError(Problem("所写地点只有一部分属于重点区域", Place(key="--in"), place, remedy=remedy))
    return False


def _ratio_of(rule: Rule, value_from: str) -> float | None:
    value = next(
        (dated for dated in reversed(rule.history) if str(dated.in_force_from or "") == value_from), rule.latest
    )
    return value.value if value.unit == _RATIO_UNIT else None


def asked_of(
    site: Site, answer: SiteAnswer, rules: Sequence[Rule], basis: str
) -> tuple[tuple[OffsetLine, ...], tuple[str, ...]]:
    """Return what the offset clauses that bind a site ask for, and what is to be said of them.

    The ratio comes from the clause that holds where the site lies; one that compares a stated offset with it asks for
    no other.

    `basis`: `per_metal` or `sum_of_five`; both stand side by side where it is empty.
    `rules`: those that the answer was judged by.
    """
    by_id = {rule.id: rule for rule in rules}
    lines: list[OffsetLine] = []
    notes: list[str] = []
    for clause in answer.clauses:
        rule = by_id[clause.citation.rule_id]
        binds = clause.verdict in {Verdict.CONDITIONAL, Verdict.PROHIBITED}
        compares = rule.test is not None and any(leaf.kind == "ratio" for leaf in rule.test.leaves())
        if clause.citation.matter != OFFSET_MATTER or not binds or compares:
            continue
        ratio = _ratio_of(rule, clause.citation.value_from)
        cited = f"《{clause.citation.document}》{clause.citation.clause}"
        if ratio is None:
            what = clause.citation.condition or clause.citation.title
            notes.append(say("offset_without_ratio", text=cited, what=what))
            continue
        if not site.added_kg:
            notes.append(say("offset_without_emission", text=cited, ratio=ratio))
            continue
        if not basis:
            declared = declaration(OFFSET_BASIS)
            title = OFFSET_BASIS if declared is None else declared.title_zh
            notes.append(say("offset_basis_open", title=title))
        notes += uncontrolled(metal for metal, kg in site.added_kg.items() if kg > 0)
        for code, is_summed in (("per_metal", False), ("sum_of_five", True)):
            if basis in {"", code}:
                named = {SUMMED: _bought(site.offset_kg, SUMMED)} if is_summed else site.offset_kg
                lines += [
                    OffsetLine(
                        clause.citation.rule_id,
                        METALS.get(need.metal, need.metal),
                        need.added_kg,
                        need.ratio,
                        need.required_kg,
                        named.get(need.metal) if site.offset_kg else None,
                    )
                    for need in needs_of(site.added_kg, ratio, is_summed=is_summed)
                ]
    return tuple(dict.fromkeys(lines)), tuple(dict.fromkeys(notes))


class ReductionSource(Struct, frozen=True):
    """A verified reduction of one metal.

    Parameters
    ----------
    verified_kg, sold_kg
        核定量 and 已出让, kg/a.
    document
        文号 of the verification; a source without one can't be used.
    row
        Data row in the file it was read from; 0 where there is none.
    """

    source_id: str
    name: str
    metal: str
    verified_kg: float
    sold_kg: float = 0.0
    document: str = ""
    row: int = 0

    @property
    def is_verified(self) -> bool:
        """Whether the document of its verification is there; one that is to come (待批) isn't."""
        excluded = self.document.partition("不含")[2]
        return names_document(self.document) and METALS.get(self.metal, self.metal) not in excluded

    @property
    def left_kg(self) -> float:
        """余量: what is still to be had, kg/a."""
        return round(self.verified_kg - self.sold_kg, DECIMALS)


class _Allotment(Struct, frozen=True):
    """Kilograms a year of a source given to a project."""

    project_id: str
    source_id: str
    metal: str
    kg: float


class OffsetLedger(Struct, frozen=True):
    """Sources of reduction with what was given of them. Every change makes a new ledger.

    `sources`: by (id, metal).
    `allotments`: in the order they were made; `sold_kg` of the sources holds what was sold before.
    """

    sources: Mapping[tuple[str, str], ReductionSource]
    allotments: tuple[_Allotment, ...] = ()

    def left_kg(self, source_id: str, metal: str) -> float:
        """Return what is left of `source_id` of a `metal` after all allotments, kg/a; 0 for one that isn't held."""
        source = self.sources.get((source_id, metal))
        if source is None:
            return 0.0
        gone = sum(taken.kg for taken in self.taken(source_id, metal))
        return round(source.left_kg - gone, DECIMALS) + 0.0  # never -0

    def taken(self, source_id: str, metal: str) -> list[_Allotment]:
        """Return what was given of the source `source_id` of a `metal`."""
        return [taken for taken in self.allotments if (taken.source_id, taken.metal) == (source_id, metal)]

    def allot(self, project_id: str, source_id: str, metal: str, kg: float) -> OffsetLedger:
        """Return the ledger after giving `project_id` so many `kg` a year of a `metal` from `source_id`.

        `InputError`: the source isn't held, has no document, or has less left than is asked for; what is left is
        told.
        """
        raise_problems(InputError, self._problems(project_id, source_id, metal, kg))
        return replace(self, allotments=(*self.allotments, _Allotment(project_id, source_id, metal, kg)))

    def _problems(self, project_id: str, source_id: str, metal: str, kg: float) -> list[Problem]:
        place = Place(key=f"{project_id}：{METALS.get(metal, metal)}")
        source = self.sources.get((source_id, metal))
        if source is None:
            known = "、".join(sorted({other for other, of in self.sources if of == metal})) or "无"
            return [Problem("总量来源台账中没有这一来源", place, source_id, known, "核对来源编号和金属")]
        problems = []
        if not kg > 0:
            problems.append(Problem("替代量须大于 0", place, f"{kg:g} kg/a", remedy="填写千克每年"))
        if not source.is_verified:
            found = f"{source_id}（核定文号：{source.document}）" if source.document else source_id
            problems.append(Problem("总量来源没有核定文号，不能使用", place, found, remedy="补充生态环境部门核定文号"))
        left_kg = self.left_kg(source_id, metal)
        if kg > left_kg:
            sold = [f"{taken.project_id} {taken.kg:g} kg/a" for taken in self.taken(source_id, metal)]
            remedy = "减少用量或另寻来源" + (f"；已用于 {'、'.join(sold)}" if sold else "")
            problems.append(
                Problem(
                    "总量来源余量不足，同一千克不得重复出让", place, f"{kg:g} kg/a", f"余量 {left_kg:g} kg/a", remedy
                )
            )
        return problems


def ledger_of(sources: Iterable[ReductionSource], file: str = "") -> OffsetLedger:
    """Return a ledger of `sources`; `file` names them in messages.

    `InputError`: a source stands twice, a number is negative, or more was sold than verified; all at once.
    """
    by_key: dict[tuple[str, str], ReductionSource] = {}
    problems = []
    for source in sources:
        place = Place(file=file, row=source.row, key=f"{source.source_id}（{METALS.get(source.metal, source.metal)}）")
        if (source.source_id, source.metal) in by_key:
            problems.append(Problem("同一来源的同一金属出现两次", place, remedy="合并为一行"))
        if min(source.verified_kg, source.sold_kg) < 0:
            problems.append(Problem("核定量、已出让不能为负", place, remedy="更正数值"))
        if source.left_kg < 0:
            figures = f"核定 {source.verified_kg:g}，已出让 {source.sold_kg:g} kg/a"
            problems.append(Problem("已出让超过核定量", place, figures, remedy="核对台账"))
        by_key[source.source_id, source.metal] = source
    raise_problems(InputError, problems)
    return OffsetLedger(MappingProxyType(by_key))


def sources_of(columns: Mapping[str, Sequence[str]], file: str = "") -> tuple[ReductionSource, ...]:
    """Return the sources of `columns` 来源编号、来源企业、金属、核定量、已出让、余量、核定文号 of `file`.

    `InputError`: columns are missing, a metal isn't known or a cell isn't a number; all at once.

    >>> table = {"来源编号": ["R1"], "来源企业": ["甲"], "金属": ["铅"], "核定量": ["20"], "已出让": [""],
    ...          "核定文号": ["X〔2024〕1号"]}
    >>> sources_of(table)[0].left_kg
    20.0
    """
    needed = ("来源编号", "金属", "核定量", "已出让", "核定文号")
    lacking = [name for name in needed if name not in columns]
    if lacking:
        where = Place(file=file)
        raise InputError(Problem("总量来源台账缺少列", where, "、".join(lacking), "、".join(needed), "补充这些列"))
    problems: list[Problem] = []
    sources = []
    for row in range(len(columns["来源编号"])):
        cells = {name: values[row].strip() for name, values in columns.items()}
        if not any(cells.values()):
            continue
        place = Place(file=file, row=row + 1)
        symbol = metal_of(cells["金属"], place, problems)
        verified_kg, sold_kg = (kg_of(cells[name], name, place, problems) for name in ("核定量", "已出让"))
        name = cells.get("来源企业", "")
        source = ReductionSource(cells["来源编号"], name, symbol, verified_kg, sold_kg, cells["核定文号"], row + 1)
        left = cells.get("余量", "")
        if left and round(kg_of(left, "余量", place, problems) - source.left_kg, DECIMALS):
            where, should = replace(place, field="余量"), f"核定量减已出让为 {source.left_kg:g} kg/a"
            problems.append(Problem("余量与核定量、已出让不符", where, left, should, "核对台账"))
        sources.append(source)
    raise_problems(InputError, problems)
    return tuple(sources)


def metal_of(text: str, place: Place, problems: list[Problem]) -> str:
    """Return the symbol of `text`, a metal's name or symbol; else empty, and one more of `problems` at `place`."""
    symbols = {word: symbol for symbol, zh in METALS.items() for word in (zh, symbol)}
    if text not in symbols:
        where = replace(place, field="金属")
        problems.append(Problem("金属无法识别", where, text, "、".join(METALS.values()), "改为其中之一"))
    return symbols.get(text, "")


def kg_of(text: str, name: str, place: Place, problems: list[Problem]) -> float:
    """Return `text` in kg a year, 0 for a blank; else 0, and one more of `problems` at field `name` of `place`."""
    kg = number_of(text or "0")
    if kg is None:
        problems.append(Problem("不是数字", replace(place, field=name), text, remedy="填写千克每年"))
    return kg or 0.0


class Purchase(Struct, frozen=True):
    """One row of a plan: a project takes kilograms a year of one metal from a source.

    `added_kg`: the project's new emission of the metal; None where the row doesn't say.
    `row`: data row in the file it was read from.
    """

    project_id: str
    source_id: str
    metal: str
    kg: float
    added_kg: float | None = None
    row: int = 0


class Covered(Struct, frozen=True):
    """What a project must replace of one metal, or of the five together, and what its purchases come to, kg/a."""

    project_id: str
    metal: str
    added_kg: float
    ratio: float
    required_kg: float
    bought_kg: float

    @property
    def lacking_kg(self) -> float:
        """What is still to be bought."""
        return max(0.0, round(self.required_kg - self.bought_kg, DECIMALS))


def settle(ledger: OffsetLedger, purchases: Iterable[Purchase], file: str = "") -> OffsetLedger:
    """Return the `ledger` after all `purchases`, in the order of the plan (`file`, for messages).

    `InputError`: every row that asks for a kilogram that is already sold, for a strange source or one without a
    document, with its row, metal and kilograms; the ledger stays as it was.
    """
    problems: list[Problem] = []
    for purchase in purchases:
        try:
            ledger = ledger.allot(purchase.project_id, purchase.source_id, purchase.metal, purchase.kg)
        except InputError as error:
            metal = METALS.get(purchase.metal, purchase.metal)
            key = f"{purchase.project_id} 购自 {purchase.source_id}：{metal} {purchase.kg:g} kg/a"
            where = Place(file=file, row=purchase.row, key=key)
            problems += [replace(problem, where=where) for problem in error.problems]
    raise_problems(InputError, problems)
    return ledger


def covered(purchases: Sequence[Purchase], ratio: float, *, is_summed: bool, file: str = "") -> tuple[Covered, ...]:
    """Return for each project what a `ratio` asks for and what its `purchases` come to.

    Per metal, or over the five metals if `is_summed`; `file` names the plan in messages.

    `InputError`: a project states two different new emissions of one metal.
    """
    added: dict[str, dict[str, float]] = {}
    bought: dict[str, dict[str, float]] = {}
    problems = []
    for purchase in purchases:
        stated = added.setdefault(purchase.project_id, {})
        if purchase.added_kg is not None and stated.setdefault(purchase.metal, purchase.added_kg) != purchase.added_kg:
            place = Place(file=file, row=purchase.row, field="新增量")
            figures = f"{purchase.added_kg:g}，前面为 {stated[purchase.metal]:g} kg/a"
            problems.append(Problem("同一项目同一金属的新增量前后不一", place, figures, remedy="核对后写成同一数值"))
        taken = bought.setdefault(purchase.project_id, {})
        taken[purchase.metal] = taken.get(purchase.metal, 0.0) + purchase.kg
    raise_problems(InputError, problems)
    return tuple(
        Covered(project_id, need.metal, need.added_kg, ratio, need.required_kg, _bought(bought[project_id], need.metal))
        for project_id, stated in added.items()
        for need in needs_of(stated, ratio, is_summed=is_summed)
    )


def _bought(taken: Mapping[str, float], metal: str) -> float:
    kg = sum(taken.get(symbol, 0.0) for symbol in FIVE_METALS) if metal == SUMMED else taken.get(metal, 0.0)
    return round(kg, DECIMALS)
