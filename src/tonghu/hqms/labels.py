"""What groups, levels and fields are called to people, wherever results are shown."""

from __future__ import annotations

from tonghu.hqms.layout import Columns

LEVELS = {"error": "错误", "warning": "提示", "confirm": "请确认"}
GROUPS_ZH = {
    "malignant": "恶性肿瘤",
    "in_situ": "原位癌",
    "cns_benign": "中枢神经系统良性肿瘤",
    "uncertain": "动态未定或未知的肿瘤",
    "aplastic_anaemia": "再生障碍性贫血",
    "itp": "免疫性血小板减少症",
    "haemophilia": "血友病",
    "hlh": "噬血细胞综合征",
    "benign_other": "其他良性肿瘤（可选）",
    "other_blood": "其他血液病（可选）",
    "lch": "朗格汉斯细胞组织细胞增生症（可选）",
    "undetermined": "待判定（年龄不明）",
}
GROUPS_EN = {
    "malignant": "malignant tumour",
    "in_situ": "carcinoma in situ",
    "cns_benign": "benign tumour of the central nervous system",
    "uncertain": "tumour of uncertain or unknown behaviour",
    "aplastic_anaemia": "aplastic anaemia",
    "itp": "immune thrombocytopenia",
    "haemophilia": "haemophilia",
    "hlh": "haemophagocytic lymphohistiocytosis",
    "benign_other": "other benign tumour (optional)",
    "other_blood": "other blood disease (optional)",
    "lch": "Langerhans cell histiocytosis (optional)",
    "undetermined": "to be decided (age not known)",
}


def field_label(columns: Columns, at: int) -> str:
    """The field of a column in words, with the file's own header: ``住院总费用（P782）``."""
    header = columns.header[at].strip()
    field = columns.fields.get(at)
    return header if field is None or header == field.name_zh else f"{field.name_zh}（{header}）"
