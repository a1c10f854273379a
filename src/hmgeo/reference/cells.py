"""What cells of lists mean where a list of words or codes stands behind them; what isn't understood is `Unknown`."""

import math
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from hmgeo.reference.tables import half_header, read_rows, renumbered, trades_named
from hmgeo.vocabulary import LandClass, LayerKind, SoilQualityClass, Unknown, expression

_CODE = expression(r"(?<![0-9A-Za-z.])([A-Ta-t])?[-· ]?(\d{2,4})(?:\.0+)?(?![0-9A-Za-z.])")
_BLANKS = frozenset({"/", "-", "—"})
_SEPARATORS = "、,;/|"
_EDGES = f" \n()[]{_SEPARATORS}"
_NAME = expression(r"[㐀-䶿一-鿿()·、, ]+")
_ONLY_SIGNS = expression(r"[-~—–+]|和|及|与")
_JOINTS = frozenset({"", "和", "及", "与"})
_CHANGED = expression(r"[原非除拟旧曾已待不未停改变转另或约至到和及与疑兼?]|^等|(?<![造工炼选产理])等$|其[他它]$")
"""Words that make a name say something else than that the code before it holds."""
_HARMLESS = expression(
    r"原[料油煤木动]|还原|非(?:金属|专业|电|木|公路|食用|织造)|未列明|不锈|变[压速频电]|改性|改装(?=汽?车)|船舶(?:改装|拆除)"
    r"|停车(?=设备)|除尘|废旧|针织或|和|及|与"
)
"""Words of official names that hold one of `_CHANGED`."""
_SECTIONS = {"A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50)}
_LATER_SECTIONS = (51, 97)
_DIVISIONS = (1, 97)
_YEARS = frozenset({"1994", "2002", "2011", "2017"})
_SAWN_TIMBER = "2011"  # 锯材加工: the one year of an edition that is a class, too
_FULL_LENGTH = 4
_EDITIONS = ("2011", "2017")
_NUMERAL = expression(r"[〇零一二三四五六七八九十]")
_SHORTEST_NAME = 3


class TradeCell(Struct, frozen=True):
    """What a cell says of a trade.

    `stated`: codes as digits in the cell, in its order; one that only repeats the beginning of another is left out.
    `named`: codes of the classes that the cell names in words, as (edition, code); only where it holds no digits.
    """

    stated: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()

    def codes(self, edition: str) -> tuple[str, ...]:
        """Return the codes in an edition; empty where names have none in it."""
        return self.stated or tuple(code for own, code in self.named if own == edition)

    def fits(self, edition: str, listed: tuple[str, ...]) -> bool | Unknown:
        """Return whether one of the trades in an `edition` is among `listed` codes; a code stands for all below it.

        `Unknown` with code `coarse` where a code is wider than a listed one, or may be one that lost its leading zero.
        """
        codes = self.codes(edition)
        if any(code.startswith(wanted) for code in codes for wanted in listed):
            return True
        may_be = [code for code in codes for wanted in listed if wanted.startswith(code) or _without_zero(code, wanted)]
        return Unknown("coarse", may_be[0], field="trade_code") if may_be else False

    def edition(self, stated: str, available: Iterable[str]) -> str:
        """Return the edition to read in: the `stated` one; for names without, the first `available` that has them."""
        named_in = () if self.stated or stated else tuple(candidate for candidate in available if self.codes(candidate))
        return named_in[0] if named_in else stated

    def among(self, stated: str, lists: Mapping[str, tuple[str, ...]]) -> bool | Unknown:
        """Return whether one of the trades is among the codes that `lists` has by edition.

        Codes that mean the same in both editions need no edition, and may be held against the list of the other.

        `stated`: the edition that the row states; empty where it states none.

        Unknown with code `edition` where the edition decides and isn't known (or isn't that of a list), `coarse` as in
        `fits`.

        Examples
        --------
        >>> read_trade("3360").among("", {"2017": ("3360",)}), read_trade("3849").among("", {"2017": ("3843",)}).code
        (True, 'edition')
        """
        if not self.stated:
            edition = self.edition(stated, lists)
            return self.fits(edition, lists[edition]) if edition in lists and self.codes(edition) else _other_edition()
        editions = (stated,) if stated else _EDITIONS
        answers = [self._in_edition(year, lists) for year in editions]
        kinds = {answer.code if isinstance(answer, Unknown) else answer for answer in answers}
        return answers[0] if len(kinds) == 1 else _other_edition()

    def _in_edition(self, edition: str, lists: Mapping[str, tuple[str, ...]]) -> bool | Unknown:
        if edition in lists:
            return self.fits(edition, lists[edition])
        listed = tuple(code for codes in lists.values() for code in codes)
        same = renumbered()
        changed = [code for code in self.stated if edition.isdigit() and (int(edition), code) in same]
        kept = tuple(code for code in self.stated if code not in changed)
        fits = TradeCell(kept).fits(edition, listed)
        if fits is not False:
            return fits
        for code in changed:
            others = same[int(edition), code] or (code,)
            if any(TradeCell((other,)).fits("", listed) is not False for other in others):
                return _other_edition()
        return False

    def text(self, edition: str) -> str:
        """Return the codes as one cell; empty where the edition has none."""
        return "、".join(self.codes(edition))


def _other_edition() -> Unknown:
    return Unknown("edition", field="trade_code")


def _without_zero(code: str, listed: str) -> bool:
    """Return whether a short code may be a listed one, or a class of it, that a spreadsheet cut the zero from."""
    return len(code) < _FULL_LENGTH and (f"0{code}".startswith(listed) or listed.startswith(f"0{code}"))


@lru_cache(maxsize=16_384)
def read_trade(cell: str) -> TradeCell | Unknown:
    """Return the trades that a cell states: codes with or without letter and name, several of them, or official names.

    `cell`: as a list writes it. A name beside a code must not speak of another class; names alone count only whole
    (`hmgeo.reference.tables.trades_named`).

    >>> read_trade("C3360 金属表面处理及热处理加工").stated, read_trade("３２１１、3360").stated
    (('3360',), ('3211', '3360'))
    >>> read_trade("铅锌冶炼").codes("2017")
    ('3212',)
    >>> read_trade("原3360").code, read_trade("1411 铅锌冶炼").code, read_trade(" ").code
    ('unreadable', 'contradiction', 'not_stated')
    """
    text = unicodedata.normalize("NFKC", cell).strip()
    if not text or text in _BLANKS:
        return Unknown("not_stated", cell, field="trade_code")
    matches = list(_CODE.finditer(text))
    if not matches:
        return _by_name(text, cell)
    before, years = text[: matches[0].start()].strip(" (["), _YEARS & {match[2] for match in matches}
    if years - {_SAWN_TIMBER} or (len(matches) > 1 and (before or years)):
        return Unknown("unreadable", cell, field="trade_code")
    if before:  # the name stands first
        after = text[matches[0].end() :].strip(_EDGES)
        text = text[matches[0].start() : matches[0].end()] + " " + before + after
        matches = list(_CODE.finditer(text))
    ends = [*(match.start() for match in matches[1:]), len(text)]
    for match, end in zip(matches, ends, strict=True):
        fault = _section_fault(match[1], match[2]) or _rest_fault(
            text[match.end() : end], match[2], is_last=end == len(text)
        )
        if fault:
            return Unknown(fault, cell, field="trade_code")
    codes = tuple(dict.fromkeys(match[2] for match in matches))
    finest = tuple(code for code in codes if not any(other != code and other.startswith(code) for other in codes))
    return TradeCell(finest)


def plain_trade(cell: str, edition: str) -> str:
    """Return the codes that a cell states, in an edition; the cell as it is where it can't be read so.

    >>> plain_trade("C3211、３３６０", "2017"), plain_trade("铅锌冶炼", ""), plain_trade("待定", "2017")
    ('3211、3360', '铅锌冶炼', '待定')
    """
    trade = read_trade(cell)
    return cell if isinstance(trade, Unknown) else trade.text(edition) or cell


def _section_fault(letter: str | None, code: str) -> str:
    """Return a fault where no division begins so, or a letter isn't the section that the division belongs to."""
    first, last = _SECTIONS.get(letter.upper(), _LATER_SECTIONS) if letter else _DIVISIONS
    if first <= int(code[:2]) <= last:
        return ""
    return "contradiction" if letter else "unreadable"


def _rest_fault(rest: str, code: str, *, is_last: bool) -> str:
    """Return what is wrong with the words after a code; empty where they are its name or nothing."""
    if _NUMERAL.match(rest.lstrip()):  # 33六零: a code of which only a part is written in figures
        return "unreadable"
    name = rest.strip(_EDGES)
    if name in _JOINTS and not (is_last and name):
        return ""
    if _ONLY_SIGNS.fullmatch(name):
        return "unreadable"
    name = name.strip("-—–").strip(_EDGES)
    if not _NAME.fullmatch(name):
        return "unreadable"
    return _name_fault(name, code)


def _name_fault(name: str, code: str) -> str:
    """Return why a name doesn't go with a code: it speaks of another class, or of a change."""
    own, key_words = _names_of(code)
    if name in own:
        return ""
    others = [other for other in _all_names() if len(other) >= _SHORTEST_NAME and other not in own]
    if any(other in name.replace(f"非{other}", "") for other in others):
        return "contradiction"
    if _CHANGED.search(_HARMLESS.sub("", name)):
        return "unreadable"
    named = divisions_named(name) if int(code[:2]) in _INDUSTRY else []
    if not any(ANY_TRADE in divisions for divisions in named) and any(code[:2] not in divisions for divisions in named):
        return "contradiction"
    pairs = _pairs(*own, *key_words)
    return "contradiction" if pairs and not pairs & _pairs(name) else ""


def _pairs(*words: str) -> set[str]:
    """Return all two characters that stand side by side; 非金属 has none in common with 金属."""
    plain = [word.replace("非金属", "非") for word in words]
    return {word[at : at + 2] for word in plain for at in range(len(word) - 1)}


ANY_TRADE = "*"
"""Stands in the table of trade words beside words that serve every trade, such as 机械."""
_INDUSTRY = range(6, 47)  # divisions that make things; who farms or sells them names them, too


@lru_cache(maxsize=1)
def trade_words() -> Mapping[str, frozenset[str]]:
    """Return words that tell a trade, each with its divisions of GB/T 4754."""
    return {row["word"]: frozenset(row["divisions"].split()) for row in read_rows("trade_words.csv")}


def divisions_named(text: str) -> list[frozenset[str]]:
    """Return the divisions of each word in `text` that tells a trade.

    >>> divisions_named("面包")[0] == {"13", "14"}, divisions_named("示例厂")
    (True, [])
    """
    return [divisions for word, divisions in trade_words().items() if word in text]


def _by_name(text: str, cell: str) -> TradeCell | Unknown:
    """Return the classes that a cell names in words: as a whole, else each part between separators."""
    parts = [text] if trades_named(text) else [part.strip() for part in re.split(f"[{_SEPARATORS}\n]", text)]
    named = [(str(trade.edition), trade.code) for part in parts for trade in trades_named(part)]
    if not all(trades_named(part) for part in parts):
        return Unknown("unreadable", cell, field="trade_code")
    return TradeCell(named=tuple(dict.fromkeys(named)))


@lru_cache(maxsize=16_384)
def read_word(name: str, cell: str) -> str | Unknown:
    """Return the official word that a cell means, by the words of `data/words.csv`; only whole cells count.

    `name`: the list asked: a layer by its code, or a column by its name.

    >>> read_word("是否涉镉", "是"), read_word("是否涉镉", "待查").code, read_word("是否涉镉", "").code
    ('已认定', 'not_in_list', 'not_stated')
    """
    text = compared_word(cell)
    if not text or text in _BLANKS:
        return Unknown("not_stated", cell, field=name)
    return _words().get(name, {}).get(text) or Unknown("not_in_list", cell, field=name)


def official_words(name: str) -> tuple[str, ...]:
    """Return the official words of the list `name` of `data/words.csv`, in its order.

    >>> official_words("water_source_zones")
    ('一级', '二级', '准')
    """
    return tuple(dict.fromkeys(_words().get(name, {}).values()))


def lists_of_words() -> tuple[str, ...]:
    """Return the names of all lists of words."""
    return tuple(_words())


def compared_word(cell: str) -> str:
    """Return `cell`, a word, as it is compared with a list: half-width, without spaces, in small letters."""
    return "".join(unicodedata.normalize("NFKC", cell).split()).casefold()


_LAND_CODE = expression(r"(\d{2,4})(?:[A-Z]\d?)?(?![^\u3400-\u9fff(])")
_HEAD = expression(r"0[1-9]|1\d|2[0-4]")
"""First two digits of the classes of land there are."""
_CUT_DIGITS = 3  # what is left of 0101 without its zero
_ZERO_KEPT = expression(r"0[1-9]\d{1,2}(?!\d)")
"""A code that begins with its zero: no spreadsheet cut it off."""
_WETLAND = "00"
_FARMLAND_CODE = "01"
"""Beginning of the land codes of farmland: 0101 paddy, 0102 irrigated, 0103 dry (011 to 013 in the second survey)."""
_LAND_CLASSES = {
    code: word.value
    for last, word in enumerate((LandClass.PADDY, LandClass.IRRIGATED, LandClass.DRY), start=1)
    for code in (f"010{last}", f"01{last}")
}
LAND = "land_code"
FARMLAND, OTHER_LAND = "耕地", "非耕地"
NO_FARMLAND = frozenset({OTHER_LAND, LandClass.GARDEN.value})
"""What `land_class` says of land that isn't 耕地: 园地 (02) is 农用地 as 耕地 (01) is, and a class of its own."""
_GARDEN = expression(r"02\d*|(?:可调整)?(?:果|茶|橡胶|油料|其他)?园地?|种植园用地")


def zeros_kept(codes: Iterable[str]) -> frozenset[int]:
    """Return how many digits land codes have that begin with a zero: 3 in the second survey, 4 in the third.

    None where no code does: then a spreadsheet may have cut all zeros off.
    """
    return frozenset(len(match[0]) for code in codes if (match := _ZERO_KEPT.match(_plain_code(code))))


def _plain_code(code: str) -> str:
    return compared_word(code).removesuffix(".0").upper()


def read_land(code: str, kept: frozenset[int]) -> str | Unknown:
    """Return whether a land code or its name is 耕地 or 非耕地.

    `kept`: as `zeros_kept` says of all codes of the file: 101 is a railway where others of three digits keep their
    zeros, else it may be 0101 that a spreadsheet cut.

    >>> read_land("0103", frozenset({4})), read_land("林地", frozenset()), read_land("9999", frozenset({4})).code
    ('耕地', '非耕地', 'not_in_list')
    """
    plain = _plain_code(code)
    digits = _LAND_CODE.match(plain)
    if digits is None:
        return read_word(LAND, plain)
    if plain.startswith(_FARMLAND_CODE):
        return FARMLAND
    own, has_three = digits[1], len(digits[1]) == _CUT_DIGITS
    may_be_cut = not kept or (has_three and _CUT_DIGITS not in kept)
    whole = f"0{own}" if may_be_cut and has_three else own
    may_be_farmland = may_be_cut and f"0{own}".startswith(_FARMLAND_CODE)
    is_known = whole == _WETLAND or _HEAD.match(whole) is not None
    return OTHER_LAND if is_known and not may_be_farmland else Unknown("not_in_list", code, field=LAND)


def land_class(code: str, kept: frozenset[int]) -> str | Unknown:
    """Return the `LandClass` of `code`, a land code or its name, 非耕地 for other land than 耕地 and 园地.

    >>> land_class("0103", frozenset({4})), land_class("011", frozenset({3})), land_class("01", frozenset())
    ('旱地', '水田', '未细分耕地')
    >>> land_class("水浇地", frozenset()), land_class("耕地", frozenset()), land_class("0301", frozenset({4}))
    ('水浇地', '未细分耕地', '非耕地')
    >>> [land_class(code, frozenset({4})) for code in ("0201K", "茶园", "201")]
    ['园地', '园地', '非耕地']
    """
    land = read_land(code, kept)
    if isinstance(land, Unknown):
        return land
    plain = _plain_code(code)
    digits = _LAND_CODE.match(plain)
    if land == OTHER_LAND:
        return LandClass.GARDEN.value if _GARDEN.fullmatch(plain if digits is None else digits[1]) else land
    known = {word.value: word.value for word in LandClass} if digits is None else _LAND_CLASSES
    return known.get(plain if digits is None else digits[1], LandClass.OTHER.value)


def is_other_land(code: str, kept: frozenset[int]) -> bool:
    """Return whether a land `code` surely is no farmland; `kept` as in `read_land`."""
    return read_land(code, kept) == OTHER_LAND


def read_class(layer: str, cell: str) -> str | Unknown:
    """Return `read_word` of `cell`, a class in a `layer`; in a layer without a list any word stands for itself."""
    read = read_word(layer, cell)
    return cell if isinstance(read, Unknown) and cell and layer not in _words() else read


def leaves_class_open(layer: str, word: str) -> bool:
    """Tell whether a class `word` of a `layer` doesn't say which class: not understood, blank, or not classified yet.

    >>> [leaves_class_open("farmland", word) for word in ("优先保护类", "未划分", "待定", "")]
    [False, True, True, True]
    """
    read = read_class(layer, word)
    return isinstance(read, Unknown) or (layer == LayerKind.FARMLAND and read == SoilQualityClass.UNCLASSIFIED)


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Mapping[str, str]]:
    """Return by list what each word means, compared as `read_word` compares."""
    lists: dict[str, dict[str, str]] = {}
    for row in read_rows("words.csv"):
        text = compared_word(row["word"])
        lists.setdefault(row["list"], {})[text] = row["means"]
    return lists


@lru_cache(maxsize=1)
def _all_names() -> frozenset[str]:
    rows = read_rows("industry_codes.csv")
    return frozenset(filter(None, (row[column] for row in rows for column in ("name_2017", "name_2011"))))


@lru_cache(maxsize=512)
def _names_of(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the official names of a code in either edition, and the words for the industry it belongs to."""
    names, words = set(), set()
    for row in read_rows("industry_codes.csv"):
        if code in {row["gbt4754_2017"], row["gbt4754_2011"]}:
            names |= {row["name_2017"], row["name_2011"]} - {""}
            words |= {row["key_industry_zh"]} - {""}
    return frozenset(names), frozenset(words)


_KG = {
    "mg": Fraction(1, 10**6), "毫克": Fraction(1, 10**6), "g": Fraction(1, 1000), "克": Fraction(1, 1000),
    "kg": Fraction(1), "千克": Fraction(1), "公斤": Fraction(1), "t": Fraction(1000), "吨": Fraction(1000),
    "万t": Fraction(10**7), "万吨": Fraction(10**7),
}  # fmt: skip
_M3 = dict.fromkeys(("m3", "立方米", "方", "t", "吨"), Fraction(1)) | dict.fromkeys(
    ("万m3", "万立方米", "万方", "万t", "万吨"), Fraction(10**4)
)
_A_YEAR, _A_DAY = ("/a", "/年", "/y", "/yr", "/year", "·a-1"), ("/d", "/日", "/天", "/day", "·d-1")
_UNITS: dict[str, tuple[str, Fraction]] = {
    "mg/kg": ("mg/kg", Fraction(1)), "毫克/千克": ("mg/kg", Fraction(1)), "毫克/公斤": ("mg/kg", Fraction(1)),
    "ppm": ("mg/kg", Fraction(1)), "μg/kg": ("mg/kg", Fraction(1, 1000)), "ug/kg": ("mg/kg", Fraction(1, 1000)),
    "g/kg": ("mg/kg", Fraction(1000)),
    "m": ("m", Fraction(1)), "米": ("m", Fraction(1)), "cm": ("m", Fraction(1, 100)), "厘米": ("m", Fraction(1, 100)),
    "km": ("m", Fraction(1000)), "公里": ("m", Fraction(1000)), "千米": ("m", Fraction(1000)),
    "m2": ("m2", Fraction(1)), "㎡": ("m2", Fraction(1)), "平方米": ("m2", Fraction(1)),
    "ha": ("m2", Fraction(10**4)), "公顷": ("m2", Fraction(10**4)), "亩": ("m2", Fraction(10**4, 15)),
    "km2": ("m2", Fraction(10**6)), "平方公里": ("m2", Fraction(10**6)),
    "m3": ("m3", Fraction(1)), "立方米": ("m3", Fraction(1)), "万m3": ("m3", Fraction(10**4)),
    "万立方米": ("m3", Fraction(10**4)),
    "户": ("户", Fraction(1)), "人": ("人", Fraction(1)), "百人": ("人", Fraction(100)),
    "千人": ("人", Fraction(1000)), "万人": ("人", Fraction(10**4)),
    **{unit: ("kg", size) for unit, size in _KG.items()},
    **{unit + rate: ("kg/a", size) for unit, size in _KG.items() for rate in _A_YEAR},
    **{unit + rate: ("m3/d", size) for unit, size in _M3.items() for rate in _A_DAY},
}  # fmt: skip
"""What a unit measures, and its size; a tonne of water is a cubic metre."""
_QUANTITY = expression(r"([<>≤≥~约])?\s*([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)\s*(\D.*)?")
_IN_BRACKETS = expression(r"\((?:单位:?)?([^()]*)\)")
_LIKE_UNIT = expression(r"/|[吨克斤%‰]$|[μun]g$|[十百千万亿][人户]$|-\d$|\^")


class Quantity(Struct, frozen=True):
    """A number with what stood around it: its unit in plain signs, `<`, `>` or 约 before it; each may be empty.

    `is_plain` tells that the text was a bare number already.
    """

    value: float
    unit: str = ""
    sign: str = ""
    is_plain: bool = False


def parse_quantity(text: str) -> Quantity | None:
    """Read a number with thousands marks, a unit or a sign before it; None where the text is no number.

    >>> parse_quantity("1,200 kg")
    Quantity(value=1200.0, unit='kg', sign='', is_plain=False)
    >>> parse_quantity("＜0.35mg/kg").sign, parse_quantity("1,20"), parse_quantity("未检出")
    ('<', None, None)
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    match = _QUANTITY.fullmatch(plain)
    if match is None or not re.match(r"[+-]?\.?\d", match[2]):
        return None
    unit = "".join((match[3] or "").split()).strip("()")
    if unit and unit_size(unit) is None:
        return None
    is_plain = not match[1] and not unit and "," not in match[2] and text.strip() == plain
    return Quantity(float(match[2].replace(",", "")), unit, match[1] or "", is_plain)


def unit_size(unit: str) -> tuple[str, Fraction] | None:
    """Return what a unit measures and its size; None for an unknown one.

    >>> unit_size("t/a"), unit_size("KG"), unit_size("个")
    (('kg/a', Fraction(1000, 1)), ('kg', Fraction(1, 1)), None)
    """
    plain = "".join(unicodedata.normalize("NFKC", unit).replace("\u2212", "-").split())
    return _UNITS.get(plain) or _UNITS.get(plain.casefold())


def unit_of_header(header: str) -> str:
    """Return the unit behind a column's name, an unknown one in brackets, too; empty where no unit stands there.

    >>> [unit_of_header(f"铅{behind}") for behind in ("（t/a）*", "(mg/m³)", "(µg)", "(10^-3t)", "(Hg)", "(2020年)")]
    ['t/a', 'mg/m3', 'μg', '10^-3t', '', '']
    """
    bracketed = reversed(_IN_BRACKETS.findall(half_header(header)))
    return next((text for text in bracketed if unit_size(text) or _LIKE_UNIT.search(text)), "")


def factor(unit: str, wanted: str) -> Fraction | None:
    """Return by what a number in a `unit` is multiplied to be one in the `wanted`; None where they differ in kind.

    A mass or a volume without a time is one a year or a day where that is wanted; a mass a day is none a year.

    >>> factor("t", "kg/a"), factor("kg/d", "kg/a"), factor("kg/a", "kg"), factor("kg", "m")
    (Fraction(1000, 1), None, Fraction(1, 1), None)
    """
    of_wanted = unit_size(wanted)
    for rate in ("", "/a", "/d"):
        own = unit_size(unit + rate)
        if own is not None and of_wanted is not None and of_wanted[0] in {own[0], own[0].removesuffix("/a")}:
            return own[1] / of_wanted[1]
    return None


def in_unit(quantity: Quantity, unit: str) -> float | None:
    """Return a quantity in another unit; None where the two don't measure the same. Nothing is 0 in any unit.

    >>> in_unit(Quantity(1.2, "t"), "kg"), in_unit(Quantity(3.0), "kg"), in_unit(Quantity(1.0, "kg"), "m")
    (1200.0, 3.0, None)
    """
    if not (quantity.unit and unit and quantity.value):
        return quantity.value
    times = factor(quantity.unit, unit)
    if times is None or not math.isfinite(quantity.value):
        return None
    product = Fraction(repr(quantity.value)) * times
    return float(product) if abs(product) <= sys.float_info.max else None


def amount(cell: str, header: str, unit: str) -> float | None:
    """Return what a `cell` under a `header` comes to in a `unit`; None where it is no amount of 0 or more.

    The cell's own unit counts, else that of the header, else the wanted one.

    >>> amount("0.5", "新增铅(t/a)", "kg/a"), amount("0.5 kg", "新增铅(t/a)", "kg/a"), amount("3", "镉(mg/m³)", "kg/a")
    (500.0, 0.5, None)
    """
    quantity = parse_quantity(cell)
    if quantity is None or quantity.sign or quantity.value < 0:
        return None
    value = in_unit(replace(quantity, unit=quantity.unit or unit_of_header(header)), unit)
    return value if value is not None and math.isfinite(value) else None
