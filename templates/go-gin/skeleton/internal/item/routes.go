package item

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"${{ values.url | split("://") | last }}/internal/web"
)

const longestName = 100

type newItem struct {
	Name *string `json:"name"`
}

// Routes are the paths under /v1/items of api/openapi.yaml.
func Routes(items *Service) []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/v1/items", Handle: list(items)},
		{Method: http.MethodPost, Path: "/v1/items", Handle: create(items)},
		{Method: http.MethodGet, Path: "/v1/items/{id}", Handle: get(items)},
	}
}

func list(items *Service) web.Handler {
	return func(c *gin.Context) error {
		limit, err := strconv.Atoi(c.DefaultQuery("limit", "20"))
		if err != nil || limit < 1 || limit > 100 {
			return web.InvalidRequest(web.FieldError{Field: "limit", Message: "must be a whole number from 1 to 100"})
		}
		found, err := items.Newest(c.Request.Context(), limit)
		if err != nil {
			return err
		}
		c.JSON(http.StatusOK, found)
		return nil
	}
}

func create(items *Service) web.Handler {
	return func(c *gin.Context) error {
		if c.ContentType() != gin.MIMEJSON {
			return web.NewProblem(http.StatusUnsupportedMediaType, "The body must be application/json.")
		}
		body, err := io.ReadAll(c.Request.Body)
		if err != nil {
			return err
		}
		var request newItem
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&request); err != nil {
			return refused(err)
		}
		if decoder.More() {
			return web.NewProblem(http.StatusBadRequest, "The request could not be read.")
		}
		if message := wrongName(request.Name); message != "" {
			return web.InvalidRequest(web.FieldError{Field: "name", Message: message})
		}
		item, err := items.Create(c.Request.Context(), *request.Name)
		if err != nil {
			return err
		}
		c.Header("Location", "/v1/items/"+item.ID.String())
		c.JSON(http.StatusCreated, item)
		return nil
	}
}

func get(items *Service) web.Handler {
	return func(c *gin.Context) error {
		id, err := uuid.Parse(c.Param("id"))
		if err != nil {
			return web.InvalidRequest(web.FieldError{Field: "id", Message: "must be a UUID"})
		}
		item, err := items.Get(c.Request.Context(), id)
		if errors.Is(err, ErrNotFound) {
			problem := web.NewProblem(http.StatusNotFound, "No such item.")
			problem.Type, problem.Title = "urn:problem:item-not-found", "Item not found"
			return problem
		}
		if err != nil {
			return err
		}
		c.JSON(http.StatusOK, item)
		return nil
	}
}

func wrongName(name *string) string {
	switch {
	case name == nil:
		return "must be a text"
	case strings.TrimSpace(*name) == "":
		return "must not be blank"
	case utf8.RuneCountInString(*name) > longestName:
		return "must have at most 100 characters"
	}
	return ""
}

// refused names the field where the decoder does.
func refused(err error) error {
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) && mistyped.Field != "" {
		return web.InvalidRequest(web.FieldError{Field: mistyped.Field, Message: "must be a text"})
	}
	if field, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		return web.InvalidRequest(web.FieldError{Field: strings.Trim(field, `"`), Message: "is not known"})
	}
	return web.NewProblem(http.StatusBadRequest, "The request could not be read.")
}
