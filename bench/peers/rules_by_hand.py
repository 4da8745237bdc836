"""Peer: the front-page rules of the 2012 layout written by hand as one DuckDB query, as someone with DuckDB and the
rule list, and no rulebook, would write it. It reads nothing of the rule files and shares no code with the engine.

`facts` is a wide table with a typed column for each field; `<field>__unreadable` says that a cell had text that does
not read as its type. The query returns (row, rule, fact): what is found, and the field it is found on.

Three things make it quick, and each was measured against the plainer way. Checks of the record are branches of a UNION
ALL, so that each reads only its own columns and skips row groups by their statistics. Lines that repeat (diagnoses,
procedures, intensive care) are gathered once into a long table of the lines that are there. Code lists are asked of
the few hundred distinct codes, and lines find the answer by a join.

As a command: `rules_by_hand.py FACTS.duckdb` runs the query and prints what was found as JSON.
"""

import json
import sys

import duckdb

ADMITTED, DISCHARGED = "admission_datetime::DATE", "discharge_datetime::DATE"
DIAGNOSES, PROCEDURES, ICU = range(1, 11), range(1, 11), range(1, 6)


def years(birth: str, on: str) -> str:
    """Completed years; born on 29 February: a year older on 1 March in common years."""
    return f"(year({on}) - year({birth}) - (month({on}) * 100 + day({on}) < month({birth}) * 100 + day({birth}))::INT)"


BY_DATES = f"CASE WHEN birth_date <= {ADMITTED} THEN {years('birth_date', ADMITTED)} END"
DAYS_BY_DATES = f"CASE WHEN birth_date <= {ADMITTED} THEN {ADMITTED} - birth_date END"
AGE = f"""CASE WHEN birth_date <= {ADMITTED} THEN {years("birth_date", ADMITTED)}
    WHEN age_years >= 0 THEN age_years WHEN age_infant_months >= 0 THEN 0 END"""
KEY = "upper(replace(replace({}, '.', ''), ' ', ''))".format


def between(key: str, ranges: str) -> str:
    """'C60-C63 D40' as comparisons: from the first code of a range to the last thing that begins with its last."""
    tests = []
    for item in ranges.split():
        low, _, high = item.partition("-")
        tests.append(f"{key} >= '{low}' AND {key} < '{high or low}~'")
    return "(" + " OR ".join(tests) + ")"


PROVINCE_NAMES = """北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南
    广东 广西 海南 重庆 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 台湾 香港 澳门"""


def words(text: str) -> list[str]:
    return text.split()


def province(address: str) -> str:
    return f"regexp_matches(ltrim({address}), '^(中国)?({'|'.join(words(PROVINCE_NAMES))})')"


MALE = """B260 C60-C63 D074-D076 D176 D29 D40 E29 E895 F524 I861 L291 N40-N51 Q53-Q55 R86 S312-S313 Z125"""
FEMALE = """A34 B373 C51-C58 C796 D06 D070-D073 D25-D28 D39 E28 E894 F525 F53 I863 L292 L705 M800-M801 M810-M811 M830
    N70-N98 N992-N993 O00-O99 P546 Q50-Q52 R87 S314 S374-S376 T192-T193 T833 Z014 Z124 Z301 Z303 Z305 Z311-Z312
    Z32-Z36 Z37 Z39 Z437 Z875 Z975"""
MALE_PROCEDURES = "60-64 879 9824 9994"
FEMALE_PROCEDURES = "65-75 878 8846 8878 8926 9217 9614-9618 977 9816-9817"
NOT_OPERATIONS = """010-011 033 038-039 041 048 051 053 061 071 081 091 094 102 112 122 141 150 162 177 181 203 209
    210 212 220-221 241 250 261 272 281 291 314 332 340 342 349 370 372 382 389 399 401 410 413 419 422 423 430 431
    441 444 451-452 482 492 501 509 511 521 542 549 552 559 563 571 573 579 582 592 598 601 611 619 621 629 630 641
    651 659 661 671 681 699 701 702 711 73 751 753 759 761 788 802-803 819 829 832 839 851 859 860 861"""

# --- The record itself: (rule, field, when it is found)

PRINCIPAL = KEY("principal_diagnosis_code")
NEOPLASM = between(PRINCIPAL, "C D00-D48")
FOLLOW_UP = f"left({PRINCIPAL}, 3) IN ('Z51', 'Z08', 'Z94')"
MORPHOLOGY = "pathology_1_morphology_code"
BEHAVIOUR = f"nullif(regexp_extract({MORPHOLOGY}, '^[Mm]?[89][0-9]{{3,4}}/([012369])$', 1), '')"
EMPLOYED = "('11', '13', '17', '21', '24', '37')"
CHINESE = "nationality IN ('中国', '中国籍', '中华人民共和国', 'CHN', 'CN', '156')"
NO_ID = "('-', '－', '—', '–', '--', '——')"


def empty(text: str) -> str:
    return f"({text} IS NULL OR {text} = '-')"


def not_above_zero(cost: str) -> str:
    return f"coalesce({cost}, 0) <= 0"


PARTS = words("""general_service general_procedure nursing general_other pathology laboratory imaging
    clinical_diagnostic nonsurgical_treatment surgical_treatment rehabilitation tcm_treatment western_medicine
    patent_tcm herbal blood albumin globulin coagulation_factor cytokine material_exam material_treatment
    material_surgery other""")
OF_WHICH = words("physical_therapy anaesthesia surgery antibacterial self_pay")

RECORD = [
    # Presence
    *(
        ("HQ001", field, f"{field} IS NULL")
        for field in words("""org_code org_name payment_method admission_count medical_record_no patient_name sex
            marital_status admission_route admission_datetime admission_department discharge_datetime
            discharge_department outpatient_diagnosis_code outpatient_diagnosis_name admission_diagnosis_code
            admission_diagnosis_name diagnosis_confirmed_date principal_diagnosis_code principal_diagnosis_name
            department_head chief_physician attending_physician resident_physician responsible_nurse record_quality
            quality_physician quality_nurse abo_group rh_group discharge_disposition cost_total""")
    ),
    ("HQ001", "birth_date", "birth_date IS NULL AND NOT birth_date__unreadable"),
    ("HQ001", "length_of_stay_days", "length_of_stay_days IS NULL AND NOT length_of_stay_days__unreadable"),
    *(
        ("HQ002", field, f"{field} IS NULL")
        for field in words("""occupation ethnicity nationality national_id current_address home_phone current_postcode
            registered_address registered_postcode contact_name contact_relation contact_address contact_phone
            admission_ward discharge_ward principal_diagnosis_poa coder readmission_31d_planned cost_self_pay""")
    ),
    ("HQ003", "age_years", f"age_years IS NULL AND {BY_DATES} >= 1"),
    ("HQ003-months", "age_infant_months", f"age_infant_months IS NULL AND {BY_DATES} = 0"),
    ("HQ008", MORPHOLOGY, f"{MORPHOLOGY} IS NULL AND {NEOPLASM}"),
    ("HQ008-name", "pathology_1_name", f"{empty('pathology_1_name')} AND {NEOPLASM}"),
    ("HQ011", "external_cause_1_code", f"external_cause_1_code IS NULL AND left({PRINCIPAL}, 1) IN ('S', 'T')"),
    ("HQ011-name", "external_cause_1_name", f"{empty('external_cause_1_name')} AND left({PRINCIPAL}, 1) IN ('S', 'T')"),
    ("HQ012", "transfer_hospital_name", f"discharge_disposition = '2' AND {empty('transfer_hospital_name')}"),
    ("HQ013", "transfer_community_name", f"discharge_disposition = '3' AND {empty('transfer_community_name')}"),
    ("HQ014", "readmission_31d_purpose", f"readmission_31d_planned = '2' AND {empty('readmission_31d_purpose')}"),
    ("HQ015", "autopsy", "discharge_disposition = '5' AND (autopsy IS NULL OR autopsy NOT IN ('1', '2'))"),
    *(
        (rule, weight, f"coalesce({weight}, 0) = 0 AND birth_date >= {ADMITTED} - 28 AND birth_date <= {ADMITTED}")
        for rule, weight in (("HQ017", "newborn_admission_weight_g"), ("HQ018", "newborn_birth_weight_1_g"))
    ),
    (
        "HQ020",
        "outpatient_diagnosis_code",
        f"admission_route IN ('1', '2') AND outpatient_diagnosis_code IS NULL AND {empty('outpatient_diagnosis_name')}",
    ),
    # Values
    ("HQ024", "org_code", "NOT regexp_full_match(org_code, '[0-9A-Za-z]{9}|[0-9A-Za-z]{18}|[0-9A-Za-z]{22}')"),
    ("HQ025", "admission_count", "admission_count < 1"),
    *(
        ("HQ026", field, f"{field} <> '-' AND NOT regexp_full_match({field}, '[0-9]{{6}}')")
        for field in ("current_postcode", "employer_postcode", "registered_postcode")
    ),
    *(
        ("HQ027", field, f"{field} <> '-' AND NOT {province(field)}")
        for field in ("current_address", "registered_address", "birth_province")
    ),
    *(
        one
        for field in (*(f"newborn_birth_weight_{n}_g" for n in range(1, 6)), "newborn_admission_weight_g")
        for one in (
            ("HQ028", field, f"{field} <> 0 AND {field} NOT BETWEEN 100 AND 9999"),
            ("HQ029", field, f"{field} % 10 <> 0"),
        )
    ),
    *(("HQ030", f"coma_{n}_hours", f"coma_{n}_hours NOT BETWEEN 0 AND 23") for n in ("before", "after")),
    *(("HQ030-minutes", f"coma_{n}_minutes", f"coma_{n}_minutes NOT BETWEEN 0 AND 59") for n in ("before", "after")),
    *(
        ("HQ031", field, f"{field} < 0")
        for field in words("""resuscitation_count resuscitation_success_count special_care_days level1_care_days
            level2_care_days level3_care_days follow_up_weeks follow_up_months follow_up_years rbc_units
            platelet_units plasma_ml whole_blood_ml autologous_ml other_blood_ml nosocomial_infection_count
            ventilator_hours""")
    ),
    ("HQ031-stay", "length_of_stay_days", "length_of_stay_days < 1"),
    (
        "HQ032",
        "age_infant_months",
        f"""age_infant_months NOT BETWEEN 0 AND 12.17
            OR age_infant_months = 0 AND {BY_DATES} < 1 AND {DAYS_BY_DATES} > 0""",
    ),
    # Other rows of the file
    ("HQ034", "medical_record_no", "stays_with_same_discharge_key <> 1"),
    ("HQ035", "admission_count", "stays_with_same_admission_number <> 1"),
    ("HQ041", "patient_name", "names_for_record > 1"),
    ("HQ041-sex", "sex", "sexes_for_record > 1"),
    ("HQ041-birth", "birth_date", "birth_dates_for_record > 1"),
    (
        "HQ042",
        "admission_datetime",
        f"""admission_datetime < last_discharge_before
            AND NOT (admission_datetime = {ADMITTED} AND {ADMITTED} = last_discharge_before::DATE)""",
    ),
    # Identity
    (
        "HQ040",
        "national_id",
        f"(national_id IS NULL OR national_id IN {NO_ID}) AND {CHINESE} AND {AGE} >= 1",
    ),
    # Dates and ages
    # A time of midnight may be a day written without a time.
    (
        "HQ043",
        "admission_datetime",
        f"""admission_datetime > discharge_datetime
            AND NOT (discharge_datetime = {DISCHARGED} AND {ADMITTED} = {DISCHARGED})""",
    ),
    ("HQ044", "birth_date", f"birth_date > {ADMITTED}"),
    ("HQ045", "discharge_datetime", f"{DISCHARGED} > today"),
    (
        "HQ046",
        "diagnosis_confirmed_date",
        f"{ADMITTED} <= {DISCHARGED} AND diagnosis_confirmed_date::DATE NOT BETWEEN {ADMITTED} AND {DISCHARGED}",
    ),
    ("HQ050", "quality_date", f"quality_date::DATE < {ADMITTED} OR quality_date::DATE > today"),
    ("HQ051", "age_years", f"age_years <> {BY_DATES}"),
    (
        "HQ052",
        "age_infant_months",
        f"{BY_DATES} = 0 AND abs(age_infant_months - round(({DAYS_BY_DATES}) / 30, 2)::DECIMAL(18, 2)) > 0.05",
    ),
    (
        "HQ053",
        "length_of_stay_days",
        f"{DISCHARGED} >= {ADMITTED} AND length_of_stay_days <> greatest({DISCHARGED} - {ADMITTED}, 1)",
    ),
    (
        "HQ054",
        "length_of_stay_days",
        """length_of_stay_days < coalesce(special_care_days, 0) + coalesce(level1_care_days, 0)
            + coalesce(level2_care_days, 0) + coalesce(level3_care_days, 0)""",
    ),
    # Diagnoses
    ("HQ063", "sex", "sex IN ('0', '9')"),
    (
        "HQ066",
        MORPHOLOGY,
        f"""{BEHAVIOUR} IN ('0', '1', '2') AND {PRINCIPAL} LIKE 'C%'
            AND NOT (left({PRINCIPAL}, 3) = 'C96' AND regexp_matches({MORPHOLOGY}, '^[Mm]?975[0-9]{{1,2}}/1'))
            AND NOT (left({PRINCIPAL}, 3) IN ('C71', 'C72') AND regexp_matches({MORPHOLOGY}, '^[Mm]?94210?/1'))""",
    ),
    ("HQ066-in-situ", MORPHOLOGY, f"{BEHAVIOUR} <> '2' AND {between(PRINCIPAL, 'D00-D09')}"),
    ("HQ066-benign", MORPHOLOGY, f"{BEHAVIOUR} <> '0' AND {between(PRINCIPAL, 'D10-D36')}"),
    (
        "HQ066-uncertain",
        MORPHOLOGY,
        f"""{BEHAVIOUR} <> '1' AND {between(PRINCIPAL, "D37-D48")}
            AND NOT ({BEHAVIOUR} = '3' AND {between(PRINCIPAL, "D45-D47")})""",
    ),
    (
        "HQ067",
        MORPHOLOGY,
        f"""{between(PRINCIPAL, "C00-C75")} AND regexp_full_match({MORPHOLOGY}, '[^/]*/6')
            AND NOT regexp_matches(coalesce(pathology_2_morphology_code, ''), '/[01239]$')
            AND NOT regexp_matches(coalesce(pathology_3_morphology_code, ''), '/[01239]$')""",
    ),
    *(
        found
        for n in range(1, 4)
        for code, number in [(f"pathology_{n}_morphology_code", f"pathology_{n}_number")]
        for found in (
            ("HQ010", number, f"{code} IS NOT NULL AND {number} IS NULL"),
            ("HQ059", code, f"NOT regexp_full_match({code}, '[Mm][89][0-9]{{4}}/[012369]')"),
        )
    ),
    *(
        ("HQ060", code, f"left({KEY(code)}, 1) NOT IN ('V', 'W', 'X', 'Y')")
        for code in (f"external_cause_{n}_code" for n in range(1, 4))
    ),
    # Outcome and treatment
    (
        "HQ074",
        "resuscitation_success_count",
        """resuscitation_count <> resuscitation_success_count
            AND (resuscitation_count <> resuscitation_success_count + 1 OR discharge_disposition <> '5')""",
    ),
    ("HQ075", "autopsy", "autopsy IS NOT NULL AND discharge_disposition <> '5'"),
    ("HQ076", "contact_relation", "contact_relation = '1' AND marital_status <> '2'"),
    ("HQ076-child", "marital_status", f"marital_status NOT IN ('1', '9') AND {AGE} < 15"),
    (
        "HQ077",
        "occupation",
        f"occupation IN ('11', '13', '17', '21', '24', '37', '54', '80') AND {AGE} < 15",
    ),
    ("HQ078", "employer_address", f"occupation IN {EMPLOYED} AND {empty('employer_address')}"),
    # Cost
    (
        "HQ079",
        "cost_total",
        f"""NOT cost_other__unreadable AND coalesce({", ".join(f"cost_{part}" for part in PARTS)}) IS NOT NULL
            AND abs(cost_total - ({" + ".join(f"coalesce(cost_{part}, 0)" for part in PARTS)})) > 0.01""",
    ),
    *(("HQ080", f"cost_{part}", f"cost_{part} < 0") for part in PARTS + OF_WHICH),
    ("HQ081", "cost_total", "cost_total <= 0"),
    ("HQ082", "cost_self_pay", "cost_self_pay > cost_total"),
    ("HQ083", "cost_physical_therapy", "cost_physical_therapy > cost_nonsurgical_treatment"),
    (
        "HQ084",
        "cost_surgical_treatment",
        """coalesce(cost_anaesthesia, cost_surgery) IS NOT NULL
            AND coalesce(cost_anaesthesia, 0) + coalesce(cost_surgery, 0) > cost_surgical_treatment""",
    ),
    ("HQ085", "cost_antibacterial", "cost_antibacterial > cost_western_medicine"),
    ("HQ086", "cost_general_service", f"length_of_stay_days > 1 AND {not_above_zero('cost_general_service')}"),
    ("HQ087", "cost_nursing", f"length_of_stay_days > 1 AND {not_above_zero('cost_nursing')}"),
    (
        "HQ088",
        "cost_material_treatment",
        f"""length_of_stay_days > 1 AND {not_above_zero("cost_material_exam")}
            AND {not_above_zero("cost_material_treatment")} AND {not_above_zero("cost_material_surgery")}""",
    ),
    (
        "HQ089",
        "cost_surgical_treatment",
        f"cost_surgical_treatment > 0 AND coalesce({', '.join(f'procedure_{n}_code' for n in PROCEDURES)}) IS NULL",
    ),
    (
        "HQ090",
        "cost_anaesthesia",
        f"""{not_above_zero("cost_anaesthesia")}
            AND coalesce({", ".join(f"procedure_{n}_anaesthesia_method" for n in PROCEDURES)}) IS NOT NULL""",
    ),
    ("HQ092", "rh_group", "cost_blood > 0 AND (rh_group IS NULL OR rh_group NOT IN ('1', '2'))"),
    ("HQ093", "cost_other", "length_of_stay_days > 1 AND coalesce(cost_other, 0) >= cost_total"),
    ("HQ094", "cost_self_pay", "payment_method = '7' AND cost_self_pay <> cost_total"),
    ("HQ094-public", "cost_self_pay", "payment_method = '6' AND cost_self_pay <> 0"),
    (
        "HQ095",
        "cost_coagulation_factor",
        f"{between(PRINCIPAL, 'D66-D67')} AND {not_above_zero('cost_coagulation_factor')}",
    ),
    # Card
    (
        "HQ097",
        "registered_address",
        f"""(registered_address IS NULL OR NOT {province("registered_address")})
            AND (nationality IS NULL OR nationality = '-' OR {CHINESE})""",
    ),
    ("HQ099", MORPHOLOGY, f"{MORPHOLOGY} IS NULL AND basis_of_diagnosis IN ('5', '6', '7', '8')"),
    ("HQ099-dco", "basis_of_diagnosis", "basis_of_diagnosis = '0' AND discharge_disposition <> '5'"),
]

# --- Identity numbers: read once, asked several times

DIGITS = " + ".join(
    f"n // {10 ** (16 - place)} % 10 * {weight}"
    for place, weight in enumerate((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
)
IDENTITIES = f"""
    numbers AS MATERIALIZED (
        SELECT row, id, sex, birth_date, born, long, odd, long AND id LIKE '%000' AND id[16] <> 'X' AS rounded,
            long AND born IS NOT NULL AND '10X98765432'[({DIGITS}) % 11 + 1] = upper(id[18]) AS valid
        FROM (
            SELECT *, CASE WHEN long AND id[7:8] IN ('19', '20') THEN try_strptime(id[7:14], '%Y%m%d')::DATE
                    WHEN short THEN try_strptime('19' || id[7:12], '%Y%m%d')::DATE END AS born,
                CASE WHEN long THEN ascii(id[17]) % 2 = 1 WHEN short THEN ascii(id[15]) % 2 = 1 END AS odd,
                CASE WHEN long THEN id[1:17]::BIGINT END AS n
            FROM (
                SELECT row, national_id AS id, sex, birth_date,
                    regexp_full_match(national_id, '[0-9]{{17}}[0-9Xx]') AS long,
                    regexp_full_match(national_id, '[0-9]{{15}}') AS short
                FROM facts WHERE national_id NOT IN {NO_ID}
            )
        )
    )"""
SCIENTIFIC = "regexp_full_match(id, '[0-9]([.][0-9]+)?[Ee][+]?[0-9]+')"
WIDE = "regexp_full_match(id, '[0-9Xx]*[０-９Ｘｘ][0-9Xx０-９Ｘｘ]*')"
PROVINCES = (
    "'11','12','13','14','15','21','22','23','31','32','33','34','35','36','37','41','42','43','44','45','46',"
    "'50','51','52','53','54','61','62','63','64','65','71','81','82','83'"
)
IDENTITY = [
    ("HQ036", f"length(id) NOT IN (15, 18) AND NOT {SCIENTIFIC} AND NOT {WIDE}"),
    ("HQ036-fullwidth", WIDE),
    ("HQ036-scientific", SCIENTIFIC),
    ("HQ036-rounded", "rounded AND NOT valid"),
    ("HQ036-check", f"length(id) = 18 AND NOT rounded AND NOT valid AND NOT {WIDE}"),
    ("HQ036-fifteen", f"length(id) = 15 AND born IS NULL AND NOT {WIDE}"),
    ("HQ037", "born <> birth_date"),
    ("HQ038", "born IS NOT NULL AND odd <> (sex = '1') AND sex IN ('1', '2') AND NOT (rounded AND NOT valid)"),
    (
        "HQ039",
        f"born IS NOT NULL AND id[1:2] NOT IN ({PROVINCES}) AND NOT (id[1] = '9' AND id[2:3] IN ({PROVINCES})"
        " AND id[2:3] < '70')",
    ),
]

# --- Diagnoses: outpatient -2, admission -1, principal 0, others 1 to 10

LINES = f"""
    diagnoses AS MATERIALIZED (
        SELECT row, -2 AS n, outpatient_diagnosis_code AS code, NULL AS outcome, NULL AS named FROM facts
            WHERE code IS NOT NULL
        UNION ALL SELECT row, -1, admission_diagnosis_code AS code, NULL, NULL FROM facts WHERE code IS NOT NULL
        UNION ALL SELECT row, 0, principal_diagnosis_code AS code, principal_diagnosis_outcome AS outcome, NULL
            FROM facts WHERE code IS NOT NULL OR outcome IS NOT NULL
        {
    "".join(
        f'''
        UNION ALL SELECT row, {n}, other_diagnosis_{n}_code AS code, other_diagnosis_{n}_outcome AS outcome,
            other_diagnosis_{n}_name <> '-' AS named FROM facts
            WHERE code IS NOT NULL OR outcome IS NOT NULL OR named'''
        for n in DIAGNOSES
    )
}
    ),
    codes AS MATERIALIZED (
        SELECT code, {between("key", "P10-P15")} AS birth_trauma, {between("key", "P00-P96")} AS perinatal,
            {between("key", MALE)} AS male, {between("key", FEMALE)} AS female,
            NOT {between("key", "A-U Z")} AS misplaced,
            regexp_full_match(key, 'M[0-9]{{4,5}}/[0-9]') AS morphology,
            {between("key", "O80-O84")} AS delivery, {between("key", "Z37")} AS delivered,
            {between("key", "O00-O08")} AS abortive,
            {between("key", "C D00-D48")} AS neoplasm, {between("key", "C00-C76 C81-C97 D37-D48 Z85")} AS primary_site,
            {between("key", "C D00-D48 D76")} AS by_chemotherapy, {between("key", "C D00-D89")} AS special_care
        FROM (SELECT code, {KEY("code")} AS key FROM (SELECT DISTINCT code FROM diagnoses WHERE code IS NOT NULL))
    ),
    known AS MATERIALIZED (
        SELECT d.row, n, c.* FROM diagnoses AS d JOIN codes AS c USING (code)
    ),
    procedures AS MATERIALIZED (
        {
    " UNION ALL ".join(
        f'''
        SELECT row, {n} AS n, procedure_{n}_code AS code, procedure_{n}_datetime AS performed,
            procedure_{n}_level AS level, procedure_{n}_name AS name, procedure_{n}_surgeon AS surgeon,
            procedure_{n}_assistant_1 AS assistant, procedure_{n}_anaesthesia_method AS anaesthesia,
            procedure_{n}_wound_healing AS wound, sex, {ADMITTED} AS admitted, {DISCHARGED} AS discharged
        FROM facts WHERE code IS NOT NULL OR performed IS NOT NULL OR level IS NOT NULL OR name <> '-' OR surgeon <> '-'
            OR anaesthesia IS NOT NULL OR wound IS NOT NULL OR assistant <> '-' OR procedure_{n}_assistant_2 <> '-'
            OR procedure_{n}_anaesthetist <> '-' OR procedure_{n}_site <> '-' OR procedure_{n}_duration <> 0
            OR procedure_{n}_asa_grade IS NOT NULL'''
        for n in PROCEDURES
    )
}
    ),
    procedure_codes AS MATERIALIZED (
        SELECT code, {between("key", "01-86")} AND NOT {between("key", NOT_OPERATIONS)} AS operative,
            {between("key", MALE_PROCEDURES)} AS male, {between("key", FEMALE_PROCEDURES)} AS female
        FROM (SELECT code, {KEY("code")} AS key FROM (SELECT DISTINCT code FROM procedures WHERE code IS NOT NULL))
    ),
    operations AS MATERIALIZED (
        SELECT p.* FROM procedures AS p JOIN procedure_codes AS c USING (code)
        WHERE c.operative AND (level IN ('1', '2', '3', '4') OR regexp_full_match(wound, '[234][1239]')
            OR anaesthesia IS NOT NULL)
    ),
    icu AS MATERIALIZED (
        {
    " UNION ALL ".join(
        f'''
        SELECT row, {n} AS n, icu_{n}_type AS unit, icu_{n}_in AS entered, icu_{n}_out AS departed,
            admission_datetime, discharge_datetime,
            {" OR ".join(f"(icu_{n}_in < icu_{k}_out AND icu_{k}_in < icu_{n}_out)" for k in range(1, n)) or "FALSE"}
                AS overlapping
        FROM facts WHERE unit IS NOT NULL OR entered IS NOT NULL OR departed IS NOT NULL'''
        for n in ICU
    )
}
    )"""
SLOT = (
    "CASE n WHEN -2 THEN 'outpatient_diagnosis' WHEN -1 THEN 'admission_diagnosis' WHEN 0 THEN"
    " 'principal_diagnosis' ELSE 'other_diagnosis_' || n END"
)
DIAGNOSIS = f"{SLOT} || '_code'"
FILLED = "diagnoses WHERE n > 0 AND (code IS NOT NULL OR named)"
OTHER_FIELDS = [
    found
    for n in DIAGNOSES
    for code, name, poa in [[f"other_diagnosis_{n}_{part}" for part in ("code", "name", "poa")]]
    for found in (
        ("HQ004", code, f"{code} IS NULL AND ({poa} IS NOT NULL OR {name} <> '-')"),
        ("HQ004-name", name, f"{empty(name)} AND coalesce({code}, {poa}) IS NOT NULL"),
        ("HQ004-poa", poa, f"{poa} IS NULL AND ({code} IS NOT NULL OR {name} <> '-')"),
    )
]
OTHERS = [
    (
        "HQ055",
        DIAGNOSIS,
        f"known JOIN facts USING (row) WHERE birth_trauma AND ({AGE} <> 0 OR {DAYS_BY_DATES} > 28)",
    ),
    ("HQ056", DIAGNOSIS, f"known JOIN facts USING (row) WHERE perinatal AND {AGE} >= 1"),
    ("HQ058", DIAGNOSIS, "known WHERE misplaced"),
    ("HQ058-morphology", DIAGNOSIS, "known WHERE morphology"),
    ("HQ061", DIAGNOSIS, "known JOIN facts USING (row) WHERE male AND sex = '2'"),
    ("HQ062", DIAGNOSIS, "known JOIN facts USING (row) WHERE female AND sex = '1'"),
    (
        "HQ005",
        "'other_diagnosis_' || n || '_code'",
        f"(SELECT row, max(n) AS n FROM {FILLED} GROUP BY row HAVING count(*) < max(n))",
    ),
    (
        "HQ005-repeat",
        "'other_diagnosis_' || n || '_code'",
        f"(SELECT row, max(n) AS n FROM {FILLED} GROUP BY row HAVING count(DISTINCT {KEY('code')}) < count(code))",
    ),
    (
        "HQ005-principal",
        DIAGNOSIS,
        f"known JOIN facts USING (row) WHERE n > 0 AND {KEY('code')} = {PRINCIPAL}",
    ),
    (
        "HQ009",
        f"'{MORPHOLOGY}'",
        f"""facts SEMI JOIN (FROM known WHERE n > 0 AND neoplasm) AS o USING (row)
            WHERE {MORPHOLOGY} IS NULL AND {FOLLOW_UP}""",
    ),
    (
        "HQ009-name",
        "'pathology_1_name'",
        f"""facts SEMI JOIN (FROM known WHERE n > 0 AND neoplasm) AS o USING (row)
            WHERE {empty("pathology_1_name")} AND {FOLLOW_UP}""",
    ),
    (
        "HQ018-delivery",
        "'newborn_birth_weight_1_g'",
        """facts SEMI JOIN (FROM known WHERE n >= 0 AND delivered) AS o USING (row)
            WHERE coalesce(newborn_birth_weight_1_g, 0) = 0""",
    ),
    (
        "HQ068",
        "'principal_diagnosis_code'",
        f"""facts ANTI JOIN (FROM known WHERE n > 0 AND primary_site) AS o USING (row)
            WHERE {between(PRINCIPAL, "C77-C80")}""",
    ),
    (
        "HQ069",
        "'principal_diagnosis_code'",
        f"""facts ANTI JOIN (FROM known WHERE n > 0 AND by_chemotherapy) AS o USING (row)
            WHERE {between(PRINCIPAL, "Z510 Z511")}""",
    ),
    (
        "HQ069-care",
        "'principal_diagnosis_code'",
        f"""facts ANTI JOIN (FROM known WHERE n > 0 AND special_care) AS o USING (row)
            WHERE {between(PRINCIPAL, "Z518")}""",
    ),
    (
        "HQ071",
        DIAGNOSIS,
        """known ANTI JOIN (FROM known WHERE n >= 0 AND (abortive OR delivered)) AS o USING (row)
            WHERE n >= 0 AND delivery""",
    ),
    (
        "HQ072",
        f"{SLOT} || '_outcome'",
        "diagnoses JOIN facts USING (row) WHERE outcome = '4' AND discharge_disposition <> '5'",
    ),
    (
        "HQ073",
        "'discharge_disposition'",
        "facts ANTI JOIN (FROM diagnoses WHERE outcome = '4') AS o USING (row) WHERE discharge_disposition = '5'",
    ),
    # Procedures
    *(
        (rule, f"'procedure_' || n || '_{field}'", f"procedures WHERE {condition}")
        for rule, field, condition in (
            ("HQ006", "code", "code IS NULL"),
            (
                "HQ006-date",
                "datetime",
                "performed IS NULL",
            ),
            (
                "HQ006-name",
                "name",
                empty("name"),
            ),
            (
                "HQ047",
                "datetime",
                "admitted <= discharged AND performed::DATE NOT BETWEEN admitted AND discharged",
            ),
        )
    ),
    *(
        (
            rule,
            "'procedure_' || n || '_code'",
            f"procedures JOIN procedure_codes AS c USING (code) WHERE c.{whose} AND sex = '{sex}'",
        )
        for rule, whose, sex in (("HQ064", "male", "2"), ("HQ064-female", "female", "1"))
    ),
    ("HQ007", "'procedure_' || n || '_level'", "operations WHERE level IS NULL"),
    ("HQ007-surgeon", "'procedure_' || n || '_surgeon'", f"operations WHERE {empty('surgeon')}"),
    ("HQ007-assistant", "'procedure_' || n || '_assistant_1'", "operations WHERE assistant IS NULL"),
    ("HQ007-anaesthesia", "'procedure_' || n || '_anaesthesia_method'", "operations WHERE anaesthesia IS NULL"),
    ("HQ007-wound", "'procedure_' || n || '_wound_healing'", "operations WHERE wound IS NULL"),
    (
        "HQ091",
        "'cost_surgery'",
        f"facts SEMI JOIN operations USING (row) WHERE {not_above_zero('cost_surgery')}",
    ),
    # Intensive care
    ("HQ019", "'icu_' || n || '_type'", "icu WHERE unit IS NULL"),
    ("HQ019-in", "'icu_' || n || '_in'", "icu WHERE entered IS NULL"),
    ("HQ019-out", "'icu_' || n || '_out'", "icu WHERE departed IS NULL"),
    ("HQ048", "'icu_' || n || '_out'", "icu WHERE entered >= departed"),
    (
        "HQ048-in",
        "'icu_' || n || '_in'",
        f"""icu WHERE {ADMITTED} <= {DISCHARGED} AND entered < admission_datetime
            AND NOT (entered = entered::DATE AND {ADMITTED} = entered::DATE)""",
    ),
    (
        "HQ048-out",
        "'icu_' || n || '_out'",
        f"""icu WHERE {ADMITTED} <= {DISCHARGED} AND departed > discharge_datetime
            AND NOT (discharge_datetime = {DISCHARGED} AND departed::DATE = {DISCHARGED})""",
    ),
    ("HQ049", "'icu_' || n || '_in'", "icu WHERE overlapping"),
]

BRANCHES = [
    *(f"SELECT row, '{rule}', '{field}' FROM facts WHERE {found}" for rule, field, found in RECORD + OTHER_FIELDS),
    *(f"SELECT row, '{rule}', 'national_id' FROM numbers WHERE {found}" for rule, found in IDENTITY),
    *(f"SELECT row, '{rule}', {field} FROM {found}" for rule, field, found in OTHERS),
]
QUERY = f"WITH {IDENTITIES.strip()},{LINES}\n" + "\nUNION ALL ".join(BRANCHES)


def main() -> None:
    with duckdb.connect(sys.argv[1], read_only=True, config={"threads": 2}) as connection:
        connection.execute(f"CREATE TEMP TABLE findings(row, rule, fact) AS {QUERY}")
        found = connection.execute(
            "SELECT rule, fact, count(*), bit_xor(hash(row))::VARCHAR FROM findings GROUP BY ALL ORDER BY ALL"
        )
        print(json.dumps(found.fetchall()))


if __name__ == "__main__":
    main()
