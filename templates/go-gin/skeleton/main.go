// Command server is ${{ values.component }}. The README says what it is for and how it is set up.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"${{ values.url | split("://") | last }}/internal/config"
{% if values.database %}
	"${{ values.url | split("://") | last }}/internal/database"
{% endif %}
	"${{ values.url | split("://") | last }}/internal/item"
	"${{ values.url | split("://") | last }}/internal/web"
)

// version is set by the build.
var version = "0.0.0-dev"

func main() {
	if err := run(context.Background(), os.Getenv); err != nil {
		slog.Error("ended", web.Failure(err))
		os.Exit(1)
	}
}

// run serves until it is told to stop, then finishes what is under way.
func run(ctx context.Context, env func(string) string) error {
	settings, err := config.Read(env)
	if err != nil {
		return err
	}
	logger := web.NewLogger(os.Stdout, settings.LogLevel, version, settings.Environment)
	slog.SetDefault(logger)
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	stopTracing, err := web.StartTracing(ctx, settings.Tracing)
	if err != nil {
		return err
	}
	metrics := web.NewMetrics()
{% if values.database %}
	pool, err := database.Open(ctx, settings.Database, metrics.Registry)
	if err != nil {
		return err
	}
	defer pool.Close()
	store := item.NewPostgresStore(pool)
	health := &web.Health{IsReady: func(ctx context.Context) bool { return pool.Ping(ctx) == nil }}
{% else %}
	store := item.NewMemoryStore()
	health := &web.Health{}
{% endif %}
	items := item.NewService(store, metrics.Registry, time.Now)
	server := &http.Server{
		Addr:              settings.Address,
		Handler:           web.NewEngine(logger, metrics, health, item.Routes(items)),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.ListenAndServe() }()
	logger.Info("listening", "address", settings.Address)

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	logger.Info("stopping")
	health.Stop()
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), settings.Shutdown)
	defer cancel()
	return errors.Join(server.Shutdown(late), stopTracing(late))
}
