"""JSON on stdout in the names of the Elastic Common Schema, one object a line."""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

from opentelemetry import trace

from app.config import Config


class EcsFormatter(logging.Formatter):
    """A record as one line of JSON; `extra={"fields": {...}}` adds to it."""

    def __init__(self, version: str, environment: str) -> None:
        super().__init__()
        self._always = {
            "service.name": ${{ values.component | dump }},
            "service.version": version,
            "service.environment": environment,
        }

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "@timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "log.level": record.levelname,
            "message": record.getMessage(),
            **self._always,
            **getattr(record, "fields", {}),
        }
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            line |= {"trace.id": f"{span.trace_id:032x}", "span.id": f"{span.span_id:016x}"}
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            line["error"] = {
                "type": type(error).__name__,
                "message": str(error),
                "stack_trace": "".join(traceback.format_exception(error)),
            }
        return json.dumps(line, ensure_ascii=False, default=str)


def start(config: Config, to: TextIO) -> None:
    """Sends all logs there."""
    handler = logging.StreamHandler(to)
    handler.setFormatter(EcsFormatter(config.version, config.environment))
    logging.basicConfig(level=config.log_level.upper(), handlers=[handler], force=True)
