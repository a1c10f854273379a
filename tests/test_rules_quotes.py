"""Every quote stands verbatim in the text it is taken from, under the heading that its citation names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hmgeo.rules.book import load_book
from hmgeo.rules.model import DatedValue, Rule, Runs
from hmgeo.rules.parameters import OpenText, declared

TEXTS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted(Path(__file__).parent.joinpath("policy_texts").glob("*.txt"))
}
FIVE = (
    "guangxi-work-plan-2022",
    "jiyuan-campaign-plans-2021",
    "key-area-plan-outline-2015",
    "national-13th-fyp-excerpt",
    "qingyuan-action-plan-2018-2020",
)
QUOTED = [(rule, value) for rule in load_book().rules for value in rule.history if value.text]
NUMBERED = [
    (rule, value)
    for rule, value in QUOTED
    if value.text in {FIVE[0], FIVE[1], FIVE[4]} and not value.article.startswith("附表")
]
OPEN_TEXTS = [(one.name, text) for one in declared() for text in one.left_open_by if text.text]
HEADING = {
    "article": re.compile(r"^\s*(?:\[[^\]]*\])?([一二三四五六七八九十]+)、"),
    "paragraph": re.compile(r"^\s*(?:\[[^\]]*\])?(（[一二三四五六七八九十]+）)"),
    "item": re.compile(r"^\s*(\d+)[.．]"),
}


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def lines_of(value: DatedValue) -> list[str]:
    """The lines of one plan: the Jiyuan text holds four."""
    text = TEXTS[value.text]
    if value.text != "jiyuan-campaign-plans-2021":
        return text.splitlines()
    title = value.document.removeprefix("济源产城融合示范区")
    titles = [match.start() for match in re.finditer(r"(?m)^2021年\S+攻坚战实施方案$", text)]
    start = next(place for place in titles if text[place:].startswith(title))
    return text[start : next((place for place in titles if place > start), len(text))].splitlines()


def heading_above(lines: list[str], number: int) -> dict[str, str]:
    """The nearest heading of each rank above a line, as long as no heading of a higher rank comes between."""
    found: dict[str, str] = {}
    for line in reversed(lines[: number + 1]):
        for rank, pattern in HEADING.items():
            match = pattern.match(line)
            higher = {"article": (), "paragraph": ("article",), "item": ("article", "paragraph")}[rank]
            if match and rank not in found and not any(one in found for one in higher):
                found[rank] = match.group(1)
    return found


def test_the_five_texts_are_here() -> None:
    assert set(FIVE) <= set(TEXTS)


@pytest.mark.parametrize(("rule", "value"), QUOTED, ids=lambda one: getattr(one, "id", ""))
def test_quote_is_verbatim(rule: Rule, value: DatedValue) -> None:
    assert len(squeezed(value.quote)) >= 6, rule.id
    assert squeezed(value.quote) in squeezed(TEXTS[value.text])


@pytest.mark.parametrize(
    ("text", "quote"), [(rule.latest.text, one.quote) for rule in load_book().rules for one in rule.exceptions]
)
def test_exception_is_verbatim(text: str, quote: str) -> None:
    assert squeezed(quote) in squeezed(TEXTS[text])


@pytest.mark.parametrize(("name", "open_text"), OPEN_TEXTS)
def test_open_point_is_verbatim(name: str, open_text: OpenText) -> None:
    assert open_text.quote, name
    assert squeezed(open_text.quote) in squeezed(TEXTS[open_text.text])


@pytest.mark.parametrize(("rule", "value"), NUMBERED, ids=lambda one: getattr(one, "id", ""))
def test_citation_names_the_heading_above_the_quote(rule: Rule, value: DatedValue) -> None:
    lines = lines_of(value)
    places = [number for number, line in enumerate(lines) if squeezed(value.quote) in squeezed(line)]
    assert places, rule.id
    above = heading_above(lines, places[0])
    assert above["article"] == value.article
    assert above.get("paragraph", "") == value.paragraph
    numbered = re.match(r"\d+", value.item)
    assert above.get("item", "") == (numbered.group() if numbered else "")


@pytest.mark.parametrize(
    ("rule", "value"),
    [(rule, value) for rule, value in NUMBERED if "第" in value.item and value.item.endswith("段")],
    ids=lambda one: getattr(one, "id", ""),
)
def test_citation_counts_the_paragraph_under_the_item(rule: Rule, value: DatedValue) -> None:
    lines = [line for line in lines_of(value) if line.strip()]
    place = next(number for number, line in enumerate(lines) if squeezed(value.quote) in squeezed(line))
    start = next(number for number in range(place, -1, -1) if HEADING["item"].match(lines[number]))
    # an item whose number stands alone with a short title has its first paragraph on the next line
    first = start if lines[start].rstrip().endswith("）") else start + 1
    assert value.item.endswith(f"第{place - first + 1}段"), rule.id


@pytest.mark.parametrize(
    ("rule", "value"),
    [(rule, value) for rule, value in QUOTED if value.text == "guangxi-work-plan-2022" and "“" in value.item],
    ids=lambda one: getattr(one, "id", ""),
)
def test_citation_names_the_lead_words_of_the_paragraph(rule: Rule, value: DatedValue) -> None:
    line = next(line for line in lines_of(value) if squeezed(value.quote) in squeezed(line))
    lead = re.match(r"“(.+?)”段", value.item).group(1)
    assert squeezed(line).startswith(lead), rule.id


@pytest.mark.parametrize(
    ("rule", "value"), [one for one in QUOTED if one[1].text == "law-articles"], ids=lambda one: getattr(one, "id", "")
)
def test_law_citation_names_article_and_paragraph(rule: Rule, value: DatedValue) -> None:
    text = TEXTS["law-articles"]
    law = text[text.index(value.document) :]
    start = law.index(f"\n{value.article} ")
    paragraphs = law[start:].strip().split("\n\n")
    following = next((n for n, one in enumerate(paragraphs) if n and re.match(r"第\S+条 |中华人民共和国", one)), None)
    # items in brackets belong to the paragraph above them
    is_item = [bool(re.match(r"[（(][一二三四五六七八九十]+[)）]", one)) for one in paragraphs[:following]]
    held = [n for n, one in enumerate(paragraphs[:following]) if squeezed(value.quote) in squeezed(one)]
    numbers = [n + 1 - sum(is_item[: n + 1]) for n in held]
    assert numbers, rule.id
    assert [paragraphs[n].startswith(value.item) for n in held] == [True]
    words = "一二三四五"
    stated = words.index(value.paragraph[1]) + 1 if value.paragraph else 1
    assert numbers == [stated]


def test_every_held_rule_names_its_text() -> None:
    without = [rule.id for rule in load_book().rules for value in rule.history if not value.text]
    assert without == [rule.id for rule in load_book().rules if rule.runs.state is Runs.TEXT_NOT_HELD]


def test_quote_hash_ignores_whitespace() -> None:
    spaced = DatedValue(None, "文件", quote="禁止 新建\n")
    assert spaced.quote_sha256 == DatedValue(None, "文件", quote="禁止新建").quote_sha256
    assert spaced.quote_sha256 == "2e639e515de0bea01ecb7b3317a3c5485c3a43cf8e8ea80788d8517053a2f991"
