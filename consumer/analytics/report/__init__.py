"""The report: questions about the exported events, answered by DuckDB; the SQL stands in files beside this one."""

from consumer.analytics.report.answers import AnsweredQuestion, LogReport
from consumer.analytics.report.ask import ReportScope, report_on
from consumer.analytics.report.database import InputError
from consumer.analytics.report.page import page_of
from consumer.analytics.report.text import text_of

__all__ = ["AnsweredQuestion", "InputError", "LogReport", "ReportScope", "page_of", "report_on", "text_of"]
