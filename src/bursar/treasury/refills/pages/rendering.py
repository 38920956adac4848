"""
Templates, and how amounts, times and names look in them.

    Report + Refill → context → template → text
"""

import re
from functools import cache
from itertools import groupby
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from bursar.treasury.refills.checklist import Done, build_checklist, build_title
from bursar.treasury.refills.evidence import Activity, Report
from bursar.treasury.refills.pages.charts import HEIGHT, WIDTH, Chart, build_chart
from bursar.treasury.refills.record import Refill
from bursar.treasury.words import show_amount, show_day, show_moment
from bursar.types import DAY

# What would begin something in Markdown; names and reasons are whatever somebody wrote.
_MARKS: Final = re.compile(r"([\\`*\[\]<>|#]|(?<!\w)_|_(?!\w))")


def build_html(report: Report, refill: Refill) -> str:
    """
    One page with its own style, no script and nothing from elsewhere.
    """
    return _render("report.html.jinja", report, refill)


def build_markdown(report: Report, refill: Refill) -> str:
    """
    The same in Markdown.
    """
    return _render("report.md.jinja", report, refill)


def _render(name: str, report: Report, refill: Refill) -> str:
    template = _templates(name.endswith(".html.jinja")).get_template(name)
    checked = build_checklist(report, refill)
    return template.render(
        report=report,
        refill=refill,
        title=build_title(report),
        hash=refill.report_hash,
        wallets=_by_wallet(report),
        checklist=_by_section(checked),
        charts=_charts(report),
        chart_width=WIDTH,
        chart_height=HEIGHT,
    )


@cache
def _templates(escape: bool) -> Environment:
    templates = Environment(
        loader=PackageLoader("bursar.treasury.refills.pages", "templates"),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = {
        "units": show_amount,
        "moment": show_moment,
        "day": show_day,
        "plain": lambda text: _MARKS.sub(r"\\\1", " ".join(str(text).split())),
    }
    templates.filters.update(filters)
    return templates


def _by_wallet(report: Report) -> list[tuple[str, list[Activity]]]:
    ordered = sorted(report.activity, key=lambda one: one.wallet)
    found = ((name, list(own)) for name, own in groupby(ordered, key=lambda one: one.wallet))
    return [(name, sorted(own, key=lambda one: one.payments == 0)) for name, own in found]


def _by_section(checked: tuple[Done, ...]) -> list[tuple[str, list[Done]]]:
    found = groupby(checked, key=lambda one: one.item.section)
    return [(str(section), list(items)) for section, items in found]


def _charts(report: Report) -> dict[tuple[str, ...], Chart]:
    """
    One for each line of activity that has any.
    """
    charts: dict[tuple[str, ...], Chart] = {}
    for one in report.activity:
        odd = {
            found.at // DAY
            for found in report.alarms
            if (found.wallet, found.agent) == (one.wallet, one.agent)
        }
        key = one.wallet, one.agent, one.token, one.category
        charts[key] = build_chart(one.days, report.first, one.daily_limit, one.decimals, odd)
    return charts
