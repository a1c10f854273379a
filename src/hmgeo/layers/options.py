"""What a user says of a file where the file itself doesn't."""

from __future__ import annotations

from dataclasses import dataclass

from pyproj import CRS
from pyproj.exceptions import CRSError

from hmgeo.datum import Datum, parse_datum
from hmgeo.errors import InputError, Place, Problem

TURNED = "lat_lon"
AXIS_ORDERS = ("", "lon_lat", TURNED)
"""What `axis_order` may say."""

_EASTERNMOST = 180.0


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a user says of a file. Everything may stay empty.

    Parameters
    ----------
    layer
        Sheet or layer to read.
    id_field
        Column that holds the ids.
    crs
        CRS of the coordinates, such as `EPSG:4547`; wins over what the file declares.
    datum
        Datum of the coordinates, such as `gcj02` or `西安80`; wins over the file's, yields to a row's own.
    central_meridian
        Degrees east, for metres without a zone prefix; yields to a row's own.
    axis_order
        `lat_lon` where what the file calls longitude or east is the latitude or north, and the other way round;
        `lon_lat` or empty where names mean what they say.
    accept_suggestions
        Carry out what the suspicion checks propose (swapped axes, another datum, ...), each with a ledger entry.
    columns
        Pairs of role and column name that win over recognition, such as `("lon", "X1")`.
    """

    layer: str = ""
    id_field: str = ""
    crs: str = ""
    datum: str = ""
    central_meridian: float | None = None
    axis_order: str = ""
    accept_suggestions: bool = False
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """`ReadOptions` understood: None where nothing was said."""

    crs: CRS | None = None
    datum: Datum | None = None
    central_meridian: float | None = None
    is_turned: bool = False


def understand(options: ReadOptions, place: Place) -> Declared:
    """Turn the words into a CRS and a datum.

    Raises
    ------
    InputError
        All words that are not understood, at once.
    """
    problems: list[Problem] = []
    crs: CRS | None = None
    if options.crs:
        try:
            crs = CRS.from_user_input(options.crs)
        except CRSError:
            problems.append(
                Problem(
                    "声明的坐标系无法识别", place, found=options.crs, remedy="写成 EPSG 代码，如 EPSG:4490、EPSG:4547"
                )
            )
    datum = parse_datum(options.datum) if options.datum else None
    if options.datum and datum is None:
        allowed = "、".join(member.value for member in Datum)
        problems.append(
            Problem("声明的大地基准无法识别", place, found=options.datum, allowed=allowed, remedy="改为其中之一")
        )
    meridian = options.central_meridian
    if meridian is not None and not -_EASTERNMOST <= meridian <= _EASTERNMOST:
        problems.append(
            Problem(
                "中央子午线超出范围", place, found=f"{meridian:g}", allowed="-180 至 180 度", remedy="写成度数，如 114"
            )
        )
    if options.axis_order not in AXIS_ORDERS:
        allowed = "、".join(filter(None, AXIS_ORDERS))
        problems.append(
            Problem("坐标轴顺序无法识别", place, found=options.axis_order, allowed=allowed, remedy="改为其中之一")
        )
    if problems:
        raise InputError(problems)
    return Declared(crs, datum, meridian, options.axis_order == TURNED)
