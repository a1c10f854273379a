"""The siting check of a project: its layers kept ready, sites in, answers with all that a report needs out."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from hmgeo.errors import Place, Problem, UsageError, raise_problems
from hmgeo.intake.columns import ReadOptions
from hmgeo.intake.load import POPULATION
from hmgeo.judging.bench import Question
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Facts
from hmgeo.judging.own_columns import amount_of
from hmgeo.judging.places import Areas
from hmgeo.project.bare import mixed_basis
from hmgeo.project.inputs import (
    Inputs,
    administrative_areas,
    layer_warnings,
    layers_used,
    lie_in_china,
    load_inputs,
    parameters_used,
    validity_used,
)
from hmgeo.project.sites.given import NOTHING_TYPED, Typed, sites_of_file, typed_site
from hmgeo.project.spec import ProjectSpec, read_spec
from hmgeo.records import Ledger, Record
from hmgeo.results.siting import Dossier, SiteAnswer, SitingResults
from hmgeo.results.used import ParameterUsed
from hmgeo.rules.words import LAYERS
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.offsets import OFFSET_BASIS, asked_of
from hmgeo.siting.site import OwnArea, Site
from hmgeo.siting.targets import ELEMENTS, Surroundings
from hmgeo.vocabulary import Basis, LayerKind
from hmgeo.words import say, sentences

EXAMPLE_WARNING = "示例判定：拟建项目对照合成或示意数据，结论仅供软件演示。"


class SiteDesk(Record, frozen=True):
    """A project's layers kept ready for siting questions."""

    spec: ProjectSpec
    inputs: Inputs
    bench: SitingBench
    surroundings: Surroundings
    area: OwnArea

    @property
    def areas(self) -> Areas:
        """Where places are looked up."""
        return self.bench.question.areas

    def check(self, site: Site) -> SiteAnswer:
        """Return what every clause says of a site."""
        return self.bench.check(site)

    def dossiers(self, sites: Sequence[Site]) -> list[Dossier]:
        """Return the answer on each of some sites with zoning, protected objects and offsets."""
        question = self.bench.question
        basis = question.choices.code(OFFSET_BASIS)
        made = []
        for site, (facts, answer) in zip(sites, self._look(sites), strict=True):
            lines, notes = asked_of(site, answer, question.rules, basis)
            near = () if site.geometry is None else self.surroundings.nearest(facts)
            around = self.surroundings.zoning(facts), self.surroundings.tables(site)
            made.append(Dossier(answer, *around, lines, notes, near))
        return made

    def answers(self, sites: Sequence[Site]) -> list[SiteAnswer]:
        """Return the answers of the dossiers of some sites alone."""
        return [answer for _, answer in self._look(sites)]

    def _look(self, sites: Sequence[Site]) -> list[tuple[Facts, SiteAnswer]]:
        notes = (sentences(self.area.note(site), site.note) for site in sites)
        return self.bench.look(
            [replace(site, note=note) if note else site for site, note in zip(sites, notes, strict=True)]
        )

    def results(
        self, dossiers: Iterable[Dossier], ledger: Ledger, title: str = "", *, has_examples: bool | None = None
    ) -> SitingResults:
        """Return the answers `dossiers` with the data and choices that they rest on, titled by the project.

        `ledger` is of the sites' own file; `title` goes before the project's; `has_examples` tells it where some have
        no dossier.
        """
        made = tuple(dossiers)
        used = layers_used(self.inputs.judged)
        if has_examples is None:
            has_examples = any(dossier.answer.has_examples for dossier in made)
        warnings = [EXAMPLE_WARNING] if has_examples else []
        warnings += [f"mix_basis：{self.spec.mix_basis}"] if self.spec.mix_basis else []
        warnings += layer_warnings(self.inputs.ledger)
        ranges = tuple(
            ParameterUsed(
                say("assessment_range", element=element.title),
                f"{self.surroundings.ranges_m[element.code]:g}",
                "m",
                "使用者设定",
            )
            for element in ELEMENTS
            if element.code in self.surroundings.ranges_m
        )
        return SitingResults(
            title or say("site.titled", title=self.spec.title),
            self.bench.question.day,
            made,
            MappingProxyType({layer.kind.value: layer for layer in used}),
            (*parameters_used(self.bench.question), *ranges, *validity_used(self.spec.validity)),
            ledger,
            MappingProxyType({code: (word.zh, word.department) for code, word in LAYERS.items()}),
            tuple(warnings),
        )


def open_desk(
    project: str | Path,
    *,
    as_of: date | None = None,
    ranges_m: Mapping[str, float] | None = None,
    words: Path | None = None,
) -> SiteDesk:
    """Load a project for siting questions.

    Parameters
    ----------
    project
        A project.yml or its folder.
    as_of
        The day asked about; the project's where None.
    ranges_m
        Ranges of the tables of protected objects by code (air, soil, noise, groundwater, risk_500, risk_5000), metres.
    words
        A file that says what words outside the closed lists mean.

    Raises
    ------
    ProjectError, InputError, RuleError
        With every problem found.
    """
    spec = read_spec(Path(project), needs_screening=False).with_words(words)
    if as_of is not None:
        spec = replace(spec, as_of=as_of)
    inputs = load_inputs(spec, needs_sources=False)
    areas = administrative_areas(inputs.context, inputs.others)
    adopted = frozenset(adoption.rule for adoption in spec.adopt)
    question = Question(
        spec.as_of, rules=inputs.book.rules, adopted=adopted, choices=Choices(spec.parameters), areas=areas
    )
    bench = SitingBench(inputs.receptors, question, inputs.elevation)
    units = _cells(inputs, LayerKind.CONTROL_UNITS)
    population = {
        (LayerKind.SENSITIVE_SITES.value, receptor_id): int(people)
        for receptor_id, cells in _cells(inputs, LayerKind.SENSITIVE_SITES).items()
        if (people := amount_of(cells[POPULATION])) is not None
    }
    columns = MappingProxyType({LayerKind.CONTROL_UNITS.value: units})
    surroundings = Surroundings(bench.indexes, _ranges(ranges_m or {}), MappingProxyType(population), columns)
    area = OwnArea({area.name: area.geometry for area in inputs.areas})
    return SiteDesk(spec, inputs, bench, surroundings, area)


def read_typed(desk: SiteDesk, typed: Typed) -> tuple[list[Site], Ledger]:
    """Return the site that a user types (`typed`), as a list of one; its position is read as in the area of `desk`."""
    site, ledger = typed_site(typed, in_china=lie_in_china(desk.inputs.areas))
    return [site], ledger


def read_sites(
    desk: SiteDesk, path: Path, *, basis: Basis, options: ReadOptions, defaults: Typed = NOTHING_TYPED
) -> tuple[list[Site], Ledger]:
    """Return the sites of file `path`; real ones are refused where held against invented receptors of `desk`.

    `InputError` or `UsageError`: the file can't be used, or its basis doesn't go with that of the project's layers.
    """
    if not desk.spec.mix_basis:
        place = Place(key="--sites-basis")
        problems = [problem for layer in desk.inputs.judged for problem in mixed_basis(basis, layer.basis, place)]
        raise_problems(UsageError, problems[:1])
    as_of = desk.bench.question.as_of
    options = replace(options, in_china=lie_in_china(desk.inputs.areas), words=desk.spec.words)
    sites, _, ledger = sites_of_file(path, desk.areas, basis=basis, options=options, defaults=defaults, as_of=as_of)
    return sites, ledger


def parse_ranges(texts: Iterable[str]) -> dict[str, float]:
    """Return ranges in metres by element from `texts` such as soil=1000.

    `UsageError` where a word isn't a code and a number.

    >>> parse_ranges(["soil=1000"])
    {'soil': 1000.0}
    """
    ranges: dict[str, float] = {}
    for text in texts:
        code, _, number = text.partition("=")
        try:
            ranges[code.strip()] = float(number)
        except ValueError:
            place, allowed = Place(key="--range"), "、".join(element.code for element in ELEMENTS)
            raise UsageError(Problem("评价范围看不懂", place, text, allowed, "如 soil=1000，单位米")) from None
    return ranges


def _ranges(ranges_m: Mapping[str, float]) -> Mapping[str, float]:
    known = [element.code for element in ELEMENTS]
    wrong = [code for code, metres in ranges_m.items() if code not in known or not 0 < metres < math.inf]
    if wrong:
        raise UsageError(
            Problem("评价范围看不懂", Place(key="--range"), "、".join(wrong), "、".join(known), "如 soil=1000，单位米")
        )
    return MappingProxyType(dict(ranges_m))


def _cells(inputs: Inputs, kind: LayerKind) -> dict[str, dict[str, str]]:
    """Return what is shown of a layer beside its receptors' own columns, by receptor id."""
    shown = [layer.shown for layer in inputs.receptors if layer.kind is kind and layer.shown is not None]
    return {row.pop(""): row for table in shown for row in table.to_pylist()}
