"""The book as a whole: every draft id, the closed words, order, packs."""

from __future__ import annotations

from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hmgeo.errors import RuleError
from hmgeo.project.start import rules_diff
from hmgeo.rules.book import RuleBook, load_book
from hmgeo.rules.kinds import KINDS, layers_of, parameters_of
from hmgeo.rules.model import Rule, Runs, VerificationState
from hmgeo.rules.parameters import declared
from hmgeo.rules.words import ATTRIBUTES, DECIDERS, LAYERS, MEASURED_ATTRIBUTES, SOURCE_KINDS
from hmgeo.vocabulary import Effect, LayerKind, LegalRank

DRAFT = """
BUILT-JY BUILT-QY CLS-JY-DYNAMIC CLS-JY-PBF-SWAP CLS-JY-RATE CLS-JY-RECLAIM CLS-JY-STRICT CLS-LAW-ART49 CLS-NAT-SLOPE
CLS-QY-RATE KEY-GX KEY-GX-FULLSCOPE KEY-GX-LISTS KEY-NAT-DEMO KEY-NAT-ZONE KEY-QY KEY-QY-DB LIM-GX-SPECIAL
MON-GX-TLSB MON-NAT-PARK MON-QY-AIR MON-QY-RIVER PRJ-000-FLAG PRJ-000-OUTLINE PRJ-QY-EWASTE REP-GX-JUNE SCR-GX-2020LIST
SCR-GX-MINE-PRIORITY SCR-GX-MINES SCR-GX-SOURCE-MON SCR-JY-10KM SCR-JY-REGULATED-MON SIT-CJ-1KM-CHEM SIT-CJ-3KM
SIT-CU-1KM SIT-GX-OFFSET-EXEMPT SIT-GX-OFFSET-KEY SIT-GX-PARK SIT-HH-ART26 SIT-JY-PBF SIT-LAW-ART32 SIT-LAW-ART50
SIT-NAT-HG SIT-NAT-HGMINE SIT-PBZN-1KM SIT-QY-KEYAREA-BAN SIT-QY-OTHER-OFFSET SIT-QY-PARK-SUSPEND
SIT-QY-RIVER-DISCHARGE SIT-QY-RURAL SIT-QY-SENSITIVE SIT-SOLID-ART21 SITE-JY-ADJ SITE-JY-CHANGE SITE-JY-HEAVY
SITE-JY-LIST-USE SITE-JY-ONEMAP SITE-JY-PLAN SITE-QY-LIST SITE-QY-ZONE TAIL-JY-CHECK TAIL-LAW-23 TAIL-NAT-OVERHEAD
TAIL-QY-CLOSE TGT-GX-CITY TGT-GX-TOTAL TGT-QY WAT-JY-GW WAT-JY-OUTFALL WAT-JY-RURAL WAT-JY-SECTIONS WAT-LAW-64
WAT-LAW-65 WAT-LAW-66 WAT-LAW-67 WAT-QY-CLOSE WAT-QY-UPSTREAM
"""
DRAFT_IDS = DRAFT.split()
if TYPE_CHECKING:
    from types import ModuleType

BOOK = load_book()
PACK = """schema: 1
pack: {pack}
version: "{version}"
rules:
- id: {id}
  title: {{zh: 示例, en: Example}}
  legal_rank: plan
  authority: 示例市
  territory: ["441800"]
  applies_to: {{source_kinds: [enterprises], trades: any}}
  test: {{kind: maximum_distance, layer: farmland}}
  effect: list
  history:
  - {{from: 2021-01-01, value: 1000, unit: m, document: 示例方案, article: 一, quote: 示例引文}}
  decider: 排查与整治清单
  verified: {{state: unverified, against: 示例}}
  runs: {{state: "yes"}}
  cases:
  - id: near
    given: {{as_of: 2022-01-01, place: "441802", distance_m: 1000}}
    expect: {{verdict: listed, standing: in_force}}
"""


def pack(folder: Path, name: str, rule_id: str, *, of: str = "city", version: str = "1") -> Path:
    file = folder / name
    file.write_text(PACK.format(id=rule_id, pack=of, version=version), encoding="utf-8")
    return file


def test_every_draft_rule_is_in_the_book() -> None:
    assert len(DRAFT_IDS) == 77
    assert set(DRAFT_IDS) - set(BOOK.ids) == set()


def test_at_least_fifty_draft_rules_run() -> None:
    states = Counter(BOOK.get(rule_id).runs.state for rule_id in DRAFT_IDS)
    assert states == {Runs.YES: 58, Runs.INFORM: 15, Runs.NOT_SPATIAL: 2, Runs.TEXT_NOT_HELD: 2}


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_a_rule_that_does_not_run_says_why_and_gives_no_judged_finding(rule: Rule) -> None:
    if rule.runs.state is Runs.YES:
        assert rule.test is not None
    else:
        assert rule.runs.why
        assert rule.effect is Effect.INFORM or rule.runs.state is Runs.TEXT_NOT_HELD


@pytest.mark.parametrize(
    "rule_id", ["NH-NINE-2025", "NH-SOIL-SOURCE-2024", "NH-QY-145", "NH-17-ANNEX", "SIT-PBZN-1KM", "SIT-CU-1KM"]
)
def test_texts_not_held_say_what_they_would_decide(rule_id: str) -> None:
    rule = BOOK.get(rule_id)
    assert rule.runs.state is Runs.TEXT_NOT_HELD
    assert rule.would_decide
    assert rule.latest.quote == ""
    assert rule.verified.state is VerificationState.UNVERIFIED


def test_only_a_stated_period_ends_a_plan() -> None:
    periods = {
        (value.document, str(value.plan_period.start), str(value.plan_period.end))
        for rule in BOOK.rules
        for value in rule.history
        if value.plan_period is not None
    }
    jiyuan = "济源产城融合示范区2021年{}攻坚战实施方案"
    soil = jiyuan.format("土壤污染防治")
    names = ("大气污染防治", "水污染防治", "土壤污染防治", "农业农村污染治理")
    assert periods == {
        ("重点区域重金属污染防治实施方案编制大纲", "2015-01-01", "2017-12-31"),
        ("“十三五”生态环境保护规划（节选）", "2016-01-01", "2020-12-31"),
        ("清远市重金属污染综合防治行动计划（2018-2020年）", "2018-01-01", "2020-12-31"),
        *((jiyuan.format(name), "2021-01-01", "2021-12-31") for name in names),
        (soil, "2021-01-01", "2022-12-31"),  # 二（三）3 names the end of 2022 itself
    }


def test_legal_ranks_by_document() -> None:
    ranks = {value.document: rule.legal_rank for rule in BOOK.rules for value in rule.history}
    assert ranks["中华人民共和国土壤污染防治法"] is LegalRank.LAW
    assert ranks["广西壮族自治区重金属污染防控工作方案"] is LegalRank.NORMATIVE_DOCUMENT
    assert ranks["济源产城融合示范区2021年土壤污染防治攻坚战实施方案"] is LegalRank.PLAN
    assert ranks["清远市重金属污染综合防治行动计划（2018-2020年）"] is LegalRank.PLAN


def test_the_screening_rule_is_as_it_is_called() -> None:
    rule = BOOK.get("SCR-JY-10KM")
    assert rule.latest.clause == "二（三）3"
    assert (rule.latest.value, rule.latest.unit) == (10000.0, "m")
    assert rule.parameters == ("cadmium_trades", "terrain", "farmland_extent")
    assert rule.in_principle
    assert rule.decider == "生态环境部门会同农业农村等"
    assert [str(due.on) for due in rule.latest.task_due] == ["2021-12-31", "2022-12-31"]


def test_yangtze_exception_for_safety_and_ecology() -> None:
    for rule_id, limit_m in (("SIT-CJ-3KM", 3000.0), ("SIT-CJ-TRIB-1KM", 1000.0)):
        rule = BOOK.get(rule_id)
        assert rule.latest.value == limit_m
        assert rule.latest.clause == "第二十六条第三款"
        assert [one.quote for one in rule.exceptions] == ["但是以提升安全、生态环境保护水平为目的的改建除外"]


def test_book_is_ordered_by_id_and_loads_once() -> None:
    assert list(BOOK.ids) == sorted(BOOK.ids)
    assert load_book() is BOOK


def test_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(RuleError, match="是否为「SCR-JY-10KM」"):
        BOOK.get("SCR-JY-10M")


def test_rules_by_effect() -> None:
    assert [rule.id for rule in BOOK.rules if rule.effect is Effect.CLASSIFY] == [
        "CLS-LAW-ART49",
        "KEY-GX",
        "KEY-NAT-DEMO",
        "KEY-NAT-MN",
        "KEY-QY",
    ]


def test_packs_stand_beside_the_packaged_rules(tmp_path: Path) -> None:
    book = load_book([pack(tmp_path, "city.yml", "CITY-1", version="2024.3")])
    assert set(book.ids) - set(BOOK.ids) == {"CITY-1"}
    assert book.packs == (("city", "2024.3"), ("hmgeo", "2026.3"))
    assert BOOK.packs == (("hmgeo", "2026.3"),)


def test_reordering_files_changes_nothing(tmp_path: Path) -> None:
    one, two = pack(tmp_path, "a.yml", "CITY-2"), pack(tmp_path, "b.yml", "CITY-1")
    assert load_book([one, two]) == load_book([two, one]) == load_book([tmp_path])


def test_an_id_may_not_stand_in_two_packs(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="规则编号重复（现为「SCR-JY-10KM」）"):
        load_book([pack(tmp_path, "city.yml", "SCR-JY-10KM")])


def test_missing_and_empty_packs_are_said(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RuleError) as caught:
        load_book([tmp_path / "none.yml", empty])
    assert [problem.what for problem in caught.value.problems] == ["规则文件读不出", "规则包内没有 .yml 文件"]


def test_rules_is_a_tuple_of_a_frozen_book() -> None:
    assert isinstance(BOOK, RuleBook)
    with pytest.raises(AttributeError):
        BOOK.rules = ()


def test_layer_words_hold_every_layer_kind() -> None:
    assert {kind.value for kind in LayerKind} <= set(LAYERS)
    assert all(LAYERS[kind.value].zh == kind.zh for kind in LayerKind)
    assert all("部门" in word.department for word in LAYERS.values())
    assert LAYERS["tailings_ponds"].department == "应急管理部门"


def test_every_closed_word_is_used() -> None:
    used: set[str] = set()
    layers: set[str] = set()
    kinds: set[str] = set()
    for rule in BOOK.rules:
        used |= {one.attribute for one in rule.applies_to.conditions} | set(rule.applies_to.trades.parts)
        used |= {f"in_{rule.basin}_basin"} if rule.basin else set()
        used |= {one.attribute for exemption in rule.exceptions for one in exemption.conditions}
        layers |= set(rule.applies_to.source_kinds)
        for leaf in rule.test.leaves() if rule.test else ():
            kinds.add(leaf.kind)
            used |= {leaf.text("attribute"), leaf.text("numerator"), leaf.text("denominator")}
            used |= {*leaf.texts("having"), *leaf.texts("lacking")}
        layers |= set(layers_of(rule.test)) if rule.test else set()
    assert {*ATTRIBUTES, *MEASURED_ATTRIBUTES} - used == set()
    assert {*LAYERS, *SOURCE_KINDS} - layers - {kind.value for kind in LayerKind} == set()
    assert set(KINDS) - kinds == {"all_of", "any_of", "minimum_distance", "overlap_share"}


def test_deciders_are_the_words_of_the_screen() -> None:
    assert {rule.decider for rule in BOOK.rules} <= set(DECIDERS.values())
    assert DECIDERS["环评审批"] == "生态环境或行政审批部门"


def test_needed_layers_and_parameters() -> None:
    rule = BOOK.get("SCR-GX-MINE-PRIORITY")
    assert layers_of(rule.test) == ("farmland", "rivers", "elevation")
    assert parameters_of(rule.test) == ("surroundings_m", "max_downstream_m")


def test_all_thirty_open_points_are_declared() -> None:
    assert {item for one in declared() for item in one.items} == set(range(1, 31))


def test_recorded_defaults_are_those_of_the_list() -> None:
    assert {one.name: one.default for one in declared() if one.default} == {
        "distance_metric": "edge_to_edge",
        "target_is_cumulative": "cumulative",
        "missing_ph": "undetermined",
        "measuring_crs": "geodesic",
        "boundary_inclusive": "inclusive",
    }


def test_defaults_and_choices_agree() -> None:
    for one in declared():
        codes = [choice.code for choice in one.choices]
        assert not one.default or one.default in codes
        assert bool(codes) == (one.type.value == "choice")
        assert len(codes) == len(set(codes))


def test_hints_are_labelled_as_no_legal_distance_or_value() -> None:
    hints = [hint for one in declared() for hint in one.hints]
    assert len(hints) >= 10
    labels = {hint.value: hint.label for hint in hints}
    assert {*labels.values()} == {"非法定距离", "非法定取值"}
    assert labels["1000 m"] == labels["下游 10 km"] == "非法定距离"
    assert labels["5000 ha（50 km²）"] == labels["0912、3212、3360 等候选行业"] == "非法定取值"


def test_a_parameter_that_a_rule_reads_is_declared() -> None:
    read = {name for rule in BOOK.rules for name in rule.parameters}
    names = {one.name for one in declared()}
    assert read <= names
    unread = {one.name for one in declared() if not (one.default or one.settled or one.when)} - read
    of_method = {"flow_limit_m", "snap_distance_m", "stream_min_area_ha", "closed_basins", "double_source_m"}
    of_method |= {"river_direction"}
    of_ground = {"barrier_ridge_m", "small_catchment_ha"}
    of_sampling = {"dense_threshold", "dense_bandwidth_m"}
    of_layers = {"pbf_concentrated_source"}  # says what the layer is, whatever clause asks it
    assert unread == {"key_metals", *of_method, *of_ground, *of_sampling, *of_layers}


ROOT = Path(__file__).parent.parent


def tool(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_docs_is_rendered_from_the_data() -> None:
    page = ROOT / "docs" / "rules.md"
    assert page.read_text(encoding="utf-8") == tool("pages").rules_page(BOOK)


def test_the_page_holds_every_rule_and_parameter() -> None:
    headings = {line.split()[1] for line in tool("pages").rules_page(BOOK).splitlines() if line.startswith("### ")}
    assert headings == {*BOOK.ids, *(one.name for one in declared())}


def test_nothing_of_the_plans_is_left_out_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    clauses = tool("clauses")
    assert clauses.untold(BOOK) == []
    assert (ROOT / "docs" / "clauses.md").read_text(encoding="utf-8") == clauses.page()
    listed = {clause for of in clauses.held(BOOK).values() for rows in of.values() for clause in rows}
    assert len(listed) == len(BOOK.rules)
    rules = clauses.held(BOOK)
    both = [
        (document, clause)
        for document, words in clauses.left_out().items()
        for clause in words.keys() & {clauses.place_of(one) for one in rules.get(document, {})}
    ]
    assert both == []  # a clause that became a rule is no longer said to be left out
    monkeypatch.setattr(clauses, "left_out", dict)
    assert "清远市重金属污染综合防治行动计划（2018-2020年） 二（四）1" in clauses.untold(BOOK)


def test_two_books_are_told_apart_by_rule_and_by_what_old_cases_come_to(tmp_path: Path) -> None:
    newer = Path(__file__).parent.parent / "src" / "hmgeo" / "rules" / "data" / "law-nature.yml"
    text = newer.read_text(encoding="utf-8")
    older = tmp_path / "older.yml"
    lines = text[: text.index("- id: SCN-REG-30")].replace("[mines, project_sites]", "[mines]").splitlines()
    worked = "prohibited, standing: in_force, certainty: ambiguous"
    lines = [
        one.replace(worked, "not_applicable, standing: in_force") if "mine-planned" in one else one for one in lines
    ]
    older.write_text("\n".join(lines), encoding="utf-8")
    lines = rules_diff(older, newer)
    assert lines[0] == "新增　SCN-REG-30　风景名胜区内的建设项目应当符合规划，不得污染环境"
    changed = {line.split("　")[1]: line for line in lines[1:]}
    assert set(changed) == {"NR-REG-26", "WET-LAW-28-MINES", "SCN-REG-26"}
    assert "改动：对象；旧算例结论改变：mine-planned 不适用→触及禁止性规定" in changed["NR-REG-26"]
    assert rules_diff(newer, newer) == ()
