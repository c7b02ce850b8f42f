package main

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
)

// What Argo CD's ApplicationSets make of a Go template: sprig without what looks at the environment, and
// functions of its own (applicationset/utils/template_functions.go and utils.go).
func goTemplate(asked question) (answer, error) {
	functions := sprig.GenericFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(functions, name)
	}
	functions["normalize"] = sanitizeName
	functions["toYaml"] = func(value any) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	functions["fromYaml"] = func(text string) (map[string]any, error) {
		found := map[string]any{}
		return found, yaml.Unmarshal([]byte(text), &found)
	}
	functions["fromYamlArray"] = func(text string) ([]any, error) {
		found := []any{}
		return found, yaml.Unmarshal([]byte(text), &found)
	}
	var data map[string]any
	if err := json.Unmarshal(asked.Object, &data); err != nil {
		return nil, err
	}
	option := "missingkey=default"
	if asked.Strict {
		option = "missingkey=error"
	}
	parsed, err := template.New("").Funcs(functions).Option(option).Parse(asked.Text)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	if err := parsed.Execute(&text, data); err != nil {
		var failed template.ExecError
		if errors.As(err, &failed) && strings.Contains(err.Error(), "map has no entry for key") {
			return answer{"missing": true}, nil
		}
		return nil, err
	}
	return answer{"text": text.String()}, nil
}

var refusedInNames = regexp.MustCompile("[^-a-z0-9.]")

func sanitizeName(name string) string {
	name = refusedInNames.ReplaceAllString(strings.ToLower(name), "-")
	if len(name) > 253 {
		name = name[:253]
	}
	return strings.Trim(name, "-.")
}
