"""The report's SQL for other engines: each file of SQL once, in words that the engine's dialect has."""

import re
from functools import cache
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from consumer.analytics.report.engines.names import CLICKHOUSE, DUCKDB, ENGINES, SPARK, TRINO
from consumer.analytics.report.engines.script import engine_script
from consumer.analytics.report.engines.translation import translated
from consumer.analytics.report.questions import ATTEMPT_QUESTIONS, ATTEMPT_RULES, QUESTIONS, RULES, sql_of
from consumer.analytics.report.script import ScriptScope

OTHERS = [engine for engine in ENGINES if engine != DUCKDB]
ONLY_DUCKDB = "getvariable|set variable|rowid|read_parquet|asof|arg_min|arg_max|quantile_cont|string_agg|isodow|qualify"
MADE = [
    (SPARK, "drop table if exists t;\ncreate table t using parquet as\nSELECT\n  1 AS n;\n"),
    (CLICKHOUSE, "create or replace table t\nengine = MergeTree order by tuple() as\nSELECT\n  1 AS n;\n"),
    (TRINO, "drop table if exists t;\ncreate table t as\nSELECT\n  1 AS n;\n"),
]


@cache
def script(engine: str) -> str:
    """All questions, those about attempts too."""
    return engine_script(engine, ScriptScope(directory="it's/events", tag="it's", attempts="attempts"))


@cache
def statements(engine: str) -> list[Any]:
    """The script as sqlglot reads it in the engine's dialect, which raises at what it does not know."""
    return sqlglot.parse(script(engine), read=engine, error_level=sqlglot.ErrorLevel.RAISE)


def told(engine: str, sql: str) -> str:
    """A statement of DuckDB's in the engine's words, without its settings, on one line."""
    return " ".join(translated(sql, engine).rsplit("\n\n", 1)[1].split()).replace("( ", "(").replace(" )", ")")


@pytest.mark.parametrize("engine", OTHERS)
def test_the_engine_dialect_reads_every_statement(engine: str) -> None:
    """Each question is one query, in the order of the report; nothing is kept as text that was not understood."""
    queries = [one for one in statements(engine) if isinstance(one, exp.Query)]
    unread = {one.name.lower() for one in statements(engine) if isinstance(one, exp.Command)}
    assert len(QUESTIONS) + len(ATTEMPT_QUESTIONS) == len(queries)
    assert unread <= {"set"}


@pytest.mark.parametrize("engine", OTHERS)
def test_no_word_of_duckdb_is_left(engine: str) -> None:
    """Neither its functions nor its variables, outside of comments."""
    code = "\n".join(line for line in script(engine).splitlines() if not line.startswith("--"))
    assert [] == re.findall(rf"(?i)\b(?:{ONLY_DUCKDB})\b", code)


@pytest.mark.parametrize("engine", OTHERS)
def test_comments_stay_before_their_statement(engine: str) -> None:
    """Whoever reads the file reads the rules; a question has its title before it."""
    for name in (*RULES, *ATTEMPT_RULES):
        comment = re.match("(?:--.*\n)+", sql_of(name))
        assert comment
        assert comment[0] + "create or replace" in script(engine).replace("drop table if exists", "create or replace")
    assert all(f"\n-- {question.title}." in script(engine) for question in QUESTIONS)


@pytest.mark.parametrize(("engine", "made"), MADE)
def test_a_table_is_made_once_and_read_often(engine: str, made: str) -> None:
    """As each engine keeps what is read many times; made again when the file is run again."""
    assert translated("create or replace temp table t as select 1 as n;", engine).endswith(f"\n\n{made}")


@pytest.mark.parametrize("engine", OTHERS)
def test_a_variable_is_a_view_of_one_row(engine: str) -> None:
    """Few engines have variables; a null has a type, so that it can stand in a view."""
    read = told(engine, "select getvariable('tag') as tag;")
    assert "SELECT (SELECT value FROM variable_tag) AS tag;" == read
    assert "create or replace" in told(engine, "set variable tag = null;")
    assert re.search(
        r"variable_tag as SELECT CAST\(NULL AS \w+(\(\w+\))?\) AS value;", told(engine, "set variable tag = null;")
    )


@pytest.mark.parametrize("engine", OTHERS)
def test_a_row_is_known_by_its_place_in_the_log(engine: str) -> None:
    """DuckDB's number of a row is no other engine's."""
    found = told(engine, "select records.rowid as record from records;")
    assert re.findall(r"records\.\w+|'/'", found) == [
        *("records.kafka_topic", "'/'", "records.kafka_partition", "'/'", "records.kafka_offset")
    ]
    assert "rowid" not in found


def test_empty_tables_are_views_to_be_changed() -> None:
    """What is selected stands there by hand."""
    assert "create or replace temporary view wanted as SELECT CAST(NULL AS STRING) AS repository WHERE FALSE;" == told(
        SPARK, "create or replace temp table wanted (repository varchar);"
    )


@pytest.mark.parametrize(
    ("engine", "sql", "expected"),
    [
        (SPARK, "arg_min(tag, at)", "MIN_BY(tag, at) FILTER(WHERE NOT tag IS NULL)"),
        (TRINO, "arg_max(tag, at)", "MAX_BY(tag, at) FILTER(WHERE NOT tag IS NULL)"),
        (SPARK, "arg_max(tag, at) filter (tag <> '')", "MAX_BY(tag, at) FILTER(WHERE tag <> '' AND NOT tag IS NULL)"),
        (CLICKHOUSE, "arg_max(tag, at)", "argMax(tag, at)"),
        (SPARK, "isodow(at)", "weekday(at) + 1"),
        (SPARK, "hash(a)", "xxhash64(a)"),
        (CLICKHOUSE, "hash(a)", "cityHash64(a)"),
        (TRINO, "hash(a)", "xxhash64(to_utf8(a))"),
        (SPARK, "quantile_cont(s, 0.5)", "percentile(s, 0.5)"),
        (CLICKHOUSE, "quantile_cont(s, 0.5)", "quantileExactInclusive(0.5)(s)"),
        (TRINO, "quantile_cont(s, 0.5)", "approx_percentile(s, 0.5)"),
        (CLICKHOUSE, "round(a, 1)", "FLOOR((a * 10) + 0.5) / 10"),
        (CLICKHOUSE, "round(quantile_cont(s, 0.5), 1)", "FLOOR((quantileExactInclusive(0.5)(s) * 10) + 0.5) / 10"),
        (CLICKHOUSE, "bool_or(a)", "MAX(a)"),
        (CLICKHOUSE, "bool_and(a)", "MIN(a)"),
        (CLICKHOUSE, "string_agg(a, ', ' order by a)", "arrayStringConcat(arraySort(groupArray(a)), ', ')"),
        (SPARK, "a::timestamp", "CAST(a AS TIMESTAMP_NTZ)"),
        (CLICKHOUSE, "a::timestamp", "CAST(a AS Nullable(DateTime64(6)))"),
        (TRINO, "a::timestamp", "CAST(a AS TIMESTAMP(6))"),
    ],
)
def test_words(engine: str, sql: str, expected: str) -> None:
    """A function of DuckDB's by the one of the engine that answers the same."""
    assert f"SELECT {expected} AS x FROM t;" == told(engine, f"select {sql} as x from t;")


def test_clickhouse_orders_by_the_columns_of_the_answer() -> None:
    """And not by the column that has the name of an alias; a column has its own name."""
    sql = "select nullif(a.registry, '') as registry, a.tag from a order by registry, tag desc;"
    expected = "SELECT * FROM (SELECT nullif(a.registry, '') AS registry, a.tag AS tag FROM a) AS answered ORDER BY "
    assert f"{expected}registry, tag DESC;".upper() == told(CLICKHOUSE, sql).upper()


def test_trino_makes_rows_of_lists_in_from() -> None:
    """It has no function for that in a select."""
    expected = "SELECT a, items.item AS item FROM t CROSS JOIN UNNEST(lists) AS items(item);"
    assert expected.replace(" AS item F", " F") == told(TRINO, "select a, unnest(lists) as item from t;")


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (SPARK, "options (path 'it\\'s/events', recursiveFileLookup 'true');"),
        (CLICKHOUSE, "select * from file('it\\'s/events/**/*.parquet', Parquet);"),
        (TRINO, "create or replace view exported as\nselect * from registry.events;"),
    ],
)
def test_the_export_is_read_where_it_is(engine: str, said: str) -> None:
    """Without the folders' columns; Trino reads a table."""
    assert said in script(engine)
