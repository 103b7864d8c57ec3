"""What the environment sets; the README lists the variables."""

from collections.abc import Mapping
from dataclasses import dataclass


class ConfigError(ValueError):
    """A variable that can't be right."""


@dataclass(frozen=True)
class Tracing:
    """Where traces go; without an endpoint there are none."""

    endpoint: str
    sampling: float
{% if values.database %}


@dataclass(frozen=True)
class DatabaseConfig:
    """The PostgreSQL database and its credentials."""

    host: str
    port: int
    name: str
    username: str
    password: str
    sslmode: str
    pool_size: int
{% endif %}


@dataclass(frozen=True)
class Config:
    """All of it, with the defaults of the README."""

    port: int
    version: str
    environment: str
    log_level: str
    shutdown_ms: int
    tracing: Tracing
{% if values.database %}
    database: DatabaseConfig
{% endif %}


def read_config(env: Mapping[str, str]) -> Config:
    """Refuses what can't be right before anything starts."""
    return Config(
        port=_integer(env, "PORT", ${{ values.port }}, 0, 65_535),
        version=env.get("APP_VERSION", "0.0.0-dev"),
        environment=env.get("ENVIRONMENT", ""),
        log_level=_choice(env, "LOG_LEVEL", ["info", "debug", "warning", "error"]),
        # Below the time that Kubernetes waits before it kills a pod.
        shutdown_ms=_integer(env, "SHUTDOWN_TIMEOUT_MS", 20_000, 0, 600_000),
        tracing=Tracing(
            endpoint=env.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or env.get("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
            sampling=_share(env, "TRACING_SAMPLING", 0.1),
        ),
{% if values.database %}
        database=DatabaseConfig(
            host=env.get("DATABASE_HOST", "localhost"),
            port=_integer(env, "DATABASE_PORT", 5432, 1, 65_535),
            name=env.get("DATABASE_NAME", "app"),
            username=env.get("DATABASE_USERNAME", "app"),
            password=env.get("DATABASE_PASSWORD", ""),
            sslmode=_choice(env, "DATABASE_SSLMODE", ["require", "disable", "verify-full"]),
            pool_size=_integer(env, "DATABASE_POOL_SIZE", 10, 1, 1_000),
        ),
{% endif %}
    )


def _integer(env: Mapping[str, str], name: str, otherwise: int, least: int, greatest: int) -> int:
    text = env.get(name, "")
    try:
        number = int(text) if text else otherwise
    except ValueError:
        number = least - 1
    if not least <= number <= greatest:
        raise ConfigError(f"{name} must be a whole number from {least} to {greatest}")
    return number


def _share(env: Mapping[str, str], name: str, otherwise: float) -> float:
    text = env.get(name, "")
    try:
        number = float(text) if text else otherwise
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ConfigError(f"{name} must be a number from 0 to 1")
    return number


def _choice(env: Mapping[str, str], name: str, choices: list[str]) -> str:
    text = env.get(name) or choices[0]
    if text not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(sorted(choices))}")
    return text
