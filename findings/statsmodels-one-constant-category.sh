#!/usr/bin/env bash
# Libraries: statsmodels 0.15.0 with scipy 1.17.1.
# Expected: a constant series has no correlation, so its p-value is NaN. A correction for multiple tests leaves out this one
#   value or raises an error, and its two results (flags and corrected p-values) agree.
# Seen: the answer depends on the method. fdr_bh returns NaN for all corrected p-values and rejects hypotheses in the same
#   call. hommel rejects none, although it rejects one without the constant series. holm behaves as expected. scipy's own
#   false_discovery_control() raises ValueError. statsmodels gives no warning.
# Why it matters: a fixed rent is a constant series. One such category hides, or shows without a p-value, the relation of all
#   other categories to mood or sleep.
# Source: multipletests() and fdrcorrection() in statsmodels/stats/multitest.py (argsort puts NaN last, minimum.accumulate
#   then carries it to the front); https://github.com/statsmodels/statsmodels/issues/2899 (open).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6 pandas==3.1.1

"$work/venv/bin/python" -I -W "ignore:An input array is constant" - <<'PY'
import sys

import numpy as np
from scipy.stats import false_discovery_control, pearsonr
from statsmodels.stats.multitest import multipletests

mood = [3, 4, 2, 5, 4, 1, 3, 5]
spending = {
    "groceries": [61, 70, 55, 83, 74, 40, 66, 79],
    "restaurants": [20, 9, 31, 12, 25, 18, 7, 22],
    "transport": [12, 10, 14, 9, 13, 11, 15, 8],
    "rent": [900] * 8,
}
p_values = np.array([pearsonr(mood, series).pvalue for series in spending.values()])
without_rent = p_values[~np.isnan(p_values)]
print("expected: groceries is significant with each method, and only rent has no corrected p-value")

seen = {}
for method in ("holm", "hommel", "fdr_bh"):
    rejected, corrected = multipletests(p_values, method=method)[:2]
    control = multipletests(without_rent, method=method)[0]
    seen[method] = (int(rejected.sum()), int(np.isnan(corrected).sum()), int(control.sum()))
    print(f"seen:     {method:6} rejects {seen[method][0]}, NaN {seen[method][1]} of 4, rejects {seen[method][2]} without rent")
try:
    seen["scipy"] = false_discovery_control(p_values)
except ValueError as error:
    seen["scipy"] = "ValueError"
    print(f"seen:     scipy raises ValueError: {error}")
described = {"holm": (1, 1, 1), "hommel": (0, 4, 1), "fdr_bh": (1, 4, 1), "scipy": "ValueError"}
sys.exit(None if seen == described else "The behavior has changed.")
PY
