"""Whether a rule is in effect for a place and a day, and which of its dated values speaks."""

from collections.abc import Collection, Iterable
from datetime import date

from msgspec.structs import replace

from hmgeo.reference.tables import basins, provinces, territories
from hmgeo.rules.model import DatedValue, Rule, RuleStanding, Runs
from hmgeo.rules.words import BASINS
from hmgeo.vocabulary import COUNTRY, COUNTY_DIGITS, PREFECTURE_DIGITS, Standing, ValidityState
from hmgeo.words import say, sentences


def codes_of_place(code: str) -> frozenset[str]:
    """Return a place's administrative code with all codes that hold it.

    `code`: CN, or the first 2, 4, 6, 9 or 12 digits of an administrative code, six-digit codes padded with zeros.

    >>> sorted(codes_of_place("441802105"))
    ['440000', '441800', '441802', '441802105', 'CN']
    >>> sorted(codes_of_place("440000"))
    ['440000', 'CN']
    """
    codes = {COUNTRY}
    if code == COUNTRY or not code:
        return frozenset(codes)
    six = code[:COUNTY_DIGITS]
    codes.add(six[:2] + "0000")
    if six[2:4] != "00":
        codes.add(six[:PREFECTURE_DIGITS] + "00")
    if six[4:] != "00":
        codes.add(six)
    codes.update(code[:length] for length in (9, 12) if len(code) >= length)
    return frozenset(codes)


def standing_of(
    rule: Rule, *, as_of: date, place_codes: Collection[str], adopted: bool, not_in: Collection[str] | None = None
) -> RuleStanding:
    """Decide a rule's standing.

    A text not held and a repealed rule stay so whatever a project adopts. Adoption lifts the other hindrances: a
    foreign place, a period that is over, a day before the first one. Without adoption a foreign place counts first,
    then a day before the first, then a stated period that is over.

    It comes with the value in force at as_of; under adoption else the nearest dated one; None where none speaks. Where
    it isn't known whether the territory holds the source, `doubt` says so.

    Parameters
    ----------
    as_of
        The day the question is asked about. First and last days of a period are inside it; from its day of repeal a
        rule is repealed.
    place_codes
        The administrative codes that hold the source, such as CN, 440000, 441800, 441802.
    adopted
        Whether the project adopts the rule as a method.
    not_in
        As in `territory_holds`.
    """
    holds = territory_holds(rule, place_codes, not_in)
    standing = _standing_of(rule, as_of, place_codes, adopted=adopted, holds=holds)
    return _as_checked(rule, replace(standing, verified=rule.verified.text_on(as_of)), as_of)


def _as_checked(rule: Rule, standing: RuleStanding, as_of: date) -> RuleStanding:
    """Return the standing after the office's own check: it speaks where the book only knows that a period is over.

    What is lost no longer applies; a successor that the book doesn't hold leaves its clause open. Neither a check nor
    an adoption brings back what is repealed, or a text that isn't held.
    """
    check = rule.validity
    if check is None or (check.since and as_of < check.since) or standing.standing is Standing.OUTSIDE_TERRITORY:
        return standing
    if check.state is ValidityState.STILL and standing.standing in {Standing.IN_FORCE, Standing.PERIOD_OVER}:
        checked_text = say("validity_checked_before", checked=check.text) if as_of > check.on else check.text
        checked = f"{checked_text}；{rule.verified.against}"
        return replace(standing, standing=Standing.IN_FORCE, note_zh=sentences(checked_text), verified=checked)
    if check.state is ValidityState.STILL or standing.standing in {Standing.REPEALED, Standing.TEXT_NOT_HELD}:
        return replace(standing, note_zh=sentences(standing.note_zh, check.text))
    if check.state is ValidityState.LOST or check.is_held:
        return replace(standing, standing=Standing.REPEALED, note_zh=sentences(check.text), verified=check.text)
    checked_text = say("validity_successor_not_held", checked=check.text)
    return replace(standing, standing=Standing.TEXT_NOT_HELD, note_zh=checked_text, verified=check.text)


def _standing_of(
    rule: Rule, as_of: date, place_codes: Collection[str], *, adopted: bool, holds: bool | None
) -> RuleStanding:
    if rule.runs.state is Runs.TEXT_NOT_HELD:
        absent = sentences(say("text_absent", document=rule.latest.document), rule.would_decide)
        return RuleStanding(Standing.TEXT_NOT_HELD, None, absent)
    begun = [value for value in rule.history if value.in_force_from is not None and value.in_force_from <= as_of]
    reached = begun[-1] if begun else None
    if reached is not None and reached.repealed_on is not None and reached.repealed_on <= as_of:
        return RuleStanding(Standing.REPEALED, reached, _repealed_zh(reached))
    hindrance = _hindrance(rule, reached, as_of, place_codes, is_elsewhere=holds is False)
    doubt = ""
    if not adopted and rule.basin and _basin_holds(rule.basin, place_codes) is None:
        doubt = say("basin_untold", basin=BASINS[rule.basin])
    elif not adopted and not rule.basin and holds is None:
        doubt = say("territory_unknown", territory=territory_name(rule.territory))
    if hindrance is None and not (adopted and holds is None):
        return RuleStanding(Standing.IN_FORCE, reached, "", doubt)
    if hindrance is not None and not adopted:
        standing, note_zh = hindrance
        return RuleStanding(standing, reached, note_zh, doubt)
    chosen = reached or rule.history[0]
    return RuleStanding(Standing.ADOPTED, chosen, _adopted_zh(chosen, as_of))


_WITHOUT_COUNTIES = frozenset({"441900", "442000", "460400", "620200"})
"""Cities whose townships lie right below them: 东莞, 中山, 儋州, 嘉峪关."""


def stem_of(code: str) -> str:
    """Return the digits that the codes of all parts of the place with this `code` begin with.

    >>> stem_of("450000"), stem_of("451200"), stem_of("451221"), stem_of("441802105")
    ('45', '4512', '451221', '441802105')
    """
    if len(code) != COUNTY_DIGITS or not code.endswith("00") or code in _WITHOUT_COUNTIES:
        return code
    return code[:2] if code.endswith("0000") else code[:PREFECTURE_DIGITS]


def in_territory(rule: Rule, place_codes: Collection[str], not_in: Collection[str] | None = None) -> bool:
    """Return whether `rule` may have force in a place; False only where territory or basin are known not to hold it."""
    holds = territory_holds(rule, place_codes, not_in)
    return holds is not False and _basin_holds(rule.basin, place_codes) is not False


def territory_holds(rule: Rule, place_codes: Collection[str], not_in: Collection[str] | None = None) -> bool | None:
    """Return whether a rule's territory holds a place; None where the codes known don't tell.

    `place_codes`: all codes known to hold it.
    `not_in`: codes of counties known not to hold it; None where `place_codes` is all there is to know.

    >>> from types import SimpleNamespace
    >>> rule = SimpleNamespace(territory=("450000",))
    >>> [territory_holds(rule, codes_of_place(code), ()) for code in ("451221", "441802", "CN")]
    [True, False, None]
    """
    if set(rule.territory) & set(place_codes):
        return True
    if not_in is None:
        return False
    known = {stem_of(code) for code in place_codes if code != COUNTRY}
    innermost = [
        inner for inner in known if not any(other != inner and other.startswith(inner) for other in known)
    ] or [""]
    left_open = [
        code
        for code in rule.territory
        if any(stem_of(code).startswith(inner) for inner in innermost)
        and not set(territories()[code][1] if code in territories() else (code,)) <= set(not_in)
    ]
    return None if left_open else False


def territory_name(codes: Iterable[str]) -> str:
    """Return what territories are called, the codes of those without a name here.

    >>> territory_name(["450000"]), territory_name(["441800", "419001"])
    ('广西壮族自治区', '清远市、济源市')
    """
    names = {code: entry[0] for table in (provinces(), territories()) for code, entry in table.items()}
    return "、".join(names.get(code, code) for code in codes)


def _basin_holds(basin: str, place_codes: Collection[str]) -> bool | None:
    """Return whether a basin holds a place; None where the list of counties doesn't tell.

    `place_codes`: a place with all that hold it; the innermost code that the list holds decides. Where places
    disagree, one that the basin holds is enough.

    >>> _basin_holds("yangtze", codes_of_place("420281")), _basin_holds("yellow", codes_of_place("513401"))
    (True, False)
    >>> _basin_holds("yangtze", codes_of_place("522726")), _basin_holds("", ())
    (None, True)
    """
    if not basin:
        return True
    counties = [code for code in place_codes if len(code) == COUNTY_DIGITS and not code.endswith("00")]
    answers = {_basin_of(basin, codes_of_place(county)) for county in counties} or {_basin_of(basin, place_codes)}
    return True if True in answers else None if None in answers else False


def _basin_of(basin: str, place_codes: Collection[str]) -> bool | None:
    known = [(code, holds) for (name, code), holds in basins().items() if name == basin and code in place_codes]
    return max(known, key=lambda row: len(row[0].rstrip("0")))[1] if known else None


def _hindrance(
    rule: Rule, reached: DatedValue | None, as_of: date, place_codes: Collection[str], *, is_elsewhere: bool
) -> tuple[Standing, str] | None:
    """Return the first thing that keeps a rule from being in force, with its sentence."""
    if is_elsewhere:
        return Standing.OUTSIDE_TERRITORY, say("territory_elsewhere", territory=tuple(rule.territory))
    if _basin_holds(rule.basin, place_codes) is False:
        return Standing.OUTSIDE_TERRITORY, say("basin_elsewhere", basin=BASINS[rule.basin])
    if reached is None:
        first = rule.history[0].in_force_from
        return Standing.NOT_YET, say("not_yet_in_force", first=str(first), as_of=str(as_of))
    if reached.plan_period is not None and reached.plan_period.end < as_of:
        period = reached.plan_period
        return Standing.PERIOD_OVER, say("period_is_over", start=str(period.start), end=str(period.end))
    return None


def _adopted_zh(value: DatedValue, as_of: date) -> str:
    first, period = str(value.in_force_from), value.plan_period
    values = {"document": value.document, "first": first, "as_of": str(as_of)}
    if period is None:
        return say("adopted_text", **values)
    return say("adopted_plan", **values, start=str(period.start), end=str(period.end))


def _repealed_zh(value: DatedValue) -> str:
    values = {"document": value.document, "day": str(value.repealed_on)}
    return say("replaced_text", **values, by=value.replaced_by) if value.replaced_by else say("repealed_text", **values)
