"""How a run is shown: to whom, over which hillshade, under which watermark; and what may not be shown at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hmgeo.findings.results import Presentation
from hmgeo.outputs.map.audience import PUBLIC, refuse, why_no_page
from hmgeo.outputs.map.hillshade import hillshade
from hmgeo.vocabulary import Classification

if TYPE_CHECKING:
    from hmgeo.findings.results import Backdrop, Results
    from hmgeo.project.spec import ProjectSpec
    from hmgeo.records import Raster

INTERNAL = "internal"
PUBLIC_ONLY_MAPS = "公开版仅指本文件夹的地图和图件；其余结果文件仍按各图层密级管理，不得随图公开。"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asks of the maps.

    Parameters
    ----------
    public
        Maps by the whitelist.
    watermark
        单位·姓名·时间·运行编号, as the user writes it: the same text gives the same bytes.
    language
        zh or en: tables are written so, and the page opens so.
    """

    public: bool = False
    watermark: str = ""
    language: str = "zh"

    def check(self, spec: ProjectSpec) -> None:
        """Refuse a public map of layers without 密级 before anything is computed.

        Raises
        ------
        OutputError
            Naming every such layer.
        """
        if self.public:
            refuse(((kind, kind.value, layer.classification) for kind, layer in spec.layers.items()), PUBLIC)

    def presentation(self, elevation: Raster | None) -> Presentation:
        """Return how results are shown over their elevation layer."""
        audience = PUBLIC if self.public else INTERNAL
        return Presentation(
            language=self.language,
            audience=audience,
            backdrop=backdrop_of(elevation, audience),
            watermark=self.watermark,
        )

    def options(self) -> str:
        """Return the options of the command line that say this."""
        told = (
            " --public" if self.public else "",
            f" --watermark {self.watermark}" if self.watermark else "",
            f" --lang {self.language}" if self.language != "zh" else "",
        )
        return "".join(told)


def backdrop_of(elevation: Raster | None, audience: str = INTERNAL) -> Backdrop | None:
    """Return the hillshade of an elevation layer; None where there is none or it may not be shown.

    Raises
    ------
    InputError
        Where the raster can't be read.
    """
    if elevation is None or elevation.gates.classification is Classification.CLASSIFIED:
        return None
    if audience == PUBLIC and elevation.gates.classification is not Classification.PUBLIC:
        return None
    return hillshade(elevation)


def with_reasons(results: Results, presentation: Presentation) -> Results:
    """Return results whose warnings also say which outputs a run folder lacks and what of it is public."""
    said = [why_no_page(results)]
    if presentation.audience == PUBLIC:
        said.append(PUBLIC_ONLY_MAPS)
    return replace(results, warnings=(*results.warnings, *filter(None, said)))
