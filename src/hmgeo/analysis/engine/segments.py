"""Edges of a polygon in a level frame, and how near places come to them, eight lanes at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.analysis.engine.frames import BEND_EAST, BEND_NORTH, EAST, NORTH
from hmgeo.analysis.engine.lanes import Lanes, Writer, typed, written

if TYPE_CHECKING:
    from hmgeo.analysis.engine.untyped import Ir


@written
def lay_edges(  # noqa: PLR0913, PLR0917 -- arrays one by one
    _typing: Ir,
    frame: Ir,
    x: Ir,
    y: Ir,
    count: Ir,
    unit_x: Ir,
    unit_y: Ir,
    along: Ir,
    across: Ir,
    half: Ir,
    bend: Ir,
) -> Ir:
    """Fill the edges from each point to the next: direction, where their line lies, and half their length.

    A place (px, py) lies px unit_x + py unit_y + along past the middle of an edge and py unit_x - px unit_y + across
    beside its line. bend[0] becomes by how many metres the worst edge, straight in lon/lat, bends away from the
    straight line.
    """

    def write(w: Writer) -> None:
        one = w.constant(1.0)
        east, north = one / w.spread_field(0, EAST), one / w.spread_field(0, NORTH)
        mixed = (w.spread_field(0, BEND_EAST) * east * north).magnitude() * 0.25
        pure = (w.spread_field(0, BEND_NORTH) * east * east).magnitude() * 0.25
        most = w.keep(w.constant(0.0))
        with w.blocks(w.number(3)) as (at, _):
            x, y = w.load(1, at), w.load(2, at)
            ax, ay = w.load(1, at, 1) - x, w.load(2, at, 1) - y
            length = (ax * ax + ay * ay).root()
            most.set((ax.magnitude() * (mixed * ay.magnitude() + pure * ax.magnitude())).most(most.now))
            inverse = one / length
            ux = w.constant(0.0).below(length, ax * inverse, 1.0)
            uy = w.constant(0.0).below(length, ay * inverse, 0.0)
            mx, my = x + ax * 0.5, y + ay * 0.5
            for argument, value in ((4, ux), (5, uy), (8, length * 0.5)):
                w.store(argument, at, value)
            w.store(6, at, (mx * ux + my * uy).negated())
            w.store(7, at, mx * uy - my * ux)
        w.put(9, 0, w.across(most.now, least=False))

    return typed(write, frame, x, y, count, unit_x, unit_y, along, across, half, bend)


def _squared(place: tuple[Lanes, Lanes, Lanes], edge: tuple[Lanes, Lanes, Lanes, Lanes, Lanes]) -> Lanes:
    """Return the squared distance between (px, py, -px) and an edge as `lay_edges` has it."""
    (px, py, minus_px), (ux, uy, along, across, half) = place, edge
    past = (px.fused(ux, py.fused(uy, along)).magnitude() - half).most(0.0)
    beside = py.fused(ux, minus_px.fused(uy, across))
    return past.fused(past, beside * beside)


@written
def nearest_of_segments(  # noqa: PLR0913, PLR0917 -- arrays one by one
    _typing: Ir,
    east: Ir,
    north: Ir,
    places: Ir,
    unit_x: Ir,
    unit_y: Ir,
    along: Ir,
    across: Ir,
    half: Ir,
    segments: Ir,
    least: Ir,
) -> Ir:
    """Fill `least` with the least squared distance from each place to any segment; places innermost."""

    def write(w: Writer) -> None:
        with w.blocks(w.number(2)) as (at, _):
            px, py = w.load(0, at), w.load(1, at)
            place = px, py, px.negated()
            nearest = w.keep(w.constant(float("inf")))
            with w.turns(w.number(8)) as turn:
                ux, uy, along, across, half = (w.spread_field(i, turn.index) for i in range(3, 8))
                nearest.set(_squared(place, (ux, uy, along, across, half)).least(nearest.now))
            w.store(9, at, nearest.now)

    return typed(write, east, north, places, unit_x, unit_y, along, across, half, segments, least)
