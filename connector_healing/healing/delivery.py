"""Hands a submitted change to where its people work: a patch file, and a branch in git."""

from connector_healing.core.case import HealCase
from connector_healing.core.report import PATCH_FILE
from connector_healing.healing.services import HealServices
from connector_healing.healing.telling import branch_note


def deliver(services: HealServices, case: HealCase, version_id: str) -> None:
    """Write the patch file and make the branch of the version that a case submits.

    Doing it twice is doing it once.
    """
    version = services.registry.version(case.connector_id, version_id)
    if version.case_id != case.case_id or not version.diff:
        return  # an older version is made active again: nothing was written
    runtime = services.runtime(case.connector_id)
    branch = None
    if runtime.connector.policy.git_branch:
        branch = services.branches.submit(version, services.code(case), runtime.import_paths)
    patch = branch.patch if branch else version.diff
    services.files.write_text(services.files.case_path(case.case_id, PATCH_FILE), patch)
    if branch:
        services.store.set_note(branch_note(case.case_id), branch.name)
