"""Spark, as `spark-submit` of the package pyspark starts it, with the jars of its lock in place of `--packages`."""

from tests.engines.spark.submit import JARS, started, submit

__all__ = ["JARS", "started", "submit"]
