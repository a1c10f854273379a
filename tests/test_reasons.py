"""Reasons are data: one catalogue in both languages, every code used, and rooms that hand on codes, not sentences."""

from __future__ import annotations

import ast
import pickle
import re
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hmgeo.outputs.english import in_language
from hmgeo.outputs.wording import gaps_of, settled_by
from hmgeo.records import TOLD, plain_table, table_of
from hmgeo.vocabulary import Action, LayerKind, Unassessed
from hmgeo.words import (
    Reason,
    catalogue,
    codes_of,
    decoded,
    encoded,
    groups_of,
    packed,
    render,
    say,
    sentences,
    unpacked,
)

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "hmgeo"
CHINESE = re.compile("[\u3400-\u9fff]")
SAYS = re.compile("。|未作判断|未评估|为下限|待核实")
"""What a sentence on a verdict has: a full stop, or that something isn't judged, is a lower bound, is to be checked."""
ROOMS = ("judging", "rules/standing.py", "rules/claims.py", "screening", "siting", "terrain", "water")


@cache
def trees() -> dict[str, ast.Module]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return {str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def values_of(template: str) -> Counter[tuple[str, str]]:
    """Return the names of the values that a template tells, each with the format of its number if it is one."""
    parts = re.findall(r"\{(\w+)(?::([^}]*))?\}", template)
    return Counter((name, spec if re.search(r"[dfg](?: |$)", spec) else "") for name, spec in parts)


def test_every_code_has_both_languages_and_the_same_values() -> None:
    for code, entry in catalogue().items():
        assert entry.zh, code
        assert entry.en, code
        assert set(values_of(entry.zh)) == set(values_of(entry.en)), code
        assert not CHINESE.search(re.sub(r"《[^》]*》|“[^”]*”", "", entry.en)), code
        assert re.fullmatch(r"[a-z][a-z0-9_.]*", code)
        assert entry.group in {"", *(group.value for group in Unassessed)}
    lines = (PACKAGE / "words.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(catalogue()) + 1


def test_every_code_is_used_and_every_code_that_is_said_stands_in_the_catalogue() -> None:
    texts = [node.value for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    words = {text for text in texts if isinstance(text, str)} | {entry.settles for entry in catalogue().values()}
    assert [code for code in catalogue() if code not in words] == []
    said = [
        node.args[0].value
        for tree in trees().values()
        if any(
            isinstance(node, ast.ImportFrom)
            and node.module == "hmgeo.words"
            and "say" in {one.name for one in node.names}
            for node in ast.walk(tree)
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "say"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]
    assert len(said) > 100
    assert [code for code in said if code not in catalogue()] == []


def test_whatever_keeps_a_clause_from_being_judged_has_what_would_settle_it() -> None:
    labels = ("site.",)  # of a siting answer: they count clauses whose own reasons say what would settle them
    open_ended = {
        code
        for code, entry in catalogue().items()
        if re.search("未作判断|未评估|结果为下限", entry.zh) and not code.startswith(labels)
    }
    settled = {code: entry.settles for code, entry in catalogue().items() if entry.settles}
    assert open_ended - settled.keys() == {"case_silent"}, "a worked case's own silence"
    for code, settles in settled.items():
        held = {name for name, _ in values_of(catalogue()[code].zh)}
        assert {name for name, _ in values_of(catalogue()[settles].zh)} <= held, code


def test_what_would_settle_a_finding_is_told_by_its_codes_in_both_languages() -> None:
    typed = "未提供「河流」，本条未评估。请向水利部门获取。"
    note = sentences(say("layer_absent", layer="「甲；乙」", department="水利部门"), say("place_unknown"), typed)
    needed = settled_by({"note": note})
    assert needed == ["取得「「甲；乙」」（水利部门）", "补测坐标，或申明其坐标系"]
    assert [in_language(one, "en") for one in needed][1] == "measure coordinates, or state their datum"
    rows = [{"verdict": "not_assessed", "source_id": name, "note": note} for name in "ab"]
    rows.append({"verdict": "not_assessed", "source_id": "c", "note": say("place_unknown")})
    assert gaps_of(rows) == [("补测坐标，或申明其坐标系", 1, 3, 3), ("取得「「甲；乙」」（水利部门）", 0, 2, 2)]


def own_sentences(tree: ast.Module) -> int:
    """Count the literals of a module, docstrings apart, that are Chinese sentences on a verdict."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    found = 0
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | parts:
            text = node.value
        found += bool(CHINESE.search(text) and SAYS.search(text))
    return found


def test_rooms_that_judge_hold_no_sentences() -> None:
    found = {name: own_sentences(tree) for name, tree in trees().items() if name.startswith(ROOMS)}
    assert {name: count for name, count in found.items() if count} == {}


def test_what_a_comparison_answers_is_told_by_codes() -> None:
    """Checks, changes and whatever is handed on to them; errors are told in Chinese, as everywhere."""
    for name in ("compare/verify.py", "compare/diff.py"):
        spoken = [
            part.value
            for node in ast.walk(trees()[name])
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"Check", "Change", "say"}
            for part in ast.walk(node)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        assert len(spoken) > 30
        assert [text for text in spoken if CHINESE.search(text)] == []


def test_a_reason_reads_as_its_chinese_and_is_told_in_english_from_its_values() -> None:
    said = say("coverage_ends_near", reach_m=90.4, limit_m=500.0)
    assert said == "该点距数据边界 90 米，小于查询半径 500 米，结果为下限。"
    assert render(said, "en") == (
        "The point lies 90 m from the edge of the data, less than the search radius of 500 m: results are lower bounds."
    )
    assert (said.code, dict(said.values)) == ("coverage_ends_near", {"reach_m": 90.4, "limit_m": 500.0})
    with pytest.raises(AttributeError, match="a reason doesn't change: code"):
        said.code = "other"
    assert pickle.loads(pickle.dumps(said)).values["reach_m"] == 90.4  # noqa: S301 - made here


def test_lists_words_and_reasons_within_reasons_follow_the_language() -> None:
    said = say("action_unstated", actions=(Action.NEW, Action.EXPAND))
    assert said == "条款针对新建、扩建，未说明建设性质，本条未作判断。"
    assert render(said, "en") == (
        "The clause is about new, expand; the kind of project isn't stated; this clause was not judged."
    )
    why = say("fact_denied", what=say("trade_is", code="3216"), words="排放镉")
    doubted = say("exception_doubted", quote="除外", why=why)
    assert doubted == (
        "条文另有除外情形（“除外”），行业代码为 3216，而填报“排放镉”为否，两者矛盾，待核实，按一般规定判断。"
    )
    assert render(say("not_applicable", what=say("reach_basin")), "en", bare=True) == (
        "the basin it lies in is outside what the clause applies to"
    )


def test_a_note_keeps_its_reasons_through_a_table_and_its_text_decides_nothing() -> None:
    note = sentences(
        say("layer_absent", layer="河流", department="水利部门"), "院内堆渣；范围未申明。", say("place_unknown")
    )
    back = decoded(encoded(note))
    assert (
        back
        == note
        == "未提供「河流」，本条未评估。请向水利部门获取。院内堆渣；范围未申明。没有可用的位置，本条未作判断。"
    )
    assert codes_of([back]) == ("layer_absent", "place_unknown")
    assert groups_of(";".join(codes_of([back]))) == "missing;place_unknown"
    assert encoded(note)[1] == {"code": "plain", "values": '{"text": "院内堆渣；范围未申明。"}'}
    assert in_language(back, "en").startswith('No layer "rivers": this clause was not assessed.')


def test_every_code_comes_back_from_a_table_whatever_its_values_are_called() -> None:
    """A value may be called word, code or values, as keys of the table's JSON are."""
    for code, entry in catalogue().items():
        names = {name: (7 if spec else say("trade_is", code="3216")) for name, spec in values_of(entry.zh)}
        said = say(code, **names)
        back = decoded(encoded(sentences(say("reach_action", action=Action.NEW), said)))
        assert back.values["parts"][0].values["action"] is Action.NEW
        assert (back.values["parts"][-1].code, dict(back.values["parts"][-1].values)) == (code, names)


def test_a_text_that_reads_like_a_reason_carries_no_code() -> None:
    typed = str(say("coverage_undeclared", layer="耕地"))
    assert not isinstance(typed, Reason)
    assert codes_of([typed, say("in_principle")]) == ("in_principle",)


def test_a_cell_of_reasons_keeps_codes_and_values_and_reads_as_its_text_in_files() -> None:
    """A text that only reads like a reason stays a text; what a row leaves out is null."""
    masses = say("listed", parts=(say("metal_mass", metal="镉", mass=1.2), say("metal_mass", metal="铅", mass=8.5)))
    schema = pa.schema([("id", pa.string()), ("note", TOLD)])
    table = table_of([{"id": "a", "note": masses}, {"id": "b", "note": str(masses)}, {"id": "c"}], schema)
    told = pa.concat_tables([table, table]).take([0, 4, 2])["note"].to_pylist()
    assert told == ["镉 1.2 kg/a、铅 8.5 kg/a", "镉 1.2 kg/a、铅 8.5 kg/a", None]
    assert [in_language(one, "en") for one in told[:2]] == ["Cd 1.2 kg/a, Pb 8.5 kg/a", "镉 1.2 kg/a、铅 8.5 kg/a"]
    assert told[0].values["parts"][1].values["mass"] == 8.5
    plain = plain_table(table)
    assert plain.schema.types == [pa.string(), pa.string()]
    assert plain["note"].to_pylist() == ["镉 1.2 kg/a、铅 8.5 kg/a", "镉 1.2 kg/a、铅 8.5 kg/a", None]
    assert pickle.loads(pickle.dumps(table)).to_pylist() == table.to_pylist()  # noqa: S301 - made here


def test_pandas_sees_the_chinese_text_of_a_reason() -> None:
    schema = pa.schema([("id", pa.string()), ("note", TOLD)])
    table = table_of([{"id": "A", "note": say("limit_not_set")}, {"id": "B", "note": None}], schema)
    assert table.to_pandas()["note"].dropna().tolist() == ["条文未规定限值。"]
    assert plain_table(table).to_pandas().equals(table.to_pandas())


def test_a_reason_keeps_what_numpy_counted_and_measured() -> None:
    text = say("asked_found", layer=LayerKind.INTAKES, count=np.int64(2), nearest_m=np.float32(553.5))
    assert unpacked(packed(text)) == decoded(encoded(text)) == "饮用水取水口 2 处（最近 554 m）。"
