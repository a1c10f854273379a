"""Fuzz the own parsers with atheris, by hand: pip install atheris; python tests/fuzz_parsers.py -max_total_time=120."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hmgeo.intake"]):
    from hmgeo.errors import HmgeoError
    from hmgeo.geo.datum import parse_datum
    from hmgeo.intake.formats.sheets import find_header
    from hmgeo.intake.load import load_positions
    from hmgeo.intake.places.numbers import parse_angle, parse_packed
    from hmgeo.reference.cells import parse_quantity
    from hmgeo.vocabulary import Basis, LayerKind

FOLDER = Path(tempfile.mkdtemp(prefix="hmgeo-fuzz-"))
HEADER = "企业编号,经度,纬度,坐标系,县,乡镇,中央子午线,定位误差(m)\n".encode()


def one_input(data: bytes) -> None:
    """Feed one input to a parser; only our own errors may come out."""
    provider = atheris.FuzzedDataProvider(data)
    which = provider.ConsumeIntInRange(0, 5)
    text = provider.ConsumeUnicodeNoSurrogates(60)
    if which == 0:
        parse_angle(text)
    elif which == 1:
        parse_packed(text[:12], text[12:])
    elif which == 2:
        parse_quantity(text)
    elif which == 3:
        parse_datum(text)
    elif which == 4:
        find_header([line.split(",") for line in text.split("\n")])
    else:
        path = FOLDER / "a.csv"
        path.write_bytes(HEADER + text.encode())
        with contextlib.suppress(HmgeoError):
            load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
