"""The words of the table of speeds in Chinese: each label of a line by its English one, numbers taken along."""

from __future__ import annotations

import re

POSTS: dict[str, str] = {
    "h1 entry clerk": "h1 医院录入员", "h1 records department": "h1 医院病案部门", "h1 auditor": "h1 医院审核员",
    "h1 point lead": "h1 监测点总负责人", "h1 responsible deputy": "h1 医院分管负责同志",
    "county commission officer": "县卫生健康部门", "city commission officer": "市卫生健康部门",
    "province commission officer": "省卫生健康部门",
    "province commission head": "省卫生健康部门领导", "centre centre officer": "国家监测中心工作人员",
    "centre centre head": "国家监测中心负责人",
}  # fmt: skip
READERS: dict[str, str] = {"one hospital": "一家医院", "a city": "一个市", "the nation": "全国"}
KEYS: dict[str, str] = {
    "name": "姓名", "pinyin": "拼音", "initials": "首字母", "tail of the document": "证件号末几位",
    "record number": "病案号", "nothing that is there": "查无此人",
}  # fmt: skip
#: (pattern of the whole English label, Chinese with its groups).
LABELS: tuple[tuple[str, str], ...] = (
    (r"(\d+) cores, (\S+), Python (\S+), (\S+)", r"\1 核，\2，Python \3，\4"),
    # What
    (r"([\d,]+) × (\d+) CSV, ([\d.]+ %) in scope: whole check", r"\1 行 × \2 列的 CSV，\3 应报告：完整检查"),
    (r"the same in GB18030", "同上，GB18030 编码"),
    (r"ICCC-3 of ([\d,]+) tumours, file to file", r"\1 个肿瘤的 ICCC-3 分类，从文件到文件"),
    (r"ICCC-3 of ([\d,]+) tumours in memory", r"\1 个肿瘤的 ICCC-3 分类，在内存中"),
    (
        r"([\d,]+) records of (\d+) fields, all in scope: (\d+) front-page checks \((\d+) rules\)",
        r"\1 份病案首页（每份 \2 项，全部应报告）：首页校验 \3 项（规则 \4 条）",
    ),
    (
        r"One record against all (\d+) rules, in process, 95th percentile of ([\d,]+)",
        r"一份病案对全部 \1 条规则，进程内，\2 次的第 95 百分位",
    ),
    (
        r"Excel ([\d,]+) × (\d+), ([\d.]+ %) in scope: check without marking",
        r"Excel \1 行 × \2 列，\3 应报告：检查，不标注",
    ),
    (r"Excel ([\d,]+) × (\d+), ([\d.]+ %) in scope: check and mark", r"Excel \1 行 × \2 列，\3 应报告：检查并标注"),
    *(
        (rf"find one of ([\d,]+) children, as {reader}: p95", rf"在 \1 名儿童中查找一人（{words}），第 95 百分位")
        for reader, words in READERS.items()
    ),
    (r"which children are these\? ([\d,]+) rows of an import", r"导入的 \1 行各是哪名儿童"),
    (r"import ([\d,]+) reportable stays, sealed, under row security", r"导入 \1 条应报告记录（加密，行级权限）"),
    (r"the same with ([\d,]+) cards there", r"同上，库中已有 \1 张报告卡"),
    (r"Pages of the shell, one person: server time, 95th percentile", "外壳页面，一人：服务器用时，第 95 百分位"),
    (
        r"Pages of the shell, (\d+) people at once: server time, 95th percentile",
        r"外壳页面，\1 人同时：服务器用时，第 95 百分位",
    ),
    (
        r"Pages of (\d+) clerks at once, ([\d,]+) cards: server time, 95th percentile",
        r"\1 名录入员同时使用，库中 \2 张报告卡：服务器用时，第 95 百分位",
    ),
    (
        r"Pages of (\d+) clerks at once, with (\d+) uploads: server time, 95th percentile",
        r"\1 名录入员同时使用，另有 \2 个文件上传导入：服务器用时，第 95 百分位",
    ),
    *(
        (
            rf"pages over ([\d,]+) cards, {post}: the slowest, 95th percentile",
            rf"\1 张报告卡，{words}的各页面：最慢一页，第 95 百分位",
        )
        for post, words in POSTS.items()
    ),
    # Against what
    (r"Polars scan that only screens", "只筛查的 Polars 扫描"),
    (r"Polars scan that only screens \(utf8-lossy\)", "只筛查的 Polars 扫描（utf8-lossy）"),
    (r"csv module, the same screen only", "csv 模块，只做同样的筛查"),
    (r"(DuckDB|pandas), the same screen only", r"\1，只做同样的筛查"),
    (r"Polars reading and writing the same columns", "Polars 读写同样的列"),
    (r"Polars join on the same keys", "Polars 按同样的键连接"),
    (r"one hand-written DuckDB query with the same findings", "手写的一条 DuckDB 查询，结果相同"),
    (r"the limit(?:,| of) (\d+) ms", r"上限 \1 毫秒"),
    (r"bare fastexcel read", "只用 fastexcel 读取"),
    (r"one by one, from ([\d,]+) rows", r"逐行处理（由 \1 行推算）"),
    (r"COPY \+ INSERT … SELECT by hand", "手写的 COPY + INSERT … SELECT"),
    (r"the same import into an empty site", "同样的数据导入空库"),
    # Notes
    (r"", ""),
    (r"(\d+) million a second", r"每秒 \1 百万个"),
    (r"([\d,]+) cells a second", r"每秒 \1 个单元格"),
    (r"([\d,]+) rows/s", r"每秒 \1 行"),
    (r"processor ([\d.]+) s and ([\d.]+) s", r"处理器用时 \1 s 和 \2 s"),
    (
        r"median ([\d.]+) ms; front page (\d+), scope (\d+), tumour edits of both profiles (\d+)",
        r"中位数 \1 ms；首页 \2 条，范围 \3 条，两套肿瘤校验共 \4 条",
    ),
    (
        r"median (\S+) ms, processor (\S+) ms; seen by the browser (\d+) ms",
        r"中位数 \1 ms，处理器 \2 ms；浏览器所见 \3 ms",
    ),
    (r"median (\d+) ms", r"中位数 \1 ms"),
    (r"a card checked while somebody types, 95th percentile", "边录边查一张报告卡，第 95 百分位"),
    (r"median (\d+) ms; (\d+) fields, (\d+) findings", r"中位数 \1 ms；\2 项，\3 个问题"),
    (r"(\d+) pages; median of all (\d+) ms", r"\1 个页面；全部的中位数 \2 ms"),
    (
        r"(\d+) pages, median (\d+) ms, seen by the browser (\d+) ms; checks while typing (\d+) ms",
        r"\1 次打开，中位数 \2 ms，浏览器所见 \3 ms；边录边查 \4 ms",
    ),
    (
        r"(\d+) pages, median (\d+) ms, seen by the browser (\d+) ms; checks while typing (\d+) ms; "
        r"(\d+) files of ([\d,]+) rows imported in (\d+) s",
        r"\1 次打开，中位数 \2 ms，浏览器所见 \3 ms；边录边查 \4 ms；\5 个文件各 \6 行，\7 s 内导入完毕",
    ),
    *((f"slowest: by {key}", f"最慢：按{words}") for key, words in KEYS.items()),
)


def chinese(english: str) -> str:
    """The Chinese of a label. Raises KeyError for one that is not in LABELS."""
    for pattern, words in LABELS:
        if found := re.fullmatch(pattern, english):
            return found.expand(words)
    raise KeyError(english)
