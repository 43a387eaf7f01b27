"""How long a look asks to run at a stretch: long, so that nobody has to wait until its turn ends.

Linux (6.12 and later) lets a thread that wakes take the core from one that asked for longer turns,
at once; from one that asked for turns as long as its own it may have to wait for a tick of the
clock, 4 ms where there are 250 a second, however low the other's priority is. So looks ask for the
longest turns there are, and every thread on the machine, a gateway's too, comes before them. It
costs a look nothing: where nobody wakes it runs as before.

Deliberately absent: other systems and older kernels, where nothing changes.
Source:  sched_setattr(2); kernel/sched/fair.c, PREEMPT_SHORT.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from typing import Final

from stillwatch.domain.service_limits import LOOK_TURN_MS

_CALLS: Final = {"x86_64": 314, "aarch64": 274}
"""Number of sched_setattr by machine: neither Python nor many a C library has a name for it."""
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
"""Size, policy, flags, steps of priority, real-time priority, turn in ns, deadline, period."""
_OTHER: Final = 0
"""The policy of ordinary threads, SCHED_OTHER."""
_NS_PER_MS: Final = 1_000_000


def take_long_turns(pid: int) -> bool:
    """Have a process that just began, and all threads and processes of its own, run in long turns.

    Units:   `limits.LOOK_TURN_MS`; its priority stays. Says whether the system took it; one that
             knows no such thing, or has no such process, changes nothing.
    """
    number = _CALLS.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return False
    try:
        steps = os.getpriority(os.PRIO_PROCESS, pid)
    except OSError:
        return False
    turn_ns = LOOK_TURN_MS * _NS_PER_MS
    wish = _ATTRIBUTES.pack(_ATTRIBUTES.size, _OTHER, 0, steps, 0, turn_ns, 0, 0)
    return bool(ctypes.CDLL(None).syscall(number, pid, wish, 0) == 0)
