// Command oracles answers what the libraries inside Flux, Argo CD and kustomize make of a text.
//
// One case a line comes on standard input as JSON with a field "kind", and one answer a line goes out in
// the same order. An answer holds "error" when the library refused the case.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

type question struct {
	Kind string `json:"kind"`
	// glob, path, regexp, semver: does the pattern fit the text?
	Pattern    string `json:"pattern"`
	Text       string `json:"text"`
	Separators string `json:"separators"`
	// gitignore: the .sourceignore of each folder, a source's spec.ignore, and the files there are.
	Ignores map[string]string `json:"ignores"`
	Ignore  *string           `json:"ignore"`
	Paths   []string          `json:"paths"`
	// yaml-write, substitute, gotemplate: an object. envsubst, substitute: the variables.
	Object    json.RawMessage   `json:"object"`
	Variables map[string]string `json:"variables"`
	// gotemplate: an object is its data; is a missing key an error?
	Strict bool `json:"strict"`
}

type answer map[string]any

var answerers = map[string]func(question) (answer, error){
	"gitignore":  gitignore,
	"glob":       gobwasGlob,
	"path":       pathMatch,
	"regexp":     selectorRegexp,
	"semver":     versionInRange,
	"yaml":       readYAML,
	"yaml-write": writeYAML,
	"envsubst":   substituteText,
	"substitute": substituteObject,
	"gotemplate": goTemplate,
}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	encoder := json.NewEncoder(output)
	encoder.SetEscapeHTML(false)
	decoder := json.NewDecoder(input)
	for decoder.More() {
		var asked question
		if err := decoder.Decode(&asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := encoder.Encode(answerTo(asked)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func answerTo(asked question) (given answer) {
	// A library that panics takes its controller's reconciliation down with it: as good as an error.
	defer func() {
		if reason := recover(); reason != nil {
			given = answer{"error": fmt.Sprintf("panic: %v", reason)}
		}
	}()
	answerer, known := answerers[asked.Kind]
	if !known {
		return answer{"error": "unknown kind " + asked.Kind}
	}
	given, err := answerer(asked)
	if err != nil {
		return answer{"error": err.Error()}
	}
	return given
}
