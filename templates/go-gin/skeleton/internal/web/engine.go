// Package web is what serves the routes: the engine, errors as problem details, logs, metrics, traces.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// The largest body that is read.
const maxBody = 100 << 10

// Handler answers a request; an error that it returns leaves as problem details.
type Handler func(c *gin.Context) error

// Route is an operation of api/openapi.yaml, its path written as there.
type Route struct {
	Method, Path string
	Handle       Handler
}

// Health is what the probes tell.
type Health struct {
	// IsReady asks what the service depends on; nil for nothing.
	IsReady  func(ctx context.Context) bool
	stopping atomic.Bool
}

// Stop makes the pod unready, so that it gets no new requests.
func (h *Health) Stop() { h.stopping.Store(true) }

func (h *Health) ready(ctx context.Context) bool {
	return !h.stopping.Load() && (h.IsReady == nil || h.IsReady(ctx))
}

// NewEngine serves the routes, the probes and the metrics.
func NewEngine(logger *slog.Logger, metrics *Metrics, health *Health, routes []Route) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.ContextWithFallback = true
	engine.HandleMethodNotAllowed = true

	// Probes and Prometheus: neither logged, traced nor counted.
	engine.GET("/health/live", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "UP"}) })
	engine.GET("/health/ready", func(c *gin.Context) {
		if health.ready(c.Request.Context()) {
			c.JSON(http.StatusOK, gin.H{"status": "UP"})
		} else {
			c.JSON(http.StatusServiceUnavailable, gin.H{"status": "DOWN"})
		}
	})
	engine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(metrics.Registry, promhttp.HandlerOpts{})))

	engine.Use(traceRequests(), logRequests(logger), metrics.countRequests(), recovered(logger), limitBody())
	for _, route := range routes {
		engine.Handle(route.Method, ginPath(route.Path), answer(logger, route.Handle))
	}
	engine.NoRoute(answer(logger, func(*gin.Context) error {
		return NewProblem(http.StatusNotFound, "There is nothing here.")
	}))
	engine.NoMethod(answer(logger, func(*gin.Context) error {
		return NewProblem(http.StatusMethodNotAllowed, "This method is not served here.")
	}))
	return engine
}

// ginPath writes :id where OpenAPI writes {id}.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

func openAPIPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, found := strings.CutPrefix(part, ":"); found {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

func limitBody() gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
	}
}
