"""The situations of the rule book again, as projects on disk: terminal, JSON, workbook, findings and API agree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from books import pages_of
from situation_projects import write_situation
from test_situations import ALL, CERTAINTIES, GRAVE, standing_of, verdict_of
from typer.testing import CliRunner

from hmgeo.cli import app
from hmgeo.intake.columns import ReadOptions
from hmgeo.outputs.sheets.answer import clause_lines
from hmgeo.project.sites.desk import open_desk, read_sites
from hmgeo.project.sites.files import answer_text
from hmgeo.project.sites.given import Typed
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.results.siting import SitingResults

HEIGHTS_ANSWER = {
    "GX-18": {"MON-GX-TLSB": ("not_assessed", "条文未规定「点位落到水流上的最大距离」")},
    "NA-09": {"CLS-NAT-SLOPE": ("not_assessed", "“严重沙化耕地”部分未判定")},
}
"""The situation names heights but not what follows from them; a project on disk works it out (a plane of 2 degrees),
or asks for what the texts leave open on the way."""
NUMBERS = ("measured", "measured_low", "measured_high", "limit_value", "bearing_deg")
WORDS = ("rule_id", "verdict", "verdict_other", "certainty", "standing", "basis", "unit", "receptor_id", "document")


@dataclass(frozen=True)
class Told:
    """One situation's answer in every form."""

    situation: dict[str, Any]
    results: SitingResults
    document: dict[str, Any]
    folder: Path

    @property
    def clauses(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["sites"][0]["clauses"]
        return found


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    root = tmp_path_factory.mktemp("situation")
    disk = write_situation(request.param, root / "project")
    command = ["site", "--project", str(disk.project), "--sites", str(disk.sites), "--kind", disk.kind]
    command += ["--sites-basis", "synthetic", "--out", str(root / "out"), "--json"]
    written = CliRunner().invoke(app, command, catch_exceptions=False)
    assert written.exit_code == 0, written.output
    desk = open_desk(disk.project)
    sites, ledger = read_sites(
        desk, disk.sites, basis=Basis.SYNTHETIC, options=ReadOptions(), defaults=Typed("", kind=disk.kind)
    )
    results = desk.results(desk.dossiers(sites), ledger)
    return Told(request.param, results, json.loads(written.stdout), root / "out")


each = pytest.mark.parametrize("told", ALL, ids=lambda one: one["id"], indirect=True)


@each
def test_the_named_rules_come_out_as_worked_by_hand(told: Told) -> None:
    found = {one["rule_id"]: one for one in told.clauses}
    elsewhere = HEIGHTS_ANSWER.get(told.situation["id"], {})
    for rule_id, expect in told.situation["expect"].items():
        standing = standing_of(expect["standing"])
        if standing.zh == "不在适用地域":
            assert rule_id not in found  # a project judges by what has force there, and by what it adopts
            continue
        clause = found[rule_id]
        said = f"{rule_id}: {clause['verdict']}, {clause['note']}"
        assert clause["standing"] == standing.value, said
        if rule_id in elsewhere:
            verdict, words = elsewhere[rule_id]
            assert (clause["verdict"], words in clause["note"]) == (verdict, True), said
            continue
        assert clause["verdict"] == verdict_of(expect["verdict"]).value, said
        assert clause["verdict_other"] == (verdict_of(expect["other"]).value if "other" in expect else ""), said
        if "certainty" in expect:
            assert clause["certainty"] == CERTAINTIES[expect["certainty"]].value, said
        for words in expect.get("words", []):
            assert words in clause["note"], said


@each
def test_no_other_rule_bans_or_binds(told: Told) -> None:
    grave = {one["rule_id"] for one in told.clauses if one["verdict"] in {verdict.value for verdict in GRAVE}}
    named = {key for key, expect in told.situation["expect"].items() if verdict_of(expect["verdict"]) in GRAVE}
    assert grave == named


@each
def test_every_form_says_the_same(told: Told) -> None:
    clauses, site = told.clauses, told.document["sites"][0]
    assert json.loads((told.folder / "siting.json").read_text(encoding="utf-8")) == told.document
    assert json.loads("".join(answer_text(told.results))) == told.document
    rows = pq.read_table(told.folder / "findings.parquet").to_pylist()
    assert [[row[name] for name in WORDS] for row in rows] == [[one[name] for name in WORDS] for one in clauses]
    assert [[row[name] for name in NUMBERS] for row in rows] == [[one[name] for name in NUMBERS] for one in clauses]
    assert [row["note"] for row in rows] == [one["note"] for one in clauses]
    shown = "\n".join(clause_lines(told.results.dossiers[0], told.results))
    assert site["header"] in shown
    listed = [one for one in clauses if one["verdict"] != "not_applicable"]
    order = [shown.index(f"》{_number(one)}{_place(one)} {one['rule_id']}\n") for one in listed]
    assert order == sorted(order)
    assert all(one["sentence"] in shown and one["measured_text"] in shown for one in listed)


@each
def test_the_workbook_says_it_in_the_same_order(told: Told) -> None:
    book = pages_of(told.folder / "siting.xlsx")
    table = [[str(cell) for cell in row] for row in book["全部条款"].rows]
    assert [row[1:4] for row in table[1 : len(told.clauses) + 1]] == [
        [one["rule_id"], one["badge"], one["certainty_text"]] for one in told.clauses
    ]
    assert [[row[6], row[8]] for row in table[1 : len(told.clauses) + 1]] == [
        [one["measured_text"], one["note"]] for one in told.clauses
    ]
    page = [[str(cell) for cell in row] for row in book["选址条款研判表"].rows]
    assert told.document["sites"][0]["header"] in [row[0] for row in page]
    ids = {one["rule_id"]: one for one in told.clauses if one["verdict"] not in {"not_assessed", "not_applicable"}}
    judged = [row for row in page if row[3].rpartition("\n")[2] in ids]
    assert sorted(row[3].rpartition("\n")[2] for row in judged) == sorted(ids)
    for row in judged:
        clause = ids[row[3].rpartition("\n")[2]]
        assert row[1].split("\n")[0] == clause["badge"]
        assert (row[4], row[5]) == (clause["quote"], clause["measured_text"] or "—")
        assert row[6].replace("\n", "") == clause["sentence"]


def _number(clause: dict[str, Any]) -> str:
    return f"（{clause['document_number']}）" if clause["document_number"] else ""


def _place(clause: dict[str, Any]) -> str:
    return clause["clause"] or "原文未收录"
