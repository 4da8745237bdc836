"""What a post may do with report cards."""

from __future__ import annotations

from tonghu.platform.scope.permissions import declare

READ = declare(
    "registry.read",
    zh="查看报告卡",
    en="See report cards",
    effect_zh="查看本机构的报告卡；辖区和国家监测中心查看已上报的版本。",
    effect_en="Sees the own institution's cards; regions and the centre see the versions that were reported.",
    of_patients=True,
)
ENTER = declare(
    "registry.enter",
    zh="录入报告卡",
    en="Enter report cards",
    effect_zh="录入、修改、提交、作废本机构的报告卡，说明“请核对或说明”的问题为何保留。",
    effect_en="Enters, changes, submits and voids cards of the own institution, and says why a finding may stand.",
    of_patients=True,
)
AUDIT = declare(
    "registry.audit",
    zh="审核报告卡",
    en="Audit report cards",
    effect_zh="审核他人录入的报告卡：通过、退回、撤回审核；自己写过内容、提交过或说明过原因的版本，不能由自己通过。",
    effect_en="Approves, returns and recalls cards of others; never approves a version that they wrote, submitted or "
    "explained anything of.",
    of_patients=True,
)
REPORT = declare(
    "registry.report",
    zh="上报报告卡",
    en="Report cards to the centre",
    effect_zh="把审核通过的报告卡上报国家监测中心。",
    effect_en="Reports approved cards to the national centre.",
    of_patients=True,
)
VERIFY = declare(
    "registry.verify",
    zh="核查上报的报告卡",
    en="Verify reported cards",
    effect_zh="国家监测中心接收上报的报告卡，或写明原因退回监测点。",
    effect_en="The centre accepts reported cards, or returns them to the point with a reason.",
    of_patients=True,
)
EXPORT = declare(
    "registry.export",
    zh="导出报告卡",
    en="Export report cards",
    effect_zh="导出本范围内的报告卡；每次导出都有记录和水印。",
    effect_en="Takes cards in scope away in a file; every export is logged and marked.",
    of_patients=True,
)
