"""Counts rows of the Parquet tables with DuckDB, and joins logs to their spans: tables.py FOLDER."""

import json
import sys

import duckdb

folder = sys.argv[1]
tables = {name: f"'{folder}/{name}.parquet'" for name in ("logs", "spans", "metrics")}


def count(what):
    return duckdb.sql(f"SELECT count(*) FROM {what}").fetchall()[0][0]


counts = {name: count(table) for name, table in tables.items()}
counts["joined"] = count(f"{tables['logs']} l JOIN {tables['spans']} s USING (trace_id, span_id)")
print(json.dumps(counts))
