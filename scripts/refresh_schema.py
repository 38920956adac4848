#!/usr/bin/env python3
"""
Write docs/treasury.schema.json, which editors read, from the models of treasury.yaml.

    .venv/bin/python scripts/refresh_schema.py

A test compares the file with the models.
"""

import json
from pathlib import Path

from bursar.config import json_schema

SCHEMA = Path(__file__).resolve().parent.parent / "docs" / "treasury.schema.json"


def main() -> None:
    SCHEMA.write_text(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
