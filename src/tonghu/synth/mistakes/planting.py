"""Which card gets which defect: a shuffled deck of all of them, so that rare ones are planted whenever they can be."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tonghu.synth.chance import Chance
from tonghu.synth.habits import Habit
from tonghu.synth.mistakes import bills, days, diagnoses, ending, identity, presence, values
from tonghu.synth.mistakes.between import BETWEEN, BETWEEN_RULES, BetweenPlanter
from tonghu.synth.mistakes.card import Card, Planter
from tonghu.synth.roster import Made
from tonghu.synth.sheet import Sheet

PLANTERS: tuple[tuple[str, Planter], ...] = (
    ("HQ001", presence.required),
    ("HQ002", presence.advised),
    ("HQ003", presence.age),
    ("HQ004", presence.slot_incomplete),
    ("HQ005", presence.slot_repeated),
    ("HQ006", presence.procedure_incomplete),
    ("HQ007", presence.operation_incomplete),
    ("HQ008", presence.pathology),
    ("HQ009", presence.pathology_beside),
    ("HQ010", presence.pathology_number),
    ("HQ011", presence.external_cause),
    ("HQ012", presence.transfer_hospital),
    ("HQ013", presence.transfer_community),
    ("HQ014", presence.return_purpose),
    ("HQ015", presence.autopsy),
    ("HQ016", presence.allergy),
    ("HQ017", presence.admission_weight),
    ("HQ018", presence.birth_weight),
    ("HQ019", presence.intensive_incomplete),
    ("HQ020", presence.outpatient_diagnosis),
    ("HQ021", values.wrong_type),
    ("HQ021", values.birth_unreadable),
    ("HQ021", values.birth_in_days),
    ("HQ021", values.age_unknown),
    ("HQ022", values.too_long),
    ("HQ023", values.not_in_list),
    ("HQ024", values.organisation),
    ("HQ025", values.count),
    ("HQ026", values.postcode),
    ("HQ027", values.no_province),
    ("HQ028", values.weight_range),
    ("HQ029", values.weight_rounding),
    ("HQ030", values.coma),
    ("HQ031", values.negative),
    ("HQ032", values.infant_age_range),
    ("HQ036", identity.check_character),
    ("HQ037", identity.birth),
    ("HQ038", identity.sex),
    ("HQ039", identity.province),
    ("HQ040", identity.missing),
    ("HQ043", days.out_before_in),
    ("HQ044", days.born_after),
    ("HQ045", days.future),
    ("HQ046", days.confirmed),
    ("HQ047", days.procedure_outside),
    ("HQ048", days.intensive_outside),
    ("HQ049", days.intensive_overlap),
    ("HQ050", days.checked_before),
    ("HQ051", days.age_wrong),
    ("HQ052", days.infant_age_wrong),
    ("HQ053", days.length_wrong),
    ("HQ054", days.care_days),
    ("HQ055", days.birth_trauma),
    ("HQ056", days.perinatal),
    ("HQ058", diagnoses.forbidden_letter),
    ("HQ059", diagnoses.morphology_shape),
    ("HQ060", diagnoses.external_letter),
    ("HQ061", diagnoses.man_only),
    ("HQ062", diagnoses.woman_only),
    ("HQ063", identity.sex_unknown),
    ("HQ064", diagnoses.operation_of_other_sex),
    ("HQ066", diagnoses.behaviour),
    ("HQ067", diagnoses.metastatic),
    ("HQ068", diagnoses.secondary_alone),
    ("HQ069", diagnoses.chemotherapy_for_nothing),
    ("HQ071", diagnoses.delivery_without_child),
    ("HQ072", ending.died_by_diagnosis),
    ("HQ073", ending.died_by_disposition),
    ("HQ074", ending.rescues),
    ("HQ075", ending.autopsy_alive),
    ("HQ076", ending.married_child),
    ("HQ077", ending.working_child),
    ("HQ078", ending.employer),
    ("HQ079", bills.total_wrong),
    ("HQ080", bills.negative_part),
    ("HQ081", bills.total_nothing),
    ("HQ082", bills.own_share),
    ("HQ083", bills.physical_therapy),
    ("HQ084", bills.surgery_parts),
    ("HQ085", bills.antibacterials),
    ("HQ086", bills.no_service),
    ("HQ087", bills.no_nursing),
    ("HQ088", bills.no_materials),
    ("HQ089", bills.surgery_without_procedure),
    ("HQ090", bills.anaesthesia_without_fee),
    ("HQ091", bills.operation_without_fee),
    ("HQ092", bills.blood_without_group),
    ("HQ093", bills.all_other),
    ("HQ094", bills.payment_method),
    ("HQ095", bills.no_factor),
    ("HQ099", ending.certificate_only),
)
RULES: tuple[str, ...] = tuple(sorted({rule for rule, _ in PLANTERS} | set(BETWEEN_RULES)))
SHARE_BETWEEN = 0.1


@dataclass
class Deck:
    """Deals defects. `share` of the cards (rows in scope; of all rows when `everywhere`) get one.

    `fixed_width` as in :class:`Card`.
    """

    sheet: Sheet
    habit: Habit
    chance: Chance
    share: float
    everywhere: bool = False
    fixed_width: bool = False
    _single: list[Planter] = field(default_factory=list)
    _pairs: list[BetweenPlanter] = field(default_factory=list)

    def deal(self, block: list[Made]) -> dict[int, Card]:
        """Damage a share of the cards of this block. Returns what was done, by index in the block."""
        if not self.share:
            return {}
        cards = [i for i, made in enumerate(block) if self.everywhere or made.scope is not None]
        chosen = [i for i in cards if self.chance.happens(self.share)]
        dealt: dict[int, Card] = {}
        siblings: defaultdict[int, list[int]] = defaultdict(list)
        for i in cards:
            siblings[id(block[i].person)].append(i)
        bystanders: set[int] = set()
        for i in chosen:
            if i in bystanders:
                continue
            card = self._card(block[i])
            others = [j for j in siblings[id(block[i].person)] if j != i and j not in dealt]
            # All stays of the person must be at hand and whole: each of them may show what is wrong with one.
            together = others and len(others) + 1 == block[i].stays
            if together and self.chance.happens(SHARE_BETWEEN) and self._deal_between(card, block[others[0]]):
                dealt[i] = card
                for j in others:
                    bystanders.add(j)
                    dealt[j] = self._card(block[j])
                    dealt[j].may(*BETWEEN_RULES)
            elif self._deal_single(card):
                dealt[i] = card
        return dealt

    def _card(self, made: Made) -> Card:
        return Card(made, self.sheet, self.habit, self.chance, self.fixed_width)

    def _deal_single(self, card: Card) -> bool:
        for _ in range(2):
            for place, plant in enumerate(self._single):
                if plant(card):
                    del self._single[place]
                    return True
            self._refill()
        return False

    def _refill(self) -> None:
        """A new deck: what was left over because it seldom fits comes first, the rest shuffled behind it."""
        again = [plant for _, plant in PLANTERS if plant not in self._single]
        self.chance.shuffle(again)
        self._single += again

    def _deal_between(self, card: Card, other: Made) -> bool:
        if not self._pairs:
            self._pairs = [plant for _, plant in BETWEEN]
        for place, plant in enumerate(self._pairs):
            if plant(card, other):
                del self._pairs[place]
                return True
        return False
