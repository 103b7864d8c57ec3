// Package config reads what the environment sets; the README lists the variables.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// Config is what the environment sets, with the defaults of the README.
type Config struct {
	Address     string
	Environment string
	LogLevel    slog.Level
	// Shutdown is below the time that Kubernetes waits before it kills a pod.
	Shutdown time.Duration
	Tracing  Tracing
{% if values.database %}
	Database Database
{% endif %}
}

// Tracing says where traces go; without an endpoint there are none.
type Tracing struct {
	Endpoint string
	Sampling float64
}
{% if values.database %}

// Database names the PostgreSQL database and its credentials.
type Database struct {
	Host, Name, Username, Password, SSLMode string
	Port, PoolSize                          int
}
{% endif %}

// Read refuses what can't be right before anything starts, all of it at once.
func Read(env func(string) string) (Config, error) {
	var problems []error
	text := func(name, otherwise string) string {
		if value := env(name); value != "" {
			return value
		}
		return otherwise
	}
	integer := func(name string, otherwise, least, greatest int) int {
		number, err := strconv.Atoi(text(name, strconv.Itoa(otherwise)))
		if err != nil || number < least || number > greatest {
			problems = append(problems, fmt.Errorf("%s must be a whole number from %d to %d", name, least, greatest))
		}
		return number
	}
	sampling, err := strconv.ParseFloat(text("TRACING_SAMPLING", "0.1"), 64)
	if err != nil || !(sampling >= 0 && sampling <= 1) {
		problems = append(problems, errors.New("TRACING_SAMPLING must be a number from 0 to 1"))
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(text("LOG_LEVEL", "info"))); err != nil {
		problems = append(problems, errors.New("LOG_LEVEL must be debug, info, warn or error"))
	}
{% if values.database %}
	sslMode := text("DATABASE_SSLMODE", "require")
	if sslMode != "disable" && sslMode != "require" && sslMode != "verify-full" {
		problems = append(problems, errors.New("DATABASE_SSLMODE must be disable, require or verify-full"))
	}
{% endif %}
	settings := Config{
		Address:     fmt.Sprintf(":%d", integer("PORT", ${{ values.port }}, 0, 65535)),
		Environment: env("ENVIRONMENT"),
		LogLevel:    level,
		Shutdown:    time.Duration(integer("SHUTDOWN_TIMEOUT_MS", 20_000, 0, 600_000)) * time.Millisecond,
		Tracing: Tracing{
			Endpoint: text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", env("OTEL_EXPORTER_OTLP_ENDPOINT")),
			Sampling: sampling,
		},
{% if values.database %}
		Database: Database{
			Host:     text("DATABASE_HOST", "localhost"),
			Port:     integer("DATABASE_PORT", 5432, 1, 65535),
			Name:     text("DATABASE_NAME", "app"),
			Username: text("DATABASE_USERNAME", "app"),
			Password: env("DATABASE_PASSWORD"),
			SSLMode:  sslMode,
			PoolSize: integer("DATABASE_POOL_SIZE", 10, 1, 1000),
		},
{% endif %}
	}
	return settings, errors.Join(problems...)
}
