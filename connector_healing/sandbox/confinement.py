"""What a run may read and where it may connect: worked out in the parent, enforced in the child."""

import importlib.util
import re
import site
import sys
import sysconfig
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from connector_healing.core.codec import to_json
from connector_healing.core.reproduction import ConnectorRuntime, SandboxRequest, Traffic
from connector_healing.runtime.cassette import read_cassette

#: Programs and libraries.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
#: What resolving names, trusting certificates and telling the time needs.
_SETTINGS = (
    "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
    "/etc/services", "/etc/protocols", "/etc/ld.so.cache", "/etc/ssl", "/etc/pki",
    "/etc/ca-certificates", "/etc/localtime", "/etc/timezone", "/etc/mime.types",
    "/proc/meminfo", "/proc/cpuinfo", "/sys/devices/system/cpu", "/sys/fs/cgroup",
)  # fmt: skip
#: HTTP, HTTPS, and DNS where an answer is too long for UDP.
_USUAL_PORTS = frozenset({53, 80, 443})
_PORT = re.compile(r"://[^/\s\"'@]*@?[^/\s\"':@]*:(\d{1,5})(?!\d)")
_MAX_PORT = 65535
#: More entries than this in a folder beside the connector are data, not code.
_MAX_ENTRIES = 2000


def runnable_paths() -> tuple[str, ...]:
    """The system's and the interpreter's own programs and libraries."""
    interpreter = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}
    packages = {*site.getsitepackages(), *(p for p in sys.path if "site-packages" in p)}
    return tuple(sorted({*_SYSTEM, *interpreter, *packages}))


def readable_paths(
    request: SandboxRequest,
    forbidden: Collection[Path],
    *,
    more: Iterable[str] = (),
) -> tuple[str, ...]:
    """Settings of the system, and the code of the project without what must stay unread.

    Args:
        request: The run.
        forbidden: Paths of which nothing may be readable.
        more: Further paths, certificates say.
    """
    runtime = request.runtime
    hidden = tuple(path.resolve() for path in forbidden)
    tops = {m.name.partition(".")[0] for m in request.code.modules}
    programs = tuple(Path(p).resolve() for p in runnable_paths())
    named = {Path(p) for p in (*sys.path, *runtime.import_paths, runtime.project_dir) if p}
    named.update(_package_folders(tops))
    roots = {p for p in named if not any(p.resolve().is_relative_to(known) for known in programs)}
    found = {*_SETTINGS, *more, *request.cassettes}
    for root in sorted(roots):
        if root.is_dir():
            found.update(map(str, _code_in(root.resolve(), hidden, tops)))
        elif root.is_file():
            found.add(str(root))
    return tuple(sorted(found))


def _package_folders(tops: Iterable[str]) -> Iterator[Path]:
    """Where packages lie that an editable install's own finder knows."""
    for top in sorted(tops):
        with suppress(ImportError, ValueError):
            spec = importlib.util.find_spec(top)
            yield from map(Path, (spec and spec.submodule_search_locations) or ())


def _code_in(root: Path, hidden: Sequence[Path], tops: Collection[str]) -> Iterator[Path]:
    """What may be read of one folder of code: nothing whose name begins with a dot."""
    whole_disk_or_home = root in (Path("/"), Path.home())
    for entry in _entries(root):
        if entry.name.startswith("."):
            continue
        if whole_disk_or_home and entry.name.removesuffix(".py") not in tops:
            continue
        yield from _readable(entry, hidden, frozenset({root}))


def _readable(entry: Path, hidden: Sequence[Path], above: frozenset[Path]) -> Iterator[Path]:
    real = entry.resolve()
    if real in above or any(real.is_relative_to(path) for path in hidden):
        return
    if not any(path.is_relative_to(real) for path in hidden):
        yield real
        return
    for inner in _entries(real):
        yield from _readable(inner, hidden, above | {real})


def _entries(folder: Path) -> list[Path]:
    with suppress(OSError):
        entries = sorted(folder.iterdir())
        if len(entries) <= _MAX_ENTRIES:
            return entries
        return [e for e in entries if e.suffix == ".py" or e.is_dir()][:_MAX_ENTRIES]
    return []


def forbidden_paths(runtime: ConnectorRuntime, home: Path) -> tuple[Path, ...]:
    """Secrets, production's own dlt directories and data, and everything that we keep."""
    from dlt.common.pipeline import get_dlt_pipelines_dir
    from dlt.common.runtime.run_context import DOT_DLT, global_dir

    found = [
        Path(runtime.project_dir) / DOT_DLT,
        Path(get_dlt_pipelines_dir()),
        Path(global_dir()),
        home,
    ]
    if runtime.destination_path:
        found += [Path(runtime.destination_path), Path(f"{runtime.destination_path}.wal")]
    return tuple(path.absolute() for path in found)


def allowed_ports(request: SandboxRequest, configured: Mapping[str, object]) -> tuple[int, ...]:
    """The usual ones, and each that an address in the connector's world names.

    Addresses are looked for in its text, its arguments, its configuration and what was recorded.
    """
    if request.traffic is Traffic.CASSETTE:
        return ()
    texts = [m.text for m in request.code.modules]
    texts.append(to_json(dict(request.runtime.connector.arguments)))
    texts.append(to_json(dict(configured)))
    texts.extend(e.url for path in request.cassettes for e in read_cassette(path))
    ports = {int(port) for text in texts for port in _PORT.findall(text)}
    return tuple(sorted(p for p in ports | _USUAL_PORTS if 0 < p <= _MAX_PORT))
