"""One source against one rule: standing first, then whether the rule reaches it, then its test; how real that is."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from hmgeo.judging.applies import Exempt, Reach, Subject, exemption, known_fact, reach
from hmgeo.judging.choices import USER_DECIDER, Choices, unset_text
from hmgeo.judging.clause_tests import FLOW_PATH, Inquiry, evaluate
from hmgeo.judging.facts import Facts, Side, Stated, unplaced
from hmgeo.judging.facts import Unknown as Doubted
from hmgeo.judging.layers import KeyAreasOnly
from hmgeo.judging.places import KEY_AREA_KIND, KEY_AREAS
from hmgeo.results.siting import Measurement
from hmgeo.rules.kinds import FLOW_KINDS, parameters_of
from hmgeo.rules.model import (
    AppliesTo,
    DatedValue,
    Rule,
    RuleStanding,
    Runs,
    RunsState,
    Test,
    Title,
    Verification,
    VerificationState,
)
from hmgeo.rules.parameters import ParameterType, declaration
from hmgeo.rules.words import ATTRIBUTES, CATCHMENT, NETWORK
from hmgeo.vocabulary import SPEAKING, Basis, Certainty, Effect, LayerKind, LegalRank, Standing, Verdict
from hmgeo.words import Reason, codes_of, say, sentences

_WHEN_HIT = {Effect.BAN: Verdict.PROHIBITED, Effect.RESTRICT: Verdict.CONDITIONAL, Effect.LIST: Verdict.LISTED}
_NEVER_APPLIES = frozenset({Standing.REPEALED, Standing.NOT_YET, Standing.OUTSIDE_TERRITORY})
IN_PRINCIPLE = say("in_principle")


class Judgement(Struct, frozen=True):
    """What a rule says of a source, and why.

    Parameters
    ----------
    reasons
        Sentences on this source: why it isn't judged, what limits the answer.
    standing_note
        How the rule stands, the same for all sources of a place.
    other, certainty
        The other side within the position's uncertainty; None and None where nothing was judged.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    other: Verdict | None = None
    certainty: Certainty | None = None
    measurement: Measurement | None = None
    standing: Standing = Standing.IN_FORCE
    standing_note: str = ""

    @property
    def note(self) -> Reason:
        """The reasons, and how the rule stands."""
        return sentences(*self.reasons, self.standing_note)

    @property
    def reason_codes(self) -> str:
        """The codes of the reasons, joined by `;`; that of a standing under which nothing is judged first."""
        stands = () if self.standing in SPEAKING else (self.standing.value,)
        return ";".join((*stands, *codes_of(self.reasons)))


def judge(rule: Rule, standing: RuleStanding, subject: Subject, facts: Facts | None, choices: Choices) -> Judgement:
    """Judge a source by a rule of effect ban, require, restrict or list; others never give a verdict.

    A rule hits where it applies, the graver side of its test holds and no exception is known to hold. One of them
    known to be otherwise settles it, whatever else isn't known; every other mixture is `not_assessed`. Only what could
    turn the verdict is asked for.

    `not_assessed` always says why. Where a choice is unset, the verdict stands only if every allowed choice comes to
    the same. What stands past its period, or isn't held, is never clear and asks for nothing.

    Parameters
    ----------
    facts
        None where the source has no usable position; then only what its row states can decide.
    standing
        On the day and in the place asked about; its `value` is what is judged by.
    choices
        What the project chose; what it left open is tried in every allowed way.
    """
    return Case(rule, standing, subject, choices).judge(facts)


class Case:
    """A rule and whom it is about: what of a judgement no place changes is worked out once. See `judge`."""

    def __init__(self, rule: Rule, standing: RuleStanding, subject: Subject, choices: Choices) -> None:
        self.rule, self.standing, self.subject, self.choices = rule, standing, subject, choices

    @cached_property
    def _reached(self) -> Reach:
        return reach(self.rule, self.subject, self.choices, self.standing.doubt)

    @cached_property
    def _exempt(self) -> Exempt | None:
        return exemption(self.rule, self.subject)

    @cached_property
    def _unset(self) -> list[str]:
        return unset_outside_the_test(self.rule, self.choices)

    @cached_property
    def _tried(self) -> list[Choices]:
        return list(self.choices.spread(self.rule.parameters))

    @cached_property
    def _implied(self) -> Mapping[str, frozenset[Side]]:
        return implied_sides(self.rule, self.subject)

    @cached_property
    def _denied(self) -> Mapping[str, Doubted]:
        return _denied(self.rule, self.subject)

    def judge(self, facts: Facts | None) -> Judgement:
        """Return what the rule says of the subject by its `facts`; None where it has no usable position."""
        standing = self.standing
        return replace(self._judged(facts), standing=standing.standing, standing_note=standing.note_zh)

    def _judged(self, facts: Facts | None) -> Judgement:
        rule, standing = self.rule, self.standing
        if standing.standing in _NEVER_APPLIES:
            return Judgement(Verdict.NOT_APPLICABLE)
        reached, exempt = self._reached, self._exempt
        if reached.side is Side.NOT_MET:
            return Judgement(Verdict.NOT_APPLICABLE, (reached.why,))
        if exempt is not None and exempt.is_known:
            return Judgement(Verdict.NOT_APPLICABLE, (exempt.why,))
        if standing.standing not in SPEAKING or rule.test is None or standing.value is None:
            outside = elsewhere(rule, standing.value, facts, self.choices)
            return Judgement(Verdict.NOT_ASSESSED) if outside is None else Judgement(Verdict.NOT_APPLICABLE, outside)
        tested = self._over_choices(
            standing.value, unplaced(Stated(self.subject.attributes)) if facts is None else facts
        )
        if reached.side is Side.UNKNOWN:
            return _if_it_applies(tested, reached.why)
        return _as_reached(rule, tested, reached, "" if exempt is None else exempt.why)

    def _over_choices(self, value: DatedValue, facts: Facts) -> Judgement:
        """Judge under every allowed completion of what nobody chose; the verdict stands where all agree."""
        rule = self.rule
        if self._denied:
            stated = replace(facts.stated, attributes={**facts.stated.attributes, **self._denied})
            facts = replace(facts, stated=stated)
        graver = Side.NOT_MET if rule.effect is Effect.REQUIRE else Side.MET
        possible = [
            (tried, _tested(rule, Inquiry(value, facts, tried, graver, self._implied))) for tried in self._tried
        ]
        first = possible[0][1]
        if len(possible) > 1 and len({(judgement.verdict, judgement.other) for _, judgement in possible}) > 1:
            return Judgement(
                Verdict.NOT_ASSESSED, tuple(map(unset_text, _that_matter(possible))), measurement=first.measurement
            )
        if self._unset:
            reasons = first.reasons if first.verdict is Verdict.NOT_ASSESSED else ()
            unset = map(unset_text, self._unset)
            return Judgement(Verdict.NOT_ASSESSED, (*unset, *reasons), measurement=first.measurement)
        return first


def verdict_of(rule: Rule, side: Side) -> Verdict:
    """Return the verdict of one `side` of the test of `rule` (the table of effects).

    A requirement that holds only in principle (原则上) and isn't met is conditional, not prohibited. A rule whose test
    covers only a part of its clause is never clear.
    """
    if side is Side.UNKNOWN:
        return Verdict.NOT_ASSESSED
    is_hit = (side is Side.MET) is not (rule.effect is Effect.REQUIRE)
    if not is_hit:
        return Verdict.NOT_ASSESSED if rule.uncovered else Verdict.CLEAR
    if rule.effect is Effect.REQUIRE:
        return Verdict.CONDITIONAL if rule.in_principle else Verdict.PROHIBITED
    return _WHEN_HIT[rule.effect]


def elsewhere(rule: Rule, value: DatedValue | None, facts: Facts | None, choices: Choices) -> tuple[str, ...] | None:
    """Return why a clause that doesn't speak now would speak here on no day: the key areas it names settle it.

    `value` is the latest that is known, `choices` are tried in every way. None where `rule` could have touched the
    source of `facts`, whatever else is known of it.
    """
    if rule.test is None or value is None or facts is None or not names_key_areas(rule):
        return None
    placed = Facts(KeyAreasOnly(facts.layers))
    graver = Side.NOT_MET if rule.effect is Effect.REQUIRE else Side.MET
    over = (evaluate(rule.test, Inquiry(value, placed, tried, graver)) for tried in choices.spread(rule.parameters))
    if all(outcome.possible == {graver.opposite} for outcome in over):
        return (say("not_applicable", what=say("reach_place")),)
    return None


def names_key_areas(rule: Rule) -> bool:
    """Return whether a rule's test asks in which key area a source lies."""
    leaves = rule.test.leaves() if rule.test is not None else ()
    return any(leaf.kind == KEY_AREA_KIND or leaf.text("layer") == KEY_AREAS for leaf in leaves)


def _if_it_applies(tested: Judgement, why: str) -> Judgement:
    """Return what stands where it isn't known whether the rule applies: a clear, and nothing else."""
    verdicts = (tested.verdict, tested.verdict if tested.other is None else tested.other)
    graver, milder = (verdict if verdict is Verdict.CLEAR else Verdict.NOT_ASSESSED for verdict in verdicts)
    if graver is Verdict.CLEAR:
        return tested
    reasons = tested.reasons if tested.verdict is Verdict.NOT_ASSESSED else ()
    is_open = milder is Verdict.CLEAR
    return Judgement(
        Verdict.NOT_ASSESSED,
        tuple(dict.fromkeys((why, *reasons))),
        Verdict.CLEAR if is_open else None,
        Certainty.AMBIGUOUS if is_open else None,
        tested.measurement,
    )


def _as_reached(rule: Rule, tested: Judgement, reached: Reach, exempt: str) -> Judgement:
    """Print beside a hit what could still take the source out: an exception nobody spoke of, a code that is wide.

    What was derived from kind or trade is said too, so that it can be corrected. A requirement tells its exceptions
    even where it is met: what was stated to meet it may be more than is asked.
    """
    if tested.verdict is Verdict.NOT_ASSESSED:
        return tested
    if tested.verdict is Verdict.CLEAR:
        is_told = exempt and rule.effect is Effect.REQUIRE
        return replace(tested, reasons=(*tested.reasons, exempt)) if is_told else tested
    reasons = (*tested.reasons, *filter(None, (reached.derived, reached.wide, exempt)))
    if not reached.wide:
        return replace(tested, reasons=reasons)
    return replace(tested, reasons=reasons, other=Verdict.NOT_APPLICABLE, certainty=Certainty.AMBIGUOUS)


def unset_outside_the_test(rule: Rule, choices: Choices) -> list[str]:
    """Return points of `rule` that `choices` leave unset and no field of its test reads, such as which works count."""
    if not rule.parameters:
        return []
    read = {rule.applies_to.trades.parameter, *(parameters_of(rule.test) if rule.test is not None else ())}
    declared = [declaration(name) for name in rule.parameters if name not in read and choices.is_open(name)]
    return [point.name for point in declared if point is not None and point.type is not ParameterType.CHOICE]


def _that_matter(possible: list[tuple[Choices, Judgement]]) -> list[str]:
    """Return the unset choices that change the verdict while the others stay as they are."""
    deciding = []
    for name in possible[0][0].assumed:
        seen: dict[tuple[tuple[str, str], ...], set[tuple[Verdict, Verdict | None]]] = {}
        for choices, tested in possible:
            rest = tuple((key, code) for key, code in choices.assumed.items() if key != name)
            seen.setdefault(rest, set()).add((tested.verdict, tested.other))
        if any(len(verdicts) > 1 for verdicts in seen.values()):
            deciding.append(name)
    return deciding


def _denied(rule: Rule, subject: Subject) -> Mapping[str, Doubted]:
    """Return the facts that a rule's test asks for and on whose stated no nobody can rest."""
    names = {leaf.text("attribute") for leaf in (rule.test.leaves() if rule.test is not None else ())}
    known = {name: known_fact(subject, name)[0] for name in sorted(names & set(ATTRIBUTES))}
    return {name: fact for name, fact in known.items() if isinstance(fact, Doubted)}


def implied_sides(rule: Rule, subject: Subject) -> Mapping[str, frozenset[Side]]:
    """Return what kind and trade of `subject` say of the facts `rule` asks: yes, no, or both for a wider code."""
    sides = {}
    for leaf in rule.test.leaves() if rule.test is not None else ():
        name = leaf.text("attribute")
        known, is_maybe = known_fact(subject, name) if name in ATTRIBUTES else (None, False)
        if isinstance(known, bool):
            side = Side.MET if known else Side.NOT_MET
            sides[name] = frozenset({side, side.opposite} if is_maybe else {side})
    return sides


def _tested(rule: Rule, inquiry: Inquiry) -> Judgement:
    if rule.test is None:
        return Judgement(Verdict.NOT_ASSESSED, (say("rule_without_test"),))
    outcome = evaluate(rule.test, inquiry)
    verdicts = sorted({verdict_of(rule, side) for side in outcome.possible}, key=lambda verdict: verdict.gravity)
    graver, milder = verdicts[0], verdicts[-1]
    uncovered = rule.uncovered if inquiry.partly.opposite in outcome.possible else ""
    covers = (say("part_not_tested", words=uncovered),) if uncovered else ()
    principle = IN_PRINCIPLE if rule.in_principle and outcome.possible != {Side.UNKNOWN} else ""
    reasons = (*condition_text(rule, inquiry.value, graver), *outcome.why, *covers, principle)
    if graver is not milder:
        return Judgement(graver, reasons, milder, Certainty.AMBIGUOUS, outcome.measurement)
    certainty = Certainty.AMBIGUOUS if outcome.is_approximate else Certainty.CERTAIN
    certain = None if graver is Verdict.NOT_ASSESSED else certainty
    return Judgement(graver, reasons, None, certain, outcome.measurement)


def condition_text(rule: Rule, value: DatedValue, verdict: Verdict) -> tuple[str, ...]:
    """Return what must be fulfilled where `rule` comes to a conditional `verdict`, where `value` says it; else none."""
    if verdict is not Verdict.CONDITIONAL:
        return ()
    condition = (rule.condition or rule.title.zh).rstrip("。")
    return (say("condition_to_meet", condition=condition, document=value.document, clause=value.clause),)


USER_RADIUS_ID = "USER-RADIUS"


def user_radius_rule(radius_m: float, source_kind: str) -> tuple[Rule, RuleStanding]:
    """Return the rule for `radius_m` metres around sources of `source_kind`, with a standing that speaks anywhere."""
    value = DatedValue(date(1, 1, 1), "", value=radius_m, unit="m")
    rule = Rule(
        id=USER_RADIUS_ID,
        title=Title("使用者设定的半径", "radius set by the user"),
        legal_rank=LegalRank.TECHNICAL_GUIDE,
        authority=USER_DECIDER,
        territory=("CN",),
        applies_to=AppliesTo((source_kind,)),
        test=Test("maximum_distance", {"layer": "farmland"}),
        effect=Effect.LIST,
        history=(value,),
        decider=USER_DECIDER,
        matter="",
        verified=Verification(VerificationState.UNVERIFIED, ""),
        runs=RunsState(Runs.YES),
    )
    return rule, RuleStanding(Standing.IN_FORCE, value, "")


_RIVERS, _HEIGHTS = LayerKind.RIVERS.value, LayerKind.ELEVATION.value


def asked_layers(rule: Rule, choices: Choices) -> Iterator[str]:
    """Yield the codes of layers that `rule` asks: targets, and what lies between by `choices` (unset: both ways)."""
    for leaf in rule.test.leaves() if rule.test is not None else ():
        if leaf.text("layer"):
            yield leaf.text("layer")
        yield from _between(leaf, choices.code(leaf.text("mode")))


def _between(leaf: Test, mode: str) -> tuple[str, ...]:
    if leaf.kind in FLOW_KINDS:
        return {NETWORK: (_RIVERS,), CATCHMENT: (_HEIGHTS,)}.get(mode, (_RIVERS, _HEIGHTS))
    return (_HEIGHTS,) if leaf.kind == "slope" or mode == FLOW_PATH else ()


def basis_of(rule: Rule, choices: Choices, basis: Basis, bases: Mapping[str, Basis]) -> Basis:
    """Return how real what a rule says is.

    Parameters
    ----------
    basis
        Of the sources and of what they are always measured against.
    bases
        By the codes of the layers that sources are held against, how real each is.
    choices
        They decide whether rivers or heights are asked.
    """
    return Basis.worst(basis, *(bases[code] for code in asked_layers(rule, choices) if code in bases))
