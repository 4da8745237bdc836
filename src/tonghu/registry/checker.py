"""Whether the cards are consistent: every rule that services and triggers keep, looked at from outside.

For ``tonghu site check-cards``, after a crash, a restore, or whenever somebody doubts. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.platform.scope.scope import Scope, open_scope
from tonghu.registry.checks import check, rules_key, to_supplement
from tonghu.registry.content import keys, open_
from tonghu.registry.models import Card, CardVersion, Finding
from tonghu.registry.states import AUDITED
from tonghu.registry.summary import facts

#: So many cards are opened at a time.
PORTION: Final = 500


#: Rules that compare a card with the others of its record.
COMPARING: Final = frozenset({"HQ034", "HQ035", "HQ041", "HQ042"})


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be so.

    Attributes:
        institution: the hospital's code.
        card: the card's number, 0 where it is of all cards of a month.
        zh, en: what is wrong, in words.
    """

    institution: str
    card: int
    zh: str
    en: str


#: What can be asked of the tables alone: a query of (card, …) and what each row of its answer says.
_QUERIES: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "SELECT card.id, card.version, count(version.id), coalesce(max(version.number), 0) FROM registry_card AS card "
        "LEFT JOIN registry_cardversion AS version ON version.card_id = card.id WHERE card.institution_id = %s "
        "GROUP BY card.id HAVING count(version.id) <> card.version "
        "OR coalesce(max(version.number), 0) <> card.version",
        "现行版本为 {1}，版本记录却有 {2} 份，最大为 {3}",
        "its version is {1}, but there are {2} versions, the last is {3}",
    ),
    (
        "SELECT card.id, card.authors::text, found.authors::text FROM registry_card AS card "
        "JOIN registry.authors_of(ARRAY(SELECT id FROM registry_card WHERE institution_id = %s)) AS found "
        "ON found.card_id = card.id WHERE NOT (card.authors @> found.authors AND card.authors <@ found.authors)",
        "作者记为 {1}，按各版本却是 {2}",
        "its authors are {1}, but by its versions {2}",
    ),
    (
        # A card that the centre returned is audited until the hospital saves another version of it.
        "SELECT id, state FROM registry_card WHERE institution_id = %s AND (audited_by IS NULL) = "
        "(state = ANY (%s) AND (state <> 'returned_by_centre' OR version = reported_version))",
        "状态为 {1}，与是否有审核人不符",
        "its state is {1}, which does not fit whether somebody audited it",
    ),
    (
        "SELECT id FROM registry_card WHERE institution_id = %s AND audited_by = ANY (authors)",
        "审核人写过其中的内容",
        "whoever audited it wrote something of it",
    ),
    (
        "SELECT id FROM registry_card WHERE institution_id = %s AND audited_by = ANY (requested_by)",
        "审核人提交过这一版，或说明过其中的原因",
        "whoever audited it submitted it or explained a finding of it",
    ),
    (
        # Those who submitted the version in force; sites that got the column later begin with what waited then.
        "SELECT card.id FROM registry_card AS card JOIN LATERAL (SELECT person_id FROM registry_act "
        "WHERE card_id = card.id AND act = 'submit' AND version = card.version ORDER BY id DESC LIMIT 1) AS last "
        "ON true WHERE card.institution_id = %s AND card.state = 'submitted' AND last.person_id IS NOT NULL "
        "AND NOT last.person_id = ANY (card.requested_by)",
        "提交人未记入申请人",
        "whoever submitted it is not among those whose request it is",
    ),
    (
        "SELECT card.id, card.state, last.to_state FROM registry_card AS card JOIN LATERAL ("
        "SELECT to_state FROM registry_act WHERE card_id = card.id ORDER BY id DESC LIMIT 1) AS last ON true "
        "WHERE card.institution_id = %s AND card.state <> last.to_state",
        "状态为 {1}，最后一次操作却到 {2}",
        "its state is {1}, but its last act led to {2}",
    ),
    (
        "SELECT id, state FROM registry_card AS card WHERE institution_id = %s AND state <> 'draft' "
        "AND NOT EXISTS (SELECT 1 FROM registry_act WHERE card_id = card.id)",
        "状态为 {1}，却没有任何操作记录",
        "its state is {1}, but nothing was ever done with it",
    ),
    (
        "SELECT card_id, act, from_state, before FROM (SELECT card_id, act, from_state, "
        "lag(to_state, 1, 'draft') OVER (PARTITION BY card_id ORDER BY id) AS before FROM registry_act "
        "WHERE institution_id = %s) AS line WHERE from_state <> before",
        "操作 {1} 从状态 {2} 开始，前一次操作却到 {3}",
        "act {1} begins from {2}, but the act before led to {3}",
    ),
    (
        "SELECT card.id, card.errors, card.warnings, card.confirms, found.e, found.w, found.c "
        "FROM registry_card AS card JOIN LATERAL (SELECT count(*) FILTER (WHERE level = 'error') AS e, "
        "count(*) FILTER (WHERE level = 'warning') AS w, count(*) FILTER (WHERE level = 'confirm') AS c "
        "FROM registry_finding WHERE card_id = card.id AND overridden_at IS NULL) AS found ON true "
        "WHERE card.institution_id = %s AND (card.errors, card.warnings, card.confirms) <> (found.e, found.w, found.c)",
        "未处理的问题记为 {1} 错误、{2} 警告、{3} 待确认，实有 {4}、{5}、{6}",
        "it counts {1} errors, {2} warnings, {3} to confirm, but has {4}, {5} and {6}",
    ),
    (
        "SELECT id, state FROM registry_card WHERE institution_id = %s AND ("
        "(state IN ('reported', 'accepted') AND (reported_version IS DISTINCT FROM version OR reported_at IS NULL)) "
        "OR (first_reported_at IS NULL) <> (reported_version IS NULL) OR accepted_version > version "
        "OR (state = 'accepted' AND accepted_version IS DISTINCT FROM version))",
        "状态为 {1}，上报或接收的版本与之不符",
        "its state is {1}, which does not fit the version that was reported or accepted",
    ),
    (
        "SELECT 0, to_char(coalesce(a.archive_month, b.archive_month), 'YYYY-MM'), coalesce(a.state, b.state), "
        "coalesce(a.cards, 0), coalesce(b.cards, 0) FROM (SELECT archive_month, state, errors > 0 AS problem, "
        "problem_at_first, count(*) AS cards FROM registry_card WHERE institution_id = %s GROUP BY 1, 2, 3, 4) AS a "
        "FULL JOIN (SELECT archive_month, state, problem, problem_at_first, sum(cards) AS cards FROM registry_tally "
        "WHERE institution_id = %s GROUP BY 1, 2, 3, 4 HAVING sum(cards) <> 0) AS b "
        "USING (archive_month, state, problem, problem_at_first) WHERE a.cards IS DISTINCT FROM b.cards",
        "{1} 状态 {2} 的卡有 {3} 份，计数却是 {4}",
        "{1}, state {2}: there are {3} cards, but the tally says {4}",
    ),
)


def problems(scope: Scope, *, contents: bool = True) -> Iterator[tuple[int, list[Problem]]]:
    """Look at every hospital; yields, hospital by hospital, how many cards it has and what is wrong with them.

    Args:
        scope: of the piece of the system that looks, see ``scope.SYSTEM``.
        contents: open every card's content as well and ask the rules about it (a millisecond or two a card).
    """
    from tonghu.registry.tasks import at_each_hospital

    for by in at_each_hospital(scope):
        with open_scope(by):
            place = Institution.objects.get(pk=by.institution or 0)
            found = [*_of_tables(place), *(_of_contents(place) if contents else ())]
            yield Card.objects.filter(institution=place).count(), found


def _of_tables(place: Institution) -> Iterator[Problem]:
    for query, zh, en in _QUERIES:
        more = [[str(state) for state in AUDITED]] if "ANY (%s)" in query else [place.pk] * (query.count("%s") - 1)
        with connection.cursor() as cursor:
            cursor.execute(query, [place.pk, *more])
            for row in cursor.fetchall():
                yield Problem(place.code, row[0], zh.format(*row), en.format(*row))


def _of_contents(place: Institution) -> Iterator[Problem]:
    after = 0
    while cards := list(Card.objects.filter(institution=place, pk__gt=after).order_by("pk")[:PORTION]):
        after = cards[-1].pk
        versions = {
            (one.card_id, one.number): one for one in CardVersion.objects.filter(card__in=[card.pk for card in cards])
        }
        stored: dict[int, set[tuple[str, str]]] = {card.pk: set() for card in cards}
        for number, rule, column in Finding.objects.filter(card__in=stored).values_list("card", "rule", "column"):
            stored[number].add((rule, column))
        for card in cards:
            version = versions.get((card.pk, card.version))
            if version is not None:  # else said above
                for zh, en in _of_content(card, version, stored[card.pk], place.region_code):
                    yield Problem(place.code, card.pk, zh, en)


def _of_content(
    card: Card, version: CardVersion, stored: set[tuple[str, str]], region: str
) -> Iterator[tuple[str, str]]:
    today = timezone.localdate()
    try:
        content = open_(version.content)
    except InputRefused as fault:
        yield f"内容不能解密：{fault.zh}", f"its content does not open: {fault.en}"
        return
    if version.content_key not in keys(content):
        yield "内容与其校验值不符", "its content does not fit the key of it"
    said = facts(content, today, region)
    if (said.record_number, said.discharge_at) != (card.record_number, card.discharge_at):
        yield "病案号或出院时间与内容不符", "its record number or discharge is not what its content says"
    if card.rules_key == rules_key(card.layout, today, region):
        if (asked := len(to_supplement(content, said.scope_group, today))) != card.to_supplement:
            yield (
                f"待补充的项目记为 {card.to_supplement} 项，实为 {asked} 项",
                f"it counts {card.to_supplement} items to be supplemented, but {asked} are",
            )
        now = {one.at for one in check(content, today, region)}
        stored = {at for at in stored if at[0] not in COMPARING}  # another card may have changed since
        if now != stored:
            missing, extra = sorted(now - stored), sorted(stored - now)
            yield (
                f"保存的问题与规则不符：缺 {missing}，多 {extra}",
                (f"its findings are not those of the rules: missing {missing}, too many {extra}"),
            )
