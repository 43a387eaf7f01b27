"""The rim: the pipeline, the command line, settings, progress; the only clock and environment.

Set here, for it must stand before Polars is loaded: how long its allocator keeps freed memory.
"""

import os
from typing import Final

_KEPT_MS: Final = 10_000
"""Milliseconds until freed memory goes back to the system. At Polars' 500 every chunk's pages come
anew, and the system clears each: a tenth of the time of `observe`."""
os.environ.setdefault(
    "_RJEM_MALLOC_CONF",
    f"background_thread:true,dirty_decay_ms:{_KEPT_MS},muzzy_decay_ms:{_KEPT_MS}",
)
