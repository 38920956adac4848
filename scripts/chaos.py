#!/usr/bin/env python3
"""
Kill a keeper and a paying agent a thousand times and see on the chain that nothing is lost and
nothing done twice: `make chaos`.

    .venv/bin/python scripts/chaos.py [--kills 1000] [--seed 1] [--per-chain 100] [--out FILE]

What happens is in tests/chaos/. Writes build/chaos.json.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    runpy.run_module("tests.chaos", run_name="__main__", alter_sys=True)
