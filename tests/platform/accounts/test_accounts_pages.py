"""The pages on people and posts, as their users go through them."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from psycopg.types.range import Range

import made_up
from opened import opened
from tonghu.platform.accounts import door as books
from tonghu.platform.accounts.devices import in_two_words
from tonghu.platform.accounts.forms import institution_field
from tonghu.platform.accounts.models import LogInEvent, Person, Post
from tonghu.platform.accounts.reach import appoints, offer
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.accounts.sign_in import POST as CHOSEN
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.policy.library import clause

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def today() -> str:
    return timezone.localdate().isoformat()


def text(client: Client, address: str, said: dict[str, str] | None = None) -> str:
    answer = client.get(address) if said is None else client.post(address, said, follow=True)
    assert answer.status_code == 200, address
    return answer.content.decode()


def posts(person: Person) -> list[Post]:
    with open_scope(system_scope("login")):
        return list(Post.objects.filter(person=person).order_by("pk"))


def test_somebody_is_registered_activated_and_appointed(today: str) -> None:
    point = made_up.hospital()
    lead = made_up.browser(made_up.post("point_lead", point))
    assert f'value="{point.name}（{point.code}）"' in text(lead, "/people/new"), "the only institution is filled in"
    form = {"name": "王芳", "username": "wang.fang", "institution": point.code, "email": "", "language": "zh-hans"}
    shown = text(lead, "/people/new", form)
    (link,) = re.findall(r"http://testserver(/activate/[\w-]+)", shown)
    somebody = Client()
    assert somebody.post(link, {"new": "Hard-to-guess 7", "again": "Hard-to-guess 7"}).status_code == 302
    assert "您今天没有岗位" in text(somebody, "/post")
    with open_scope(system_scope("login")):
        person = Person.objects.get(username="wang.fang")
    assert "数据录入员" in text(lead, f"/people/{person.pk}/appoint")
    said = {"institution": f"{point.code} {point.name}", "role": "entry_clerk", "starts": today, "ends": ""}
    assert "已任命王芳为“数据录入员”" in text(lead, f"/people/{person.pk}/appoint", said)
    assert [post.role for post in posts(person)] == ["entry_clerk"]
    assert "数据录入员" in text(somebody, "/account")


@pytest.mark.requirement("NET-09")
def test_an_officer_of_another_department_is_registered_and_appointed_by_health(today: str) -> None:
    """Two administrators of the commission, one registering and one appointing; neither does both."""
    commission, insurance = made_up.authority("health", "510000"), made_up.authority("insurance", "510100")
    beyond = made_up.authority("insurance", "330100")
    registering = made_up.browser(made_up.post("system_admin", commission))
    form = {"name": "王芳", "username": "wang.fang", "institution": insurance.code, "email": "", "language": "zh-hans"}
    text(registering, "/people/new", form)
    with open_scope(system_scope("login")):
        person = Person.objects.get(username="wang.fang")
    said = {"institution": insurance.code, "role": "insurance_officer", "starts": today, "ends": ""}
    assert registering.post(f"/people/{person.pk}/appoint", said).status_code in (403, 404)
    appointing = made_up.browser(made_up.post("security_admin", commission))
    assert "您的范围内没有" in text(appointing, f"/people/{person.pk}/appoint", {**said, "institution": beyond.code})
    assert posts(person) == []
    assert "已任命王芳为“医保部门工作人员”" in text(appointing, f"/people/{person.pk}/appoint", said)
    (post,) = posts(person)
    said = opened(appointing, f"/posts/{post.pk}/end", last_day=today, reason="调离")
    assert "该岗位于" in text(appointing, f"/posts/{post.pk}/end", said)


def test_what_was_refused_stands_on_the_form_and_nothing_is_saved(today: str) -> None:
    point, other = made_up.hospital(), made_up.hospital()
    lead = made_up.browser(made_up.post("point_lead", point))
    made_up.person(username="wang.fang")
    form = {"name": "王芳", "username": "wang.fang", "institution": point.code, "language": "zh-hans"}
    assert "已被使用" in text(lead, "/people/new", form)
    assert "您的范围内没有" in text(lead, "/people/new", {**form, "institution": other.code})
    person = made_up.person(point)
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    said = {"institution": point.code, "role": "auditor", "starts": yesterday}
    assert "开始日期不能早于今天" in text(lead, f"/people/{person.pk}/appoint", said)
    assert posts(person) == []


def test_no_role_is_chosen_beforehand(today: str) -> None:
    point = made_up.hospital()
    lead = made_up.browser(made_up.post("point_lead", point))
    person = made_up.person(point)
    page = text(lead, f"/people/{person.pk}/appoint")
    assert offered(page)[0] == ("entry_clerk", "数据录入员")
    assert not re.search(r'<input type="radio"[^>]*checked', page)
    said = {"institution": point.code, "role": "", "starts": today, "ends": ""}
    assert "id_role_error" in text(lead, f"/people/{person.pk}/appoint", said)
    assert posts(person) == []


def offered(page: str) -> list[tuple[str, str]]:
    """The roles on the form, each with its name."""
    return re.findall(r'<input type="radio" name="role" value="(\w+)"[^>]*>\s*<strong>([^<]*)</strong>', page)


@pytest.mark.requirement("NET-09")
def test_only_posts_that_the_keeper_may_give_there_are_offered_and_who_gives_the_others_is_said(today: str) -> None:
    point = made_up.hospital()
    person = made_up.person(point)
    page = text(made_up.browser(made_up.post("point_lead", point)), f"/people/{person.pk}/appoint")
    assert {code for code, _name in offered(page)} == ROLES["point_lead"].appoints
    assert "录入和导入病例，处理审核员退回的修改。" in page, "each with its sentence"
    assert (
        "分管负责同志、监测点总负责人：由卫生健康部门工作人员、国家监测中心工作人员、安全管理员任免；"
        "系统管理员、安全管理员：由安全管理员任免；审计管理员：由上级单位的安全管理员任免" in page
    )
    own = text(made_up.browser(made_up.post("security_admin", point)), f"/people/{person.pk}/appoint")
    assert "audit_admin" not in {code for code, _name in offered(own)}, "whom it watches does not give it"
    assert "审计管理员：由上级单位的安全管理员任免" in own
    commission = made_up.authority("health", "510000")
    above = made_up.browser(made_up.post("security_admin", commission))
    wide = text(above, f"/people/{person.pk}/appoint")
    assert "audit_admin" in {code for code, _name in offered(wide)}, "at the place that keeps the person"
    insurance = made_up.authority("insurance", "510100")
    there = text(above, f"/people/{person.pk}/appoint?institution={insurance.code}&starts={today}")
    assert [code for code, _name in offered(there)] == ["insurance_officer"]
    assert f'value="{today}"' in there, "what was typed stays"


@pytest.mark.parametrize("role", ["point_lead", "responsible_deputy", "system_admin", "insurance_officer", "nonsense"])
def test_a_post_that_is_not_offered_is_refused_and_said(today: str, role: str) -> None:
    point = made_up.hospital()
    person = made_up.person(point)
    lead = made_up.browser(made_up.post("point_lead", point))
    said = {"institution": point.code, "role": role, "starts": today}
    assert "您不能在此授予该岗位" in text(lead, f"/people/{person.pk}/appoint", said)
    assert posts(person) == []


def test_what_is_offered_is_what_is_not_refused() -> None:
    places = [made_up.hospital(), made_up.authority("health", "510100"), made_up.authority("insurance", "510000")]
    for at in (made_up.hospital(), made_up.authority("health", "510000"), made_up.authority("centre", "000000")):
        for role in ("point_lead", "security_admin", "commission_officer", "centre_officer"):
            if (at.department or at.kind) not in ROLES[role].places:
                continue
            with made_up.acting(made_up.post(role, at)) as by:
                for place in (at, *places):
                    held = {code for code, one in ROLES.items() if place.place in one.places}
                    given = {one.code for one in offer(by, place).given}
                    assert given == {code for code in held if appoints(by, code, place)}, (role, place.name)


def test_who_has_two_posts_and_chose_none_is_asked_from_which_to_act() -> None:
    point = made_up.hospital()
    first = made_up.post("entry_clerk", point)
    second = made_up.post("auditor", point, holder=first.person)
    client = made_up.browser(first)
    session = client.session
    del session[CHOSEN]
    session.save()
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/post")
    page = text(client, "/post")
    assert f'value="{first.pk}"' in page
    assert f'value="{second.pk}"' in page
    assert client.post("/post", {"post": str(second.pk)})["Location"] == "/"
    assert "您今天没有岗位" not in text(client, "/")


def test_who_has_no_post_is_told_so_on_the_first_screen() -> None:
    client = Client()
    with open_scope(system_scope("login")):
        client.force_login(made_up.person())
    assert "您今天没有岗位" in text(client, "/")


def test_a_form_field_that_the_page_does_not_offer_changes_nothing(today: str) -> None:
    """Mass assignment: a role, an activation or a post slipped into another form stays without effect."""
    point = made_up.hospital()
    lead = made_up.browser(made_up.post("point_lead", point))
    form = {"name": "王芳", "username": "wang.fang", "institution": point.code, "language": "zh-hans"}
    text(lead, "/people/new", {**form, "is_active": "", "password": "x", "role": "point_lead", "made_up": "1"})
    with open_scope(system_scope("login")):
        person = Person.objects.get(username="wang.fang")
    assert (person.is_active, person.made_up, person.has_usable_password()) == (True, False, False)
    assert posts(person) == []
    said = {"institution": point.code, "role": "security_admin", "starts": today}
    assert lead.post(f"/people/{person.pk}/appoint", said).status_code == 200
    assert posts(person) == []


def test_a_post_is_ended_and_a_deputy_named(today: str) -> None:
    point = made_up.hospital()
    lead = made_up.browser(made_up.post("point_lead", point))
    held = made_up.post("auditor", point, holder=made_up.person(point, name="赵审核"))
    stand_in = made_up.person(point, username="dai.li", name="钱代理")
    page = text(lead, f"/posts/{held.pk}/deputy")
    assert "dai.li" in page
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    said = {"person": "dai.li", "starts": today, "ends": tomorrow}
    assert "已指定钱代理代理" in text(lead, f"/posts/{held.pk}/deputy", said)
    assert "代理赵审核" in text(lead, f"/people/{stand_in.pk}")
    assert "请填写" not in text(lead, f"/posts/{held.pk}/end")
    said = opened(lead, f"/posts/{held.pk}/end", last_day=today, reason="调离")
    assert "该岗位于" in text(lead, f"/posts/{held.pk}/end", said)
    assert posts(held.person)[0].last_day == timezone.localdate()
    assert posts(stand_in)[0].last_day == timezone.localdate()


def test_a_person_moves_by_the_region_above() -> None:
    old, new = made_up.hospital(region="510104"), made_up.hospital(region="510105")
    officer = made_up.browser(made_up.post("commission_officer", made_up.authority()))
    person = made_up.person(old, name="孙调动")
    said = opened(officer, f"/people/{person.pk}/move", to=new.code, reason="调动")
    assert f"孙调动已调至{new.name}" in text(officer, f"/people/{person.pk}/move", said)


def test_the_list_is_narrowed_by_name_role_and_account() -> None:
    point = made_up.hospital()
    leading = made_up.post("point_lead", point, holder=made_up.person(point, name="周总", password="argon2$x"))
    lead = made_up.browser(leading)
    made_up.post("auditor", point, holder=made_up.person(point, name="吴审核"))
    gone = made_up.post("entry_clerk", point, holder=made_up.person(point, name="郑录入"))
    with open_scope(system_scope("login")):
        Person.objects.filter(pk=gone.person_id).update(is_active=False)
        Person.objects.filter(name="吴审核").update(password="!x")
    everybody = {"周总", "吴审核", "郑录入"}

    def found(query: str) -> set[str]:
        body = lead.get("/people", dict(parse_qsl(query))).content.decode()
        return {name for name in everybody if f">{name}</a>" in body}

    assert found("") == everybody
    assert found("q=审核") == {"吴审核"}
    assert found("role=auditor") == {"吴审核"}
    assert found("account=suspended") == {"郑录入"}
    assert found("account=invited") == {"吴审核"}
    assert found("account=active") == {"周总"}


@pytest.mark.parametrize(
    "typed", ["张三", "三丰", "zhangsan", "ZhangSanFeng", "zsf", "zhang san", "zhang.sf", "ＺＳＦ"]
)
def test_the_search_box_finds_a_person_for_whoever_keeps_them(typed: str) -> None:
    point, other = made_up.hospital(), made_up.hospital()
    found = made_up.post("auditor", point, holder=made_up.person(point, name="张三丰", username="zhang.sf")).person
    made_up.person(point, name="李四")
    hidden = made_up.person(other, name="张三丰", username="zhang.sf2")
    for role, at in (
        ("security_admin", point), ("system_admin", point), ("point_lead", point),
        ("commission_officer", made_up.authority("health", "510104")),
    ):  # fmt: skip
        page = text(made_up.browser(made_up.post(role, at)), f"/search?q={typed}")
        assert f'href="/people/{found.pk}"' in page, role
        assert "李四" not in page
        assert (f'href="/people/{hidden.pk}"' in page) is (role == "commission_officer")
    assert "zhang.sf" in page
    assert "数据审核员" in page, "what tells two of one name apart"


def test_the_search_box_finds_nobody_for_strangers() -> None:
    point = made_up.hospital()
    made_up.person(point, name="张三丰", username="zhang.sf")
    strangers = [
        made_up.browser(made_up.post("entry_clerk", point)),
        made_up.browser(made_up.post("security_admin", made_up.hospital())),
        made_up.browser(made_up.post("system_admin", made_up.authority("health", "330000"))),
        Client(),
    ]
    for stranger in strangers:
        for typed in ("张三丰", "zhangsanfeng", "zhang.sf"):
            assert not re.search(r"/people/\d", stranger.get("/search", {"q": typed}).content.decode())


def test_the_search_box_takes_anything_that_is_typed() -> None:
    keeper = made_up.browser(made_up.post("security_admin"))
    for typed in ("%", "_", "\\", "'", "　", "1", "<b>"):
        assert keeper.get("/search", {"q": typed}).status_code == 200, typed


def test_the_page_of_a_person_shows_each_state_of_a_post() -> None:
    point = made_up.hospital()
    lead = made_up.browser(made_up.post("point_lead", point))
    person, day = made_up.person(point), timezone.localdate()
    for role, valid in (
        ("auditor", Range(day + timedelta(days=1), None)),
        ("it_partner", Range(None, day)),
        ("docking_engineer", Range(empty=True)),
        ("entry_clerk", Range(None, None)),
    ):
        made_up.post(role, point, holder=person, valid=valid)
    page = text(lead, f"/people/{person.pk}")
    for words in ("未开始", "已结束", "已撤回"):
        assert words in page
    assert page.count("/end") == 2, "what is over or withdrawn is not ended again"


def test_the_security_administrator_resets_unlocks_suspends_and_resumes() -> None:
    point = made_up.hospital()
    security = made_up.browser(made_up.post("security_admin", point))
    person = made_up.post("auditor", point).person
    with open_scope(system_scope("login")):
        person.set_password("Hard-to-guess 7")
        person.save()
        for _ in range(5):
            books.count_failure(person.username, person, books.Door())
    address = f"/people/{person.pk}"
    assert "暂时锁定" in text(security, address)
    assert "锁定已解除" in text(security, f"{address}/unlock", {})
    assert "暂时锁定" not in text(security, address)
    assert "/activate/" in text(security, f"{address}/link", {"telephone": "1"})
    assert "无法撤销" not in text(security, address), "what can be resumed is not said to be final"
    assert "请写明原因" in text(security, f"{address}/suspend", {"reason": ""})
    assert "账号已停用" in text(security, f"{address}/suspend", {"reason": "手机失窃"})
    assert "恢复" in text(security, address)
    assert "请先恢复" in text(security, f"{address}/link", {})
    assert "账号已恢复使用" in text(security, f"{address}/resume", {"reason": "已核实"})
    with open_scope(system_scope("login")):
        kinds = list(LogInEvent.objects.filter(person=person).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["locked", "unlocked", "link_issued", "suspended", "resumed"]
    assert "登录记录" not in text(security, address), "whoever acts does not watch"


def test_the_audit_administrator_reads_what_happened_at_the_door_and_acts_on_nothing() -> None:
    point = made_up.hospital()
    person = made_up.post("auditor", point).person
    with open_scope(system_scope("login")):
        books.note(LogInEvent.Kind.LOGGED_IN, person, books.Door("10.0.0.9"))
    audit = made_up.browser(made_up.post("audit_admin", point))
    page = text(audit, f"/people/{person.pk}")
    assert "10.0.0.9" in page
    assert "<form" not in page[page.index("<main") : page.index("</main>")]
    clerk = made_up.browser(made_up.post("point_lead", point))
    assert "10.0.0.9" not in text(clerk, f"/people/{person.pk}")


def test_names_are_shown_as_text_whatever_stands_in_them() -> None:
    point = made_up.hospital(name='<img src=x onerror="alert(1)">')
    lead = made_up.browser(made_up.post("point_lead", point))
    person = made_up.person(point, name="<script>alert(1)</script>'; DROP TABLE")
    for address in ("/people", f"/people/{person.pk}", f"/people/{person.pk}/appoint", "/people/new", "/institutions"):
        body = text(lead, address)
        assert "<script>alert" not in body
        assert "<img src=x" not in body


def test_ids_that_are_not_there_are_not_found() -> None:
    security = made_up.browser(made_up.post("security_admin"))
    for address in ("/people/999999999", f"/people/{2**70}", "/posts/999999999/end", f"/posts/{2**70}/deputy"):
        assert security.get(address).status_code == 404, address
    assert security.post("/people/999999999/suspend", {"reason": "x"}).status_code == 404


def test_the_roles_are_explained_to_everybody_who_is_in() -> None:
    page = text(made_up.browser(made_up.post("entry_clerk")), "/people/roles")
    assert "监测点总负责人" in page
    assert "登录时须使用动态验证码" in page
    assert "NCPCS" not in page, "no codes of ours: clauses as they are cited"
    assert clause("NCPCS.1").citation in page
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert [one for one in headings if one in ("医院与基层医疗机构", "卫生健康行政部门与国家中心", "其他部门")] == [
        "医院与基层医疗机构", "卫生健康行政部门与国家中心", "其他部门"
    ]  # fmt: skip
    assert page.count("您的角色") == 1
    assert "每次查看都有记录" in page


def test_a_unit_and_a_deputy_are_picked_by_name() -> None:
    here = made_up.hospital("PICK1", name="虚构儿童医院")
    made_up.hospital("PICK2", name="虚构儿童医院分院")
    field = institution_field(made_up.scope_at(made_up.post("commission_officer", made_up.authority())), label="x")
    with made_up.acting(made_up.post("commission_officer", made_up.authority())):
        for typed in ("PICK1", "虚构儿童医院", "虚构儿童医院（PICK1）", " 虚构儿童医院(PICK1) ", "PICK1 虚构儿童医院"):
            assert field.clean(typed) == here, typed
        with pytest.raises(ValidationError, match="有多个“儿童医院”，请选择其一，例如 虚构儿童医院（PICK1）"):
            field.clean("儿童医院")
        for typed in ("没有这家", "（）", "虚构儿童医院（NONE）"):
            with pytest.raises(ValidationError, match="没有"):
                field.clean(typed)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 "
         "Safari/537.36 Edg/130.0.0.0", "Edge · Windows"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0 Safari/537.36 "
         "QIHU 360SE", "360 浏览器 · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 "
         "MicroMessenger/8.0.40", "微信 · iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 "
         "Safari/605.1.15", "Safari · macOS"),
        ("curl/8.5", "未知浏览器"),
        ("", "未知浏览器"),
    ],
)  # fmt: skip
def test_a_device_is_called_by_browser_and_system(agent: str, words: str) -> None:
    assert in_two_words(agent) == words


def test_a_page_that_is_not_there_keeps_the_menu_for_who_is_in() -> None:
    clerk = made_up.browser(made_up.post("entry_clerk"))
    for address, status in (("/nowhere", 404), ("/people", 403)):
        page = clerk.get(address)
        assert page.status_code == status
        assert 'id="side"' in page.content.decode()
    assert 'id="side"' not in made_up.browser().get("/nowhere").content.decode()
