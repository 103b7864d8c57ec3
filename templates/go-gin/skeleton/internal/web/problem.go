package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
)

// Problem is an error that a client may see, as problem details (RFC 9457).
type Problem struct {
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Detail   string       `json:"detail"`
	Instance string       `json:"instance"`
	Errors   []FieldError `json:"errors,omitempty"`
}

// FieldError is a field that was refused.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (p *Problem) Error() string { return p.Detail }

// NewProblem is a problem without a type of its own.
func NewProblem(status int, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// InvalidRequest names the fields that were refused.
func InvalidRequest(fields ...FieldError) *Problem {
	problem := NewProblem(http.StatusBadRequest, "Invalid request content.")
	problem.Type, problem.Errors = "urn:problem:invalid-request", fields
	return problem
}

// answer turns errors into problem details that say nothing about the inside of the service.
func answer(logger *slog.Logger, handle Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		err := handle(c)
		if err == nil || c.Writer.Written() {
			return
		}
		var problem *Problem
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &problem):
		case errors.As(err, &large):
			problem = NewProblem(http.StatusRequestEntityTooLarge, "The body is too large.")
		default:
			logger.ErrorContext(c.Request.Context(), "unexpected error", Failure(err))
			problem = NewProblem(http.StatusInternalServerError, "The service failed unexpectedly.")
		}
		write(c, problem)
	}
}

func recovered(logger *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			if panicked := recover(); panicked != nil {
				failure := slog.Group("error", "message", fmt.Sprint(panicked), "stack_trace", string(debug.Stack()))
				logger.ErrorContext(c.Request.Context(), "unexpected error", failure)
				if !c.Writer.Written() {
					write(c, NewProblem(http.StatusInternalServerError, "The service failed unexpectedly."))
				}
				c.Abort()
			}
		}()
		c.Next()
	}
}

func write(c *gin.Context, problem *Problem) {
	problem.Instance = c.Request.URL.Path
	body, err := json.Marshal(problem)
	if err != nil {
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Data(problem.Status, "application/problem+json", body)
}
