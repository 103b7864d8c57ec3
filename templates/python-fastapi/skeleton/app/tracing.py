"""Spans over OTLP, within the caller's trace if it names one."""

from collections.abc import Callable

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

from app.config import Tracing


def start(config: Tracing, exporter: SpanExporter | None = None) -> Callable[[], None]:
    """Sends spans to the collector that the environment names; without one, nothing is recorded.

    What it returns sends what is left.
    """
    if exporter is None and not config.endpoint:
        return lambda: None
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES describe the service.
    provider = TracerProvider(resource=Resource.create(), sampler=ParentBasedTraceIdRatio(config.sampling))
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.shutdown
