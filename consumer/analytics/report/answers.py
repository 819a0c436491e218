"""Answers as values: columns, rows, and how they stand in JSON. Pure; knows neither SQL nor how they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from consumer.analytics.report.questions import LEFT_OPEN, Question

Cell: TypeAlias = str | int | float | bool | datetime | date | None
"""A value in an answer; times are UTC without an offset."""


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """One question, answered."""

    question: Question
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    total: int
    """How many rows there are; `rows` may be only the first of them."""

    def records(self) -> list[dict[str, Cell]]:
        """The rows by the names of their columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class LogReport:
    """All questions, answered."""

    answers: Mapping[str, AnsweredQuestion]
    """By the question's name, in the order in which they were asked."""
    asked: Mapping[str, Any]
    """The scope: registries, repositories, tag, and whether signatures count."""
    unmatched: Sequence[str] = ()
    """The globs of repositories that no record matches."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """How long each rule and each question took."""

    def one(self, question: Question) -> Mapping[str, Cell]:
        """The only row of an answer that has one."""
        return self.answers[question.name].records()[0]

    def left_open(self, question: Question) -> list[str]:
        """What is missing to answer this question, each with the sources: `no pulls: eu, hub (docker-hub)`."""
        sources: dict[str, list[str]] = {}
        for row in self.answers[LEFT_OPEN.name].records() if LEFT_OPEN.name in self.answers else ():
            if row["question"] == question.name:
                sources.setdefault(f"no {row['missing']}", []).append(_source(row))
        return [f"{missing}: {', '.join(names)}" for missing, names in sources.items()]

    def left_open_by_source(self) -> list[tuple[str, str, int, str]]:
        """A row a source that leaves questions open: its label, its format, how many, and all that is missing."""
        found: dict[tuple[str, str], list[list[str]]] = {}
        for row in self.answers[LEFT_OPEN.name].records():
            source = str(row["registry"] or "-"), str(row["source_format"] or "-")
            found.setdefault(source, []).append(str(row["missing"]).split(", "))
        return [
            (label, source_format, len(facts), ", ".join(sorted({fact for missing in facts for fact in missing})))
            for (label, source_format), facts in found.items()
        ]

    def as_json(self) -> dict[str, Any]:
        """One object: `asked`, and each answer as a list of objects; `truncated` says how many rows an answer had.

        Times are RFC 3339 in UTC, days are dates.
        """
        return {
            "asked": dict(self.asked),
            "truncated": {name: one.total for name, one in self.answers.items() if one.total > len(one.rows)},
            "answers": {
                name: [{key: _json(cell) for key, cell in row.items()} for row in one.records()]
                for name, one in self.answers.items()
            },
        }


def _source(row: Mapping[str, Cell]) -> str:
    """The label, and the format if the label does not say it."""
    label, source_format = row["registry"], row["source_format"]
    name = str(label or "without a label")
    return f"{name} ({source_format})" if source_format and source_format != label else name


def _json(cell: Cell) -> Cell:
    match cell:
        case datetime():
            return cell.isoformat() + "Z"
        case date():
            return cell.isoformat()
        case _:
            return cell
