"""What the environment sets."""

import pytest

from app.config import ConfigError, read_config


def test_defaults_are_those_of_the_readme() -> None:
    config = read_config({})
    assert config.port == ${{ values.port }}
    assert config.tracing.endpoint == ""
    assert config.tracing.sampling == 0.1
    assert config.shutdown_ms == 20_000
{% if values.database %}
    assert config.database.sslmode == "require"
{% endif %}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("TRACING_SAMPLING", "2"),
        ("TRACING_SAMPLING", "x"),
        ("LOG_LEVEL", "loud"),
{% if values.database %}
        ("DATABASE_SSLMODE", "maybe"),
{% endif %}
    ],
)
def test_what_cannot_be_right_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        read_config({name: value})
