"""First stage: logs become arrivals, one accepted and pseudonymised exchange a row.

Reads the files of a traffic directory; writes `ARRIVAL` chunks and `QUARANTINE` rows. The order of
work: `find_traffic`, `read_chunks` (one after the other), `parse_chunk` (in a pool), and, when all
are there, `settle`. The register, the releases and the permissions are read in `register`.
"""

from stillwatch.ingest.parse import parse_chunk
from stillwatch.ingest.settle import settle
from stillwatch.ingest.sources.chunks import read_chunks
from stillwatch.ingest.sources.files import IngestSettings, find_traffic

__all__ = ["IngestSettings", "find_traffic", "parse_chunk", "read_chunks", "settle"]
