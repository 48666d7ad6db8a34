import sys
from pathlib import Path

# `benchmarks` is not installed: it lies beside the package. Appended, so that an installed lamina still wins.
sys.path.append(str(Path(__file__).resolve().parents[2]))
