"""Reference tables: their sums, their known rows, and that every row says where it comes from."""

from __future__ import annotations

from collections import Counter

from hmgeo.reference.tables import key_areas, trades
from hmgeo.rules.book import load_book
from hmgeo.rules.kinds import KINDS, FieldType


def test_every_key_area_of_the_five_texts_is_there() -> None:
    areas = key_areas()
    assert len(areas) == 39
    assert len({area.id for area in areas}) == 39
    assert Counter(area.document for area in areas) == {"002": 29, "003": 6, "001": 3, "004": 1}


def test_rules_name_only_key_areas_that_exist() -> None:
    known = {area.id for area in key_areas()}
    for rule in load_book().rules:
        for leaf in rule.test.leaves() if rule.test is not None else ():
            for spec in KINDS[leaf.kind].fields:
                if spec.type is FieldType.KEY_AREAS:
                    assert set(leaf.texts(spec.name)) <= known, rule.id


def test_trades_of_both_editions_differ_where_they_should() -> None:
    assert trades()[2017, "3212"].name == trades()[2011, "3212"].name == "铅锌冶炼"
    assert trades()[2017, "3843"].name == "铅蓄电池制造"
    assert (2011, "3843") not in trades()
