// Writes pods, and what the evaluator of k8s.io/pod-security-admission says of them at every level and version, a JSON
// value a line: main FIXTURES [SEED COUNT], where FIXTURES is test/testdata of that module. See ../README.md.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/admission"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// newest is the newest minor version that is asked for, one beyond those of the fixtures and of the checks.
const newest = 36

var levels = []api.Level{api.LevelBaseline, api.LevelRestricted}

// stretch is what is said from a version on: [minor, [number of words ...]].
type stretch [2]any

type record struct {
	ID         string          `json:"id"`
	Files      []string        `json:"files,omitempty"`
	Object     json.RawMessage `json:"object"`
	Baseline   []stretch       `json:"baseline"`
	Restricted []stretch       `json:"restricted"`
}

// words numbers what the evaluator says.
type words struct {
	numbers map[string]int
	all     []string
}

func (w *words) number(word string) int {
	number, known := w.numbers[word]
	if !known {
		number = len(w.all)
		w.numbers[word] = number
		w.all = append(w.all, word)
	}
	return number
}

type judge struct {
	evaluator policy.Evaluator
	words     words
}

// of gives the pod of an object as an API server has it when it asks the evaluator: a volume without a source has become an
// emptyDir (SetDefaults_Volume in pkg/apis/core/v1/defaults.go of k8s.io/kubernetes). No other default has a say.
func of(object []byte) (*metav1.ObjectMeta, *corev1.PodSpec) {
	typed, kind, err := scheme.Codecs.UniversalDeserializer().Decode(object, nil, nil)
	check(err)
	strictly(object, typed)
	meta, spec, err := (&admission.DefaultPodSpecExtractor{}).ExtractPodSpec(typed)
	check(err)
	if meta == nil || spec == nil {
		check(fmt.Errorf("no pod in a %s", kind))
	}
	for i := range spec.Volumes {
		if spec.Volumes[i].VolumeSource == (corev1.VolumeSource{}) {
			spec.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	return meta, spec
}

// strictly stops at a field that the type doesn't have: a slip of this program.
func strictly(object []byte, typed runtime.Object) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.DisallowUnknownFields()
	check(decoder.Decode(typed.DeepCopyObject()))
}

func (j *judge) said(meta *metav1.ObjectMeta, spec *corev1.PodSpec, level api.Level, minor int) []string {
	version := api.LevelVersion{Level: level, Version: api.MajorMinorVersion(1, minor)}
	said := []string{}
	for _, result := range j.evaluator.EvaluatePod(version, meta, spec) {
		if !result.Allowed {
			word := result.ForbiddenReason
			if result.ForbiddenDetail != "" {
				word += " (" + result.ForbiddenDetail + ")"
			}
			said = append(said, word)
		}
	}
	return said
}

func (j *judge) record(id string, object []byte) record {
	meta, spec := of(object)
	r := record{ID: id, Object: object}
	for _, level := range levels {
		var stretches []stretch
		before := "unsaid"
		for minor := 0; minor <= newest; minor++ {
			said := j.said(meta, spec, level, minor)
			if now := strings.Join(said, "\n"); now != before {
				before = now
				numbers := []int{}
				for _, word := range said {
					numbers = append(numbers, j.words.number(word))
				}
				stretches = append(stretches, stretch{minor, numbers})
			}
		}
		if level == api.LevelBaseline {
			r.Baseline = stretches
		} else {
			r.Restricted = stretches
		}
	}
	return r
}

// fixtures reads upstream's files; pods that differ in their name alone are one. Stops at one whose verdict isn't its folder's.
func (j *judge) fixtures(folder string) []record {
	paths, err := filepath.Glob(filepath.Join(folder, "*", "v1.*", "*", "*.yaml"))
	check(err)
	files := map[string][]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		check(err)
		var pod map[string]any
		check(yaml.Unmarshal(text, &pod))
		delete(pod["metadata"].(map[string]any), "name")
		object, err := json.Marshal(pod)
		check(err)
		file, err := filepath.Rel(folder, path)
		check(err)
		parts := strings.Split(file, string(filepath.Separator))
		minor, err := strconv.Atoi(strings.TrimPrefix(parts[1], "v1."))
		check(err)
		meta, spec := of(object)
		if said := j.said(meta, spec, api.Level(parts[0]), minor); (len(said) == 0) != (parts[2] == "pass") {
			check(fmt.Errorf("%s: %q", file, said))
		}
		files[string(object)] = append(files[string(object)], file)
	}
	var objects []string
	for object := range files {
		sort.Strings(files[object])
		objects = append(objects, object)
	}
	sort.Slice(objects, func(a, b int) bool { return files[objects[a]][0] < files[objects[b]][0] })
	var records []record
	for number, object := range objects {
		r := j.record(fmt.Sprintf("fixture-%d", number), []byte(object))
		r.Files = files[object]
		records = append(records, r)
	}
	return records
}

func main() {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	check(err)
	j := &judge{evaluator: evaluator, words: words{numbers: map[string]int{}}}
	records := j.fixtures(os.Args[1])
	seed, count := 1, 4000
	if len(os.Args) > 2 {
		seed, err = strconv.Atoi(os.Args[2])
		check(err)
		count, err = strconv.Atoi(os.Args[3])
		check(err)
	}
	random, seen := rand.New(rand.NewSource(int64(seed))), map[string]bool{}
	for len(seen) < count {
		object, err := json.Marshal(mutation(random))
		check(err)
		if !seen[string(object)] {
			records = append(records, j.record(fmt.Sprintf("mutation-%d", len(seen)), object))
			seen[string(object)] = true
		}
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	check(out.Encode(j.words.all))
	for _, r := range records {
		check(out.Encode(r))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
