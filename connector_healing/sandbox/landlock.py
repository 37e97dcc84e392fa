"""Landlock: the Linux kernel's own confinement of an unprivileged process, by plain system calls.

It can only ever take rights away, from this process and all that it starts, for good.
Numbers and structures are those of ``linux/landlock.h``.
"""

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Collection, Iterable
from enum import IntFlag
from functools import cache

from connector_healing.sandbox.prctl import no_new_privileges

_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_RULE_NET_PORT = 2
_CONNECT_TCP = 1 << 1
_BOTH_TCP = 0b11
_SCOPE_SOCKETS_AND_SIGNALS = 0b11

#: Before ABI 2 no file may be moved between directories, which dlt does all the time.
MINIMUM_ABI = 2
NETWORK_ABI = 4
NO_LANDLOCK = (
    "This kernel has no Landlock (5.19 or later): the connector's access to files and ports "
    "was not confined."
)
NO_PORTS = (
    "This kernel's Landlock confines no network (6.7 or later): the connector could connect to "
    "any port."
)
_TRUNCATE_ABI = 3
_IOCTL_ABI = 5
_SCOPE_ABI = 6


class Right(IntFlag):
    """What may be done with files beneath a path."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Right.READ_FILE | Right.READ_DIR
READ_AND_RUN = READ | Right.EXECUTE
_OF_FILES = Right.EXECUTE | Right.WRITE_FILE | Right.READ_FILE | Right.TRUNCATE | Right.IOCTL_DEV
#: Everything but making devices and running what was written.
WRITE = Right((1 << 16) - 1) & ~(Right.EXECUTE | Right.MAKE_CHAR | Right.MAKE_BLOCK)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc().syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"landlock system call {number}: {os.strerror(code)}")
    return result


@cache
def landlock_abi() -> int:
    """The kernel's Landlock version; 0 where it has none or it is switched off."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        return _call(
            _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_CREATE_RULESET_VERSION)
        )
    except OSError:
        return 0


def _handled(abi: int) -> Right:
    rights = Right((1 << 16) - 1)
    if abi < _TRUNCATE_ABI:
        rights &= ~Right.TRUNCATE
    if abi < _IOCTL_ABI:
        rights &= ~Right.IOCTL_DEV
    return rights


def _ruleset(abi: int) -> int:
    network = _BOTH_TCP if abi >= NETWORK_ABI else 0
    scope = _SCOPE_SOCKETS_AND_SIGNALS if abi >= _SCOPE_ABI else 0
    fields = struct.pack("=QQQ", _handled(abi), network, scope)
    if abi < NETWORK_ABI:
        fields = fields[:8]
    elif abi < _SCOPE_ABI:
        fields = fields[:16]
    return _call(
        _CREATE_RULESET,
        ctypes.c_char_p(fields),
        ctypes.c_size_t(len(fields)),
        ctypes.c_uint32(0),
    )


def _allow_path(ruleset: int, path: str, rights: Right) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # What is not there cannot be read either.
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, opened)
        _call(
            _ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_int(_RULE_PATH_BENEATH),
            ctypes.c_char_p(rule),
            ctypes.c_uint32(0),
        )
    finally:
        os.close(opened)


def _allow_port(ruleset: int, port: int) -> None:
    rule = struct.pack("=QQ", _CONNECT_TCP, port)
    _call(
        _ADD_RULE,
        ctypes.c_int(ruleset),
        ctypes.c_int(_RULE_NET_PORT),
        ctypes.c_char_p(rule),
        ctypes.c_uint32(0),
    )


def confine(rules: Iterable[tuple[str, Right]], ports: Collection[int]) -> tuple[str, ...]:
    """Take every right on files away from this process but those named, and TCP but to the ports.

    Paths that do not exist are passed over. Where the kernel knows the scopes, signals and
    abstract sockets of processes outside are out of reach too.

    Returns:
        The protections that this kernel cannot give, a sentence each.
    """
    abi = landlock_abi()
    if abi < MINIMUM_ABI:
        return (NO_LANDLOCK,)
    handled = _handled(abi)
    ruleset = _ruleset(abi)
    try:
        for path, rights in rules:
            _allow_path(ruleset, path, rights & handled)
        if abi >= NETWORK_ABI:
            for port in sorted(ports):
                _allow_port(ruleset, port)
        no_new_privileges()
        _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    if abi < NETWORK_ABI:
        return (NO_PORTS,)
    return ()
