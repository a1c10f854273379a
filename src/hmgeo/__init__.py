"""hmgeo: GIS screening for heavy-metal pollution control areas (重金属污染防控重点区域)."""

__version__ = "0.1.0"
