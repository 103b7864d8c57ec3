package web

import (
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics is what Prometheus reads. The names are those that services of all languages use here, so that one dashboard
// and one set of alerts fit all of them.
type Metrics struct {
	Registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

// NewMetrics has those of the Go runtime, of the process and of requests.
func NewMetrics() *Metrics {
	metrics := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_server_requests_seconds",
			Help:    "Duration of requests",
			Buckets: []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
		}, []string{"method", "uri", "status", "outcome"}),
	}
	process := collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})
	metrics.Registry.MustRegister(collectors.NewGoCollector(), process, metrics.requests)
	return metrics
}

func (m *Metrics) countRequests() gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		c.Next()
		// The route and not the path: ids would make a series each.
		uri := openAPIPath(c.FullPath())
		if uri == "" {
			uri = "UNKNOWN"
		}
		status := c.Writer.Status()
		m.requests.WithLabelValues(c.Request.Method, uri, strconv.Itoa(status), outcome(status)).
			Observe(time.Since(began).Seconds())
	}
}

func outcome(status int) string {
	outcomes := []string{"INFORMATIONAL", "SUCCESS", "REDIRECTION", "CLIENT_ERROR", "SERVER_ERROR"}
	if class := status/100 - 1; class >= 0 && class < len(outcomes) {
		return outcomes[class]
	}
	return "UNKNOWN"
}
