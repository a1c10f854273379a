"""Situations worked out by hand from the texts, run over the whole book."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from hmgeo.judging.cases import CaseFacts, CaseResult, run_given
from hmgeo.rules.book import load_book
from hmgeo.rules.model import Given, LayerState, Rule
from hmgeo.rules.nodes import LOADER
from hmgeo.rules.words import ATTRIBUTES, LAYERS, SOURCE_KINDS
from hmgeo.vocabulary import Action, Certainty, Effect, Standing, Verdict

FOLDER = Path(__file__).parent / "situations"
BOOK = load_book([FOLDER / "packs"])
STATES = {"完整": LayerState.COMPLETE, "不完整": LayerState.PARTIAL}
INSIDE = {"在内": "yes", "在外": "no", "部分在内": "partly"}
TOUCHES = {"毗邻": "yes", "不毗邻": "no"}
CERTAINTIES = {"确定": Certainty.CERTAIN, "临界": Certainty.AMBIGUOUS}
GRAVE = {Verdict.PROHIBITED, Verdict.CONDITIONAL}
KEYS = {"id", "title", "why", "as_of", "place", "township_known_by", "adopted", "planned", "chosen", "layers", "ratio"}
LAYER_KEYS = {"state", "inside", "borderline", "touches", "distance_m", "distance_high_m", "class", "water"}
EXPECT_KEYS = {"verdict", "standing", "certainty", "other", "words"}

Situation = dict[str, Any]


def situations() -> list[Situation]:
    found = []
    for file in sorted(FOLDER.glob("*.yml")):
        found += yaml.load(file.read_text(encoding="utf-8"), LOADER)  # noqa: S506 - a safe one, in C where it can be
    return found


ALL = situations()
each = pytest.mark.parametrize("situation", ALL, ids=lambda one: one["id"])


def verdict_of(zh: str) -> Verdict:
    return next(one for one in Verdict if one.zh == zh)


def standing_of(zh: str) -> Standing:
    return next(one for one in Standing if one.zh == zh)


def by_layer(situation: Situation, key: str) -> dict[str, Any]:
    return {layer: said[key] for layer, said in situation.get("layers", {}).items() if key in said}


def given_of(situation: Situation) -> Given:
    planned = situation["planned"]
    chosen = {
        name: tuple(value) if isinstance(value, list) else float(value) if isinstance(value, int) else value
        for name, value in situation.get("chosen", {}).items()
    }
    water = by_layer(situation, "water")
    return Given(
        as_of=situation["as_of"],
        place=situation["place"],
        source_kind=planned["kind"],
        trade=planned.get("trade", ""),
        edition=planned.get("edition"),
        action=Action.of(planned["action"]) if "action" in planned else None,
        attributes=MappingProxyType(planned.get("facts", {})),
        parameters=MappingProxyType(chosen),
        layers=MappingProxyType({layer: STATES[word] for layer, word in by_layer(situation, "state").items()}),
        distance_m=MappingProxyType({key: float(value) for key, value in by_layer(situation, "distance_m").items()}),
        distance_high_m=MappingProxyType(
            {key: float(value) for key, value in by_layer(situation, "distance_high_m").items()}
        ),
        inside=MappingProxyType({key: INSIDE[word] for key, word in by_layer(situation, "inside").items()}),
        touches=MappingProxyType({key: TOUCHES[word] for key, word in by_layer(situation, "touches").items()}),
        upstream=MappingProxyType({key: "yes" for key, word in water.items() if word == "上游"}),
        downstream=MappingProxyType({key: "yes" for key, word in water.items() if word == "下游"}),
        ratio=situation.get("ratio"),
        classes=MappingProxyType(by_layer(situation, "class")),
    )


def judged(situation: Situation, rules: tuple[Rule, ...] = BOOK.rules) -> dict[str, CaseResult]:
    """Judge a situation by every rule that writes findings."""
    given = given_of(situation)
    facts = CaseFacts(
        given,
        unnamed=LayerState.MISSING,
        borderline=frozenset(by_layer(situation, "borderline")),
        township_is_approximate=situation.get("township_known_by") == "示意范围",
    )
    adopted = situation.get("adopted", [])
    return {
        rule.id: run_given(rule, replace(given, adopted=rule.id in adopted), facts)
        for rule in rules
        if rule.gives_findings
    }


@each
def test_it_is_written_in_known_words(situation: Situation) -> None:
    assert set(situation) <= KEYS | {"expect"}
    assert situation["planned"]["kind"] in SOURCE_KINDS
    assert set(situation["planned"].get("facts", {})) <= set(ATTRIBUTES)
    assert set(situation.get("layers", {})) <= set(LAYERS)
    assert all(set(said) <= LAYER_KEYS for said in situation.get("layers", {}).values())
    assert set(situation["expect"]) <= set(BOOK.ids)
    assert all(set(said) <= EXPECT_KEYS for said in situation["expect"].values())
    assert situation["why"].endswith("。")


@each
def test_the_named_rules_come_out_as_worked_by_hand(situation: Situation) -> None:
    found = judged(situation)
    for rule_id, expect in situation["expect"].items():
        result = found[rule_id]
        assert result.judgement is not None
        said = f"{rule_id}: {result.judgement.verdict.zh}, {result.note}"
        assert result.judgement.verdict is verdict_of(expect["verdict"]), said
        assert result.standing is standing_of(expect["standing"]), said
        if "certainty" in expect:
            assert result.judgement.certainty is CERTAINTIES[expect["certainty"]], said
        assert result.judgement.other == (verdict_of(expect["other"]) if "other" in expect else None), said
        for words in expect.get("words", []):
            assert words in result.note, said


@each
def test_no_other_rule_bans_or_binds(situation: Situation) -> None:
    grave = {
        rule_id: result.note
        for rule_id, result in judged(situation).items()
        if result.judgement is not None and result.judgement.verdict in GRAVE
    }
    named = {key for key, expect in situation["expect"].items() if verdict_of(expect["verdict"]) in GRAVE}
    assert set(grave) == named, grave


def test_they_cover_what_can_be_said() -> None:
    assert len(ALL) >= 40
    assert max(Counter(one["id"] for one in ALL).values()) == 1
    expected = [said for one in ALL for said in one["expect"].values()]
    assert {verdict_of(said["verdict"]) for said in expected} == set(Verdict)
    assert {standing_of(said["standing"]) for said in expected} == set(Standing)
    effects = {BOOK.get(rule_id).effect for one in ALL for rule_id in one["expect"]}
    assert effects == {Effect.BAN, Effect.REQUIRE, Effect.RESTRICT, Effect.LIST}
    words = "".join(word for said in expected for word in said.get("words", []))
    for needed in ("未提供", "条文未规定", "部分位于", "非法定距离", "需要水流方向测算", "原则上"):
        assert needed in words
    assert any(said.get("certainty") == "临界" for said in expected)
    assert any(layer.get("borderline") for one in ALL for layer in one.get("layers", {}).values())


@each
def test_taking_a_rule_out_adds_nothing_to_another(situation: Situation) -> None:
    whole = judged(situation)
    for left_out in situation["expect"]:
        rest = judged(situation, tuple(rule for rule in BOOK.rules if rule.id != left_out))
        assert rest == {rule_id: result for rule_id, result in whole.items() if rule_id != left_out}
