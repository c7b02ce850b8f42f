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
	"github.com/linkerd/linkerd2/charts"
	l5dcharts "github.com/linkerd/linkerd2/pkg/charts/linkerd2"
	"github.com/linkerd/linkerd2/pkg/inject"
	"github.com/linkerd/linkerd2/pkg/k8s"
	"helm.sh/helm/v3/pkg/chartutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// A question with changes is about the chart's own values with these, and says whether the chart's webhook, which
// selects by the labels of the pod and its namespace, is asked at all.
type question struct {
	Values      string            `json:"values"`
	Changes     json.RawMessage   `json:"changes"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Owner       string            `json:"owner"`
	Name        string            `json:"name"`
	Pod         json.RawMessage   `json:"pod"`
}

type answer struct {
	Skipped  bool            `json:"skipped,omitempty"`
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
	if asked.Changes != nil {
		defaults, selects, err := changed(asked)
		if err != nil {
			return nil, err
		}
		if !selects {
			return &answer{Skipped: true}, nil
		}
		values = defaults
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
	// As its webhook does: what the namespace has, and else the default ports that the pod declares.
	inject.AppendNamespaceAnnotations(config.GetOverrideAnnotations(), config.GetNsAnnotations(), config.GetWorkloadAnnotations())
	if !config.HasWorkloadAnnotation(k8s.ProxyOpaquePortsAnnotation) {
		ports := config.FilterPodOpaquePorts(strings.Split(config.GetValues().Proxy.OpaquePorts, ","))
		if len(ports) != 0 {
			config.AppendPodAnnotation(k8s.ProxyOpaquePortsAnnotation, strings.Join(ports, ","))
		}
	}
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

// Selectors are those of the webhook's template, which are not part of the values that the injector itself reads.
type selectors struct {
	ProxyInjector struct {
		NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector"`
		ObjectSelector    *metav1.LabelSelector `json:"objectSelector"`
	} `json:"proxyInjector"`
}

// changed merges the changes into the chart's values as Helm does, and matches the webhook's selectors.
func changed(asked question) (*l5dcharts.Values, bool, error) {
	text, err := charts.Templates.ReadFile("linkerd-control-plane/values.yaml")
	if err != nil {
		return nil, false, err
	}
	defaults, err := chartutil.ReadValues(text)
	if err != nil {
		return nil, false, err
	}
	changes, err := chartutil.ReadValues(asked.Changes)
	if err != nil {
		return nil, false, err
	}
	merged, err := yaml.Marshal(chartutil.CoalesceTables(changes, defaults))
	if err != nil {
		return nil, false, err
	}
	values, webhook := &l5dcharts.Values{}, &selectors{}
	if err := yaml.Unmarshal(merged, values); err != nil {
		return nil, false, err
	}
	if err := yaml.Unmarshal(merged, webhook); err != nil {
		return nil, false, err
	}
	pod := &corev1.Pod{}
	if err := json.Unmarshal(asked.Pod, pod); err != nil {
		return nil, false, err
	}
	namespace, err := matches(webhook.ProxyInjector.NamespaceSelector, asked.Labels)
	if err != nil {
		return nil, false, err
	}
	object, err := matches(webhook.ProxyInjector.ObjectSelector, pod.Labels)
	return values, namespace && object, err
}

// Without a selector, the API server selects everything.
func matches(given *metav1.LabelSelector, of map[string]string) (bool, error) {
	if given == nil {
		return true, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(given)
	if err != nil {
		return false, err
	}
	return selector.Matches(labels.Set(of)), nil
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
