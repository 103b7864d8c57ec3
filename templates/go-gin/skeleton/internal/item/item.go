// Package item is the resource that this service owns: its rules, where it is kept, and its paths.
package item

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Item is what clients create and read: Item of api/openapi.yaml.
type Item struct {
	ID        uuid.UUID `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
}

// ErrNotFound says that there is no such item.
var ErrNotFound = errors.New("no such item")

// Store is where items are kept.
type Store interface {
	Save(ctx context.Context, item Item) error
	// Find returns ErrNotFound if there is no such item.
	Find(ctx context.Context, id uuid.UUID) (Item, error)
	// Newest returns the newest items first, at most limit of them.
	Newest(ctx context.Context, limit int) ([]Item, error)
}
