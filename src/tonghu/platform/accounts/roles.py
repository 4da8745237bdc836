"""The roles: who may what, all on one page.

A role is held at a kind of place (a hospital, an authority of some department); from the place follows whose rows its
holder reaches: an institution reaches its own, an authority those of its region, with ``000000`` the nation's. What
they may do there are permissions, declared by the rooms in their ``access.py``. Administrators stand apart from each
other and from the trade, and none of them holds a permission on patients: there is no all-powerful account.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tonghu.platform.scope.wording import call_role


class Sight(Enum):
    """Whose patients a role sees, with the permissions that it holds."""

    NOTHING = "nothing"
    INSTITUTION = "institution"
    REGION = "region"
    NATION = "nation"

    @property
    def label(self) -> str:
        """In words, for the page of roles."""
        return str(_SIGHT[self])


_SIGHT = {
    Sight.NOTHING: _("nothing of patients"),
    Sight.INSTITUTION: _("its own institution"),
    Sight.REGION: _("its region"),
    Sight.NATION: _("the nation"),
}
HOSPITAL, PRIMARY_CARE, HEALTH, CENTRE, LEADING_GROUP = "hospital", "primary_care", "health", "centre", "leading_group"
CARE = (HOSPITAL, PRIMARY_CARE)


class RoleGroup(Enum):
    """Where a role is held, for whoever looks for one on the page of roles."""

    HOSPITAL = "hospital"
    HEALTH = "health"
    OTHERS = "others"
    SITE = "site"

    @property
    def label(self) -> str:
        """In words."""
        return str(_GROUPS[self])


_GROUPS = {
    RoleGroup.HOSPITAL: _("At hospitals and in primary care"),
    RoleGroup.HEALTH: _("At health commissions and the national centre"),
    RoleGroup.OTHERS: _("At other departments"),
    RoleGroup.SITE: _("Who runs the site, apart from all others"),
}


@dataclass(frozen=True, kw_only=True)
class Role:
    """One role.

    Attributes:
        code: its stable name.
        zh, en: what people call it.
        for_zh, for_en: what it is for, one sentence.
        sight: whose patients it sees.
        places: where it is held: ``hospital``, ``primary_care``, or departments of authorities.
        permissions: codes of what it may do.
        appoints: roles that its holder may appoint to (with ``accounts.appoint``), in scope only.
        clauses: the clauses of the policies that it rests on.
        standard: where no policy names it, the standard that does.
    """

    code: str
    zh: str
    en: str
    for_zh: str
    for_en: str
    sight: Sight
    places: tuple[str, ...]
    permissions: frozenset[str] = frozenset()
    appoints: frozenset[str] = frozenset()
    clauses: tuple[str, ...] = ()
    standard: str = ""

    @property
    def name(self) -> str:
        """The name in the language of the reader."""
        return self.zh if (get_language() or "zh").startswith("zh") else self.en

    @property
    def what_for(self) -> str:
        """The sentence in the language of the reader."""
        return self.for_zh if (get_language() or "zh").startswith("zh") else self.for_en

    @property
    def group(self) -> RoleGroup:
        """Where it is held."""
        if self.code in ADMINISTRATORS:
            return RoleGroup.SITE
        if any(place in CARE for place in self.places):
            return RoleGroup.HOSPITAL
        return RoleGroup.HEALTH if {HEALTH, CENTRE} & {*self.places} else RoleGroup.OTHERS

    @property
    def second_factor(self) -> bool:
        """Whether a one-time code is asked at log-in: of all who see more than one hospital, and administrators."""
        return self.sight in (Sight.REGION, Sight.NATION) or self.code in ADMINISTRATORS

    @property
    def apart(self) -> str:
        """``trade``, or the code of an administrator's role; nobody holds two different ones at once."""
        return self.code if self.code in ADMINISTRATORS else "trade"


ADMINISTRATORS: Final = ("system_admin", "security_admin", "audit_admin", "site_operator")
_POINT_STAFF = frozenset({"entry_clerk", "auditor", "records_department", "it_partner", "docking_engineer"})
_POINT_LEADS = frozenset({"responsible_deputy", "point_lead"})
_OFFICERS = frozenset(
    {
        "commission_head", "commission_officer", "centre_head", "centre_officer", "insurance_officer",
        "civil_affairs_officer", "drug_officer", "tcm_officer", "development_officer", "human_resources_officer",
        "poverty_relief_officer", "leading_group_member",
    }
)  # fmt: skip

#: Permissions on patients, as the rooms declare them; kept together so that each role's line stays readable.
_READ = frozenset({"children.read", "audit.history", "registry.read"})
_ENTER = frozenset({"children.enter", "children.consent", "audit.reveal", "api.check", "registry.enter"})
#: Bringing the hospital's files in, and taking an import back; a colleague takes up what another one began, and so
#: sees how far its job is.
_INTAKE = frozenset({"intake.upload", "intake.take_marked", "intake.undo", "jobs.view"})
#: Those who answer for the work of others see their jobs and settle the failed ones.
_JOBS = frozenset({"jobs.view", "jobs.manage"})
_FILES = frozenset({"files.view", "files.take"})
#: Everybody of a point and above it sees when months are due and how they stand; that names no patient.
_BOARD = frozenset({"surveillance.view"})

_ALL = (
    # --- a monitoring point -------------------------------------------------------------------------------------
    Role(
        code="responsible_deputy", zh="分管负责同志", en="Deputy head responsible",
        for_zh="医疗机构分管信息报送的负责人，是报送的主要责任人：看进度、催落实。",
        for_en="The deputy head of the hospital who answers for reporting: sees progress, sees that it happens.",
        sight=Sight.INSTITUTION, places=CARE, permissions=_READ | _BOARD | {"accounts.view"},
        clauses=("NHC20.3.2",),
    ),
    Role(
        code="point_lead", zh="监测点总负责人", en="Overall lead of a monitoring point",
        for_zh="管理本监测点的人员和全部上报工作。",
        for_en="Leads the point: its people and all of its reporting.",
        sight=Sight.INSTITUTION, places=CARE,
        permissions=_READ | _JOBS | _BOARD | {
            "accounts.view", "accounts.register", "accounts.appoint", "children.grant", "audit.reveal", "files.view",
            "api.check", "api.issue", "surveillance.sign",
        },
        appoints=_POINT_STAFF, clauses=("NCPCS.1",),
    ),
    Role(
        code="entry_clerk", zh="数据录入员", en="Entry clerk",
        for_zh="录入和导入病例，处理审核员退回的修改。",
        for_en="Enters and imports cases, and mends what the auditor returns.",
        sight=Sight.INSTITUTION, places=CARE, permissions=_READ | _ENTER | _INTAKE | _BOARD,
        clauses=("NCPCS.1", "NCPCS.2.4"),
    ),
    Role(
        code="auditor", zh="数据审核员", en="Auditor",
        for_zh="审核他人录入的病例，通过后上报，有误则写明原因退回。",
        for_en="Audits cases that others entered: passes them on or returns them with reasons.",
        sight=Sight.INSTITUTION, places=CARE, clauses=("NCPCS.1",),
        permissions=_READ | _BOARD | {"audit.reveal", "registry.audit", "registry.report"},
    ),
    Role(
        code="records_department", zh="病案管理部门", en="Records department",
        for_zh="负责信息登记和数据质量，与 HQMS 上报保持一致。",
        for_en="Owns registration and the quality of the data, in step with what is reported to HQMS.",
        sight=Sight.INSTITUTION, places=CARE,
        permissions=_READ | _ENTER | _INTAKE | _JOBS | _FILES | _BOARD | {
            "accounts.view", "audit.export", "children.merge", "registry.export",
        },
        clauses=("NCPCS.1", "NHC20.3.2"),
    ),
    Role(
        code="it_partner", zh="信息部门协作人员", en="Partner in the IT department",
        for_zh="配合病案管理部门推进信息端口对接。目前只能管理自己的账号、看公开名录，不看患儿资料。",
        for_en="Works with the records department on the interface. Today: its own account and the open lists only.",
        sight=Sight.NOTHING, places=CARE, clauses=("NHC20.3.2",),
    ),
    Role(
        code="docking_engineer", zh="接口对接工程师", en="Docking engineer",
        for_zh="在测试环境调试接口，不看患儿资料。",
        for_en="Builds the interface in the test environment and sees nothing of patients.",
        sight=Sight.NOTHING, places=CARE, permissions=frozenset({"api.check"}), clauses=("NCPCS.2.4.3", "NHC20.3.1"),
    ),
    # --- health authorities and the national centre -------------------------------------------------------------
    Role(
        code="commission_head", zh="卫生健康部门分管领导", en="Responsible head of a health commission",
        for_zh="掌握辖区内救治管理工作的进度和质量。",
        for_en="Follows the progress and quality of the work in the region.",
        sight=Sight.REGION, places=(HEALTH,), permissions=_READ | _BOARD | {"accounts.view"},
        clauses=("SC18.1", "SC18.3"),
    ),
    Role(
        code="commission_officer", zh="卫生健康部门工作人员", en="Officer of a health commission",
        for_zh="组织辖区内监测点上报，为已确定的定点医院分配账号，利用数据发现短板。",
        for_en="Runs the points of the region, issues accounts to designated hospitals, finds weak points in the data.",
        sight=Sight.REGION, places=(HEALTH,),
        permissions=_READ | _JOBS | _BOARD | {
            "accounts.view", "accounts.register", "accounts.appoint", "network.manage", "children.merge",
            "audit.export", "files.view", "surveillance.manage",
        },
        appoints=_POINT_LEADS | {"leading_group_member"}, clauses=("SC18.4", "NHC20.3.3", "TC20.3.1"),
    ),
    Role(
        code="centre_head", zh="国家监测中心负责人", en="Head of the national centre",
        for_zh="掌握全国监测工作，签发通报。",
        for_en="Answers for the nation's surveillance and signs the bulletins.",
        sight=Sight.NATION, places=(CENTRE,), permissions=_READ | _BOARD | {"accounts.view"},
        clauses=("NHC20.3.3",),
    ),
    Role(
        code="centre_officer", zh="国家监测中心工作人员", en="Officer of the national centre",
        for_zh="汇总、核查、分析、评价全国数据，审核监测点申请并分配账号。",
        for_en="Summarises, verifies, analyses and evaluates the nation's data; admits points and issues accounts.",
        sight=Sight.NATION, places=(CENTRE,),
        permissions=_READ | _JOBS | _BOARD | {
            "accounts.view", "accounts.register", "accounts.appoint", "network.manage", "children.merge",
            "audit.export", "files.view", "audit.reveal", "surveillance.manage", "surveillance.lock",
            "registry.verify", "registry.export",
        },
        appoints=_POINT_LEADS | {"leading_group_member"}, clauses=("NHC20.3.3", "NCPCS.0"),
    ),
    Role(
        code="leading_group_member", zh="领导小组成员", en="Member of a leading group",
        for_zh="看本辖区的上报进度，统筹协调各部门；不看患儿资料。",
        for_en="Sees how far reporting is in the region and coordinates the departments; nothing of patients.",
        sight=Sight.REGION, places=(LEADING_GROUP,), permissions=_BOARD, clauses=("SC18.1",),
    ),
    # --- further authorities, each with the rights of its duty (NET-09) ------------------------------------------
    Role(
        code="insurance_officer", zh="医保部门工作人员", en="Insurance officer",
        for_zh="参保资助、支付方式改革和“一站式”结算。目前只能管理自己的账号、看公开名录，不看患儿资料。",
        for_en="Enrolment aid, payment reform, one-stop settlement. Today: its own account and the open lists only.",
        sight=Sight.REGION, places=("insurance",), clauses=("SC18.3", "JL19.3.12", "L18.3.2"),
    ),
    Role(
        code="civil_affairs_officer", zh="民政部门工作人员", en="Civil affairs officer",
        for_zh="特困、低保、孤儿等对象的救助与慈善衔接。目前只能管理自己的账号、看公开名录，不看患儿资料。",
        for_en="Assistance to the destitute and to orphans, the link to charity. "
        "Today: its own account and the open lists only.",
        sight=Sight.REGION, places=("civil_affairs",), clauses=("JL19.3.12", "JL19.2.10", "RP17.3.3.2"),
    ),
    Role(
        code="drug_officer", zh="药品监督管理部门工作人员", en="Drug administration officer",
        for_zh="药品供应保障和审评审批协调。目前只能管理自己的账号、看公开名录，不看患儿资料。",
        for_en="Supply of drugs and their approval. Today: its own account and the open lists only.",
        sight=Sight.NOTHING, places=("drug",), clauses=("JL19.2.6", "JL19.3.12"),
    ),
    Role(
        code="tcm_officer", zh="中医药管理部门工作人员", en="Officer of traditional Chinese medicine",
        for_zh="与卫生健康部门一起动态调整定点医院和协作组医院。目前只能管理自己的账号、看公开名录，不看患儿资料。",
        for_en="Adjusts, with the health commission, which hospitals are designated. "
        "Today: its own account and the open lists only.",
        sight=Sight.NOTHING, places=("tcm",), clauses=("JL19.3.12", "SC18.3"),
    ),
    Role(
        code="development_officer", zh="发展改革部门工作人员", en="Officer of development and reform",
        for_zh="定点医院建设项目的审批核准。目前只能管理自己的账号、看公开名录，不看患儿资料。",
        for_en="Approves building projects of designated hospitals. Today: its own account and the open lists only.",
        sight=Sight.NOTHING, places=("development_reform",), clauses=("SC18.3",),
    ),
    Role(
        code="human_resources_officer", zh="人力资源社会保障部门工作人员", en="Officer of human resources",
        for_zh="按部门职责参与救治管理的协调。目前只能管理自己的账号、看公开名录，不看患儿资料。",
        for_en="Takes part in the coordination according to its duty. Today: its own account and the open lists only.",
        sight=Sight.NOTHING, places=("human_resources",), clauses=("L18.0",),
    ),
    Role(
        code="poverty_relief_officer", zh="扶贫（乡村振兴）部门工作人员", en="Poverty relief officer",
        for_zh="提供和核对建档立卡名单，共同做好救治台账的动态管理。目前只能管理自己的账号、看公开名录，不看患儿资料。",
        for_en="The register of poor households and the rescue ledger. Today: its own account and the open lists only.",
        sight=Sight.REGION, places=("poverty_relief",), clauses=("RP17.2", "RP17.3.1", "RP17.4.2"),
    ),
    # --- administrators, apart ------------------------------------------------------------------------------------
    Role(
        code="system_admin", zh="系统管理员", en="System administrator",
        for_zh="登记人员和机构；不授予岗位，不看患儿资料。",
        for_en="Registers people and institutions; gives no posts, sees no patients.",
        sight=Sight.NOTHING, places=(*CARE, HEALTH, CENTRE),
        permissions=frozenset({"accounts.view", "accounts.register", "network.manage", "home.warnings"}),
        standard="GB/T 22239-2019 8.1.5.1",
    ),
    Role(
        code="security_admin", zh="安全管理员", en="Security administrator",
        for_zh="授予和终止岗位（卫生健康部门和国家监测中心的还任免辖区内医保、民政、药监等部门的人员），重置登录、解除锁定；"
        "不登记人员，不看患儿资料和审计记录。",
        for_en="Gives and ends posts (those of health commissions and the centre also at insurance, civil affairs, "
        "drug and other departments of their region), resets log-ins, lifts locks; registers nobody, sees no patients, "
        "no logs.",
        sight=Sight.NOTHING, places=(*CARE, HEALTH, CENTRE),
        permissions=frozenset({"accounts.view", "accounts.appoint", "accounts.secure", "api.issue"}),
        appoints=_POINT_STAFF | _POINT_LEADS | _OFFICERS | frozenset(ADMINISTRATORS),
        standard="GB/T 22239-2019 8.1.5.3",
    ),
    Role(
        code="audit_admin", zh="审计管理员", en="Audit administrator",
        for_zh="查看和分析操作记录、登录记录；不改任何数据，不看患儿资料。",
        for_en="Reads the logs of acts and log-ins; changes nothing, sees no patients.",
        sight=Sight.NOTHING, places=(*CARE, HEALTH, CENTRE),
        permissions=frozenset({"accounts.view", "accounts.log_ins", "audit.read", "audit.history", "audit.export"}),
        standard="GB/T 22239-2019 8.1.5.2",
    ),
    Role(
        code="site_operator", zh="平台运维员", en="Operator of the site",
        for_zh="看平台自身的定时任务和消息发送是否正常；看不到人员资料和患儿资料。",
        for_en="Sees whether the site's own jobs and messages run; sees no people and no patients.",
        sight=Sight.NOTHING, places=(CENTRE,),
        permissions=frozenset({"jobs.operate", "notices.operate", "home.warnings"}),
        standard="GB/T 22239-2019 8.1.5.1",
    ),
)  # fmt: skip

ROLES: Final[dict[str, Role]] = {role.code: role for role in _ALL}
_APPOINTING = {place for role in _ALL if role.appoints for place in role.places}
#: Where health commissions and the centre appoint in their region, besides their own: in care, and at departments that
#: keep nobody here who could appoint.
BELOW_HEALTH: Final = (*CARE, *sorted({place for role in _ALL for place in role.places} - _APPOINTING))
for _role in _ALL:
    call_role(_role.zh, en=_role.en)
