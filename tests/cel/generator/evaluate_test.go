// Added to a copy of k8s.io/apiserver/pkg/cel/environment: evaluates the expressions of $CEL_EXPRESSIONS (one JSON
// string a line) as the API server would and writes what came of them to $CEL_RESULTS; and its functions to $CEL_FUNCTIONS.

package environment

import (
	"bufio"
	"encoding/json"
	"os"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/library"
)

func TestEvaluateForRecords(t *testing.T) {
	if os.Getenv("CEL_RESULTS") == "" {
		t.Skip("no $CEL_RESULTS")
	}
	env := MustBaseEnvSet(version.MajorMinor(1, 36)).NewExpressionsEnv()
	// An overload that fits first decides what variables of types stand for: their order counts.
	var functions, names []string
	for name := range env.Functions() {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		function := env.Functions()[name]
		for _, overload := range function.OverloadDecls() {
			var types []string
			for _, argument := range overload.ArgTypes() {
				types = append(types, argument.String())
			}
			style := "f"
			if overload.IsMemberFunction() {
				style = "m"
			}
			signature := strings.Join([]string{name, overload.ID(), style, strings.Join(types, ", "), overload.ResultType().String()}, "\t")
			// There is no authorizer in the rules of a schema.
			if !strings.Contains(signature, "kubernetes.authorization") {
				functions = append(functions, signature)
			}
		}
	}
	if err := os.WriteFile(os.Getenv("CEL_FUNCTIONS"), []byte(strings.Join(functions, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(os.Getenv("CEL_EXPRESSIONS"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(os.Getenv("CEL_RESULTS"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<24)
	seen := map[string]bool{}
	for lines.Scan() {
		var expression string
		if err := json.Unmarshal(lines.Bytes(), &expression); err != nil || seen[expression] {
			continue
		}
		seen[expression] = true
		result := map[string]any{"expression": expression}
		ast, issues := env.Compile(expression)
		if issues.Err() != nil {
			result["refused"] = issues.String()
		} else {
			program, err := env.Program(ast, cel.CostLimit(10000000), cel.CostTracking(&library.CostEstimator{}))
			if err != nil {
				result["refused"] = err.Error()
			} else {
				value, details, err := program.Eval(map[string]any{})
				if details != nil && details.ActualCost() != nil {
					result["cost"] = *details.ActualCost()
				}
				if err != nil {
					result["error"] = err.Error()
				} else {
					result["type"] = value.Type().TypeName()
					native, err := value.ConvertToNative(reflect.TypeOf(&structpb.Value{}))
					if err == nil {
						if text, err := native.(*structpb.Value).MarshalJSON(); err == nil {
							result["value"] = json.RawMessage(text)
						}
					}
				}
			}
		}
		line, err := json.Marshal(result)
		if err != nil {
			continue
		}
		_, _ = out.Write(append(line, '\n'))
	}
}
