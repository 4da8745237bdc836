"""Diagnosis, morphology and procedure codes: HQ058-HQ071."""

from __future__ import annotations

from tonghu.synth.mistakes.card import Card


def forbidden_letter(card: Card) -> bool:
    """HQ058: an external cause or a morphology code among the diagnoses."""
    code, title = card.chance.one((("W10.000", "在楼梯和台阶上跌倒"), ("M98210/3", "急性淋巴细胞白血病")))
    name = card.add_diagnosis(code, title)
    return name is not None and card.mark("HQ058", name)


def morphology_shape(card: Card) -> bool:
    """HQ059: a morphology code without M, with four digits, or of behaviour 4."""
    if not card.made.form.stay.morphology:
        return False
    code = card.get("pathology_1_morphology_code")
    card.put("pathology_1_morphology_code", card.chance.one((code[1:], code[:5] + code[6:], code[:-1] + "4")))
    card.may("HQ066")
    return card.mark("HQ059", "pathology_1_morphology_code")


def external_letter(card: Card) -> bool:
    """HQ060: a disease as external cause."""
    card.put("external_cause_1_code", card.habit.code("J18.000"))
    card.put("external_cause_1_name", "支气管肺炎")
    return card.mark("HQ060", "external_cause_1_code")


def man_only(card: Card) -> bool:
    """HQ061: a disease of men in a girl."""
    if card.made.person.sex != "2":
        return False
    name = card.add_diagnosis("N43.300", "鞘膜积液")
    return name is not None and card.mark("HQ061", name)


def woman_only(card: Card) -> bool:
    """HQ062: a disease of women in a boy."""
    if card.made.person.sex != "1":
        return False
    name = card.add_diagnosis("N83.200", "卵巢囊肿")
    return name is not None and card.mark("HQ062", name)


def operation_of_other_sex(card: Card) -> bool:
    """HQ064: a procedure of the other sex (not an operation, so that nothing else follows)."""
    slot = len(card.made.form.stay.done) + 1
    boy = card.made.person.sex == "1"
    card.put(f"procedure_{slot}_code", "88.7800" if boy else "99.9400")
    card.put(f"procedure_{slot}_name", "妊娠子宫诊断性超声" if boy else "前列腺按摩")
    card.put(f"procedure_{slot}_datetime", card.moment(card.made.admitted, 14))
    return card.mark("HQ064", f"procedure_{slot}_code")


def behaviour(card: Card) -> bool:
    """HQ066: a malignant diagnosis with a benign morphology."""
    code = card.get("pathology_1_morphology_code")
    if not code.endswith("/3") or not card.main_code.startswith("C"):
        return False
    card.put("pathology_1_morphology_code", code[:-1] + "0")
    return card.mark("HQ066", "pathology_1_morphology_code")


def metastatic(card: Card) -> bool:
    """HQ067: only the metastasis has a morphology."""
    if not card.made.form.stay.morphology or not "C00" <= card.main_code < "C76":
        return False
    card.put("pathology_1_morphology_code", "M80000/6")
    card.put("pathology_1_name", "转移性肿瘤")
    return card.mark("HQ067", "pathology_1_morphology_code")


def secondary_alone(card: Card) -> bool:
    """HQ068: a secondary tumour as principal diagnosis, and no primary one."""
    made = card.made
    codes = [d.code for d in made.form.stay.diagnoses]
    if made.scope is None or not "C00" <= codes[0] < "C76" or any(code.startswith("C") for code in codes[1:]):
        return False
    code = card.habit.code("C79.500")
    card.put("principal_diagnosis_code", code)
    card.put("principal_diagnosis_name", "骨和骨髓继发性恶性肿瘤")
    made.scope = ("malignant", code, 0)
    return card.mark("HQ068", "principal_diagnosis_code")


def chemotherapy_for_nothing(card: Card) -> bool:
    """HQ069: chemotherapy as principal diagnosis where no slot has a neoplasm. The blood disease moves behind it.

    Not for HLH, which is treated with etoposide.
    """
    made = card.made
    if card.main_code.startswith("D76"):
        return False
    slot = card.free_diagnosis()
    diagnoses = made.form.stay.diagnoses
    if made.scope is None or made.form.stay.morphology or made.scope[2] != 0 or slot is None:
        return False
    card.add_diagnosis(diagnoses[0].code, diagnoses[0].name)
    card.put("principal_diagnosis_code", card.habit.code("Z51.100"))
    card.put("principal_diagnosis_name", "肿瘤化学治疗疗程")
    made.scope = (made.scope[0], made.scope[1], slot)
    return card.mark("HQ069", "principal_diagnosis_code")


def delivery_without_child(card: Card) -> bool:
    """HQ071: a delivery without its outcome."""
    if card.made.person.sex != "2" or card.age < 14 or card.made.form.stay.gives_birth:
        return False
    name = card.add_diagnosis("O80.000", "头位顺产")
    return name is not None and card.mark("HQ071", name)
