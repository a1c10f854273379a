"""Numbers as people read them, for the tables that analysis fills and the pages that outputs print."""

METRES_PER_KM = 1000.0
_HALF_TENTH_M = 50.0
MU_PER_HA = 15.0
DECIMALS_BELOW_M = 10.0


def distance_text(distance_m: float | None, uncertainty_m: float | None = None, *, limit_m: float | None = None) -> str:
    """Return a distance in words: metres below 1 km, tenths of a kilometre from there.

    Parameters
    ----------
    distance_m
        Ground distance in metres; None gives empty text.
    uncertainty_m
        Half width of the position's uncertainty in metres, shown where it rounds to a metre or more; from 1 km on where
        it is more than the tenth of a kilometre shown leaves open.
    limit_m
        The limit that the distance was held against, in metres. Where rounding would hide on which side the distance
        lies, it is printed to 0.1 mm as it was judged.

    Examples
    --------
    >>> distance_text(823.4, 50)
    '823 m（±50 m）'
    >>> distance_text(4312.0, 50), distance_text(4312.0, 120)
    ('4.3 km', '4.3 km（±0.1 km）')
    >>> distance_text(10003.2, limit_m=10000.0)
    '10003.2 m'
    """
    if distance_m is None:
        return ""
    if limit_m is not None and distance_m != limit_m and _shown_m(distance_m) == _shown_m(limit_m):
        return f"{f'{distance_m:.4f}'.rstrip('0').rstrip('.')} m"
    if round(distance_m) >= METRES_PER_KM:
        km = f"{distance_m / METRES_PER_KM:.1f} km"
        is_wide = uncertainty_m is not None and uncertainty_m > _HALF_TENTH_M
        return f"{km}（±{(uncertainty_m or 0.0) / METRES_PER_KM:.1f} km）" if is_wide else km
    metres = f"{round(_shown_m(distance_m), 1):g} m"
    return f"{metres}（±{uncertainty_m:.0f} m）" if uncertainty_m is not None and round(uncertainty_m) >= 1 else metres


def area_text(area_ha: float | None) -> str:
    """Return `area_ha` in hectares and 亩 (1 ha = 15 亩); None gives empty text.

    >>> area_text(12.345)
    '12.35 ha（185.2 亩）'
    """
    if area_ha is None:
        return ""
    return f"{area_ha:,.2f} ha（{mu(area_ha):,.1f} 亩）"


def mu(area_ha: float) -> float:
    """Return `area_ha` in 亩 (1 ha = 15 亩).

    >>> mu(2.0)
    30.0
    """
    return area_ha * MU_PER_HA


def radius_text(radius_m: float) -> str:
    """Return `radius_m` as a header shows it.

    >>> radius_text(10000.0), radius_text(500.0)
    ('10 km', '500 m')
    """
    if radius_m >= METRES_PER_KM:
        return f"{radius_m / METRES_PER_KM:g} km"
    return f"{radius_m:g} m"


WINDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


def bearing_text(bearing_deg: float | None) -> str:
    """Return `bearing_deg`, from true north, as one of eight directions; None gives empty text.

    >>> bearing_text(44.0), bearing_text(359.0)
    ('东北', '北')
    """
    if bearing_deg is None:
        return ""
    return WINDS[round(bearing_deg / 45.0) % len(WINDS)]


def _shown_m(distance_m: float) -> float:
    """Return the distance in metres as it is shown: to 100 m from 1 km, to 1 m from 10 m, to 0.1 m below."""
    if round(distance_m) >= METRES_PER_KM:
        return round(distance_m, -2)
    return round(distance_m) if distance_m >= DECIMALS_BELOW_M else round(distance_m, 1)
