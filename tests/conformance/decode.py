"""Decodes OTLP with OpenTelemetry's own protobufs: decode.py PROTOBUF-FOLDER JSON-FOLDER. Prints counts of both."""

import base64
import json
import pathlib
import sys

from google.protobuf import json_format
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

binary, text = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])


def base64_ids(value):
    """OTLP's JSON has ids in hexadecimal, protobuf's own in base64."""
    if isinstance(value, list):
        return [base64_ids(item) for item in value]
    if isinstance(value, dict):
        ids = ("traceId", "spanId", "parentSpanId")
        change = lambda item: base64.b64encode(bytes.fromhex(item)).decode()
        return {key: change(item) if key in ids else base64_ids(item) for key, item in value.items()}
    return value


def both(name, message):
    whole = message()
    whole.ParseFromString((binary / f"{name}.binpb").read_bytes())
    lines = (text / f"{name}.json").read_text().splitlines()
    parts = [json_format.ParseDict(base64_ids(json.loads(line)), message()) for line in lines]
    return [[whole], parts]


def spans(messages):
    return [s for m in messages for r in m.resource_spans for scope in r.scope_spans for s in scope.spans]


def logs(messages):
    return [l for m in messages for r in m.resource_logs for scope in r.scope_logs for l in scope.log_records]


def points(messages):
    metrics = [x for m in messages for r in m.resource_metrics for scope in r.scope_metrics for x in scope.metrics]
    return [p for x in metrics for p in getattr(x, x.WhichOneof("data")).data_points]


traces = both("traces", TracesData)
print(
    json.dumps(
        {
            "spans": [len(spans(of)) for of in traces],
            "logs": [len(logs(of)) for of in both("logs", LogsData)],
            "points": [len(points(of)) for of in both("metrics", MetricsData)],
            "traces": sorted({span.trace_id.hex() for span in spans(traces[0])}),
        }
    )
)
