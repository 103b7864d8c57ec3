package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/trace"
)

// NewLogger writes JSON in the names of the Elastic Common Schema, one object a line.
func NewLogger(to io.Writer, level slog.Level, version, environment string) *slog.Logger {
	handler := slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, attribute slog.Attr) slog.Attr {
		if len(groups) == 0 {
			switch attribute.Key {
			case slog.TimeKey:
				attribute.Key = "@timestamp"
			case slog.LevelKey:
				attribute.Key = "log.level"
			case slog.MessageKey:
				attribute.Key = "message"
			}
		}
		return attribute
	}})
	return slog.New(traced{handler}).With(
		"service.name", ${{ values.component | dump }}, "service.version", version, "service.environment", environment)
}

// Failure is an error as logs name it.
func Failure(err error) slog.Attr {
	return slog.Group("error", "type", fmt.Sprintf("%T", err), "message", err.Error())
}

// traced adds the trace of the context to each line.
type traced struct{ slog.Handler }

func (t traced) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record.AddAttrs(slog.String("trace.id", span.TraceID().String()), slog.String("span.id", span.SpanID().String()))
	}
	return t.Handler.Handle(ctx, record)
}

func (t traced) WithAttrs(attributes []slog.Attr) slog.Handler {
	return traced{t.Handler.WithAttrs(attributes)}
}

func (t traced) WithGroup(name string) slog.Handler { return traced{t.Handler.WithGroup(name)} }

// logRequests writes one line for each request, without its body, query or headers.
func logRequests(logger *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		c.Next()
		level := slog.LevelInfo
		if c.Writer.Status() >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		logger.Log(c.Request.Context(), level, "request",
			"http.request.method", c.Request.Method,
			"url.path", c.Request.URL.Path,
			"http.response.status_code", c.Writer.Status(),
			"event.duration", time.Since(began).Nanoseconds())
	}
}
