"""Traces."""

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from app import tracing
from app.config import Tracing
from tests.support import Service


def test_without_a_collector_nothing_is_started() -> None:
    tracing.start(Tracing("", 1))()


def test_a_request_continues_the_trace_of_its_caller_and_its_logs_name_it() -> None:
    exporter = InMemorySpanExporter()
    stop = tracing.start(Tracing("", 1), exporter)
    service = Service()
    trace = "0af7651916cd43dd8448eb211c80319c"
    service.client.get("/v1/items", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    stop()
    [span] = [span for span in exporter.get_finished_spans() if span.kind == SpanKind.SERVER]
    assert span.name == "GET /v1/items"
    assert span.context
    assert f"{span.context.trace_id:032x}" == trace
    assert service.logs()[0]["trace.id"] == trace
