package item

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// Service holds the rules about items, and the metrics that say how they are doing.
type Service struct {
	store Store
	now   func() time.Time
	added prometheus.Counter
	spent *prometheus.HistogramVec
}

// NewService registers its metrics with the registry.
func NewService(store Store, registry prometheus.Registerer, now func() time.Time) *Service {
	service := &Service{
		store: store,
		now:   now,
		added: prometheus.NewCounter(prometheus.CounterOpts{Name: "items_added_total", Help: "Items added"}),
		spent: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "items_store_seconds",
			Help: "Time that the store of items takes",
		}, []string{"operation"}),
	}
	registry.MustRegister(service.added, service.spent)
	return service
}

// Create makes an item of that name.
func (s *Service) Create(ctx context.Context, name string) (Item, error) {
	// Databases keep microseconds: what is answered now is what is read later.
	item := Item{ID: uuid.New(), Name: strings.TrimSpace(name), CreatedAt: s.now().UTC().Truncate(time.Microsecond)}
	defer s.timed("write")()
	if err := s.store.Save(ctx, item); err != nil {
		return Item{}, err
	}
	s.added.Inc()
	return item, nil
}

// Get returns ErrNotFound if there is no such item.
func (s *Service) Get(ctx context.Context, id uuid.UUID) (Item, error) {
	defer s.timed("read")()
	return s.store.Find(ctx, id)
}

// Newest returns the newest items first, at most limit of them.
func (s *Service) Newest(ctx context.Context, limit int) ([]Item, error) {
	defer s.timed("read")()
	return s.store.Newest(ctx, limit)
}

func (s *Service) timed(operation string) func() {
	timer := prometheus.NewTimer(s.spent.WithLabelValues(operation))
	return func() { timer.ObserveDuration() }
}
