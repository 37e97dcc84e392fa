"""The few process attributes of Linux that Python's standard library does not set."""

import ctypes
import os
from functools import cache

_SET_PDEATHSIG = 1
_GET_PDEATHSIG = 2
_SET_CHILD_SUBREAPER = 36
_SET_NO_NEW_PRIVS = 38


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    unused = ctypes.c_ulong(0)
    result = _libc().prctl(ctypes.c_int(option), ctypes.c_ulong(value), unused, unused, unused)
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send this signal to us when the thread that forked us ends."""
    _prctl(_SET_PDEATHSIG, signal_number)


def parent_death_signal() -> int:
    """The signal that `die_with_parent` asked for; 0 where it did not.

    Raises:
        OSError: If the kernel, or a filter of system calls, does not know of it.
    """
    found = ctypes.c_int(0)
    unused = ctypes.c_ulong(0)
    if _libc().prctl(ctypes.c_int(_GET_PDEATHSIG), ctypes.byref(found), unused, unused, unused):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {_GET_PDEATHSIG}: {os.strerror(code)}")
    return found.value


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def no_new_privileges() -> None:
    """Never gain rights again by running a program, set-user-id or other."""
    _prctl(_SET_NO_NEW_PRIVS, 1)
