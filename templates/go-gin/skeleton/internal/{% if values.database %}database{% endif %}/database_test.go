package database_test

import (
	"os"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"${{ values.url | split("://") | last }}/internal/config"
	"${{ values.url | split("://") | last }}/internal/database"
)

// A real PostgreSQL: the pipeline starts one, and the README says how to at a desk.
func TestMigratingTwiceChangesNothingAndThePoolIsObserved(t *testing.T) {
	if os.Getenv("DATABASE_HOST") == "" {
		t.Skip("DATABASE_HOST names no PostgreSQL")
	}
	settings, err := config.Read(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		registry := prometheus.NewRegistry()
		pool, err := database.Open(t.Context(), settings.Database, registry)
		if err != nil {
			t.Fatal(err)
		}
		if count, err := testutil.GatherAndCount(registry, "database_connections"); err != nil || count != 2 {
			t.Errorf("got %d series, %v", count, err)
		}
		pool.Close()
	}
}

func TestADatabaseThatIsNotThereIsAnError(t *testing.T) {
	settings := config.Database{Host: "127.0.0.1", Port: 1, Name: "app", Username: "app", Password: "p@ss", SSLMode: "disable", PoolSize: 1}
	if pool, err := database.Open(t.Context(), settings, prometheus.NewRegistry()); err == nil {
		pool.Close()
		t.Error("it was opened")
	}
}
