// Added to a copy of k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel: Validate calls it after each validation.

package cel

import (
	"encoding/json"
	"os"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

var recording sync.Mutex

// widened has the numbers of 32 bits as those of 64: their shortest texts aren't the same.
func widened(value any) any {
	switch value := value.(type) {
	case float32:
		return float64(value)
	case []any:
		if value == nil {
			return nil
		}
		all := make([]any, len(value))
		for i := range value {
			all[i] = widened(value[i])
		}
		return all
	case map[string]any:
		if value == nil {
			return nil
		}
		all := make(map[string]any, len(value))
		for key := range value {
			all[key] = widened(value[key])
		}
		return all
	}
	return value
}

// record appends one validation that upstream's tests made, with its outcome, to the file $CEL_CASES.
func record(s *Validator, obj, old any, errs field.ErrorList, before, after int64) {
	path := os.Getenv("CEL_CASES")
	if path == "" || s == nil || s.Schema == nil {
		return
	}
	messages := []string{}
	for _, err := range errs {
		messages = append(messages, err.Error())
	}
	line, err := json.Marshal(map[string]any{
		"schema": s.Schema.ToKubeOpenAPI(), "root": s.isResourceRoot, "object": widened(obj), "old": widened(old),
		"errors": messages, "budget": before, "left": after,
	})
	if err != nil {
		return
	}
	recording.Lock()
	defer recording.Unlock()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	_, _ = file.Write(append(line, '\n'))
}
