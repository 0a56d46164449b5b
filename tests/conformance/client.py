"""Asks a server with prometheus-api-client: client.py URL NOW."""

import sys
from datetime import datetime, timedelta, timezone

from prometheus_api_client import PrometheusConnect

url, now = sys.argv[1], datetime.fromtimestamp(float(sys.argv[2]), timezone.utc)
prometheus = PrometheusConnect(url=url, disable_ssl=True)
assert prometheus.check_prometheus_connection()
assert "http_server_request_duration_seconds_count" in prometheus.all_metrics()
assert "shop" in prometheus.get_label_values("job")
up = prometheus.get_current_metric_value("up", label_config={"job": "shop"})
assert up and all(sample["value"][1] == "1" for sample in up), up
before = now - timedelta(minutes=5)
rows = prometheus.custom_query_range("sum(up)", before, now, "15")
assert len(rows) == 1 and len(rows[0]["values"]) >= 20, rows
found = prometheus.get_metric_range_data("process_uptime_seconds", start_time=before, end_time=now)
assert found and all(series["values"] for series in found), found
print("ok")
