package item_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/uuid"

	"${{ values.url | split("://") | last }}/internal/item"
	"${{ values.url | split("://") | last }}/internal/web"
)

// fake is a store that behaves like the real one and can be told to fail.
type fake struct {
	items []item.Item
	err   error
}

func (f *fake) Save(_ context.Context, each item.Item) error {
	f.items = slices.Insert(f.items, 0, each)
	return f.err
}

func (f *fake) Find(_ context.Context, id uuid.UUID) (item.Item, error) {
	for _, each := range f.items {
		if each.ID == id {
			return each, f.err
		}
	}
	return item.Item{}, errors.Join(item.ErrNotFound, f.err)
}

func (f *fake) Newest(_ context.Context, limit int) ([]item.Item, error) {
	return f.items[:min(limit, len(f.items))], f.err
}

type service struct {
	t      *testing.T
	engine http.Handler
	store  *fake
	health *web.Health
	logs   *bytes.Buffer
}

func newService(t *testing.T) *service {
	store, health, logs, metrics := &fake{}, &web.Health{}, &bytes.Buffer{}, web.NewMetrics()
	logger := web.NewLogger(logs, slog.LevelInfo, "1.2.3", "test")
	now := func() time.Time { return time.Date(2030, 1, 2, 3, 4, 5, 6_007, time.UTC) }
	engine := web.NewEngine(logger, metrics, health, item.Routes(item.NewService(store, metrics.Registry, now)))
	return &service{t, engine, store, health, logs}
}

func (s *service) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response := httptest.NewRecorder()
	s.engine.ServeHTTP(response, request)
	return response
}

func (s *service) expect(status int, response *httptest.ResponseRecorder) map[string]any {
	s.t.Helper()
	if response.Code != status {
		s.t.Fatalf("got %d instead of %d: %s", response.Code, status, response.Body)
	}
	var body map[string]any
	_ = json.Unmarshal(response.Body.Bytes(), &body)
	if status >= 400 && body["title"] != nil && response.Header().Get("Content-Type") != "application/problem+json" {
		s.t.Errorf("problems leave as %s", response.Header().Get("Content-Type"))
	}
	return body
}

func TestAnItemIsCreatedFoundAndListed(t *testing.T) {
	s := newService(t)
	response := s.send("POST", "/v1/items", `{"name":" first "}`)
	created := s.expect(201, response)
	if created["name"] != "first" || created["createdAt"] != "2030-01-02T03:04:05.000006Z" {
		t.Errorf("got %v", created)
	}
	found := s.expect(200, s.send("GET", response.Header().Get("Location"), ""))
	if found["id"] != created["id"] {
		t.Errorf("got %v", found)
	}
	if listed := s.send("GET", "/v1/items?limit=1", ""); !strings.Contains(listed.Body.String(), created["id"].(string)) {
		t.Errorf("got %s", listed.Body)
	}
}

func TestWhatIsWrongIsRefusedWithTheField(t *testing.T) {
	for _, each := range []struct{ body, field, message string }{
		{`{"name":" "}`, "name", "must not be blank"},
		{`{}`, "name", "must be a text"},
		{`{"name":1}`, "name", "must be a text"},
		{`{"name":"` + strings.Repeat("x", 101) + `"}`, "name", "must have at most 100 characters"},
		{`{"name":"x","nmae":"y"}`, "nmae", "is not known"},
	} {
		s := newService(t)
		problem := s.expect(400, s.send("POST", "/v1/items", each.body))
		refused, _ := problem["errors"].([]any)
		if len(refused) != 1 || refused[0].(map[string]any)["field"] != each.field || refused[0].(map[string]any)["message"] != each.message {
			t.Errorf("%s: got %v", each.body, problem)
		}
		if problem["type"] != "urn:problem:invalid-request" || problem["instance"] != "/v1/items" || len(s.store.items) != 0 {
			t.Errorf("%s: got %v", each.body, problem)
		}
	}
}

func TestWhatIsNotJSONIsRefused(t *testing.T) {
	s := newService(t)
	s.expect(415, s.send("POST", "/v1/items", "first", "Content-Type", "text/plain"))
	s.expect(400, s.send("POST", "/v1/items", "{"))
	s.expect(400, s.send("POST", "/v1/items", `{"name":"x"} {"name":"y"}`))
	s.expect(413, s.send("POST", "/v1/items", `{"name":"`+strings.Repeat("x", 200_000)+`"}`))
}

func TestIdsAndLimitsAreChecked(t *testing.T) {
	s := newService(t)
	s.expect(400, s.send("GET", "/v1/items/none", ""))
	s.expect(400, s.send("GET", "/v1/items?limit=0", ""))
	s.expect(400, s.send("GET", "/v1/items?limit=x", ""))
	missing := s.expect(404, s.send("GET", "/v1/items/"+uuid.NewString(), ""))
	if missing["type"] != "urn:problem:item-not-found" {
		t.Errorf("got %v", missing)
	}
	s.expect(404, s.send("GET", "/v2", ""))
	s.expect(405, s.send("DELETE", "/v1/items", ""))
}

func TestAnUnexpectedErrorSaysNothingAboutTheInsideAndIsLogged(t *testing.T) {
	s := newService(t)
	s.store.err = errors.New("the password is hunter2")
	response := s.send("GET", "/v1/items", "")
	problem := s.expect(500, response)
	if problem["detail"] != "The service failed unexpectedly." || strings.Contains(response.Body.String(), "hunter2") {
		t.Errorf("got %v", problem)
	}
	if logs := s.logs.String(); !strings.Contains(logs, `"log.level":"ERROR"`) || !strings.Contains(logs, "hunter2") {
		t.Errorf("got %s", logs)
	}
	s.expect(500, s.send("POST", "/v1/items", `{"name":"x"}`))
}

func TestProbesFollowTheStateOfThePod(t *testing.T) {
	s := newService(t)
	s.expect(200, s.send("GET", "/health/ready", ""))
	s.health.IsReady = func(context.Context) bool { return false }
	s.expect(503, s.send("GET", "/health/ready", ""))
	s.health.IsReady = nil
	s.health.Stop()
	s.expect(503, s.send("GET", "/health/ready", ""))
	s.expect(200, s.send("GET", "/health/live", ""))
}

func TestRequestsAreCountedByRouteAndLogged(t *testing.T) {
	s := newService(t)
	s.expect(201, s.send("POST", "/v1/items", `{"name":"first"}`))
	s.expect(404, s.send("GET", "/v1/items/"+uuid.NewString(), ""))
	metrics := s.send("GET", "/metrics", "").Body.String()
	for _, series := range []string{
		`http_server_requests_seconds_count{method="GET",outcome="CLIENT_ERROR",status="404",uri="/v1/items/{id}"} 1`,
		"items_added_total 1",
		"process_resident_memory_bytes",
	} {
		if !strings.Contains(metrics, series) {
			t.Errorf("%s is missing in:\n%s", series, metrics)
		}
	}
	if strings.Contains(metrics, `uri="/health`) {
		t.Error("probes are counted")
	}
	lines := strings.Split(strings.TrimSpace(s.logs.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"http.response.status_code":201`) || !strings.Contains(lines[0], `"service.version":"1.2.3"`) {
		t.Errorf("got %q", lines)
	}
}

func TestTheCodeOffersWhatTheContractPromises(t *testing.T) {
	text, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var contract struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &contract); err != nil {
		t.Fatal(err)
	}
	var promised, offered []string
	for path, methods := range contract.Paths {
		for method := range methods {
			if slices.Contains([]string{"get", "put", "post", "delete", "patch"}, method) {
				promised = append(promised, strings.ToUpper(method)+" "+path)
			}
		}
	}
	for _, route := range item.Routes(nil) {
		offered = append(offered, route.Method+" "+route.Path)
	}
	slices.Sort(promised)
	slices.Sort(offered)
	if !slices.Equal(promised, offered) {
		t.Errorf("promised %v, offered %v", promised, offered)
	}
}
