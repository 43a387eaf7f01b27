"""Does a window of exchanges look like benign ones? Tests on sums, calibrated on benign windows.

Read in this order: items, reference, features, windows, usual; then `figures/`;
then combine, conformal, e_process. `tied_groups` alone is in the pipeline: it reads OBSERVED's
embeddings.
"""

from stillwatch.detect.distribution.combine import WindowTest, fit_window_test, score_windows
from stillwatch.detect.distribution.reference import fit_reference
from stillwatch.detect.distribution.windows import sum_windows

__all__ = ["WindowTest", "fit_reference", "fit_window_test", "score_windows", "sum_windows"]
