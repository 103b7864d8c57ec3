package config_test

import (
	"strings"
	"testing"
	"time"

	"${{ values.url | split("://") | last }}/internal/config"
)

func from(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestDefaultsAreThoseOfTheReadme(t *testing.T) {
	settings, err := config.Read(from(nil))
	if err != nil {
		t.Fatal(err)
	}
	if settings.Address != ":${{ values.port }}" || settings.Shutdown != 20*time.Second || settings.Tracing.Sampling != 0.1 {
		t.Errorf("got %+v", settings)
	}
{% if values.database %}
	if settings.Database.SSLMode != "require" || settings.Database.Name != "app" {
		t.Errorf("got %+v", settings.Database)
	}
{% endif %}
}

func TestWhatCannotBeRightIsRefusedByName(t *testing.T) {
	wrong := map[string]string{
		"PORT":             "http",
		"TRACING_SAMPLING": "NaN",
		"LOG_LEVEL":        "loud",
{% if values.database %}
		"DATABASE_SSLMODE": "maybe",
{% endif %}
	}
	_, err := config.Read(from(wrong))
	if err == nil {
		t.Fatal("nothing was refused")
	}
	for name := range wrong {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is missing in: %v", name, err)
		}
	}
}
