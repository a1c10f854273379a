"""Standing at and around each day: first days, last days, repeal, succession, territory, adoption."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from msgspec.structs import replace

from hmgeo.errors import RuleError, UsageError
from hmgeo.project.run import expired_texts
from hmgeo.project.start import relevant_clauses
from hmgeo.rules.book import load_book
from hmgeo.rules.model import DatedValue, Period, Rule, RuleStanding, Validity
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.vocabulary import Standing, ValidityState

JIYUAN = "419001"
QINGCHENG_TOWN = "441802105"
RULE = load_book().get("SCR-JY-10KM")
FIRST = DatedValue(
    date(2021, 3, 1), "甲文件", value=1000.0, unit="m", plan_period=Period(date(2021, 1, 1), date(2022, 12, 31))
)
SECOND = DatedValue(
    date(2024, 1, 1), "乙文件", value=500.0, unit="m", repealed_on=date(2026, 1, 1), replaced_by="丙文件"
)
TWO = replace(RULE, history=(FIRST, SECOND))


def at(rule: Rule, day: str, place: str = JIYUAN, *, adopted: bool = False) -> RuleStanding:
    return standing_of(rule, as_of=date.fromisoformat(day), place_codes=codes_of_place(place), adopted=adopted)


@pytest.mark.parametrize(
    ("day", "place", "adopted", "standing"),
    [
        ("2021-08-03", JIYUAN, False, Standing.NOT_YET),
        ("2021-08-04", JIYUAN, False, Standing.IN_FORCE),
        ("2022-12-31", JIYUAN, False, Standing.IN_FORCE),
        ("2023-01-01", JIYUAN, False, Standing.PERIOD_OVER),
        ("2023-12-31", JIYUAN, False, Standing.PERIOD_OVER),
        ("2021-08-03", JIYUAN, True, Standing.ADOPTED),
        ("2021-08-04", JIYUAN, True, Standing.IN_FORCE),
        ("2023-01-01", JIYUAN, True, Standing.ADOPTED),
        ("2021-10-01", QINGCHENG_TOWN, False, Standing.OUTSIDE_TERRITORY),
        ("2021-10-01", QINGCHENG_TOWN, True, Standing.ADOPTED),
        ("2019-06-30", QINGCHENG_TOWN, False, Standing.OUTSIDE_TERRITORY),
        ("2019-06-30", QINGCHENG_TOWN, True, Standing.ADOPTED),
        ("2026-11-21", QINGCHENG_TOWN, False, Standing.OUTSIDE_TERRITORY),
    ],
)
def test_jiyuan_screening_rule(day: str, place: str, adopted: bool, standing: Standing) -> None:  # noqa: FBT001 - a table row
    assert at(RULE, day, place, adopted=adopted).standing is standing


@pytest.mark.parametrize(
    ("day", "standing", "value"),
    [
        ("2021-02-28", Standing.NOT_YET, None),
        ("2021-03-01", Standing.IN_FORCE, 1000.0),
        ("2022-12-31", Standing.IN_FORCE, 1000.0),
        ("2023-01-01", Standing.PERIOD_OVER, 1000.0),
        ("2023-12-31", Standing.PERIOD_OVER, 1000.0),
        ("2024-01-01", Standing.IN_FORCE, 500.0),
        ("2025-12-31", Standing.IN_FORCE, 500.0),
        ("2026-01-01", Standing.REPEALED, 500.0),
    ],
)
def test_succession_of_two_values(day: str, standing: Standing, value: float | None) -> None:
    found = at(TWO, day)
    assert found.standing is standing
    assert (None if found.value is None else found.value.value) == value


@pytest.mark.parametrize(
    ("day", "standing", "value"),
    [
        ("2021-02-28", Standing.ADOPTED, 1000.0),
        ("2023-06-01", Standing.ADOPTED, 1000.0),
        ("2024-01-01", Standing.IN_FORCE, 500.0),
        ("2026-01-01", Standing.REPEALED, 500.0),
    ],
)
def test_adoption_uses_the_nearest_value_and_never_lifts_a_repeal(day: str, standing: Standing, value: float) -> None:
    found = at(TWO, day, adopted=True)
    assert found.standing is standing
    assert found.value.value == value


def test_a_repealed_rule_stays_so_outside_its_territory() -> None:
    assert at(TWO, "2026-01-01", QINGCHENG_TOWN).standing is Standing.REPEALED
    assert at(TWO, "2026-01-01", QINGCHENG_TOWN, adopted=True).standing is Standing.REPEALED
    assert at(TWO, "2025-12-31", QINGCHENG_TOWN).standing is Standing.OUTSIDE_TERRITORY


@pytest.mark.parametrize("adopted", [False, True])
@pytest.mark.parametrize("place", ["441802", "419001"])
def test_a_text_not_held_stays_so(place: str, *, adopted: bool) -> None:
    found = at(load_book().get("NH-NINE-2025"), "2026-11-21", place, adopted=adopted)
    assert found.standing is Standing.TEXT_NOT_HELD
    assert found.value is None
    assert "原文未收录" in found.note_zh


@pytest.mark.parametrize("day", ["2025-12-31", "2026-01-01", "2026-11-21", "2036-01-01"])
def test_a_target_year_ends_nothing(day: str) -> None:
    rule = load_book().get("SIT-GX-OFFSET-KEY")
    assert at(rule, day, "451221").standing is Standing.IN_FORCE
    assert rule.latest.plan_period is None
    assert "没有终止日期" in rule.note


def test_a_task_due_day_ends_nothing() -> None:
    rule = load_book().get("SCR-GX-2020LIST")
    assert [due.on for due in rule.latest.task_due] == [date(2023, 12, 31)]
    assert at(rule, "2024-01-01", "451221").standing is Standing.IN_FORCE


@pytest.mark.parametrize(
    ("day", "place", "adopted", "words"),
    [
        ("2023-01-01", JIYUAN, False, "规划期已届满，接续文件未核实；任务期限已过不代表义务解除。"),
        ("2021-08-03", JIYUAN, False, "自2021-08-04起施行，晚于评估基准日2021-08-03"),
        ("2021-10-01", QINGCHENG_TOWN, False, "适用地域为419001，不含所问地点"),
        ("2023-01-01", JIYUAN, True, "本地参照（非本地有效依据）"),
        ("2019-06-30", QINGCHENG_TOWN, True, "自2021-08-04起，规划期2021-01-01至2022-12-31"),
        ("2021-10-01", JIYUAN, False, ""),
    ],
)
def test_standing_says_why(day: str, place: str, adopted: bool, words: str) -> None:  # noqa: FBT001 - a table row
    note = at(RULE, day, place, adopted=adopted).note_zh
    assert words in note
    assert bool(words) == bool(note)


def test_a_repeal_names_the_successor() -> None:
    assert at(TWO, "2026-01-01").note_zh == "《乙文件》已于2026-01-01废止，由《丙文件》接替。"


@pytest.mark.parametrize(
    ("code", "codes"),
    [
        ("CN", {"CN"}),
        ("", {"CN"}),
        ("450000", {"CN", "450000"}),
        ("441800", {"CN", "440000", "441800"}),
        ("419001", {"CN", "410000", "419000", "419001"}),
        ("441802105", {"CN", "440000", "441800", "441802", "441802105"}),
        ("441802105001", {"CN", "440000", "441800", "441802", "441802105", "441802105001"}),
    ],
)
def test_codes_that_hold_a_place(code: str, codes: set[str]) -> None:
    assert codes_of_place(code) == codes


PLAN = "济源产城融合示范区2021年土壤污染防治攻坚战实施方案"
STILL = Validity("SCR-JY-10KM", ValidityState.STILL, "市局", date(2026, 11, 20), "济环函〔2026〕3号")


def checked(*found: Validity, rule: str = "SCR-JY-10KM") -> Rule:
    return load_book().checked(found, "validity.yml").get(rule)


@pytest.mark.parametrize(
    ("found", "day", "standing", "words"),
    [
        (STILL, "2023-01-01", Standing.IN_FORCE, "单位效力核实：仍执行（市局，2026-11-20，依据济环函〔2026〕3号）。"),
        (STILL, "2026-11-21", Standing.IN_FORCE, "核实日以后是否变化未再核实"),
        (STILL, "2021-08-03", Standing.NOT_YET, "单位效力核实"),
        (replace(STILL, subject=PLAN), "2023-01-01", Standing.IN_FORCE, "单位效力核实：仍执行"),
        (
            replace(STILL, state=ValidityState.LOST, since=date(2024, 1, 1)),
            "2023-12-31",
            Standing.PERIOD_OVER,
            "规划期",
        ),
        (
            replace(STILL, state=ValidityState.LOST, since=date(2024, 1, 1)),
            "2024-01-01",
            Standing.REPEALED,
            "失效，自2024",
        ),
    ],
)
def test_an_offices_own_check_speaks_where_the_book_doesnt_know(
    found: Validity, day: str, standing: Standing, words: str
) -> None:
    stands = at(checked(found), day)
    assert stands.standing is standing
    assert words in stands.note_zh
    assert at(checked(found), day, QINGCHENG_TOWN).standing is Standing.OUTSIDE_TERRITORY
    is_still = standing is Standing.IN_FORCE
    assert stands.verified.startswith("单位效力核实：仍执行") is is_still


def test_a_successor_that_the_book_doesnt_hold_leaves_the_clause_open() -> None:
    followed = replace(STILL, state=ValidityState.FOLLOWED, since=date(2024, 1, 1), followed_by="丁方案")
    stands = at(checked(followed), "2024-06-30")
    assert stands.standing is Standing.TEXT_NOT_HELD
    assert "已接续于《丁方案》，自2024-01-01起" in stands.note_zh
    assert "接续文件原文未收录，本条未作判断" in stands.note_zh
    assert at(checked(followed), "2022-06-30").standing is Standing.IN_FORCE
    held = replace(followed, followed_by="中华人民共和国土壤污染防治法")
    assert at(checked(held), "2024-06-30").standing is Standing.REPEALED
    assert at(checked(replace(STILL, subject="SCR-JY-10KM")), "2024-06-30", adopted=True).standing is Standing.ADOPTED


def test_a_check_of_what_the_book_doesnt_know_is_refused() -> None:
    with pytest.raises(RuleError) as error:
        load_book().checked([replace(STILL, subject="SCR-JY-10K", line=3), STILL, STILL], "validity.yml")
    assert "validity.yml，第 3 行" in str(error.value)
    assert "规则库中没有这一条款或文件" in str(error.value)
    assert "是否为「SCR-JY-10KM」" in str(error.value)
    assert "同一条款或文件核实了两次" in str(error.value)


def test_what_waits_for_a_text_is_told_once_a_run_and_not_once_a_firm() -> None:
    over = {"standing": "period_over", "verdict": "not_assessed"}
    rows = [over | {"document": "甲方案", "rule_id": rule} for rule in ("A-1", "A-2") for _ in range(30)]
    rows += [
        over | {"document": "乙方案", "rule_id": "B-1"},
        over | {"document": "丙", "rule_id": "C-1", "verdict": "clear"},
    ]
    (told,) = expired_texts(pa.Table.from_pylist(rows))
    assert told.startswith(
        "规划期已届满、接续文件未核实的条款 3 条（《甲方案》2 条；《乙方案》1 条），61 项结论因此未评估"
    )
    assert "validity.yml" in told
    assert expired_texts(pa.Table.from_pylist(rows[-1:])) == ()


@pytest.mark.parametrize(
    ("clause", "successor", "stands"),
    [
        ("WAT-LAW-65", "生态环境法典", Standing.TEXT_NOT_HELD),
        ("SIT-QY-KEYAREA-BAN", "清远市“十四五”重金属污染防控文件", Standing.TEXT_NOT_HELD),
        ("SIT-QY-KEYAREA-BAN", "广西壮族自治区重金属污染防控工作方案", Standing.TEXT_NOT_HELD),
        ("SIT-QY-KEYAREA-BAN", "中华人民共和国土壤污染防治法", Standing.REPEALED),
    ],
)
def test_only_a_text_that_is_judged_in_all_its_places_takes_a_clause_s_place(
    clause: str, successor: str, stands: Standing
) -> None:
    """What nobody judges in its stead stays open: a stub, and the plan of another province, judge nothing."""
    documents = {value.document for rule in load_book().rules for value in rule.history}
    assert successor in documents
    check = Validity(clause, ValidityState.FOLLOWED, "示例局", date(2026, 11, 1), "1号", date(2026, 8, 15), successor)
    rule = load_book().checked([check], "validity.yml").get(clause)
    codes = codes_of_place("441802")
    assert standing_of(rule, as_of=date(2026, 11, 28), place_codes=codes, adopted=False).standing is stands


def test_a_text_does_not_follow_itself() -> None:
    own = load_book().get("SIT-QY-KEYAREA-BAN").latest.document
    check = Validity("SIT-QY-KEYAREA-BAN", ValidityState.FOLLOWED, "局", date(2026, 1, 1), "1号", date(2021, 1, 1), own)
    with pytest.raises(RuleError, match="接续文件就是它自己"):
        load_book().checked([check], "validity.yml")


def test_the_clauses_for_a_trade_in_a_place_are_those_that_can_bind_it() -> None:
    def asked(trade: str, area: str, day: str) -> dict[str, str]:
        found, others = relevant_clauses((), trade=trade, area=area, as_of=date.fromisoformat(day))
        judged = [rule for rule in load_book().rules if rule.gives_findings]
        assert len(found) + sum(others.values()) == len(judged)
        return {one.id: one.standing for one in found}

    nandan = asked("3360", "451221", "2024-06-30")
    assert nandan["SIT-GX-PARK"] == "效力待核实"
    assert nandan["WAT-LAW-65"] == "现行有效"
    assert {"NR-REG-26", "SIT-QY-KEYAREA-BAN", "SCR-JY-10KM"}.isdisjoint(nandan)
    assert {"NR-REG-26", "PBF-REG-17"} <= set(asked("0912", "451221", "2024-06-30"))
    assert "WET-LAW-19-NATIONAL" not in asked("3360", "451221", "2019-06-30")
    _, others = relevant_clauses((), trade="3212", area="451221", as_of=date(2024, 6, 30))
    assert others["填报另有情形（如采矿、堆渣）才适用"] > 0, "a smelter may state that it quarries"
    assert "SIT-NAT-HG" in asked("2614", "450102", "2019-06-30"), "vinyl chloride may be part of such works"
    found, _ = relevant_clauses((), trade="3360", area="441900", as_of=date(2024, 6, 30))
    assert found, "a city without counties is a place of its own"
    for word, wrong in (("不是一个县", {"area": "451200"}), ("不是一个县", {"area": "450000"})):
        with pytest.raises(UsageError, match=word):
            relevant_clauses((), **{"trade": "3360", "as_of": date(2024, 6, 30)} | wrong)
    for word, wrong in ((" 待定", {"trade": "待定"}), ("45122", {"area": "45122"}), ("mine", {"kind": "mine"})):
        with pytest.raises(UsageError) as error:
            relevant_clauses((), **{"trade": "3360", "area": "451221", "as_of": date(2024, 6, 30)} | wrong)
        assert word.strip() in str(error.value)
