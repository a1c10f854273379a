"""The names that offices give to columns, and what they mean here."""

from __future__ import annotations

from hmgeo.vocabulary import LayerKind

ALIASES: dict[str, str] = {
    "name": "企业名称 单位名称 单位详细名称 公司名称 企业全称 项目名称 "
    "敏感目标名称 尾矿库名称 水源地名称 园区名称 地块名称 名称 "
    "name 污染源名称 "
    "站点名称 facility_name site_name 企业名 title dlmc 地类名称 地类名称dlmc xzqmc hxmc mc",
    "trade_code": "行业代码 国民经济行业代码 行业类别代码 trade_code industry_code hydm",
    "trade_edition": "行业分类版本 行业代码版本 行业分类标准 trade_edition",
    "trade_name": "行业名称 行业类别 所属行业 trade_name industry hymc",
    "county": "县(市、区) 县(市,区) 县市区 区县 县区 县 区(县) 县级行政区 所在县 "
    "所在县(区、市) 所在县(市、区) 所在区县 所属区县 county",
    "township": "乡镇(街道) 乡镇 乡(镇) 镇 乡镇街道 乡(镇、街道) 街道(乡镇) 所在乡镇 所属乡镇 township town",
    "unit_code": "坐落单位代码 坐落单位代码zldwdm zldwdm 权属单位代码 权属单位代码qsdwdm qsdwdm",
    "unit_name": "坐落单位名称 坐落单位名称zldwmc zldwmc 权属单位名称 权属单位名称qsdwmc qsdwmc",
    "land_code": "地类编码 地类编码dlbm dlbm 地类代码",
    "credit_code": "统一社会信用代码 信用代码 社会信用代码 统一信用代码 uscc credit_code",
    "region_code": "行政区划代码 区划代码 adcode 所在地行政区划代码",
    "lonlat": "经纬度 经纬度坐标 坐标 location lnglat lonlat lon_lat 位置坐标 地理坐标 坐标(经度,纬度)",
    "datum": "坐标系 坐标系统 坐标系名称 坐标基准 datum coordinate_system coord_sys",
    "central_meridian": "中央子午线 中央经线 中央子午线经度 central_meridian",
    "uncertainty": "定位误差 位置误差 误差 定位精度误差 position_uncertainty_m uncertainty_m 定位误差m",
    "official_area": "图斑地类面积 图斑地类面积tbdlmj tbdlmj official_area_m2",
    "parcel_area": "图斑面积 图斑面积tbmj tbmj yjjbnttbmj",
    "deducted_area": "扣除地类面积 扣除地类面积kcmj kcmj 扣除面积",
}

CLASS_ALIASES: dict[LayerKind, str] = {
    LayerKind.FARMLAND: "土壤环境质量类别 耕地土壤环境质量类别 环境质量类别 土壤质量类别 质量类别 划分类别 类别 "
    "soil_quality_class class trhjzllb hjzllb",
    LayerKind.SENSITIVE_SITES: "类别 敏感目标类别 类型 class type kind",
    LayerKind.WATER_SOURCE_ZONES: "保护区级别 保护区等级 级别 class level bhqjb",
    LayerKind.INDUSTRIAL_PARKS: "级别 class level",
    LayerKind.INTAKES: "类型 水源类型 类别 class type kind",
    LayerKind.OUTFALLS: "类型 排放口类型 类别 class type kind",
}
OTHER_CLASS_ALIASES = "类别 级别 类型 class type kind"

# Pairs of coordinate columns, most telling first. In a survey grid 横坐标 runs east and 纵坐标 north.
COORDINATES: tuple[tuple[str, str], ...] = (
    (
        (
            "经度 东经 lon longitude lng long 经度坐标 坐标经度 中心经度 中心点经度 经度e 经度lon jd "
            "坐标(经度) 坐标(东经) 地理坐标(经度) 地理坐标(东经) 中心经纬度(经度) 经纬度(经度) "
            "初期坝坝脚经度 坝脚经度 取水口经度"
        ),
        (
            "纬度 北纬 lat latitude 纬度坐标 坐标纬度 中心纬度 中心点纬度 纬度n 纬度lat wd "
            "坐标(纬度) 坐标(北纬) 地理坐标(纬度) 地理坐标(北纬) 中心经纬度(纬度) 经纬度(纬度) "
            "初期坝坝脚纬度 坝脚纬度 取水口纬度"
        ),
    ),
    ("横坐标 东坐标 东向坐标 easting east e", "纵坐标 北坐标 北向坐标 northing north n"),
    ("x坐标 x 坐标x point_x x_coord coord_x", "y坐标 y 坐标y point_y y_coord coord_y"),
)
LON_LAT_PAIR = 0
"""Index of the pair of longitude and latitude."""
NEUTRAL_PAIR = 2
"""Index of the X/Y pair, whose axes a survey table may name the other way round."""

ROLE_WORDS = {
    "id": "编号",
    "name": "名称",
    "trade_code": "行业代码",
    "trade_edition": "行业分类版本",
    "trade_name": "行业名称",
    "county": "县",
    "township": "乡镇",
    "unit_code": "坐落单位代码",
    "unit_name": "坐落单位名称",
    "land_code": "地类编码",
    "credit_code": "统一社会信用代码",
    "region_code": "行政区划代码",
    "datum": "坐标系",
    "central_meridian": "中央子午线",
    "uncertainty": "定位误差",
    "official_area": "图斑地类面积",
    "parcel_area": "图斑面积",
    "deducted_area": "扣除地类面积",
    "class": "类别",
    "lonlat": "经纬度",
    "lon": "经度（或东坐标）",
    "lat": "纬度（或北坐标）",
}
"""Roles of columns, and what the ledger calls them."""

IDS_FIRST = "enterprise_id source_id parcel_id receptor_id"
IDS_NUMBERS = "企业编号 排放口编号 地块编号 水源地编号 库编号 园区编号 项目编号 点位编号 单元编码"
IDS_OF_KIND: dict[LayerKind, str] = {
    LayerKind.OUTFALLS: "排放口编号 排污口编号",
    LayerKind.INTAKES: "取水口编号",
    LayerKind.IRRIGATION_INTAKES: "取水口编号",
    LayerKind.IRRIGATION_DISTRICTS: "灌区编号",
    LayerKind.RIVERS: "河段编号",
    LayerKind.WATER_STATIONS: "断面编号",
}
"""Tables whose rows also name other things by id: their own id first."""

IDS_LAST = "企业id 地块id 编号 编码 bsm 标识码bsm id eid pid"

UNITS = frozenset("m 米 ㎡ m2 平方米 ° 度 十进制 十进制度 小数度 dd deg 东经 北纬 e n".split())  # noqa: SIM905 -- a list to read
