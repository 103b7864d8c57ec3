package database

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	connections = prometheus.NewDesc("database_connections", "Connections of the pool", []string{"state"}, nil)
	waited      = prometheus.NewDesc("database_connection_wait_seconds", "Time until a connection was free", nil, nil)
)

// pooled is a collector over a pool.
type pooled struct{ pool *pgxpool.Pool }

func (pooled) Describe(to chan<- *prometheus.Desc) {
	to <- connections
	to <- waited
}

func (p pooled) Collect(to chan<- prometheus.Metric) {
	stat := p.pool.Stat()
	gauge := func(state string, count int32) {
		to <- prometheus.MustNewConstMetric(connections, prometheus.GaugeValue, float64(count), state)
	}
	gauge("in_use", stat.AcquiredConns())
	gauge("idle", stat.IdleConns())
	// The pool counts how long all waits were together, not each.
	to <- prometheus.MustNewConstSummary(waited, uint64(stat.AcquireCount()), stat.AcquireDuration().Seconds(), nil)
}
