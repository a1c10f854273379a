"""Every sentence that pages, sheets and reports show, Chinese and English side by side.

The words are chosen so that a page never claims more than a screening tool may: there is no overall verdict, absence
is not clearance, and who decides stands beside what was found.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hmgeo.results.columns import popup_columns
from hmgeo.results.text import bearing_text, radius_text
from hmgeo.rules.model import VerificationState
from hmgeo.vocabulary import (
    Basis,
    Certainty,
    Classification,
    Effect,
    LayerKind,
    PositionKind,
    Standing,
    Status,
    Unassessed,
    Verdict,
    Word,
)
from hmgeo.words import (
    ENGLISH,
    Reason,
    bared,
    catalogue,
    groups_of,
    in_number,
    one_by_one,
    parts_of,
    plain,
    render,
    say,
    say_with,
    table_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hmgeo.results.results import Presentation, Results


def citation(finding: Mapping[str, Any]) -> str:
    """Return 《document》clause of `finding`; a limit set by the user is called so.

    >>> citation({"document": "土壤污染防治法", "clause": "第十八条"})
    '《土壤污染防治法》第十八条'
    """
    document = finding.get("document") or ""
    if not document:
        return "使用者设定的条件"
    quoted = document if "《" in document else f"《{document}》"
    return f"{quoted}{finding.get('clause') or ''}"


def unmet_sentence(finding: Mapping[str, Any], effect: str, requirement: str, language: str = "zh") -> str:
    """Return what is said in `language` of a requirement that isn't met in the data; empty for anything else.

    Parameters
    ----------
    finding
        verdict, document, clause, decider.
    effect
        Of the rule, by its code.
    requirement
        What must be so, in the rule's own title.

    Examples
    --------
    >>> finding = {"verdict": "prohibited", "document": "示例意见", "clause": "二", "decider": "审批部门"}
    >>> unmet_sentence(finding, "require", "应当入园")
    '现有数据中未见满足《示例意见》二所列要求（应当入园），是否适用由审批部门认定。'
    """
    if effect != Effect.REQUIRE.value or finding["verdict"] != Verdict.PROHIBITED.value:
        return ""
    decider = finding.get("decider") or "主管部门"
    return TEXTS["unmet"].say(
        language, citation=citation(finding), requirement=requirement.rstrip("。"), decider=decider
    )


class Text(NamedTuple):
    """One sentence in both languages."""

    zh: str
    en: str

    def say(self, language: str, **parts: str) -> str:
        """Return the sentence in `language` (zh unless en) with its parts filled in."""
        return (in_number(self.en, parts) if language == "en" else self.zh).format(**parts)


TEXTS: Mapping[str, Text] = MappingProxyType(
    {key: Text(zh, en) for key, zh, en in table_rows("hmgeo.outputs", "wording.tsv")}
)
"""By key: a verdict's code, `banner_` with a basis's code, `sorted_` with what an order of visits begins with, …"""

DISCLAIMER, DISCLAIMER_EN = TEXTS["disclaimer"]
WATERMARK = TEXTS["banner_synthetic"].zh
BOUNDARY_NOTE = "界线仅供工作示意，不作为权属和行政区域界线依据"

_SAYS_WHAT_IS_MISSING = frozenset({"number_unstated", "class_unstated", "trade_unstated"})
WITHIN, NEAREST = Text("{limit} 内", "within {limit} "), Text("（最近 {text}）", " (nearest {text})")


def is_ordered(results: Results) -> bool:
    """Tell whether the sources of `results` carry numbers of a list."""
    names = results.sources.column_names
    return "list_number" in names and any(number is not None for number in results.sources["list_number"].to_pylist())


def visit_order(results: Results, language: str = "zh") -> str:
    """Return what the order of visits of `results` means and who chose it, in `language`; stands by the order."""
    order = results.visit_order
    chosen = TEXTS["not_chosen"].say(language)
    if order.by:
        chosen = TEXTS["chosen"].say(language, by=order.by, on=order.on, reason=order.reason.rstrip("。"))
    first = TEXTS[f"sorted_{order.value}"].say(language) if f"sorted_{order.value}" in TEXTS else ""
    between = " " if first and language == ENGLISH else ""
    text = TEXTS["visit_order"].say(language, chosen=f"{first}{between}{chosen}")
    return f"{TEXTS['visits'].say(language)}{'：' if language == 'zh' else ': '}{text}"


def gaps_of(findings: Iterable[Mapping[str, Any]]) -> list[tuple[str, int, int, int]]:
    """Return what would settle the findings that aren't assessed, what settles most sources by itself first.

    What to supply; sources that lack nothing else; sources and findings that lack it.
    """
    waiting: dict[str, list[Mapping[str, Any]]] = {}
    alone: dict[str, set[str]] = {}
    for finding in findings:
        if finding["verdict"] != Verdict.NOT_ASSESSED.value:
            continue
        needed = settled_by(finding)
        for supply in needed:
            waiting.setdefault(supply, []).append(finding)
            alone.setdefault(supply, set()).update([finding["source_id"]] if len(needed) == 1 else [])
    rows = [
        (supply, len(alone[supply]), len({row["source_id"] for row in waiting_for}), len(waiting_for))
        for supply, waiting_for in waiting.items()
    ]
    return sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))


_BESIDE = frozenset({"decided", "decided_otherwise", "example_judged"})
"""Reasons in a note that stand beside what was found and keep nothing from being judged."""


def settled_by(finding: Mapping[str, Any]) -> list[str]:
    """Return what would settle a finding that isn't assessed, each once.

    `finding`: its note is the reasons that it was told from.

    >>> from hmgeo.words import say, sentences
    >>> note = sentences(say("layer_absent", layer="河流", department="水利部门"), say("place_unknown"))
    >>> settled_by({"note": note})
    ['取得「河流」（水利部门）', '补测坐标，或申明其坐标系']
    >>> settled_by({"note": "没有载明原因。"})
    ['没有载明原因']
    """
    parts = [part for part in parts_of(finding["note"] or "") if getattr(part, "code", "") not in _BESIDE]
    lines = catalogue()
    known = [
        say_with(settles, part.values)
        for part in parts
        if isinstance(part, Reason) and part.code in lines and (settles := lines[part.code].settles)
    ]
    return list(dict.fromkeys(known)) or [bared(parts[0]) if parts else say("reason_not_given")]


class Step(NamedTuple):
    """One line of an explanation: the catalogue's code of its name, and what it says."""

    name: str
    text: str

    @property
    def code(self) -> str:
        """The catalogue's code of what it says; empty for a text."""
        return self.text.code if isinstance(self.text, Reason) else ""

    @property
    def filled(self) -> tuple[str, ...]:
        """What the catalogue's sentence is filled in with, in the order of its Chinese."""
        return tuple(map(str, self.text.values.values())) if isinstance(self.text, Reason) else ()


def measured_steps(finding: Mapping[str, Any]) -> Iterator[Step]:
    """Yield what was measured for `finding`, a row, with the limit and how far from it."""
    unit = finding["unit"] or ""
    names = ("measured", "measured_low", "measured_high", "limit_value", "margin")
    texts = {name: quantity(finding[name], unit) for name in names if finding[name] is not None}
    if not texts:
        yield Step("step_measured", plain(finding["measured_text"] or "") or say("step_unmeasured"))
        return
    if finding["receptor_id"]:
        yield Step("step_nearest", plain(f"{finding['receptor_id']} {finding['receptor_name'] or ''}".strip()))
    if finding["bearing_deg"] is not None:
        yield Step("step_bearing", plain(f"{finding['bearing_deg']:.0f}°"))
    if "measured" in texts:
        yield Step("step_measured", plain(texts["measured"]))
    low, high = texts.get("measured_low"), texts.get("measured_high")
    if low and high:
        yield Step("step_range", say("step_span", low=low, high=high))
    elif low or high:
        yield Step("step_range", say("step_from", low=low) if low else say("step_to", high=high or ""))
    for step, name in (("step_limit", "limit_value"), ("step_margin", "margin")):
        if name in texts:
            yield Step(step, plain(texts[name]))


def flip_steps(finding: Mapping[str, Any]) -> Iterator[Step]:
    """Yield what would make another verdict of `finding`, a row, but for `RERUN`, which holds for all."""
    low, high, limit, margin = (finding[name] for name in ("measured_low", "measured_high", "limit_value", "margin"))
    unit, note = finding["unit"] or "", finding["note"] or say("step_see_note")
    is_unsure = finding["certainty"] == Certainty.AMBIGUOUS.value
    if is_unsure and None not in (low, high, limit) and low <= limit < high:
        ends = {"low": quantity(low, unit), "high": quantity(high, unit)}
        yield Step("step_place", say("step_crosses", **ends, limit=quantity(limit, unit)))
    elif is_unsure:
        yield Step("step_doubt", note)
    elif margin is not None and limit is not None:
        change = {"limit": quantity(limit, unit), "change": quantity(abs(margin), unit)}
        yield Step("step_number", say("step_inside" if margin <= 0 else "step_outside", **change))
    if finding["verdict"] == Verdict.NOT_ASSESSED.value:
        yield Step("step_missing", note)
    elif finding["verdict"] == Verdict.NOT_APPLICABLE.value:
        yield Step("step_stated", note)
    if finding["standing"] == Standing.ADOPTED.value:
        yield Step("step_adoption", say("step_adopted"))
    elif finding["standing"] == Standing.PERIOD_OVER.value:
        yield Step("step_standing", say("step_period_over"))
    if "原则上" in (finding["quote"] or ""):
        yield Step("step_exception", say("step_in_principle"))


RERUN = Step("step_settings", say("step_rerun"))


def quantity(value: float, unit: str) -> str:
    """Return `value` with its `unit` as explanations show it: metres with a decimal, else as short as it goes.

    >>> quantity(1107.52, "m"), quantity(25.0, "°"), quantity(3.0, "")
    ('1,107.5 m', '25 °', '3')
    """
    return f"{value:,.1f} {unit}".strip() if unit == "m" else f"{value:g} {unit}".strip()


def parameter_lines(parameters: Iterable[Mapping[str, str]], asked: Iterable[str] | None) -> list[tuple[str, str]]:
    """Return the parameters that a rule leaves open, each with who set it; all of them where the rule isn't known.

    `asked`: names, as the rule gives them; None for a rule that isn't known.
    """
    names = None if asked is None else tuple(asked)
    lines = []
    for parameter in parameters:
        if names is None or any(f"（{name}）" in parameter["name"] or name == parameter["name"] for name in names):
            said = filter(None, (parameter["by"], parameter["on"], parameter["reason"]))
            who = "，".join(said) if parameter["by"] else "默认"
            lines.append((parameter["name"], f"{parameter['value']} {parameter['unit']}".strip() + f"（{who}）"))
    return lines


def disclaimer(language: str = "zh") -> str:
    """Return the disclaimer in `language` that stands on every map, sheet and report."""
    return DISCLAIMER_EN if language == "en" else DISCLAIMER


def verdict_word(verdict: str | None, language: str = "zh") -> str:
    """Return the badge word of the code `verdict` in `language`; empty where nothing was judged (None, empty).

    >>> verdict_word("listed")
    '符合排查条件'
    """
    return _word(Verdict, verdict, language)


def status_word(status: str | None, language: str = "zh") -> str:
    """Return the word of the code `status` of a row in `language`."""
    return _word(Status, status, language)


_UNSAID = frozenset({"trade_wide", "fact_wide", "fact_wide_by_kind", "graver_side_taken"})


def certainty_word(row: Mapping[str, Any], language: str = "zh") -> str:
    """Return in `language` how sure `row`, a finding or source, is, and by what it could flip; empty unjudged."""
    low, limit, high = (row.get(name) for name in ("measured_low", "limit_value", "measured_high"))
    near_m = row.get("nearest_farmland_m")
    if "measured_low" not in row and near_m is not None:  # a source's row: its position may tip it, too
        limit, high = row.get("radius_m"), row.get("nearest_farmland_max_m")
        is_range = row.get("position_kind") == PositionKind.PLACE.value or high is None
        low = near_m - (0.0 if is_range else high - near_m)  # as far off as it may be on the other side
    is_near = low is not None and limit is not None and high is not None and low <= limit < high
    if (
        row["certainty"] == Certainty.AMBIGUOUS
        and not is_near
        and _UNSAID & {*(row.get("reason_codes") or "").split(";")}
    ):
        return render(say("could_flip_unsaid"), language)
    return _word(Certainty, row["certainty"], language)


def cited_with_standing(rule: Mapping[str, Any]) -> str:
    """Return document, clause and standing of a rule."""
    cited = citation(rule)
    if rule["standing"] == Standing.ADOPTED.value:
        return say("cited_as_adopted", cited=cited)
    word = standing_word(rule["standing"], verified=rule.get("verified", ""))
    return say("side_by_side", parts=(cited, word)) if word else cited


def standing_word(standing: str | None, language: str = "zh", verified: str = "") -> str:
    """Return the word of `standing`, a rule's code, in `language`; empty for a radius set by the user.

    `verified`: how the text was checked; one that isn't known to stand on the day asked about isn't called in force.
    """
    if standing == Standing.IN_FORCE.value and verified.startswith(VerificationState.UNVERIFIED.zh):
        return _word(VerificationState, VerificationState.UNVERIFIED.value, language)
    return _word(Standing, standing, language)


def position_word(kind: str | None, language: str = "zh") -> str:
    """Return the word of how a position is known, code `kind`, in `language`."""
    return _word(PositionKind, kind, language)


def basis_word(basis: str | None, language: str = "zh") -> str:
    """Return the word of the code `basis` in `language`."""
    return _word(Basis, basis, language)


def basis_banner(basis: Basis, language: str = "zh") -> str:
    """Return what stands on top of outputs from data of `basis`, in `language`; empty for real data."""
    return "" if basis is Basis.REAL else TEXTS[f"banner_{basis.value}"].say(language)


def is_example(results: Results) -> bool:
    """Tell whether `results` judged real sources against invented receptors: every verdict then reads 示例判定."""
    return any(parameter.name == "mix_basis" for parameter in results.parameters)


def badge(finding: Mapping[str, Any], *, example: bool = False, is_unmet: bool = False, language: str = "zh") -> str:
    """Return the badge in `language` of `finding` or a source's row; `example`: judged on invented data.

    `is_unmet`: whether it is a requirement that the data don't show to be met, which is never called a ban.

    >>> badge({"verdict": "not_assessed", "reason_codes": "coverage_undeclared"})
    '已量，现有数据未见'
    >>> badge({"verdict": "listed"}, example=True)
    '示例判定：符合排查条件'
    """
    word = verdict_word(finding["verdict"], language)
    if is_unmet:
        word = TEXTS["unmet_word"].say(language)
    if _is_none_seen(finding):
        word = TEXTS["none_seen"].say(language)
    return TEXTS["example_badge"].say(language, word=word) if example and word else word


def verdict_header(counts: Mapping[Verdict, int], groups: Mapping[Unassessed, int], language: str = "zh") -> str:
    """Return `counts` by verdict, gravest first, and why the unassessed are (`groups`), in `language`; no overall one.

    >>> verdict_header({Verdict.LISTED: 2}, {}).split("｜")[2]
    '符合排查条件 2 条'
    >>> verdict_header({Verdict.NOT_ASSESSED: 2}, {Unassessed.PLACE: 2}).split("｜")[3]
    '未评估 2 条（已量未见、范围未申明 0，缺图层或资料 0，效力未核实或原文未收录 0，位置不明 2）'
    """
    return (" | " if language == "en" else "｜").join(verdict_parts(counts, groups, language))


def verdict_parts(
    counts: Mapping[Verdict, int], groups: Mapping[Unassessed, int] | None, language: str = "zh"
) -> list[str]:
    """Return `counts` as `verdict_header` has them in `language`, one by one, bare where `groups` is None."""
    unit = "" if language == "en" else " 条"
    parts = [f"{worded(verdict, language)} {counts.get(verdict, 0)}{unit}" for verdict in Verdict]
    if counts.get(Verdict.NOT_ASSESSED) and groups is not None:
        parts[Verdict.NOT_ASSESSED.gravity] += unassessed_text(groups, language)
    return parts


def unassessed_text(groups: Mapping[Unassessed, int], language: str = "zh") -> str:
    """Return in brackets, in `language`, why what wasn't assessed wasn't: numbers of four `groups`."""
    if language == "en":
        return f" ({', '.join(f'{group.en} {groups.get(group, 0)}' for group in Unassessed)})"
    return f"（{'，'.join(f'{group.zh} {groups.get(group, 0)}' for group in Unassessed)}）"


def worded(term: Word, language: str = "zh") -> str:
    """Return `term` of the vocabulary in `language`."""
    return term.en if language == "en" else term.zh


def verdict_sentence(
    finding: Mapping[str, Any],
    *,
    data: str = "所载数据",
    vintage: str = "",
    receptor: str = "",
    language: str = "zh",
    speak: Callable[[str], str] = str,
) -> str:
    """Return what a finding says, in one sentence of `language` (zh or en).

    Parameters
    ----------
    finding
        A row of the findings table: verdict, document, clause, quote, decider, note, as_of.
    data, vintage
        The layer that a `clear` rests on and its time; without a vintage the sentence says so.
    receptor
        What was looked for, in words, where it was measured and none was seen.
    speak
        Puts words of lists among the reasons' values into English.

    Examples
    --------
    >>> from hmgeo.words import say
    >>> verdict_sentence({"verdict": "not_assessed", "note": say("trade_unstated")})
    '缺少行业代码，无法判断条款是否适用，本条未作判断。'
    """
    if not finding["verdict"]:
        return ""
    verdict = Verdict.of(finding["verdict"])
    if _is_none_seen(finding):
        limit, text = finding.get("limit_value"), finding.get("measured_text") or ""
        return TEXTS["measured_undeclared"].say(
            language,
            within=WITHIN.say(language, limit=radius_text(limit))
            if limit is not None and finding.get("unit") == "m"
            else "",
            receptor=f" ({receptor})" if receptor and language == "en" else receptor,
            nearest=NEAREST.say(language, text=text) if text else "",
        )
    return TEXTS[verdict.value].say(
        language,
        citation=citation(finding),
        decider=finding.get("decider") or "主管部门",
        condition=_bare(finding.get("quote")) or "条文所列条件",
        reason=_reason(verdict, finding, language, speak),
        data=data,
        vintage=vintage or "时点未申明",
    )


def finding_sentence(
    results: Results, finding: Mapping[str, Any], language: str = "zh", speak: Callable[[str], str] = str
) -> str:
    """Return `verdict_sentence` of `finding`; the screening rule's of `results` names the farmland layer.

    `language` and `speak` as there. A requirement that the data don't show to be met has a sentence of its own.
    """
    speak = speak if language == ENGLISH else str
    rule = next((used for used in results.rules if used.rule_id == finding["rule_id"]), None)
    if rule is not None and (unmet := unmet_sentence(finding, rule.effect, rule.title, language)):
        return unmet
    farmland = [layer for layer in results.layers if layer.kind is LayerKind.FARMLAND]
    if finding["rule_id"] != results.screening_rule_id or not farmland:
        return verdict_sentence(
            finding, data=speak("所载数据"), vintage=speak("时点见数据来源"), language=language, speak=speak
        )
    return verdict_sentence(
        finding,
        data=speak(f"{LayerKind.FARMLAND.zh}数据"),
        vintage=farmland[0].gates.vintage,
        receptor=worded(LayerKind.FARMLAND, language),
        language=language,
        speak=speak,
    )


def classification_word(results: Results) -> str:
    """Return the 密级 of all of `results` shown: the highest of the layers, or 未标注 where one says none.

    A classified or sensitive layer isn't hidden behind an unmarked one: both are said.
    """
    marks = [layer.gates.classification for layer in results.layers]
    order = list(Classification)
    marked = [word for word in marks if word is not Classification.UNMARKED]
    highest = max(marked, key=order.index) if marked else Classification.UNMARKED
    if len(marked) == len(marks):
        return highest.value
    if highest in (Classification.UNMARKED, Classification.PUBLIC):
        return Classification.UNMARKED.value
    return say("classified_in_part", mark=highest.value)


def caption(results: Results, presentation: Presentation) -> str:
    """Return the line under every output of `results`, by the maker of `presentation` and the day asked about."""
    day = results.as_of.isoformat() if results.as_of else "未设基准日"
    parts = (
        "坐标系：2000国家大地坐标系",
        say("data_from", sources=_sources_of_data(results)),
        say("made_by", maker=presentation.maker or "未填写", day=day),
        "地图审核：未送审",
        say("classified_as", mark=classification_word(results)),
        BOUNDARY_NOTE,
    )
    return say("side_by_side", parts=parts)


def _sources_of_data(results: Results) -> str:
    """Return provider and vintage of each layer once, in the order of the layers."""
    named = [
        say(
            "source_and_vintage",
            source=layer.provenance.source
            or layer.provenance.credit
            or say("bracketed", thing=layer.kind, more="提供单位未申明"),
            vintage=layer.gates.vintage or "时点未申明",
        )
        for layer in results.layers
    ]
    return one_by_one(dict.fromkeys(named)) or "未申明"


def _is_none_seen(finding: Mapping[str, Any]) -> bool:
    """Tell whether nothing but the undeclared extent of the data keeps a finding from being assessed."""
    if finding["verdict"] != Verdict.NOT_ASSESSED:
        return False
    codes = groups_of(finding.get("reason_codes") or "").split(";")
    return Unassessed.of_reasons(codes) is Unassessed.COVERAGE_UNDECLARED


def _reason(verdict: Verdict, finding: Mapping[str, Any], language: str, speak: Callable[[str], str]) -> str:
    parts = parts_of(finding.get("note") or "")
    if verdict is Verdict.NOT_APPLICABLE:
        texts = [_bare(render(part, language, speak, bare=part is parts[0])) for part in parts]
        return _joined(texts, language) or TEXTS["outside_what_applies"].say(language)
    note = _joined([_bare(render(part, language, speak, bare=True)) for part in parts], language)
    if not note:
        return TEXTS["something_missing"].say(language)
    is_said = isinstance(parts[0], Reason) and parts[0].code in _SAYS_WHAT_IS_MISSING
    return note if is_said else TEXTS["missing_since"].say(language, reason=note)


def _joined(texts: Iterable[str], language: str) -> str:
    return ("; " if language == "en" else "。").join(texts)


def _bare(text: str | None) -> str:
    return (text or "").strip().rstrip("。；;")


def _word(words: type[Word], code: str | None, language: str) -> str:
    return worded(words.of(code), language) if code else ""


_LABELS = {key: (zh, en) for key, zh, en in table_rows("hmgeo.outputs.map", "labels.tsv")}
"""Chinese and English by key; `{…}` parts are filled in where they are used."""
_LABELS |= {"visit": TEXTS["visits"], **{column.name: (column.zh, column.en) for column in popup_columns()}}

LABELS: Mapping[str, str] = MappingProxyType({key: zh for key, (zh, _) in _LABELS.items()})
"""Chinese labels by key."""

LABELS_EN: Mapping[str, str] = MappingProxyType({key: en for key, (_, en) in _LABELS.items()})
"""English labels by key."""


def labels(language: str) -> Mapping[str, str]:
    """Return the labels of `language` by key."""
    return LABELS_EN if language == ENGLISH else LABELS


def compass(bearing_deg: float) -> str:
    """Return `bearing_deg`, from true north, in words with its degrees.

    >>> compass(44.6)
    '东北（45°）'
    >>> compass(359.8)
    '北（0°）'
    """
    return f"{bearing_text(bearing_deg)}（{round(bearing_deg) % 360}°）"
