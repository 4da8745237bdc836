"""Front pages: a stay becomes a form with everything filled in but the person and the days; a form is stamped fast.

Forms are made once and stamped many times with other people, days and amounts: that is what lets a million rows of
346 columns stream in about half a minute.
"""

from __future__ import annotations

from dataclasses import dataclass

from tonghu.synth.chance import Chance
from tonghu.synth.costs import PARTS, bill, money
from tonghu.synth.country import Hospital
from tonghu.synth.habits import Habit
from tonghu.synth.people import PROVINCE_NAME, Person, invent_name
from tonghu.synth.sheet import Sheet
from tonghu.synth.stays import COMMUNITY, DIED, HOME, TRANSFER, Diagnosis, Stay

CARE_LEVELS = ("special_care_days", "level1_care_days", "level2_care_days", "level3_care_days")
STAFF = (
    "department_head",
    "chief_physician",
    "attending_physician",
    "resident_physician",
    "responsible_nurse",
    "coder",
    "quality_physician",
    "quality_nurse",
)
_EMPTY_TEXTS = ("insurance_card_no", "health_card_no", "allergen", "visiting_physician", "intern")


@dataclass(slots=True)
class Form:
    """A front page without person and days. `dated`: (place, night of the stay, minute of the day) of further dates."""

    cells: list[str]
    stay: Stay
    dated: list[tuple[int, int, int]]
    total: int
    drugs: int
    confirmed: int
    checked: int


class FormMaker:
    """Fills in forms for one sheet in one maker's writing."""

    def __init__(self, sheet: Sheet, habit: Habit, chance: Chance) -> None:
        self.sheet = sheet
        self.habit = habit
        self.chance = chance
        filled = habit.filler if habit.fills_all_texts else ""
        self.blank = [filled if field.type == "text" else "" for field in sheet.fields]

    def form(self, stay: Stay) -> Form:
        """A form for this stay, every cell that depends on neither person nor day filled in."""
        values: dict[str, str] = {}
        if self.habit.filler:
            values.update(dict.fromkeys(_EMPTY_TEXTS, self.habit.filler))
        self._diagnoses(values, stay)
        dated = self._procedures(values, stay)
        self._care(values, stay, dated)
        self._ending(values, stay)
        self._staff(values)
        amounts = bill(self.chance, stay)
        values.update((name, money(amount)) for name, amount in amounts.items())
        cells = [*self.blank, ""]
        at = self.sheet.at
        for name, value in values.items():
            cells[at[name]] = value
        return Form(
            cells=cells,
            stay=stay,
            dated=[(at[name], night, minute) for name, night, minute in dated],
            total=sum(amounts[name] for name in PARTS),
            drugs=amounts["cost_western_medicine"],
            confirmed=min(stay.days, self.chance.below(3)),
            checked=self.chance.between(1, 4),
        )

    def _diagnoses(self, values: dict[str, str], stay: Stay) -> None:
        chance, code = self.chance, self.habit.code
        main, *others = stay.diagnoses
        died = stay.ending == DIED
        seen = stay.admitted_for
        values |= {
            "outpatient_diagnosis_code": code(seen.code),
            "outpatient_diagnosis_name": seen.name,
            "admission_diagnosis_code": code(seen.code),
            "admission_diagnosis_name": seen.name,
            "principal_diagnosis_code": code(main.code),
            "principal_diagnosis_name": main.name,
            "principal_diagnosis_poa": main.poa,
            "principal_diagnosis_outcome": "4" if died else chance.one("1222"),
        }
        for slot, diagnosis in enumerate(others, 1):
            self._slot(values, slot, diagnosis)
        if stay.morphology:
            values["pathology_1_morphology_code"], values["pathology_1_name"] = stay.morphology
            values["pathology_1_number"] = f"B{chance.below(900_000) + 100_000}"
            values["basis_of_diagnosis"] = "5" if stay.department.endswith("05") else "7"
            values["tumour_grade"] = "9"
        if stay.external:
            values["external_cause_1_code"] = code(stay.external[0])
            values["external_cause_1_name"] = stay.external[1]

    def _slot(self, values: dict[str, str], slot: int, diagnosis: Diagnosis) -> None:
        values[f"other_diagnosis_{slot}_code"] = self.habit.code(diagnosis.code)
        values[f"other_diagnosis_{slot}_name"] = diagnosis.name
        values[f"other_diagnosis_{slot}_poa"] = diagnosis.poa
        values[f"other_diagnosis_{slot}_outcome"] = "2"

    def _procedures(self, values: dict[str, str], stay: Stay) -> list[tuple[str, int, int]]:
        dated = []
        # The main procedure is the operation, where there is one.
        for slot, (procedure, night) in enumerate(sorted(stay.done, key=lambda d: not d[0].is_operation), 1):
            prefix = f"procedure_{slot}_"
            values[prefix + "code"] = procedure.code
            values[prefix + "name"] = procedure.name
            # On the first day not before noon: the hour of admission is not known yet.
            dated.append((prefix + "datetime", min(night, stay.days), 14 * 60 + self.chance.below(60)))
            values[prefix + "surgeon"] = invent_name(self.chance, "1")
            if procedure.is_operation:
                values |= {
                    prefix + "level": procedure.level,
                    prefix + "assistant_1": invent_name(self.chance, "1"),
                    prefix + "assistant_2": invent_name(self.chance, "2"),
                    prefix + "anaesthesia_method": procedure.anaesthesia,
                    prefix + "asa_grade": self.chance.one("122"),
                    prefix + "wound_healing": procedure.wound,
                    prefix + "anaesthetist": invent_name(self.chance, "2"),
                    prefix + "duration": str(self.chance.between(1, 6)),
                }
        values["surgical_patient_type"] = "2" if stay.operated else "0"
        return dated

    def _care(self, values: dict[str, str], stay: Stay, dated: list[tuple[str, int, int]]) -> None:
        chance = self.chance
        values["length_of_stay_days"] = str(max(1, stay.days))
        values["admission_condition"] = "2" if stay.emergency else "3"
        values["admission_route"] = "1" if stay.emergency else chance.one("2222223")
        for name in ("admission_department", "discharge_department"):
            values[name] = self.habit.department(stay.department)
        ward = str(chance.between(1, 18))
        values |= {"admission_ward": ward, "discharge_ward": ward}
        intensive_days = 0
        if stay.intensive:
            left = chance.between(2, stay.days - 1)
            intensive_days = left - 1
            values["icu_1_type"] = "NICU" if stay.newborn else ("PICU" if stay.department[:2] in ("07", "08") else "9")
            dated += [("icu_1_in", 1, 15 * 60), ("icu_1_out", left, 7 * 60)]
        second = chance.below(max(0, stay.days - intensive_days) + 1)
        values |= dict(zip(CARE_LEVELS, (str(intensive_days), "0", str(second), "0"), strict=True))
        values |= {"abo_group": chance.one("11223334"), "rh_group": "2" if chance.random() < 0.99 else "1"}
        values |= {"hbsag": "1", "hcv_ab": "1", "hiv_ab": "1", "nosocomial_infection_count": "0"}
        transfused = any(procedure.key in ("red_cells", "platelets", "allograft") for procedure, _ in stay.done)
        values |= {"transfusion_reaction": "2" if transfused else "3", "platelet_units": "2" if transfused else "0"}
        allergic = chance.happens(0.04)
        values["drug_allergy"] = "2" if allergic else "1"
        if allergic:
            values["allergy_drug"] = "青霉素"
        for when in ("before", "after"):
            values |= {f"coma_{when}_days": "0", f"coma_{when}_hours": "0", f"coma_{when}_minutes": "0"}
        if stay.gives_birth:
            values["newborn_birth_weight_1_g"] = str(chance.between(250, 420) * 10)
        if any(procedure.key == "ventilator" for procedure, _ in stay.done):
            values["ventilator_hours"] = str(chance.between(96, 200))
        values["employer_phone"] = values["employer_postcode"] = "-"

    def _ending(self, values: dict[str, str], stay: Stay) -> None:
        ending = stay.ending
        values["discharge_disposition"] = ending
        if ending == TRANSFER:
            values["transfer_hospital_name"] = "虚构市示例医院"
        if ending == COMMUNITY:
            name = "虚构市示例社区卫生服务中心"
            values["transfer_community_name"] = name
            if not self.sheet.has("transfer_community_name"):
                values["transfer_hospital_name"] = name
        rescued = self.chance.below(2) if stay.intensive else 0
        values["resuscitation_count"] = str(rescued + (ending == DIED))
        values["resuscitation_success_count"] = str(rescued)
        if ending == DIED:
            values["autopsy"] = "2"
        returns = stay.planned_return and ending == HOME
        values["readmission_31d_planned"] = "2" if returns else "1"
        if returns:
            values["readmission_31d_purpose"] = "继续治疗"

    def _staff(self, values: dict[str, str]) -> None:
        for role in STAFF:
            values[role] = invent_name(self.chance, self.chance.one("12"))
        values["record_quality"] = "1"


class Stamp:
    """Puts a person, days and an amount on a form. The hot loop of the made-up country: plain statements on purpose."""

    def __init__(self, sheet: Sheet, habit: Habit, chance: Chance) -> None:
        self.sheet = sheet
        self.habit = habit
        self.chance = chance
        self.modern = sheet.layout_id == "2020"
        at = sheet.at
        self._person = [
            at[name]
            for name in (
                "payment_method",
                "admission_count",
                "medical_record_no",
                "patient_name",
                "sex",
                "birth_date",
                "marital_status",
                "occupation",
                "birth_province",
                "birth_city",
                "birth_county",
                "birth_address",
                "native_province",
                "ethnicity",
                "nationality",
                "national_id",
            )
        ]
        self._contact = [
            at[name]
            for name in (
                "current_address",
                "registered_address",
                "contact_address",
                "current_postcode",
                "registered_postcode",
                "home_phone",
                "contact_phone",
                "contact_name",
                "contact_relation",
                "employer_address",
            )
        ]
        self._ages = [
            at[name]
            for name in (
                "age_years",
                "age_infant_months",
                "age_infant_days",
                "newborn_birth_weight_1_g",
                "newborn_admission_weight_g",
            )
        ]
        self._days = [
            at[name]
            for name in ("admission_datetime", "discharge_datetime", "diagnosis_confirmed_date", "quality_date")
        ]
        self._money = [at[name] for name in ("cost_western_medicine", "cost_total", "cost_self_pay")]
        self._hospital = [at["org_code"], at["org_name"]]

    def row(self, form: Form, person: Person, hospital: Hospital, discharged: int, age: int) -> list[str]:
        """A row (one cell more than the sheet is wide). `age`: completed years at admission, made so by the caller."""
        row = form.cells.copy()
        row[self._hospital[0]] = hospital.code
        row[self._hospital[1]] = hospital.name
        self._stamp_person(row, person, age)
        admitted = discharged - form.stay.days
        self._stamp_ages(row, person, age, admitted)
        self._stamp_days(row, form, admitted, discharged)
        self._stamp_money(row, form, person.payment)
        return row

    def _stamp_person(self, row: list[str], person: Person, age: int) -> None:
        province = PROVINCE_NAME[person.province]
        married = age >= 23
        if age < 6:
            occupation = "90"
        elif age < 22:
            occupation = "31"
        elif age >= 60:
            occupation = "80"
        else:
            occupation = "24" if person.phone[-1] in "12" else "27"
        number = person.id_number.lower() if self.habit.lower_codes else person.id_number
        (
            payment,
            count,
            record,
            name,
            sex,
            birth,
            marital,
            work,
            birth_province,
            birth_city,
            birth_county,
            birth_address,
            native,
            ethnicity,
            nationality,
            identity,
        ) = self._person
        row[count] = str(person.stays_before + 1)
        row[record] = person.record_number
        row[name] = person.name + self.habit.padding
        row[sex] = person.sex
        row[birth] = self.habit.day(person.born) + self.habit.midnight
        row[marital] = "2" if married else "1"
        row[work] = occupation
        row[birth_province] = province
        row[birth_city] = "示例市"
        row[birth_county] = "示例区"
        row[identity] = number
        if self.modern:
            row[payment] = person.payment + ".1" if person.payment in "123" else person.payment
            row[birth_address] = f"{province}示例市示例区"
            row[native] = person.province + "0000"
            row[ethnicity] = person.ethnicity[0]
            row[nationality] = "CHN"
        else:
            row[payment] = person.payment
            row[ethnicity] = person.ethnicity[1]
            row[nationality] = "中国"
        home, registered, contact_home, zip1, zip2, phone1, phone2, contact, relation, employer = self._contact
        address = person.address
        row[registered] = row[contact_home] = address
        row[home] = (
            address.replace("示例路", "示例路\n", 1) if self.habit.line_breaks and number[16] == "7" else address
        )
        row[zip1] = row[zip2] = person.postcode
        row[phone1] = row[phone2] = person.phone
        row[contact] = person.name[0] + "某某" if married else person.contact
        row[relation] = "5" if not married else ("1" if number[15] < "6" else "2")
        row[employer] = "示例厂示例路1号" if occupation == "24" else "-"

    def _stamp_ages(self, row: list[str], person: Person, age: int, admitted: int) -> None:
        years, months, days, birth_weight, weight = self._ages
        if age > 0:
            row[years] = str(age)
            return
        old = admitted - person.born
        row[years] = "0" if self.modern else ""
        # Days / 30 rounded half up to two places, in whole numbers: 1 day = 3.33… hundredths of a month.
        hundredths = (old * 200 + 30) // 60
        row[months] = f"{hundredths // 100}.{hundredths % 100:02d}"
        row[days] = str(old)
        if old <= 28:
            grams = 180 + int(self.chance.random() * 220)
            row[birth_weight] = f"{grams}0"
            row[weight] = f"{grams + old}0"

    def _stamp_days(self, row: list[str], form: Form, admitted: int, discharged: int) -> None:
        draw, day, clock = self.chance.random, self.habit.day, self.habit.clock
        in_place, out_place, confirmed_place, checked_place = self._days
        if admitted == discharged:
            come, gone = 420 + int(draw() * 120), 900 + int(draw() * 180)
        else:
            come, gone = 420 + int(draw() * 420), 480 + int(draw() * 540)
        first = day(admitted)
        row[in_place] = first + clock[come]
        row[out_place] = day(discharged) + clock[gone]
        if form.confirmed:
            confirmed = admitted + form.confirmed
            row[confirmed_place] = day(confirmed) + clock[480 if confirmed == discharged else 600]
        else:
            row[confirmed_place] = first + clock[come]
        row[checked_place] = day(discharged + form.checked) + clock[570]
        for place, night, minute in form.dated:
            on = admitted + night
            # On the last day nothing may come after the discharge.
            row[place] = day(on) + clock[minute if on < discharged or night == 0 else 475]

    def _stamp_money(self, row: list[str], form: Form, payment: str) -> None:
        draw = self.chance.random
        drugs_place, total_place, own_place = self._money
        more = int(draw() * 20_000)
        total = form.total + more
        own = total if payment == "7" else total * (18 + int(draw() * 30)) // 100
        drugs = form.drugs + more
        row[drugs_place] = f"{drugs // 100}.{drugs % 100:02d}"
        row[total_place] = f"{total // 100}.{total % 100:02d}"
        row[own_place] = f"{own // 100}.{own % 100:02d}"
