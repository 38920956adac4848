"""
The report for people: Markdown, and one HTML page that needs nothing else and prints well. Pure.

    Report + Refill → build_markdown | build_html
"""

from bursar.treasury.refills.pages.rendering import build_html, build_markdown

__all__ = ["build_html", "build_markdown"]
