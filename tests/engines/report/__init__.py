"""The report's SQL as docs/report.md has engines run it, and their answers, question by question."""

from tests.engines.report.asked import Answer, answers

__all__ = ["Answer", "answers"]
