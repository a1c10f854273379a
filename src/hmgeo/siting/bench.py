"""One site or many against a resident set of layers, clause by clause, with what an answer rests on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from operator import itemgetter

import numpy as np
import shapely
from msgspec import Struct
from msgspec.structs import replace

from hmgeo.judging.applies import Subject, exemption, known_fact, reach
from hmgeo.judging.bench import Bench, Question, finding_fields
from hmgeo.judging.choices import Choices
from hmgeo.judging.clause_tests import features_of, ratio_limit
from hmgeo.judging.facts import Answer, DistanceFact, Facts, Features, PlaceFact, Side, Unknown
from hmgeo.judging.judge import Case, Judgement, judge, names_key_areas
from hmgeo.judging.layers import RIVERS, LayerFacts, LayerIndex, LayerIndexes
from hmgeo.judging.places import KEY_AREA_KIND, KEY_AREAS, Membership, Place, Places
from hmgeo.records import Layer, Raster
from hmgeo.results.siting import Citation, Clause, SiteAnswer, SiteFact
from hmgeo.results.text import bearing_text, distance_text
from hmgeo.rules.kinds import DISTANCE_KINDS, FLOW_KINDS, INSIDE_KINDS
from hmgeo.rules.model import DatedValue, Rule, RuleStanding, Test
from hmgeo.rules.parameters import declaration, title_of
from hmgeo.rules.words import ATTRIBUTES, BOTH, LAYERS, MEASURED_ATTRIBUTES, NETWORK
from hmgeo.siting.kept import Kept, Sentences
from hmgeo.siting.site import ELEVATION, PlaceFinder, Site, SiteHeights, facts_of
from hmgeo.vocabulary import INVENTED, SPEAKING, Basis, Effect, PositionKind, Standing, Verdict
from hmgeo.water.by_rivers import ProjectRivers, rivers_of
from hmgeo.words import say, sentences

SITES_AT_ONCE = 500
"""So many of a list are asked together."""
HEIGHT_KINDS = FLOW_KINDS | {"slope"}
NOTHING_FOUND = say("nothing_on_record")
_Told = tuple[tuple[str, ...], tuple[str, ...]]
"""What was measured, and what would change the answer."""


class Evidence(Struct, frozen=True):
    """Sentences on what was measured and what would change the answer; codes of layers used and missing."""

    measured: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    missing_layers: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()


class Witness(Struct, frozen=True):
    """Whom to ask for evidence on one site.

    `in_words`: put into words what the ground says; else it isn't asked.
    `tells_changes`: measure what would change the answer, too.
    """

    facts: Facts
    place: Place
    choices: Choices
    indexes: Mapping[str, LayerIndex]
    has_heights: bool = True
    rivers: ProjectRivers | None = None
    in_words: bool = True
    tells_changes: bool = True

    def evidence(self, rule: Rule, value: DatedValue) -> Evidence:
        """Return the evidence of every part of the test of `rule`; its dated `value` is what is held against."""
        of_leaves = [self._of_leaf(leaf, value) for leaf in (rule.test.leaves() if rule.test is not None else ())]
        if len(of_leaves) == 1:
            return of_leaves[0]
        parts = (
            (
                leaf_evidence.measured,
                leaf_evidence.changes,
                leaf_evidence.layers,
                leaf_evidence.missing_layers,
                leaf_evidence.unsaid,
            )
            for leaf_evidence in of_leaves
        )
        return Evidence(*(tuple(dict.fromkeys(chain.from_iterable(texts))) for texts in zip(*parts, strict=True)))

    def _of_leaf(self, leaf: Test, value: DatedValue) -> Evidence:
        if leaf.kind == "attribute":
            return self._of_attribute(leaf.text("attribute"), value)
        if leaf.kind == "ratio":
            return self._of_ratio(leaf, value)
        layer = KEY_AREAS if leaf.kind == KEY_AREA_KIND else leaf.text("layer")
        features = features_of(leaf, self.choices)
        if layer == KEY_AREAS:
            told = (self._key_area_text(Features(KEY_AREAS, area_ids=features.area_ids)),) if self.in_words else ()
            return Evidence(told, layers=(layer,))
        missing = [layer] if layer and layer not in self.indexes else []
        ground = self._ground_of(leaf)
        lacking = [code for code in ground if not self._has(code)]
        if missing or (lacking and len(lacking) == len(ground)):
            return Evidence(missing_layers=(*missing, *lacking))
        measured, changes = self._of_ground(leaf, value, features) if self.in_words else ((), ())
        asked = tuple(filter(None, (features.layer, *filter(self._has, ground))))
        return Evidence(measured, changes, asked, tuple(lacking))

    def _ground_of(self, leaf: Test) -> tuple[str, ...]:
        """Return what a leaf is answered by: heights, or the drawn rivers that its mode asks for."""
        if leaf.kind not in HEIGHT_KINDS:
            return ()
        mode = self.choices.code(leaf.text("mode")) if leaf.kind in FLOW_KINDS else ""
        if leaf.kind in FLOW_KINDS and not mode and not self.has_heights and self.rivers is not None:
            return (ELEVATION, RIVERS) if self.rivers.why_not() else (RIVERS,)
        return {NETWORK: (RIVERS,), BOTH: (ELEVATION, RIVERS)}.get(mode, (ELEVATION,))

    def _has(self, code: str) -> bool:
        return self.has_heights if code == ELEVATION else code in self.indexes

    def _of_ground(self, leaf: Test, value: DatedValue, features: Features) -> _Told:
        if leaf.kind in DISTANCE_KINDS:
            return self._of_distance(leaf, value, features)
        if leaf.kind in INSIDE_KINDS:
            return self._of_inside(features)
        if leaf.kind in FLOW_KINDS:
            return self._of_flow(leaf, features), ()
        return (self._of_slope(value) if leaf.kind == "slope" else ()), ()

    def _of_flow(self, leaf: Test, features: Features) -> tuple[str, ...]:
        name = leaf.text("limit")
        limit_m = self.choices.number(name) if name else math.inf
        if limit_m is None:
            return ()
        is_upstream = leaf.kind == "upstream_of"
        water = self.facts.water
        ask = water.upstream if is_upstream else water.downstream
        fact = ask(features, limit_m, self.choices.code(leaf.text("mode")))
        if isinstance(fact, Unknown):
            return (fact.why,)
        reach = "" if math.isinf(limit_m) else say("within_reach", reach=distance_text(limit_m))
        way, layer = say("downstream" if is_upstream else "upstream"), features.zh
        if fact.answer is Answer.NO:
            return (sentences(say("unseen_along_water", way=way, reach=reach, layer=layer), fact.why),)
        return (say("seen_along_water", way=way, layer=layer, name=_name(fact), why=fact.why),)

    def _of_slope(self, value: DatedValue) -> tuple[str, ...]:
        fact = self.facts.ground.slope()
        if isinstance(fact, Unknown):
            return (fact.why,)
        if value.value is None:
            return (say("slope_found", slope_deg=fact.value),)
        return (say("slope_held", slope_deg=fact.value, limit_deg=value.value),)

    def _of_attribute(self, name: str, value: DatedValue) -> Evidence:
        if name in MEASURED_ATTRIBUTES:
            word, unit = MEASURED_ATTRIBUTES[name]
            number = self.facts.stated.number(name)
            if isinstance(number, Unknown):
                return Evidence((number.why,), (say("judged_once_verified", what=word),))
            if number is None:
                return Evidence(changes=(say("judged_once_added", what=word),), unsaid=(word,))
            values: dict[str, str | float] = {"what": word, "number": number, "unit": unit}
            limit = value.value
            statement = say("number_stated", **values) if limit is None else say("number_held", **values, limit=limit)
            return Evidence((statement,))
        word, known = ATTRIBUTES[name], self.facts.stated.attribute(name)
        if isinstance(known, Unknown):
            return Evidence((known.why,), (say("judged_once_checked", what=word),))
        if known is None:
            whether = say("whether", what=word)
            return Evidence(changes=(say("judged_once_stated", what=whether),), unsaid=(whether,))
        return Evidence((say("stated_so" if known else "stated_not_so", what=word),))

    def _of_ratio(self, leaf: Test, value: DatedValue) -> Evidence:
        quotient = self.facts.stated.ratio(
            leaf.text("numerator"), leaf.text("denominator"), self.choices.code(leaf.text("by"))
        )
        above, below = (MEASURED_ATTRIBUTES[leaf.text(name)][0] for name in ("numerator", "denominator"))
        words = say("both", one=above, other=below)
        if isinstance(quotient, Unknown):
            return Evidence(changes=(say("judged_once_added", what=words),), unsaid=(words,))
        limit = ratio_limit(leaf, value)
        ratio_text = (
            say("ratio_not_set") if limit is None else say("ratio_held", what=words, ratio=quotient, limit=limit)
        )
        return Evidence((ratio_text,))

    def _of_distance(self, leaf: Test, value: DatedValue, features: Features) -> _Told:
        fact = self.facts.layers.distance(features)
        if isinstance(fact, Unknown):
            return (fact.why,), ()
        name = leaf.text("limit")
        limit_m = self.choices.number(name) if name else value.value
        measured = (_distance_sentence(features, fact, limit_m),)
        if limit_m is not None:
            return measured, _moves(fact, limit_m)
        declared = declaration(name)
        if declared is None or fact.measured_m is None:
            return measured, ()
        return measured, (say("flips_at", title=declared.title_zh, reach=distance_text(fact.measured_m)),)

    def _of_inside(self, features: Features) -> _Told:
        fact = self.facts.layers.inside(features)
        if isinstance(fact, Unknown):
            return (fact.why,), ()
        if fact.answer is Answer.YES:
            way_out = self._way_out(features) if self.tells_changes else ()
            return (say("lies_in", layer=features.zh, name=_name(fact)),), way_out
        if fact.answer is Answer.PARTLY:
            share = self.facts.layers.share(features)
            values = {"layer": features.zh, "name": _name(fact)}
            if isinstance(share, Unknown):
                return (say("partly_in", **values),), ()
            return (say("share_in", **values, share_percent=share.value),), ()
        nearest = self.facts.layers.distance(features)
        if isinstance(nearest, Unknown) or nearest.measured_m is None:
            return (say("not_in_none_known", layer=features.zh, why=NOTHING_FOUND),), ()
        text = _distance_sentence(features, nearest, None)
        change = say("enters_after", step=distance_text(nearest.measured_m))
        return (say("not_in", layer=features.zh, nearest=text),), (change,)

    def _way_out(self, features: Features) -> tuple[str, ...]:
        layers = self.facts.layers
        depth_m = layers.depth_m(features) if isinstance(layers, LayerFacts) else None
        if depth_m is None:
            return ()
        return (say("edge_is_near", away=distance_text(depth_m)),)

    def _key_area_text(self, features: Features) -> str:
        fact = self.facts.layers.inside(features)
        if isinstance(fact, Unknown):
            return fact.why
        where = f"{self.place.county}{self.place.township}" or say("where_it_lies")
        if fact.answer is Answer.PARTLY:
            return say("partly_in_key_area", where=where)
        is_in = fact.answer is Answer.YES
        return sentences(say("in_key_area" if is_in else "not_in_key_area", where=where), fact.why)


def _distance_sentence(features: Features, fact: DistanceFact, limit_m: float | None) -> str:
    """Return a distance as people read it: nearest object by name, its distance with uncertainty, its bearing.

    >>> from hmgeo.judging.facts import DistanceFact
    >>> fact = DistanceFact(773.4, 873.4, 823.4, 50.0, "S1", "示例小学", 44.0)
    >>> _distance_sentence(Features("sensitive_sites"), fact, 1000.0)
    '最近敏感目标「示例小学」823 m（±50 m），在东北方向；限值 1.0 km。'
    """
    limit, layer = "" if limit_m is None else say("limit_told", limit=distance_text(limit_m)), features.zh
    if fact.measured_m is None:
        return say("nearest_none_known", layer=layer, why=NOTHING_FOUND, limit=limit)
    name = fact.receptor_name or fact.receptor_id
    if fact.measured_m == 0:
        return say("touches", layer=layer, name=name, limit=limit)
    away = distance_text(fact.measured_m, fact.uncertainty_m, limit_m=limit_m)
    way = bearing_text(fact.bearing_deg)
    values: dict[str, str] = {"layer": layer, "name": name, "away": away, "limit": limit}
    return say("nearest_towards", **values, way=way) if way else say("nearest_at", **values)


def _name(fact: PlaceFact) -> str:
    return fact.receptor_name or fact.receptor_id


def _moves(fact: DistanceFact, limit_m: float) -> tuple[str, ...]:
    """Return how far the site would have to move to come to lie on the other side of a limit."""
    if fact.measured_m is None:
        return ()
    gap_m = limit_m - fact.measured_m
    step = distance_text(math.ceil(abs(gap_m) * 10) / 10)
    if gap_m < 0:
        return (say("within_limit_after", step=step, limit=distance_text(limit_m)),)
    return (say("beyond_limit_after", step=step, limit=distance_text(limit_m)),)


class _Asked(Struct, frozen=True):
    """A rule that must be held against the position, with whom it is about.

    Parameters
    ----------
    rank
        Where it is read among those of one verdict.
    kept
        What it came to, by what the ground answers; None where it asks numbers or classes that each site states.
    is_in_words
        Whether evidence for it needs nothing of the ground.
    """

    case: Case
    value: DatedValue
    citation: Citation
    rank: int
    kept: Kept[tuple[Judgement, Clause]] | None
    is_in_words: bool


class _Plan(Struct, frozen=True):
    """What all sites of one place and kind share: clauses `settled` wherever they lie, rules `asked` of each."""

    settled: tuple[tuple[int, Clause], ...]
    asked: tuple[_Asked, ...]
    informs: tuple[Citation, ...]
    area: Membership
    open_territories: tuple[str, ...]


class SitingBench:
    """Layers kept ready, to be asked about one site after another.

    `layers`: receptors of any kind, at most one of each; each is indexed when first asked for.
    `elevation`: heights in metres, for clauses on water and slope; None where there are none.
    """

    def __init__(self, layers: Iterable[Layer], question: Question, elevation: Raster | None = None) -> None:
        kept = tuple(layers)
        self.question = question
        self.rules = Bench(question)
        self.indexes = LayerIndexes(kept)
        self.heights = None if elevation is None else SiteHeights(elevation, kept, question.choices)
        self.rivers = rivers_of(kept, question.choices)
        self._places = PlaceFinder(question.areas)
        self._plans: dict[object, _Plan] = {}

    def check(self, site: Site) -> SiteAnswer:
        """Judge `site` by every rule whose territory holds it, or that is adopted.

        Clauses gravest first, then by legal rank and authority. Its words depend on the site alone, not on what was
        asked before.
        """
        return self.look([site])[0][1]

    def look(self, sites: Sequence[Site]) -> list[tuple[Facts, SiteAnswer]]:
        """Judge each of some `sites` as `check` does; return with it what was asked of the layers, for more questions.

        Layers are asked of all of them at once: what one site asks is measured for the others too.
        """
        places = list(map(self._places.find, sites))
        facts = facts_of(sites, places, self.indexes, self.heights, self.rivers)
        return list(zip(facts, self.answers(sites, places, facts), strict=True))

    def check_all(self, sites: Iterable[Site]) -> Iterator[tuple[Site, SiteAnswer]]:
        """Yield each of `sites` with its answer, some asked together at a time."""
        coming = iter(sites)
        while some := list(islice(coming, SITES_AT_ONCE)):
            yield from zip(some, (answer for _, answer in self.look(some)), strict=True)

    def answers(self, sites: Sequence[Site], places: Sequence[Places], facts: Sequence[Facts]) -> list[SiteAnswer]:
        """Judge each of some `sites` whose `places` and `facts` are known already."""
        plans: dict[int, tuple[_Plan, list[int]]] = {}
        for at, site in enumerate(sites):
            plan = self._plan(places[at].given, site)
            plans.setdefault(id(plan), (plan, []))[1].append(at)
        answers: dict[int, SiteAnswer] = {}
        spots = _spots_of(sites)
        for plan, members in plans.values():
            witnesses = [self._witness(facts[at], places[at].given) for at in members]
            asked = [self._asked(asked, witnesses, sites[members[0]].basis) for asked in plan.asked]
            for at, *own in zip(members, *asked, strict=True):
                ranked = zip((asked.rank for asked in plan.asked), own, strict=True)
                clauses = [*plan.settled, *((_order(clause.verdict, rank), clause) for rank, clause in ranked)]
                clauses.sort(key=itemgetter(0))
                answers[at] = self._answer(sites[at], places[at], [clause for _, clause in clauses], plan, spots[at])
        return [answers[at] for at in range(len(sites))]

    def _witness(self, facts: Facts, place: Place) -> Witness:
        has_heights = self.heights is not None
        return Witness(facts, place, self.question.choices, self.indexes, has_heights=has_heights, rivers=self.rivers)

    def _asked(self, asked: _Asked, witnesses: Sequence[Witness], basis: Basis) -> list[Clause]:
        """Return what a rule says of each site; its evidence is put into words when somebody reads it."""
        case, citation, like = asked.case, asked.citation, witnesses[0]
        rule, standing = case.rule, case.standing

        def clause_of(judgement: Judgement, evidence: Evidence | None) -> Clause:
            if evidence is None:
                evidence = _settled_evidence(rule, standing, case.subject, judgement)
            else:
                evidence = _with_questions(evidence, rule, case.subject, judgement)
            return self._clause(rule, citation, judgement, evidence, basis)

        def evidence_of(of: Witness) -> Evidence | None:
            return of.evidence(rule, asked.value) if standing.standing in SPEAKING else None

        def conclude(heard: Facts, evidence: Evidence | None) -> tuple[Judgement, Clause]:
            judgement = case.judge(heard)
            return judgement, clause_of(judgement, evidence)

        facts = [witness.facts for witness in witnesses]
        if asked.kept is None:
            silent = (evidence_of(replace(witness, in_words=False)) for witness in witnesses)
            concluded = list(map(conclude, facts, silent))
        else:
            concluded = asked.kept.conclude(
                facts, partial(conclude, evidence=evidence_of(replace(like, in_words=False)))
            )
        if asked.is_in_words:
            return [clause for _, clause in concluded]

        def told(clause: Clause, judgement: Judgement, of: Witness) -> Clause:
            evidence = Sentences(lambda: replace(of, tells_changes=False).evidence(rule, asked.value).measured)
            changes = Sentences(lambda: clause_of(judgement, evidence_of(of)).changes)
            return replace(clause, evidence=evidence, changes=changes)

        return [told(clause, judgement, of) for (judgement, clause), of in zip(concluded, witnesses, strict=True)]

    def facts_of(self, site: Site) -> Facts:
        """Return what rules may ask of `site`."""
        return facts_of([site], [self._places.find(site)], self.indexes, self.heights, self.rivers)[0]

    def _plan(self, place: Place, site: Site) -> _Plan:
        """Return what sites of a place and kind share; rows of a list share what they state."""
        known, doubts = (tuple(mapping.items()) for mapping in (site.known, site.doubts))
        key = (place, site.kind, site.trade_code, site.trade_edition, site.action, known, doubts, site.basis)
        if key not in self._plans:
            like = Subject(*key[1:5], site.known, doubts=site.doubts)
            self._plans[key] = self._new_plan(place, like, site.basis)
        return self._plans[key]

    def _new_plan(self, place: Place, subject: Subject, basis: Basis) -> _Plan:
        choices = self.question.choices
        settled: list[tuple[int, Clause]] = []
        asked, informs = [], []
        for rank, heard in enumerate(sorted(self.rules.heard(place), key=lambda heard: heard.citation.order)):
            rule, standing, citation = heard.rule, heard.standing, heard.citation
            if not rule.gives_findings:
                if rule.effect is Effect.INFORM and subject.kind in rule.applies_to.source_kinds:
                    informs += [citation] if standing.standing in SPEAKING else []
                continue
            if standing.value is not None and _asks_position(rule, standing, subject, choices):
                kept: Kept[tuple[Judgement, Clause]] | None = None if _asks_numbers(rule) else Kept()
                is_in_words = standing.standing not in SPEAKING or not self._asks_ground(rule)
                case = Case(rule, standing, subject, choices)
                asked.append(_Asked(case, standing.value, citation, rank, kept, is_in_words))
                continue
            judgement = judge(rule, standing, subject, None, choices)
            evidence = _settled_evidence(rule, standing, subject, judgement)
            clause = self._clause(rule, citation, judgement, evidence, basis)
            settled.append((_order(clause.verdict, rank), clause))
        open_ = () if place.code else self.rules.open_territories([place])
        in_order = tuple(sorted(settled, key=itemgetter(0)))
        return _Plan(in_order, tuple(asked), tuple(informs), self.rules.area(place), open_)

    def _asks_ground(self, rule: Rule) -> bool:
        """Return whether what was measured for a rule's test is more than is stated of a site: a layer at hand."""
        leaves = rule.test.leaves() if rule.test is not None else ()
        grounds = [leaf for leaf in leaves if leaf.kind not in {"attribute", "ratio"}]
        return any(not (layer := leaf.text("layer")) or layer == KEY_AREAS or layer in self.indexes for leaf in grounds)

    def _clause(
        self, rule: Rule, citation: Citation, judgement: Judgement, evidence: Evidence, site_basis: Basis
    ) -> Clause:
        layers = self._held(evidence)
        used = [self.basis_of(code) for code in layers if code != KEY_AREAS]
        is_not_judged = judgement.verdict is Verdict.NOT_ASSESSED
        unset = tuple(name for name in rule.parameters if is_not_judged and self.question.choices.is_open(name))
        lacking = evidence.missing_layers if is_not_judged else ()
        to_give = tuple(say("judged_once_given", layer=LAYERS[code].zh) for code in lacking)
        settle = tuple(say("judged_once_chosen", title=title_of(name)) for name in unset)
        return Clause(
            **finding_fields(citation, judgement),
            basis=Basis.worst(site_basis, *used),
            evidence=evidence.measured,
            changes=tuple(dict.fromkeys((*evidence.changes, *to_give, *settle))),
            layers=layers,
            missing_layers=lacking,
            open_parameters=unset,
            unsaid=evidence.unsaid if is_not_judged else (),
            is_example=site_basis is not Basis.SYNTHETIC and any(basis in INVENTED for basis in used),
        )

    def _held(self, evidence: Evidence) -> tuple[str, ...]:
        """Return the layers of an answer that are at hand."""
        known = {KEY_AREAS} | ({ELEVATION} if self.heights is not None else set())
        return tuple(code for code in evidence.layers if code in known or code in self.indexes)

    def basis_of(self, code: str) -> Basis:
        """Return how real the layer `code` is, which is at hand."""
        if code == ELEVATION and self.heights is not None:
            return self.heights.raster.basis
        return self.indexes[code].layer.basis

    def _answer(self, site: Site, places: Places, clauses: list[Clause], plan: _Plan, spot: _Spot) -> SiteAnswer:
        place, area, (lon, lat, shape) = places.given, plan.area, spot
        kind = ""
        if site.geometry is not None:
            kind = (PositionKind.POINT if site.geometry.geom_type == "Point" else PositionKind.SHAPE).value
        return SiteAnswer(
            site.site_id,
            site.name,
            site.status.value,
            kind,
            lon,
            lat,
            None if shape is None else site.uncertainty_m,
            shape,
            self.question.day,
            tuple(SiteFact(name, value) for name, value in site.facts),
            f"{place.county}{place.township}",
            area.ids,
            tuple(filter(None, (site.note, place.note, area.note, _border_note(places), *plan.open_territories))),
            tuple(clauses),
            plan.informs,
        )


_Spot = tuple[float | None, float | None, bytes | None]


def _spots_of(sites: Sequence[Site]) -> list[_Spot]:
    """Return a point on each site and its shape as WKB; None for those without a position."""
    shapes = np.array([site.geometry for site in sites], dtype=object)
    points = shapely.point_on_surface(shapes)
    columns = shapely.get_x(points), shapely.get_y(points), shapely.to_wkb(shapes, output_dimension=2, byte_order=1)
    spots = zip(*(column.tolist() for column in columns), strict=True)
    return [(None, None, None) if shape is None else (lon, lat, shape) for lon, lat, shape in spots]


_MOST_RULES = 100_000


def _order(verdict: Verdict, rank: int) -> int:
    """Return where a clause is read: gravest first, then by rank."""
    return verdict.gravity * _MOST_RULES + rank


def _asks_numbers(rule: Rule) -> bool:
    """Return whether a rule's test asks what each site states by itself: a number, a ratio, its own class."""
    leaves = rule.test.leaves() if rule.test is not None else ()
    return any(
        leaf.kind in {"ratio", "classification"} or leaf.text("attribute") in MEASURED_ATTRIBUTES for leaf in leaves
    )


def _asks_position(rule: Rule, standing: RuleStanding, subject: Subject, choices: Choices) -> bool:
    """Return whether a rule must be held against the site itself."""
    if rule.test is None or not (standing.standing in SPEAKING or names_key_areas(rule)):
        return False
    exempt = exemption(rule, subject)
    is_reached = reach(rule, subject, choices, standing.doubt).side is not Side.NOT_MET
    return is_reached and (exempt is None or not exempt.is_known)


def _settled_evidence(rule: Rule, standing: RuleStanding, subject: Subject, judgement: Judgement) -> Evidence:
    """Return what would change an answer that no position changes: the day, an unset list, an unstated fact."""
    if standing.standing is Standing.PERIOD_OVER and standing.value is not None:
        period = standing.value.plan_period
        first, last = ("", "") if period is None else (str(period.start), str(period.end))
        return Evidence(changes=(say("judged_in_period", first=first, last=last),))
    if standing.standing is Standing.NOT_YET:
        return Evidence(changes=(say("applies_from", day=str(rule.history[0].in_force_from)),))
    if standing.standing is Standing.TEXT_NOT_HELD:
        return Evidence(changes=(say("judged_once_held"),))
    return _with_questions(Evidence(), rule, subject, judgement)


def _with_questions(evidence: Evidence, rule: Rule, subject: Subject, judgement: Judgement) -> Evidence:
    """Add what must be said of the source before the clause can be judged; nothing where it is judged."""
    if judgement.verdict is not Verdict.NOT_ASSESSED:
        return evidence
    unsaid: list[str] = [
        say("whether", what=ATTRIBUTES[condition.attribute])
        for condition in rule.applies_to.conditions
        if known_fact(subject, condition.attribute)[0] is None
    ]
    unsaid += [say("kind_of_project")] if rule.applies_to.actions and subject.action is None else []
    has_codes = rule.applies_to.trades.is_any or subject.trade_code
    unsaid += [] if has_codes else [say("trade_code")]
    changes = (say("judged_once_stated", what=tuple(unsaid)),) if unsaid else ()
    return replace(evidence, changes=(*changes, *evidence.changes), unsaid=(*unsaid, *evidence.unsaid))


def _border_note(places: Places) -> str:
    def names(named: Iterable[Place]) -> str:
        return "、".join(dict.fromkeys(filter(None, (f"{place.county}{place.township}" for place in named))))

    across, near = names(places.across), names(places.near)
    return sentences(
        say("site_reaches_into", places=across) if across else "",
        say("uncertainty_reaches_into", places=near) if near else "",
    )
