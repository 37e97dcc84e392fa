"""A submitted version as a branch of the git repository that the connector lives in.

The branch is made beside everything: neither the work tree, the index nor ``HEAD`` is touched, no
hook runs, nothing is pushed.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from connector_healing.core.connector import ConnectorCode, ConnectorVersion
from connector_healing.core.patch import Branch
from connector_healing.runtime.loading import installed_file

#: What git is given for one command; it reads and writes a few small objects.
TIMEOUT = timedelta(seconds=20)

_AUTHOR = "connector-healing"


class GitBranches:
    """Implements `ports.Branches`."""

    def submit(
        self, version: ConnectorVersion, parent: ConnectorCode, import_paths: Sequence[str]
    ) -> Branch | None:
        """Make the branch: see the port."""
        try:
            return _submitted(version, parent, import_paths)
        except (OSError, subprocess.SubprocessError):
            return None  # no git, or a repository that it cannot read: the version is kept anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A file of the repository that the version changes."""

    path: str  #: From the repository's top.
    mode: str
    text: str


def _submitted(
    version: ConnectorVersion, parent: ConnectorCode, import_paths: Sequence[str]
) -> Branch | None:
    files = _changed_files(version.code, parent, import_paths)
    if not files:
        return None
    top = Path(_git(next(iter(files)).parent, "rev-parse", "--show-toplevel").strip())
    head = _git(top, "rev-parse", "--verify", "HEAD^{commit}").strip()
    changes = []
    for file, (before, after) in files.items():
        change = _change(top, head, file, before, after)
        if change is None:
            return None
        changes.append(change)
    commit = _commit(top, head, changes, version)
    name = f"{_AUTHOR}/{version.connector_id}-{version.version_id}"
    _git(top, "update-ref", f"refs/heads/{name}", commit)
    return Branch(name=name, patch=_git(top, "diff-tree", "-p", "--no-color", head, commit))


def _changed_files(
    code: ConnectorCode, parent: ConnectorCode, import_paths: Sequence[str]
) -> Mapping[Path, tuple[str, str]]:
    """The installed files of which the texts differ, with both texts; none where one is missing."""
    found: dict[Path, tuple[str, str]] = {}
    for module in code.modules:
        before = parent.module(module.name)
        if before is None or before.text == module.text:
            continue
        file = installed_file(module.name, import_paths)
        if file is None:
            return {}
        found[file.resolve()] = (before.text, module.text)
    return found


def _change(top: Path, head: str, file: Path, before: str, after: str) -> _Change | None:
    """What changes of one file; None where what is committed is not the text that failed."""
    path = file.relative_to(top.resolve()).as_posix()
    entry = _git(top, "ls-tree", head, "--", path).split()
    if not entry or _git(top, "show", f"{head}:{path}") != before:
        return None
    return _Change(path=path, mode=entry[0], text=after)


def _commit(top: Path, head: str, changes: Sequence[_Change], version: ConnectorVersion) -> str:
    """A commit on top of `head`; made twice it is the same one."""
    at = str(int(version.created_at.timestamp())) + " +0000"
    with tempfile.TemporaryDirectory(prefix="connector-healing-git-") as folder:
        environment = {
            "GIT_INDEX_FILE": str(Path(folder, "index")),
            "GIT_AUTHOR_DATE": at,
            "GIT_COMMITTER_DATE": at,
        }
        for role in ("AUTHOR", "COMMITTER"):
            environment[f"GIT_{role}_NAME"] = _AUTHOR
            environment[f"GIT_{role}_EMAIL"] = f"{_AUTHOR}@localhost"
        _git(top, "read-tree", head, environment=environment)
        for change in changes:
            blob = _git(top, "hash-object", "-w", "--stdin", given=change.text).strip()
            entry = f"{change.mode},{blob},{change.path}"
            _git(top, "update-index", "--cacheinfo", entry, environment=environment)
        tree = _git(top, "write-tree", environment=environment).strip()
        message = f"{version.change_summary}\n\nHeal case {version.case_id or '-'}.\n"
        commit = ("commit-tree", tree, "-p", head, "-F", "-")
        return _git(top, *commit, given=message, environment=environment).strip()


def _git(
    folder: Path,
    *arguments: str,
    given: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What git prints.

    Raises:
        OSError: If there is no git.
        subprocess.SubprocessError: If it refuses, or takes longer than `TIMEOUT`.
    """
    # A hook or another git command that started us must not point git elsewhere.
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    finished = subprocess.run(  # noqa: S603  # its arguments are ours, paths come after `--`
        ["git", "-C", str(folder), "-c", f"core.hooksPath={os.devnull}", *arguments],  # noqa: S607  # the user's git
        input=given.encode() if given is not None else None,
        stdin=subprocess.DEVNULL if given is None else None,
        env={**clean, "GIT_OPTIONAL_LOCKS": "0", **(environment or {})},
        capture_output=True,
        check=True,
        timeout=TIMEOUT.total_seconds(),
    )
    return finished.stdout.decode("utf-8", errors="surrogateescape")
