"""
What stands behind a refill that owners are to sign: the reports of this machine, and those that
somebody hands over.
"""

from pathlib import Path

from bursar.cli.place import Place
from bursar.cli.refill_places import find_folder, find_receipt_keys, read_file
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.folder import read_report
from bursar.treasury.refills.judging import Judge
from bursar.treasury.refills.record import Refill
from bursar.treasury.refills.reporting import FileRead, Reporter
from bursar.treasury.watching import LiveViews


def build_judge(place: Place, book: str | None, given: Path | None) -> Judge:
    """
    Of the refills that were begun here, and of the report in the file `given`. Raises RefillError.
    """
    own, views = place.office.book, LiveViews(place.office)

    def open_reporter(report: Report, refill: Refill | None) -> Reporter:
        file = FileRead(None, report.source) if refill is None else read_file(refill.file)
        return Reporter(place.office, views, file, receipts=find_receipt_keys(place))

    reports = () if given is None else (read_report(given),)
    return Judge(find_folder(place, book), own, open_reporter, reports)
