"""Reads a folder of Parquet by each engine that is installed: every value of every table, and the sum of a column of one
table in one month; prints what each came to, as JSON. Without arguments it ends with 0 where there is an engine."""

import importlib.util
import json
import os
import sys


def tables(folder):
    return sorted(os.listdir(folder))


def by_pyspark(folder, table, month, column):
    import pyspark
    from pyspark.sql import SparkSession, functions

    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1",
        # Times are UTC wherever who reads them is.
        "spark.sql.session.timeZone": "America/New_York",
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    rows = {}
    for name in tables(folder):
        rows[name] = len(spark.read.parquet(os.path.join(folder, name)).collect())
    some = spark.read.parquet(os.path.join(folder, table)).where(functions.col("month") == month)
    total = some.agg(functions.sum(column)).collect()[0][0]
    spark.stop()
    return f"spark {pyspark.__version__}", rows, total


def by_pyarrow(folder, table, month, column):
    import pyarrow
    import pyarrow.compute
    import pyarrow.dataset

    def dataset(name):
        return pyarrow.dataset.dataset(os.path.join(folder, name), partitioning="hive")

    rows = {name: len(dataset(name).to_table().to_pylist()) for name in tables(folder)}
    some = dataset(table).to_table(filter=pyarrow.dataset.field("month") == month)
    return f"pyarrow {pyarrow.__version__}", rows, pyarrow.compute.sum(some[column]).as_py()


def by_polars(folder, table, month, column):
    import polars

    def scan(name):
        return polars.scan_parquet(os.path.join(folder, name), hive_partitioning=True)

    rows = {name: len(scan(name).collect().rows()) for name in tables(folder)}
    some = scan(table).filter(polars.col("month") == month)
    return f"polars {polars.__version__}", rows, some.select(polars.col(column).sum()).collect().item()


engines = {"pyspark": by_pyspark, "pyarrow": by_pyarrow, "polars": by_polars}
there = [read for module, read in engines.items() if importlib.util.find_spec(module)]
if not there:
    sys.exit("neither pyspark, pyarrow nor polars is installed")
if len(sys.argv) > 1:
    found = {}
    for read in there:
        engine, rows, total = read(*sys.argv[1:])
        found[engine] = {"rows": rows, "sum": str(total)}
    print(json.dumps(found))
