package web

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"${{ values.url | split("://") | last }}/internal/config"
)

func TestARequestContinuesTheTraceOfItsCallerAndItsLogsNameIt(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	useTracing(sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder)))
	logs := &bytes.Buffer{}
	route := Route{Method: http.MethodGet, Path: "/things/{id}", Handle: func(c *gin.Context) error {
		c.Status(http.StatusNoContent)
		return nil
	}}
	engine := NewEngine(NewLogger(logs, slog.LevelInfo, "", ""), NewMetrics(), &Health{}, []Route{route})
	const trace = "0af7651916cd43dd8448eb211c80319c"
	request := httptest.NewRequest(http.MethodGet, "/things/7", nil)
	request.Header.Set("traceparent", "00-"+trace+"-b7ad6b7169203331-01")
	engine.ServeHTTP(httptest.NewRecorder(), request)

	spans := recorder.Ended()
	if len(spans) != 1 || spans[0].Name() != "GET /things/{id}" || spans[0].SpanContext().TraceID().String() != trace {
		t.Errorf("got %v", spans)
	}
	if !strings.Contains(logs.String(), `"trace.id":"`+trace+`"`) {
		t.Errorf("got %s", logs)
	}
}

func TestAPanicIsAnErrorOfOneRequest(t *testing.T) {
	logs := &bytes.Buffer{}
	route := Route{Method: http.MethodGet, Path: "/", Handle: func(*gin.Context) error { panic("no") }}
	engine := NewEngine(NewLogger(logs, slog.LevelInfo, "", ""), NewMetrics(), &Health{}, []Route{route})
	response := httptest.NewRecorder()
	engine.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/", nil))
	if response.Code != 500 || !strings.Contains(logs.String(), "stack_trace") {
		t.Errorf("got %d and %s", response.Code, logs)
	}
}

func TestWithoutACollectorNothingIsStarted(t *testing.T) {
	stop, err := StartTracing(t.Context(), config.Tracing{})
	if err != nil || stop(context.Background()) != nil {
		t.Errorf("got %v", err)
	}
}

func TestACollectorThatIsNotThereHoldsNothingUp(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	stop, err := StartTracing(t.Context(), config.Tracing{Endpoint: "http://127.0.0.1:1", Sampling: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(t.Context()); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestOutcomes(t *testing.T) {
	for status, expected := range map[int]string{200: "SUCCESS", 404: "CLIENT_ERROR", 500: "SERVER_ERROR", 0: "UNKNOWN", 700: "UNKNOWN"} {
		if got := outcome(status); got != expected {
			t.Errorf("%d is %s", status, got)
		}
	}
}
