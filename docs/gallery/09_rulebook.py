"""规则库里有什么：每一份文件的条款数，按作用分。"""

import sys
from collections import Counter

import matplotlib.pyplot as plt

from hmgeo.rules.book import load_book

plt.rcParams["font.sans-serif"] = ["Noto Sans CJK SC", "Microsoft YaHei", "SimHei", "PingFang SC", "sans-serif"]
book = load_book()
clauses = Counter((rule.history[0].document, rule.effect.zh) for rule in book.rules)
most = [name for name, _ in Counter(rule.history[0].document for rule in book.rules).most_common(12)]
effects = list(dict.fromkeys(effect for _, effect in clauses))

figure, axes = plt.subplots(figsize=(8, 4.6), layout="constrained")
left = [0] * len(most)
for effect in effects:
    counts = [clauses[name, effect] for name in most]
    axes.barh(most, counts, left=left, label=effect)
    left = [so_far + count for so_far, count in zip(left, counts, strict=True)]
axes.invert_yaxis()
axes.tick_params(axis="y", labelsize=8)
axes.set_xlabel("条款数")
axes.set_title(f"规则库：{len(book.rules)} 条，{len({name for name, _ in clauses})} 份文件")
axes.legend(fontsize=8)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "09_rulebook.png", dpi=80)
