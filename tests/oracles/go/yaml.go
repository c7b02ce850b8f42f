package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/fluxcd/pkg/envsubst"
	fluxkustomize "github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/yaml"
)

// readYAML is how kustomize-controller reads an object again after substitution.
func readYAML(asked question) (answer, error) {
	read, err := yaml.YAMLToJSON([]byte(asked.Text))
	if err != nil {
		return nil, err
	}
	// Keys that are one as text stand for each other in the order of a Go map, which is none.
	for range 12 {
		again, err := yaml.YAMLToJSON([]byte(asked.Text))
		if err != nil || !bytes.Equal(read, again) {
			return answer{"undefined": true}, nil
		}
	}
	return answer{"value": json.RawMessage(read)}, nil
}

// writeYAML is the text that it substitutes in.
func writeYAML(asked question) (answer, error) {
	written, err := asYAML(asked.Object)
	if err != nil {
		return nil, err
	}
	return answer{"text": string(written)}, nil
}

// asYAML is Resource.AsYAML of kustomize: its JSON, which escapes what Go's encoder does, as YAML.
func asYAML(object json.RawMessage) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(numbered(value))
	if err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(encoded)
}

// numbered gives numbers the types that kustomize's reader gives them: whole ones stay as they are.
func numbered(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		for key, inner := range typed {
			typed[key] = numbered(inner)
		}
	case []any:
		for place, inner := range typed {
			typed[place] = numbered(inner)
		}
	case json.Number:
		if strings.ContainsAny(typed.String(), ".eE") {
			number, _ := typed.Float64()
			return number
		}
	}
	return value
}

func substituteText(asked question) (answer, error) {
	text, err := envsubst.Eval(asked.Text, func(name string) (string, bool) {
		value, known := asked.Variables[name]
		return value, known
	})
	if err != nil {
		return nil, err
	}
	return answer{"text": text}, nil
}

// substituteObject takes one object all the way: written, substituted, read.
func substituteObject(asked question) (answer, error) {
	written, err := asYAML(asked.Object)
	if err != nil {
		return nil, err
	}
	expected := ""
	for try := range 6 {
		value, err := substituted(written, asked.Variables)
		if err != nil {
			return nil, err
		}
		if try > 0 && value != expected {
			return answer{"undefined": true}, nil
		}
		expected = value
	}
	return answer{"value": json.RawMessage(expected)}, nil
}

func substituted(written []byte, values map[string]string) (string, error) {
	object, err := provider.NewDefaultDepProvider().GetResourceFactory().FromBytes(written)
	if err != nil {
		return "", err
	}
	variables := map[string]any{}
	for name, value := range values {
		variables[name] = value
	}
	owner := unstructured.Unstructured{Object: map[string]any{
		"spec": map[string]any{"postBuild": map[string]any{"substitute": variables}},
	}}
	result, err := fluxkustomize.SubstituteVariables(context.Background(), nil, owner, object,
		fluxkustomize.SubstituteWithDryRun(true), fluxkustomize.SubstituteWithStrict(true))
	if err != nil {
		return "", err
	}
	read, err := result.MarshalJSON()
	if err != nil {
		return "", err
	}
	return string(read), nil
}
