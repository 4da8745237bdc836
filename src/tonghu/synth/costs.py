"""A plausible bill in whole fen (cents): parts that add up, and the parts "of which" never above their whole."""

from __future__ import annotations

from tonghu.synth.chance import Chance
from tonghu.synth.stays import Stay

# The 24 parts whose sum is the total; field name → (least, most) yuan a day of the stay.
_BY_DAY: dict[str, tuple[float, float]] = {
    "cost_general_service": (25, 70),
    "cost_general_procedure": (20, 120),
    "cost_nursing": (15, 60),
    "cost_general_other": (0, 20),
    "cost_laboratory": (60, 380),
    "cost_imaging": (0, 160),
    "cost_clinical_diagnostic": (5, 60),
    "cost_nonsurgical_treatment": (10, 120),
    "cost_western_medicine": (80, 900),
    "cost_material_exam": (2, 15),
    "cost_material_treatment": (10, 120),
    "cost_other": (0, 8),
}
PARTS: tuple[str, ...] = (
    "cost_general_service",
    "cost_general_procedure",
    "cost_nursing",
    "cost_general_other",
    "cost_pathology",
    "cost_laboratory",
    "cost_imaging",
    "cost_clinical_diagnostic",
    "cost_nonsurgical_treatment",
    "cost_surgical_treatment",
    "cost_rehabilitation",
    "cost_tcm_treatment",
    "cost_western_medicine",
    "cost_patent_tcm",
    "cost_herbal",
    "cost_blood",
    "cost_albumin",
    "cost_globulin",
    "cost_coagulation_factor",
    "cost_cytokine",
    "cost_material_exam",
    "cost_material_treatment",
    "cost_material_surgery",
    "cost_other",
)


def money(fen: int) -> str:
    """Fen as yuan with two places."""
    return f"{fen // 100}.{fen % 100:02d}"


def bill(chance: Chance, stay: Stay) -> dict[str, int]:
    """The bill of a stay: every part and part "of which", in fen. The total is left to who adds them up."""
    days = max(1, stay.days)
    amounts = dict.fromkeys(PARTS, 0)
    for name, (least, most) in _BY_DAY.items():
        amounts[name] = int((least + (most - least) * chance.random()) * 100) * days
    of_which = {"cost_physical_therapy": amounts["cost_nonsurgical_treatment"] // 9}
    if stay.morphology:
        amounts["cost_pathology"] = chance.between(8_000, 90_000)
    anaesthetic = surgery = 0
    if stay.operated:
        anaesthetic, surgery = chance.between(60_000, 260_000), chance.between(120_000, 900_000)
        amounts["cost_surgical_treatment"] = anaesthetic + surgery + chance.between(0, 40_000)
        amounts["cost_material_surgery"] = chance.between(30_000, 800_000)
    if any(procedure.key in ("red_cells", "platelets", "allograft") for procedure, _ in stay.done):
        amounts["cost_blood"] = chance.between(30_000, 300_000)
    if stay.bleeder:
        amounts["cost_coagulation_factor"] = chance.between(80_000, 1_500_000)
    if stay.scope and chance.happens(0.3):
        amounts["cost_globulin"] = chance.between(50_000, 400_000)
    if stay.scope and chance.happens(0.2):
        amounts["cost_cytokine"] = chance.between(10_000, 120_000)
    of_which["cost_anaesthesia"], of_which["cost_surgery"] = anaesthetic, surgery
    of_which["cost_antibacterial"] = amounts["cost_western_medicine"] // chance.between(3, 12)
    return amounts | of_which
