"""Writing a case's debug report to its file."""

from connector_healing.core.case import HealCase
from connector_healing.core.report import PATCH_FILE, render_report
from connector_healing.healing.collecting import COLLECTED
from connector_healing.healing.services import CaseServices
from connector_healing.healing.telling import report_facts

REPORT = "report.md"
#: The case's own files that outlive its heal.
KEPT_FILES = (REPORT, PATCH_FILE, COLLECTED)


def write_report(services: CaseServices, case: HealCase) -> str:
    """Write the report of the case as it stands; returns it as Markdown.

    Also whoever moves a case on after its heal calls it: the file tells where the case stands.
    """
    text = render_report(report_facts(services, case))
    services.files.write_text(services.files.case_path(case.case_id, REPORT), text)
    return text
