// Package database opens the pool of PostgreSQL connections, with the schema up to date.
package database

import (
	"context"
	"embed"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"${{ values.url | split("://") | last }}/internal/config"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Any number that nothing else in this database takes: one pod migrates, the others wait.
const migrationLock = 7_301_942

// Open migrates the schema and registers what Prometheus may know of the pool.
func Open(ctx context.Context, settings config.Database, registry prometheus.Registerer) (*pgxpool.Pool, error) {
	address := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(settings.Username, settings.Password),
		Host:     net.JoinHostPort(settings.Host, strconv.Itoa(settings.Port)),
		Path:     settings.Name,
		RawQuery: url.Values{"sslmode": {settings.SSLMode}}.Encode(),
	}
	parsed, err := pgxpool.ParseConfig(address.String())
	if err != nil {
		// pgx leaves the password out of its errors.
		return nil, fmt.Errorf("the settings of the database: %w", err)
	}
	parsed.MaxConns = int32(settings.PoolSize)
	parsed.ConnConfig.ConnectTimeout = 5 * time.Second
	pool, err := pgxpool.NewWithConfig(ctx, parsed)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, pool); err != nil {
		pool.Close()
		return nil, fmt.Errorf("the schema of the database: %w", err)
	}
	if err := registry.Register(pooled{pool}); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// migrate applies the files of migrations that the database doesn't have yet, in the order of their names, forwards only.
func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, pool, func(transaction pgx.Tx) error {
		if _, err := transaction.Exec(ctx, "select pg_advisory_xact_lock($1)", migrationLock); err != nil {
			return err
		}
		if _, err := transaction.Exec(ctx, "create table if not exists schema_migration (name text primary key)"); err != nil {
			return err
		}
		for _, file := range files {
			done, err := transaction.Exec(ctx, "insert into schema_migration (name) values ($1) on conflict do nothing", file.Name())
			if err != nil {
				return err
			}
			if done.RowsAffected() == 0 {
				continue
			}
			statements, err := migrations.ReadFile("migrations/" + file.Name())
			if err != nil {
				return err
			}
			if _, err := transaction.Exec(ctx, string(statements)); err != nil {
				return fmt.Errorf("%s: %w", file.Name(), err)
			}
		}
		return nil
	})
}
