"""One site or many against a resident set of layers, clause by clause. Pure: no files, no printing."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

import shapely

from hmgeo.analysis.applies import Subject, exemption, hindrance
from hmgeo.analysis.judge import judge
from hmgeo.analysis.key_areas import KEY_AREAS, membership
from hmgeo.analysis.layer_index import LayerIndexes
from hmgeo.analysis.network_layers import rivers_of
from hmgeo.analysis.site_evidence import Evidence, Witness
from hmgeo.analysis.site_facts import PlaceFinder, SiteFacts, SiteNumbers
from hmgeo.analysis.site_heights import ELEVATION, SiteHeights
from hmgeo.findings.siting import NOTHING_MEASURED, Citation, Clause, Measured, SiteAnswer, SiteFact
from hmgeo.findings.text import sentences
from hmgeo.rules.parameters import declaration
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.rules.words import ATTRIBUTES, LAYERS
from hmgeo.vocabulary import INVENTED, SPEAKING, Basis, Effect, PositionKind, Standing, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.facts import Facts, Unknown
    from hmgeo.analysis.judge import Judgement
    from hmgeo.analysis.key_areas import Membership
    from hmgeo.analysis.outcome import Measurement
    from hmgeo.analysis.places import Place
    from hmgeo.analysis.question import SitingQuestion
    from hmgeo.analysis.site_facts import Site, SitePlaces
    from hmgeo.records import Layer, Raster
    from hmgeo.rules.model import DatedValue, Rule, RuleStanding

Rank = tuple[int, int, str, str]
Order = tuple[int, Rank]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What all sites of one place and one kind of project share.

    Parameters
    ----------
    settled
        Clauses whose answer no position changes, with where each is read.
    asked
        Rules that must be held against the position, with where each is read among those of one verdict.
    """

    settled: tuple[tuple[Order, Clause], ...]
    asked: tuple[tuple[Rule, RuleStanding, DatedValue, Citation, Rank], ...]
    informs: tuple[Citation, ...]
    area: Membership


class SitingBench:
    """Layers kept ready, to be asked about one site after another.

    Parameters
    ----------
    layers
        Receptors of any kind, at most one of each; each is indexed when first asked for.
    question
        Day, rules, choices and places.
    elevation
        Heights in metres, for clauses on water and slope; None where there are none.
    """

    def __init__(self, layers: Iterable[Layer], question: SitingQuestion, elevation: Raster | None = None) -> None:
        held = tuple(layers)
        self.question = question
        self.indexes = LayerIndexes(held)
        self.heights = None if elevation is None else SiteHeights(elevation, held, question.choices)
        self.rivers = rivers_of(held, question.choices)
        self._places = PlaceFinder(question.areas)
        self._plans: dict[object, _Plan] = {}

    def check(self, site: Site) -> SiteAnswer:
        """Judge one site by every rule whose territory holds it, or that is adopted.

        Returns
        -------
        SiteAnswer
            Clauses gravest first, then by legal rank and authority. Its words depend on the site alone, not on what
            was asked before.
        """
        return self.look(site)[1]

    def look(self, site: Site) -> tuple[Facts, SiteAnswer]:
        """Judge a site as `check` does; return with it what was asked of the layers, for further questions."""
        places = self._places.find(site)
        facts = self.facts_of(site, places)
        return facts, self.answer(site, places, facts)

    def answer(self, site: Site, places: SitePlaces, facts: Facts) -> SiteAnswer:
        """Judge a site whose places and facts are known already."""
        said = stated_of(site)
        subject = Subject(site.kind, site.trade_code, site.trade_edition, site.action, said, doubts=site.doubts)
        plan = self._plan(places.given, subject, site.basis)
        has_heights = self.heights is not None
        choices = self.question.choices
        witness = Witness(facts, places.given, choices, self.indexes, has_heights=has_heights, rivers=self.rivers)
        found = list(plan.settled)
        for rule, standing, value, citation, rank in plan.asked:
            judgement = judge(rule, standing, subject, facts, self.question.choices)
            evidence = witness.evidence(rule, value)
            clause = self._clause(rule, citation, judgement, evidence, site.basis)
            found.append(((clause.verdict.gravity, rank), clause))
        found.sort(key=itemgetter(0))
        return self._answer(site, places, [clause for _, clause in found], plan)

    def facts_of(self, site: Site, places: SitePlaces | None = None) -> Facts:
        """Return what rules may ask of a site."""
        held = self._places.find(site) if places is None else places
        if site.geometry is None or site.status is not Status.ASSESSED:
            return SiteNumbers(site, held)
        return SiteFacts(site, self.indexes, held, self.heights, self.rivers)

    def _plan(self, place: Place, subject: Subject, basis: Basis) -> _Plan:
        stated, doubts = (tuple(sorted(one.items())) for one in (subject.attributes, subject.doubts))
        key = (place, subject.kind, subject.trade_code, subject.trade_edition, subject.action, stated, doubts, basis)
        if key not in self._plans:
            self._plans[key] = self._new_plan(place, subject, basis)
        return self._plans[key]

    def _new_plan(self, place: Place, subject: Subject, basis: Basis) -> _Plan:
        question, codes = self.question, codes_of_place(place.code)
        settled, asked, informs = [], [], []
        for rule in question.rules:
            is_adopted = rule.id in question.adopted
            if not (is_adopted or set(rule.territory) & codes):
                continue
            standing = standing_of(rule, as_of=question.as_of, place_codes=codes, adopted=is_adopted)
            citation = citation_of(rule, standing)
            if not rule.gives_findings:
                if rule.effect is Effect.INFORM and subject.kind in rule.applies_to.source_kinds:
                    informs.append((citation, standing.standing))
                continue
            if standing.value is not None and _asks_position(rule, standing, subject, question.choices):
                asked.append((rule, standing, standing.value, citation, citation.order))
                continue
            judgement = judge(rule, standing, subject, None, question.choices)
            evidence = _settled_evidence(rule, standing, subject, judgement)
            clause = self._clause(rule, citation, judgement, evidence, basis)
            settled.append((clause.order, clause))
        told = sorted((one for one, stands in informs if stands in SPEAKING), key=lambda one: one.order)
        area = membership(place, question.rules, question.as_of, question.choices, question.adopted)
        return _Plan(tuple(settled), tuple(asked), tuple(told), area)

    def _clause(
        self, rule: Rule, citation: Citation, judgement: Judgement, evidence: Evidence, site_basis: Basis
    ) -> Clause:
        layers = self._held(evidence)
        used = [self.basis_of(code) for code in layers if code != KEY_AREAS]
        is_not_judged = judgement.verdict is Verdict.NOT_ASSESSED
        unset = _open_parameters(rule, self.question.choices) if is_not_judged else ()
        lacking = evidence.missing_layers if is_not_judged else ()
        given = tuple(f"提供「{LAYERS[code].zh}」图层后可作判断。" for code in lacking)
        settle = tuple(f"确定参数「{_title(name)}」后可作判断。" for name in unset)
        return Clause(
            citation,
            judgement.verdict,
            judgement.standing,
            judgement.other,
            judgement.certainty,
            _measured(judgement.measurement),
            evidence.measured,
            tuple(filter(None, judgement.reasons)),
            judgement.note,
            tuple(dict.fromkeys((*evidence.changes, *given, *settle))),
            layers,
            lacking,
            unset,
            evidence.unsaid if is_not_judged else (),
            Basis.worst(site_basis, *used),
            site_basis is not Basis.SYNTHETIC and any(basis in INVENTED for basis in used),
        )

    def _held(self, evidence: Evidence) -> tuple[str, ...]:
        """Return the layers of an answer that are at hand."""
        known = {KEY_AREAS} | ({ELEVATION} if self.heights is not None else set())
        return tuple(code for code in evidence.layers if code in known or code in self.indexes)

    def basis_of(self, code: str) -> Basis:
        """Return how real a layer that is at hand is."""
        if code == ELEVATION and self.heights is not None:
            return self.heights.raster.basis
        return self.indexes[code].layer.basis

    def _answer(self, site: Site, places: SitePlaces, clauses: list[Clause], plan: _Plan) -> SiteAnswer:
        question, place, area = self.question, places.given, plan.area
        point = None if site.geometry is None else shapely.point_on_surface(site.geometry)
        kind = "" if site.geometry is None else _position_kind(site.geometry)
        return SiteAnswer(
            site.site_id,
            site.name,
            site.status.value,
            kind,
            None if point is None else float(point.x),
            None if point is None else float(point.y),
            None if site.geometry is None else site.uncertainty_m,
            None if site.geometry is None else shapely.to_wkb(site.geometry, output_dimension=2, byte_order=1),
            question.as_of.isoformat(),
            tuple(SiteFact(name, value) for name, value in site.facts),
            f"{place.county}{place.township}",
            area.ids,
            tuple(filter(None, (site.note, place.note, area.note, _border_note(places)))),
            tuple(clauses),
            plan.informs,
        )


def stated_of(site: Site) -> Mapping[str, bool | Unknown]:
    """Return the facts stated of a site, with those that its stated emissions say.

    A new emission above zero says that heavy metals are discharged and added, cadmium's that cadmium is.
    """
    emitted = [metal for metal, kg in site.added_kg.items() if kg > 0]
    derived: dict[str, bool | Unknown] = {}
    if emitted:
        derived = {"adds_heavy_metal_emission": True, "discharges_heavy_metals": True}
    if "Cd" in emitted:
        derived["emits_cadmium"] = True
    return {**derived, **site.attributes}


def citation_of(rule: Rule, standing: RuleStanding) -> Citation:
    """Return a rule as cited, by the dated value that was judged."""
    cited = standing.value or rule.latest
    checked = "，".join(filter(None, (rule.verified.against, str(rule.verified.on or ""))))
    return Citation(
        rule.id,
        rule.title.zh,
        rule.effect.value,
        rule.legal_rank,
        rule.authority,
        rule.territory,
        cited.document,
        cited.document_number,
        cited.clause,
        cited.quote,
        str(cited.in_force_from or ""),
        rule.decider,
        rule.matter,
        f"{rule.verified.state.zh}（{checked}）",
        rule.in_principle,
        rule.condition,
        rule.note,
    )


def _asks_position(rule: Rule, standing: RuleStanding, subject: Subject, choices: Choices) -> bool:
    """Return whether a rule must be held against the site itself."""
    if standing.standing not in SPEAKING or rule.test is None:
        return False
    exempt = exemption(rule, subject)
    return hindrance(rule, subject, choices) is None and (exempt is None or not exempt.is_known)


def _settled_evidence(rule: Rule, standing: RuleStanding, subject: Subject, judgement: Judgement) -> Evidence:
    """Return what would change an answer that no position changes: the day, an unset list, an unstated fact."""
    if standing.standing is Standing.PERIOD_OVER and standing.value is not None:
        period = standing.value.plan_period
        span = "" if period is None else f"{period.start} 至 {period.end}"
        return Evidence(changes=(f"评估基准日在 {span} 之间，或核实接续文件、在项目中作本地参照后可作判断。",))
    if standing.standing is Standing.NOT_YET:
        return Evidence(changes=(f"评估基准日在 {rule.history[0].in_force_from} 及以后时适用。",))
    if standing.standing is Standing.TEXT_NOT_HELD:
        return Evidence(changes=("取得现行有效原文并录入规则库后可作判断。",))
    if judgement.verdict is not Verdict.NOT_ASSESSED:
        return Evidence()
    unsaid = [
        f"是否{ATTRIBUTES[one.attribute]}"
        for one in rule.applies_to.conditions
        if subject.attributes.get(one.attribute) is None
    ]
    unsaid += ["建设性质"] if rule.applies_to.actions and subject.action is None else []
    has_codes = rule.applies_to.trades.is_any or subject.trade_code
    unsaid += [] if has_codes else ["行业代码"]
    changes = (f"说明{'、'.join(unsaid)}后可作判断。",) if unsaid else ()
    return Evidence(changes=changes, unsaid=tuple(unsaid))


def _open_parameters(rule: Rule, choices: Choices) -> tuple[str, ...]:
    return tuple(name for name in rule.parameters if choices.is_open(name))


def _title(name: str) -> str:
    declared = declaration(name)
    return name if declared is None else declared.title_zh


def _measured(found: Measurement | None) -> Measured:
    if found is None:
        return NOTHING_MEASURED
    return Measured(
        found.value,
        found.low,
        found.high,
        found.limit,
        found.unit,
        found.text,
        found.receptor_id,
        found.receptor_name,
        found.bearing_deg,
    )


def _position_kind(geometry: shapely.Geometry) -> str:
    return PositionKind.POINT.value if geometry.geom_type == "Point" else PositionKind.SHAPE.value


def _border_note(places: SitePlaces) -> str:
    def names(found: Iterable[Place]) -> str:
        return "、".join(dict.fromkeys(filter(None, (f"{one.county}{one.township}" for one in found))))

    across, near = names(places.across), names(places.near)
    said = f"用地范围还涉及{across}，条款适用地域按代表点所在行政区判断。" if across else ""
    said += f"位置误差范围还涉及{near}，条款适用地域按点位所在行政区判断。" if near else ""
    return sentences(said)
