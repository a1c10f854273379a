"""A site's answer for people in a hurry: one screen of lines, for the terminal and a sheet; or every clause."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from hmgeo.outputs import wording
from hmgeo.outputs.book import display_width
from hmgeo.outputs.english import in_language
from hmgeo.outputs.siting_words import (
    DECIMALS,
    SHORT_DISCLAIMER,
    TOUCHED,
    badge,
    certainty_text,
    citation_text,
    data_text,
    header,
    header_parts,
    limit_text,
    missing_sentences,
    open_sentences,
    position_text,
    said_text,
    say,
    standing_text,
)
from hmgeo.outputs.wording import worded as word
from hmgeo.reference.tables import key_areas
from hmgeo.results.siting import Citation, Clause, Dossier, Nearest, OpenClauses, SiteAnswer, SitingResults, grouped
from hmgeo.results.text import bearing_text, distance_text
from hmgeo.rules.parameters import title_of
from hmgeo.vocabulary import Certainty, LayerKind, Settling, Standing, Verdict
from hmgeo.words import Reason, codes_of, parts_of

SCREEN_LINES, SCREEN_COLUMNS = 30, 100
_PIECE = re.compile(r"[A-Za-z0-9.\-/]+|.")
_NO_START = frozenset("，。；、：）」』》｜”,.;:)")
_ARTICLE = re.compile(r"第([一二三四五六七八九十百零]+)条(?:第([一二三四五六七八九十]+)款)?")
_QUOTED_PLACE = re.compile(r"“[^”]*”段?")
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")}


class _Block(Struct, frozen=True):
    """A part of the answer: its lines in full, then ever shorter, each with how late it is shortened to them."""

    levels: tuple[tuple[int, list[str]], ...]


def screen_lines(
    dossier: Dossier, results: SitingResults, language: str = "zh", *, names_options: bool = True
) -> list[str]:
    """Return the answer of `dossier` among `results` on one screen: at most 30 lines of 100 columns.

    In `language`, zh or en. What is touched comes first, then the bans that can't be excluded yet with what would
    settle each, then what else is open, what was searched, the nearest object of every layer, and counts for the rest.
    Where room is short notes, then lists are shortened; the counts stay whole. `names_options`: the options that tell
    more are named at the end.
    """
    blocks = _Screen(dossier, results, language, names_options).blocks()
    chosen = [0] * len(blocks)
    steps = sorted((rank, at, level) for at, block in enumerate(blocks) for level, (rank, _) in enumerate(block.levels))
    for _, at, level in steps:
        if _length(blocks, chosen) > SCREEN_LINES:
            chosen[at] = max(level, chosen[at])
    for _, at, level in reversed(steps):  # what was shortened early may fit after all
        longer = [*chosen[:at], level - 1, *chosen[at + 1 :]]
        if level == chosen[at] > 0 and _length(blocks, longer) <= SCREEN_LINES:
            chosen = longer
    lines = [line for block, level in zip(blocks, chosen, strict=True) for line in block.levels[level][1]]
    if len(lines) <= SCREEN_LINES:
        return lines
    more = say("site.more_lines", language, count=str(len(lines) - SCREEN_LINES + 1))
    return [*lines[: SCREEN_LINES - 2], more, lines[-1]]


def list_lines(dossier: Dossier, results: SitingResults, language: str = "zh") -> list[str]:
    """Return the answer of `dossier` among `results` as an entry of a list: which, where, counts, bans that are met."""
    return _Screen(dossier, results, language, names_options=False).entry()


def _length(blocks: Sequence[_Block], chosen: Sequence[int]) -> int:
    return sum(len(block.levels[level][1]) for block, level in zip(blocks, chosen, strict=True))


class _Screen(Struct, frozen=True):
    dossier: Dossier
    results: SitingResults
    language: str
    names_options: bool

    @property
    def answer(self) -> SiteAnswer:
        return self.dossier.answer

    def say(self, text: str, /, **parts: str) -> str:
        return say(text, self.language, **parts)

    def blocks(self) -> list[_Block]:
        """Return the parts in reading order."""
        parts, hits = (
            self.answer.parts(),
            (("■", "ban", 80), ("■", "unmet", 70), ("▲", "conditional", 20), ("◆", "listed", 25)),
        )
        names = {
            "ban": word(Verdict.PROHIBITED, self.language),
            "unmet": wording.TEXTS["unmet_word"].say(self.language),
        }
        names |= {verdict.value: word(verdict, self.language) for verdict in (Verdict.CONDITIONAL, Verdict.LISTED)}
        bans, others = parts["open_ban"], parts["open_other"]
        return [
            self._head(),
            *(self._hits(sign, names[part], parts[part], rank) for sign, part, rank in hits),
            self._open(self.say("site.open_bans", count=str(len(bans))), bans, (50, 95)),
            self._open(self.say("site.open_others", count=str(len(others))), others, (12, 40)),
            self._clear(),
            self._around(),
            self._asides(),
            self._foot(),
        ]

    def entry(self) -> list[str]:
        """Return a line with what is asked about, one with the counts, and one with each ban and unmet requirement."""
        parts, counts = self.answer.parts(), header_parts(self.answer, self.language, has_groups=False)
        names = (
            ("ban", word(Verdict.PROHIBITED, self.language)),
            ("unmet", wording.TEXTS["unmet_word"].say(self.language)),
        )
        hits = [f"■ {name}{self._colon()}{self._citations(parts[part])}" for part, name in names if parts[part]]
        return [*self._packed(self._where(), "　"), *self._packed(counts, "｜", 2), *self._packed(hits, "｜", 2)]

    def _where(self) -> list[str]:
        answer, facts = self.answer, {fact.name: fact.value for fact in self.answer.facts}
        named = self._word(answer.site_id) if answer.name in {"", answer.site_id} else f"{answer.site_id} {answer.name}"
        return [named, answer.place or self.say("未知"), self._position(facts)]

    def _head(self) -> _Block:
        answer, facts = self.answer, {fact.name: fact.value for fact in self.answer.facts}
        names = {area.id: area.name for area in key_areas()}
        area = self._comma().join(names.get(id_, id_) for id_ in answer.key_area_ids.split(";") if id_)
        lines = [self._word(facts[name]) for name in ("行业", "建设性质") if name in facts]
        stated = [(name, facts[name]) for name in _STATED if facts.get(name, "未说明") not in _UNSAID]
        lines += [f"{self.say(name)}{self._colon()}{self._word(value)}" for name, value in stated]
        lines += [self.say("site.as_of", day=answer.as_of)]
        lines += [self.say("site.key_areas", names=area)] if area else []
        lines += [self.say("示例判定")] if any(clause.is_example for clause in answer.clauses) else []
        start = [*self._packed(self._where(), "　"), *self._packed(lines, "｜")]
        full, short = (header_parts(answer, self.language, has_groups=has) for has in (True, False))
        return _Block(((0, [*start, *self._packed(full, "｜")]), (30, [*start, *self._packed(short, "｜")])))

    def _word(self, text: str) -> str:
        return in_language(say(text, self.language), self.language)

    def _position(self, facts: Mapping[str, str]) -> str:
        answer = self.answer
        if answer.lon is None or answer.lat is None:
            return self.say("未定位")
        at = ", ".join(f"{degrees:.6f}".rstrip("0").rstrip(".") for degrees in (answer.lon, answer.lat))
        error = f"±{answer.uncertainty_m or 0:.0f} m"
        digits = f"{self._comma()}{self._word(facts[DECIMALS])}" if DECIMALS in facts else ""
        return f"{at}{self._bracketed(error + digits)}"

    def _hits(self, sign: str, name: str, clauses: Sequence[Clause], rank: int) -> _Block:
        """Return clauses that are touched, each with what was measured, who decides and where it stands."""
        if not clauses:
            return _Block(((0, []),))
        whole, plain, two, short = [], [], [], []
        for clause in clauses:
            cited = clause.citation
            head = f"{sign} {name}　{self._what(clause)}　{short_citation(cited)}"
            measured_text, decides = self._measured(clause), self.say("site.decider", decider=cited.decider)
            parts = [
                *([measured_text] if measured_text else []),
                decides,
                standing_text(clause, self.language),
                cited.rule_id,
            ]
            lines = [*self._fold(head, 0), *self._packed(parts, "｜", 2)]
            whole += [*lines, *(line for note in self._notes(clause) for line in self._fold(note, 4))]
            plain += lines
            ended = f"　{short_citation(cited)}"
            two.append(self._cut(f"{sign} {name}　{self._what(clause)}", ended))
            measured = self._nearest(clause, _NAME_SIGNS[0]) or measured_text
            two.append(self._cut(f"  {'｜'.join(filter(None, (measured, decides)))}"))
            short.append(self._brief(f"{sign} {name}　", clause, measured_text))
        run = self._packed([short_citation(clause.citation) for clause in clauses], "、", 2)
        packed = [f"{sign} {name} {len(clauses)}", *run]
        middle = two if rank > _TWO_LINES else short
        return _Block(
            (
                (0, whole),
                (min(38, rank - 26), plain),
                (rank - 25, middle),
                (rank, short),
                (97, min(packed, short, key=len)),
            )
        )

    def _what(self, clause: Clause) -> str:
        """Return what a clause asks: its condition or its title."""
        cited = clause.citation
        if clause.verdict is Verdict.CONDITIONAL and cited.condition:
            return in_language(cited.condition, self.language).rstrip("。.")
        return (cited.title_en if self.language == "en" else "") or cited.title

    def _brief(self, head: str, clause: Clause, measured: str) -> str:
        """Return one line on a clause that is touched: names are shortened before what was measured is."""
        end = f"　{short_citation(clause.citation)}"
        if clause.verdict is Verdict.CONDITIONAL:
            return self._cut(f"{head}{self._what(clause)}", end)
        for signs in _NAME_SIGNS:
            text = self._nearest(clause, signs) or measured or self._what(clause)
            if display_width(self._signed(f"{head}{text}{end}")) <= SCREEN_COLUMNS:
                break
        return self._cut(f"{head}{text}", end)

    def _nearest(self, clause: Clause, name_signs: int) -> str:
        """Return the nearest object, how far with how sure, and the limit; empty where nothing was measured so."""
        measured = clause.measured
        if measured.value is None or not measured.receptor_name or measured.limit is None:
            return ""
        name = measured.receptor_name
        parts = {
            "name": name if len(name) <= name_signs else f"{name[: name_signs - 1]}…",
            "text": measured.text,
            "way": in_language(bearing_text(measured.bearing_deg), self.language),
            "limit": limit_text(clause),
            "unsure": self._unsure(clause, _FIRST_WORD),
            "chosen": self.say("（非法定）") if _CHOSEN & set(codes_of(_parts(clause))) else "",
        }
        return self.say("site.near_limit", **parts)

    def _unsure(self, clause: Clause, end: re.Pattern[str]) -> str:
        if clause.certainty is not Certainty.AMBIGUOUS:
            return ""
        unsure = certainty_text(clause, self.language)
        is_near = unsure == word(Certainty.AMBIGUOUS, self.language)
        return f"〔{end.split(unsure)[0] if is_near else self.say('资料未说清，从严')}〕"

    def _measured(self, clause: Clause) -> str:
        """Return what was measured, with how sure it is."""
        text = ("" if self.language == "zh" else " ").join(in_language(part, self.language) for part in clause.evidence)
        near = self._nearest(clause, _NAME_SIGNS[0])
        return near or f"{text.rstrip('。.')}{self._unsure(clause, _FIRST_WORDS)}"

    def _notes(self, clause: Clause) -> list[str]:
        """Return what else must be known of a clause that is touched: exceptions, the book's own remarks."""
        parts = [part for part in _parts(clause) if set(codes_of([part])) & _TOLD_OF_HITS]
        remark = [f"条文说明：{clause.citation.note}"] if clause.citation.note and self.language == "zh" else []
        return [*(in_language(part, self.language) for part in parts), *remark]

    def _open(self, title: str, clauses: Sequence[Clause], ranks: tuple[int, int]) -> _Block:
        if not clauses:
            return _Block(((0, []),))
        groups, colon = grouped(clauses), self._colon()
        items = [f"{self.settles(group)}{colon}{self._citations(group.clauses)}" for group in groups]
        lines = [line for item in items for line in self._fold(item, 2)]
        kinds = Counter(dict.fromkeys(Settling, 0))
        for group in groups:
            kinds[group.settling] += len(group.clauses)
        counts = [f"{word(kind, self.language)} {count}" for kind, count in kinds.items() if count]
        brief = self._by_department(groups)
        packed, flowing = self._packed(brief, "｜", 2), self._fold(f"{title}{colon}{'｜'.join(brief)}", 0)
        tally = self._packed([f"{title}{colon}{counts[0]}", *counts[1:]], "｜")
        levels = ((0, [title, *lines]), (ranks[0], [title, *packed]), (ranks[0] + 10, flowing))
        named = self._fold(
            f"{title}{colon}{'｜'.join(f'{self.settles(group)} {len(group.clauses)}' for group in groups)}", 0
        )
        return _Block((*levels, (ranks[1] - 3, min(named, flowing, key=len)), (ranks[1], tally)))

    def _by_department(self, groups: Sequence[OpenClauses]) -> list[str]:
        """Return groups in short, layers of one department together."""
        departments, colon = self.results.departments, self._colon()
        asked: dict[str, list[str]] = {}
        for group in groups:
            cited = self._citations(group.clauses)
            if group.settling is not Settling.LAYER:
                asked[self.settles(group)] = [cited]
                continue
            names = [in_language(departments[code][0], self.language) for code in group.what if code in departments]
            many = self.say("site.and_layers", count=str(len(names))) if len(names) > 1 else ""
            whom = in_language(departments[group.what[0]][1], self.language) if group.what[0] in departments else ""
            item = f"{''.join(names[:1])}{many}{self._bracketed(cited)}"
            asked.setdefault(self.say("site.obtain_from", whom=whom), []).append(item)
        return [f"{whom}{colon}{self._comma().join(items)}" for whom, items in asked.items()]

    def _colon(self) -> str:
        return ": " if self.language == "en" else "："

    def _comma(self) -> str:
        return ", " if self.language == "en" else "、"

    def _bracketed(self, text: str) -> str:
        return f" ({text})" if self.language == "en" else f"（{text}）"

    def _signed(self, text: str) -> str:
        return text.translate(_SIGNS_EN) if self.language == "en" else text

    def _fold(self, text: str, indent: int) -> list[str]:
        return _fold(self._signed(text), indent)

    def _cut(self, text: str, end: str = "") -> str:
        return _cut(self._signed(text), self._signed(end))

    def settles(self, group: OpenClauses) -> str:
        """Return what would settle clauses, in words."""
        kind, what = group.settling, group.what
        if kind is Settling.LAYER:
            departments = self.results.departments
            names = "".join(
                f"「{in_language(departments[code][0], self.language) if code in departments else code}」"
                for code in what
            )
            whom = dict.fromkeys(
                in_language(departments[code][1], self.language) for code in what if code in departments
            )
            return self.say("site.obtain_missing", names=names, whom=self._comma().join(whom))
        if kind is Settling.PARAMETER:
            return self.say("site.user_chooses", names="".join(f"「{title_of(name)}」" for name in what))
        if kind is Settling.FACT:
            facts = (in_language(fact, self.language) for fact in what)
            return self.say("site.state_facts", names=self._comma().join(facts))
        if kind is Settling.DATA:
            named = "".join(
                f"「{word(self.results.layers[code].kind, self.language)}」"
                for code in what
                if code in self.results.layers
            )
            return self.say("site.declare", names=named) if named else word(kind, self.language)
        if kind is Settling.TEXT:
            return word(Standing.of(what[0]), self.language)
        return word(kind, self.language)

    def _citations(self, clauses: Iterable[Clause]) -> str:
        """Return clauses in short, those of one document together."""
        by_document: dict[str, list[str]] = {}
        for clause in clauses:
            by_document.setdefault(_short_document(clause.citation), []).append(short_clause(clause.citation))
        articles = {document: self._comma().join(dict.fromkeys(places)) for document, places in by_document.items()}
        parts = (f"{document} {places}".strip() for document, places in articles.items())
        return ("; " if self.language == "en" else "；").join(parts)

    def _clear(self) -> _Block:
        clauses = self.answer.having(Verdict.CLEAR)
        if not clauses:
            return _Block(((0, []),))
        by_data: dict[str, list[Clause]] = {}
        for clause in clauses:
            by_data.setdefault(data_text(clause, self.results, self.language), []).append(clause)
        head = self.say("site.untouched", count=str(len(clauses)))
        full = [f"{self._citations(members)}{self._bracketed(data)}" for data, members in by_data.items()]
        short = [f"{data} {len(members)}" for data, members in by_data.items()]
        whole = self._packed([f"{head}{self._colon()}{full[0]}", *full[1:]], "｜")
        return _Block(((0, whole), (5, self._packed([head, *short], "｜")), (18, [head])))

    def _around(self) -> _Block:
        near = self.dossier.nearest
        if not near:
            return _Block(((0, []),))
        items = [nearest_text(thing, self.language) for thing in near]
        head = self.say("site.nearest", count=str(len(near)))
        head += self.say("；＊范围或完整性未申明，可能还有更近的") if any(thing.is_open for thing in near) else ""
        flowing = self._fold(f"{head}{self._colon()}{'｜'.join(items)}", 0)
        return _Block(((0, [*self._fold(head, 0), *self._packed(items, "｜", 2)]), (35, flowing)))

    def _asides(self) -> _Block:
        """Return what was taken from the trade, what a better position would settle, and notes on the site."""
        answer = self.answer
        touched = [clause for clause in answer.clauses if clause.verdict in TOUCHED]
        reasons = [part for clause in touched for part in _parts(clause)]
        lines = []
        for codes, text in ((_DERIVED, "site.by_trade"), (_WIDE, "site.wide_code")):
            words = dict.fromkeys(self._values(reason) for reason in reasons if set(codes_of([reason])) & codes)
            lines += [self.say(text, words=self._comma().join(words))] if words else []
        unsure = [
            clause
            for clause in answer.clauses
            if clause.other is not None and clause.other is not Verdict.NOT_APPLICABLE
        ]
        if unsure and (answer.uncertainty_m or 0) > _FOUR_DECIMALS_M:
            lines += [self.say("site.four_decimals", count=str(len(unsure)))]
        short = self._packed(lines, "｜")
        notes = [line for note in answer.notes for line in self._fold(in_language(note, self.language), 0)]
        return _Block(((0, [*short, *notes]), (8, [*short, *map(self._cut, notes[:2])])))

    def _values(self, reason: str) -> str:
        value = reason.values.get("words", "") if isinstance(reason, Reason) else ""
        words = (value,) if isinstance(value, str) else value
        return self._comma().join(in_language(word, self.language) for word in words)

    def _foot(self) -> _Block:
        counts = Counter(_outside_word(clause, self.language) for clause in self.answer.having(Verdict.NOT_APPLICABLE))
        reasons = self._comma().join(f"{name} {count}" for name, count in counts.most_common())
        named = self._bracketed(reasons) if reasons else ""
        parts = [f"{self.say('site.out', count=str(counts.total()))}{named}"]
        options = ("全部条文和条文说明 --all", "清单 --sites 文件 --out 文件夹") if self.names_options else ()
        parts += map(self.say, options)
        return _Block(((0, [*self._packed(parts, "｜"), *self._fold(self.say(SHORT_DISCLAIMER), 0)]),))

    def _packed(self, items: Sequence[str], between: str, indent: int = 0) -> list[str]:
        """Return items on as few lines as hold them, broken between items where they fit."""
        lines: list[str] = []
        for item in items:
            joined = f"{lines[-1]}{self._signed(between)}{self._signed(item)}" if lines else ""
            if joined and display_width(joined) <= SCREEN_COLUMNS:
                lines[-1] = joined
            else:
                lines += self._fold(item, indent)
        return lines


def _parts(clause: Clause) -> list[str]:
    return [part for reason in clause.reasons for part in parts_of(reason)]


_NAME_SIGNS = (16, 12, 8, 5)
"""Signs that a name may have, where there is ever less room beside what was measured."""
_CHOSEN = frozenset({"distance_chosen", "number_chosen"})


_STATED, _UNSAID = ("新增重点重金属排放", "填报的事实"), frozenset({"未说明", "未填报"})
_TOLD_OF_HITS = frozenset({"exception_unstated", "exception_doubted", "part_not_tested", *_CHOSEN})
_TWO_LINES = 50
_SIGNS_EN = str.maketrans({"｜": " | ", "　": "  ", "＊": "*", "～": "–", "〔": " [", "〕": "]", "；": "; "})
_FIRST_WORDS, _FIRST_WORD = re.compile(r"（| \(|;"), re.compile(r"，|（| \(|;|,| within")
_DERIVED, _WIDE = frozenset({"fact_derived"}), frozenset({"trade_wide", "fact_wide", "fact_wide_by_kind"})
_FOUR_DECIMALS_M = 8.0
_OUTSIDE = {
    "reach_kind": "对象",
    "reach_action": "行为",
    "reach_trade": "行业",
    "reach_situation": "情形",
    "reach_not_situation": "情形",
    "reach_basin": "地域",
    "reach_place": "地域",
    "reach_cadmium": "涉镉情况",
    "exempt": "条文除外",
    "exempt_since": "条文除外",
}


def _outside_word(clause: Clause, language: str = "zh") -> str:
    """Return in one word why a clause doesn't apply: trade, action, place, its dates."""
    parts = _parts(clause)
    whats = [part.values.get("what", "") if isinstance(part, Reason) else "" for part in parts]
    code = next((code for code in codes_of([*whats, *parts]) if code in _OUTSIDE), "")
    return say(_OUTSIDE[code], language) if code else word(clause.standing, language)


def nearest_text(nearest: Nearest, language: str = "zh") -> str:
    """Return object `nearest` in `language`: which, how far with the position's uncertainty, which direction."""
    layer = word(LayerKind.of(nearest.layer), language)
    mark = "＊" if nearest.is_open else ""
    if nearest.distance_m is None:
        return say("site.no_record", language, layer=layer) + mark
    named = nearest.name if layer in nearest.name else f"{layer} {nearest.name}".strip()
    if nearest.high_m == 0:
        return say("site.inside", language, name=named) + mark
    low, high = (distance_text(end) for end in (nearest.low_m, nearest.high_m))
    unit = high.rpartition(" ")[2]
    start = low.removesuffix(f" {unit}") if nearest.low_m else "0"
    away = high if low == high else f"{start}～{high}"
    way = in_language(bearing_text(nearest.bearing_deg), language)
    return f"{named} {away} {way}".rstrip() + mark


def _short_document(cited: Citation) -> str:
    """Return what a text is called in a list: without the name of the country."""
    return cited.document.strip("《》").removeprefix("中华人民共和国")


def short_clause(cited: Citation) -> str:
    """Return the article of `cited` in figures, its paragraph in a circle; a passage's name is left out.

    >>> _article("第五十条第二款"), _article("第二十五条(三)"), _article("四（一）“优化产业结构”段")
    ('50②', '25(三)', '四（一）')
    """
    return _article(cited.clause) if cited.clause else word(Standing.TEXT_NOT_HELD)


def _article(clause: str) -> str:
    def figures(match: re.Match[str]) -> str:
        paragraph = _number(match[2] or "")
        return f"{_number(match[1])}{chr(0x2460 + paragraph - 1) if paragraph else ''}"

    return _ARTICLE.sub(figures, _QUOTED_PLACE.sub("", clause) or clause)


def _number(text: str) -> int:
    """Return a Chinese numeral below a thousand."""
    hundreds, has_hundreds, rest = text.rpartition("百")
    tens, has_tens, ones = rest.lstrip("零").rpartition("十")
    value = _DIGITS.get(ones, 0) + (10 * _DIGITS.get(tens, 1) if has_tens else 0)
    return value + (100 * _DIGITS.get(hundreds, 1) if has_hundreds else 0)


def short_citation(cited: Citation) -> str:
    """Return document and clause of `cited` in short."""
    return f"{_short_document(cited)} {short_clause(cited)}".strip()


def _fold(text: str, indent: int) -> list[str]:
    """Return a text on lines of the screen's width; numbers and words hold together, no line begins with a comma."""
    room, lines, taken = SCREEN_COLUMNS - indent, [""], 0
    for piece in _PIECE.findall(text):
        if taken + display_width(piece) > room - 4 and piece not in _NO_START:
            lines.append("")
            taken = 0
        added = piece if lines[-1] else piece.lstrip()
        lines[-1] += added
        taken += display_width(added)
    return [f"{' ' * indent}{line}" for line in lines if line]


def _cut(text: str, end: str = "") -> str:
    """Return a text on one line before its end, with a sign where it goes on."""
    room = SCREEN_COLUMNS - display_width(end)
    if display_width(text) <= room:
        return text + end
    while display_width(text) > room - 2:
        text = text[:-1]
    return f"{text}…{end}"


def clause_lines(dossier: Dossier, results: SitingResults, language: str = "zh") -> list[str]:
    """Return the answer of `dossier` clause by clause: quote, measure, what would change it, who decides.

    In `language`, zh or en, with the warnings of `results`. Clauses that don't apply stand at the end, each with its
    reason.
    """
    answer = dossier.answer
    lines = [
        f"{answer.site_id}　{answer.name}　{answer.place}　{position_text(answer, language)}",
        header(answer, language),
        "",
    ]
    for clause in answer.clauses:
        cited = clause.citation
        other = say("site.or_else_bracketed", language, other=word(clause.other, language)) if clause.other else ""
        rank, clause_text = word(cited.legal_rank, language), citation_text(cited, language)
        lines.append(f"【{badge(clause, language)}】{other}{rank} {clause_text} {cited.rule_id}")
        evidence = "".join(in_language(reason, language) for reason in clause.evidence)
        judged = [("site.measured", evidence), ("site.judgement", said_text(clause, results, language))]
        lines += [f"    {say(label, language, text=text)}" for label, text in judged if text]
        if clause.verdict is Verdict.NOT_APPLICABLE:
            continue
        lines += [f"    {certainty_text(clause, language)}"] if clause.certainty else []
        changes = "".join(in_language(change, language) for change in clause.changes)
        lines += [f"    {say('site.changes', language, text=changes)}"] if changes else []
        parts = {
            "decider": cited.decider,
            "standing": standing_text(clause, language),
            "data": data_text(clause, results, language),
        }
        lines.append(f"    {say('site.decides_by', language, **parts)}")
    lines += ["", *(nearest_text(nearest, language) for nearest in dossier.nearest)]
    lines += ["", *results.warnings, *missing_sentences(answer, results, language)]
    return [*lines, *open_sentences(answer, language), *(in_language(note, language) for note in answer.notes)]
