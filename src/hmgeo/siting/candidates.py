"""Candidate points: given or generated, filtered by clause, evidence instead of a score, chosen ones kept apart."""

from collections.abc import Collection, Iterable, Iterator

import numpy as np
import rtree
import shapely
from msgspec import Struct
from msgspec.structs import replace

from hmgeo.geo.ellipsoid import ELLIPSOID, geodesic_m, search_boxes
from hmgeo.results.siting import SiteAnswer
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.overlay import TOUCHED
from hmgeo.siting.site import Site
from hmgeo.vocabulary import Status, Verdict


class SpacedSet:
    """Points that keep a distance from each other; asked and grown in turn.

    `spacing_m`: least geodesic distance between two members, metres; exactly so far apart is enough.

    >>> kept = SpacedSet(1000.0)
    >>> kept.add(113.0, 23.0), kept.add(113.005, 23.0), kept.add(113.02, 23.0)
    (True, False, True)
    """

    def __init__(self, spacing_m: float) -> None:
        self._spacing_m = spacing_m
        self._tree = rtree.index.Index()
        self._points: list[tuple[float, float]] = []

    def __len__(self) -> int:
        """Return how many points are in the set."""
        return len(self._points)

    def nearest_within(self, lon: float, lat: float) -> tuple[int, float] | None:
        """Return the member nearest to (`lon`, `lat`) within the spacing, with its distance in metres; else None."""
        box = search_boxes(np.array([[lon, lat, lon, lat]]), np.array([self._spacing_m]))[0]
        near = sorted(self._tree.intersection(tuple(box.tolist())))
        if not near:
            return None
        there = np.array([self._points[member] for member in near])
        apart_m = geodesic_m(np.broadcast_to([lon, lat], there.shape), there)
        best = int(np.argmin(apart_m))
        return (near[best], float(apart_m[best])) if apart_m[best] < self._spacing_m else None

    def add(self, lon: float, lat: float) -> bool:
        """Take the point `lon`, `lat` (degrees) in where it keeps the distance; return whether it did."""
        if self.nearest_within(lon, lat) is not None:
            return False
        self._tree.insert(len(self._points), (lon, lat, lon, lat))
        self._points.append((lon, lat))
        return True


class Candidate(Struct, frozen=True):
    """A point with what the clauses say of it.

    Parameters
    ----------
    is_chosen
        Whether no clause of the filter touches it and it keeps its distance from those chosen before.
    why
        Why it wasn't chosen; empty for one that was.
    unjudged
        Clauses of the filter that weren't judged there: not touched isn't known of them.
    is_touched
        Whether a clause of the filter touches it, or may within its uncertainty.
    """

    site: Site
    answer: SiteAnswer
    is_chosen: bool
    why: str = ""
    unjudged: tuple[str, ...] = ()
    is_touched: bool = False


def choose_candidates(
    bench: SitingBench, sites: Iterable[Site], *, unwanted: Collection[str], spacing_m: float = 0.0
) -> Iterator[Candidate]:
    """Yield every candidate in its order, with whether it is chosen; there is no score.

    Parameters
    ----------
    sites
        Points, the preferred ones first: an earlier one keeps a later one at a distance.
    unwanted
        Rule ids; a candidate that one of them touches, or may touch within its uncertainty, isn't chosen.
    spacing_m
        Least distance between chosen ones, metres; 0 asks for none.
    """
    kept = SpacedSet(spacing_m)
    names: list[str] = []
    for site, answer in bench.check_all(sites):
        touching = [
            clause.citation.rule_id
            for clause in answer.clauses
            if clause.citation.rule_id in unwanted and (clause.verdict in TOUCHED or clause.other in TOUCHED)
        ]
        known = {clause.citation.rule_id for clause in answer.clauses}
        unjudged = tuple(
            clause.citation.rule_id
            for clause in answer.clauses
            if clause.citation.rule_id in unwanted and clause.verdict.value == "not_assessed"
        ) + tuple(sorted(set(unwanted) - known))
        if touching:
            why = f"触及 {'、'.join(touching)}"
            yield Candidate(site, answer, is_chosen=False, why=why, unjudged=unjudged, is_touched=True)
            continue
        if answer.lon is None or answer.lat is None:
            yield Candidate(site, answer, is_chosen=False, why="没有可用的位置", unjudged=unjudged)
            continue
        close = kept.nearest_within(answer.lon, answer.lat)
        if close is not None:
            why = f"距已选 {names[close[0]]} {close[1]:.0f} m，小于 {spacing_m:g} m"
            yield Candidate(site, answer, is_chosen=False, why=why, unjudged=unjudged)
            continue
        kept.add(answer.lon, answer.lat)
        names.append(site.site_id)
        yield Candidate(site, answer, is_chosen=True, unjudged=unjudged)


def reading_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return `candidates` as read, untouched and least unassessed first; none is better than another by that."""
    return sorted(
        candidates,
        key=lambda candidate: (
            candidate.is_touched,
            len(candidate.unjudged),
            candidate.answer.counts()[Verdict.NOT_ASSESSED],
        ),
    )


def generated_points(area: shapely.Geometry, step_m: float, like: Site) -> Iterator[Site]:
    """Yield points of a lattice inside an area, from its south-west corner, row by row.

    Parameters
    ----------
    area
        Polygon in lon/lat.
    step_m
        Between neighbours on a parallel and between parallels, metres.
    like
        The project that would stand there.
    """
    west, south, east, north = area.bounds
    shapely.prepare(area)
    lat, number = south, 0
    while lat <= north:
        step_deg, _, _ = ELLIPSOID.fwd(west, lat, 90.0, step_m)
        for lon in np.arange(west, east, step_deg - west).tolist():
            point = shapely.Point(lon, lat)
            if shapely.covers(area, point):
                number += 1
                yield replace(
                    like,
                    site_id=f"C{number:05d}",
                    name=f"候选点{number}",
                    geometry=point,
                    uncertainty_m=0.0,
                    status=Status.ASSESSED,
                )
        _, lat, _ = ELLIPSOID.fwd(west, lat, 0.0, step_m)
