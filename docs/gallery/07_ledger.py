"""一张乱表读进来，每一行去了哪里：处理台账按事由计数。"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt

import hmgeo
from hmgeo.vocabulary import Basis, LayerKind

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
MESSY = """2026年涉重企业名单,,,,
企业编号,企业名称,经度,纬度,行业代码
A1,甲厂,113°03′00″,23°36′00″,3212
A2,乙厂,113.051200,23.601200,C3360
A2,丙厂,113.052000,23.602000,3130
,丁厂,见附图,见附图,3212
A5,戊厂,23.601000,113.051000,9999
A6,己厂,,,3212
合计,6家,,,
"""
with tempfile.TemporaryDirectory() as folder:
    table = Path(folder) / "名单.csv"
    table.write_text(MESSY, encoding="gb18030")
    read, ledger = hmgeo.load_positions(table, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
events = Counter(entry.event for entry in ledger.entries)
states = Counter(read.table["status"].to_pylist())

figure, axes = plt.subplots(figsize=(6, 4.4), layout="constrained")
axes.barh(list(events), list(events.values()), color="#00796b")
axes.invert_yaxis()
axes.set_xlabel("台账行数")
axes.set_title(f"读入 {read.table.num_rows} 行：" + "，".join(f"{state} {count}" for state, count in states.items()))
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "07_ledger.png", dpi=80)
