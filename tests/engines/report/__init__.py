"""The report's SQL with the engines that it is printed for; each gives columns and rows, question by question."""

from tests.engines.report.asked import Answer, answers_of_clickhouse, answers_of_spark

__all__ = ["Answer", "answers_of_clickhouse", "answers_of_spark"]
