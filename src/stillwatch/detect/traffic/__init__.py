"""The traffic of a run as judging wants it: some of its exchanges by account, figures of all.

First step of *detect*. Of accounts that nothing ties, what they are together is all that judging
asks (`population`): how many there are, who holds a passage, what is usual. Their exchanges are
held where there are few, and a sample of them where there are many; those of tied accounts are held
whole (`arrange`, `held`, `dealt`, `passages`).
"""

from stillwatch.detect.traffic.arrange import Traffic, arrange_traffic
from stillwatch.detect.traffic.arrays import F32, F64, I32, I64, U32, Bools, read_embeddings
from stillwatch.detect.traffic.held import COLUMNS
from stillwatch.detect.traffic.population import Population

__all__ = [
    "COLUMNS",
    "F32",
    "F64",
    "I32",
    "I64",
    "U32",
    "Bools",
    "Population",
    "Traffic",
    "arrange_traffic",
    "read_embeddings",
]
