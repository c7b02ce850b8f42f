// Inject reads pods, a JSON object a line, and answers with what Linkerd's proxy injector makes of each, a line each.
//
// It calls the injector's own packages with what its webhook reads from the cluster: the values in linkerd-config,
// the annotations of the namespace, and the pod.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	jsonpatch "github.com/evanphx/json-patch"
	l5dcharts "github.com/linkerd/linkerd2/pkg/charts/linkerd2"
	"github.com/linkerd/linkerd2/pkg/inject"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

type question struct {
	Values      string            `json:"values"`
	Annotations map[string]string `json:"annotations"`
	Owner       string            `json:"owner"`
	Name        string            `json:"name"`
	Pod         json.RawMessage   `json:"pod"`
}

type answer struct {
	Injected bool            `json:"injected"`
	Reasons  []string        `json:"reasons,omitempty"`
	Pod      json.RawMessage `json:"pod,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fail(err)
		}
		given, err := judged(asked)
		if err != nil {
			fail(fmt.Errorf("%s: %w", asked.Name, err))
		}
		if err := out.Encode(given); err != nil {
			fail(err)
		}
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
}

func judged(asked question) (*answer, error) {
	values := &l5dcharts.Values{}
	if err := yaml.Unmarshal([]byte(asked.Values), values); err != nil {
		return nil, err
	}
	// The webhook reads it from the ConfigMap of the trust roots.
	values.IdentityTrustAnchorsPEM = "from the Bundle"
	owner := func(*corev1.Pod) (string, string, error) { return asked.Owner, asked.Name, nil }
	config := inject.NewResourceConfig(values, inject.OriginWebhook, "linkerd").
		WithOwnerRetriever(owner).
		WithNsAnnotations(asked.Annotations).
		WithKind("Pod")
	report, err := config.ParseMetaAndYAML(asked.Pod)
	if err != nil {
		return nil, err
	}
	if injectable, reasons := report.Injectable(); !injectable {
		return &answer{Reasons: named(reasons)}, nil
	}
	inject.AppendNamespaceAnnotations(config.GetOverrideAnnotations(), config.GetNsAnnotations(), config.GetWorkloadAnnotations())
	data, err := config.GetPodPatch(true, inject.GetOverriddenValues)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(data)
	if err != nil {
		return nil, err
	}
	pod, err := patch.Apply(asked.Pod)
	if err != nil {
		return nil, err
	}
	return &answer{Injected: true, Pod: pod}, nil
}

func named(reasons []string) []string {
	var told []string
	for _, reason := range reasons {
		told = append(told, strings.TrimSpace(inject.Reasons[reason]))
	}
	return told
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "inject:", err)
	os.Exit(1)
}
