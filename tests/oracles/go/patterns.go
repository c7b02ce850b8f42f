package main

import (
	"path"

	"github.com/Masterminds/semver/v3"
	"github.com/gobwas/glob"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// gobwasGlob is Argo CD's util/glob.Match.
func gobwasGlob(asked question) (answer, error) {
	compiled, err := glob.Compile(asked.Pattern, []rune(asked.Separators)...)
	if err != nil {
		return nil, err
	}
	return answer{"match": compiled.Match(asked.Text)}, nil
}

// pathMatch is what the git directory generator of an ApplicationSet asks.
func pathMatch(asked question) (answer, error) {
	matched, err := path.Match(asked.Pattern, asked.Text)
	if err != nil {
		return nil, err
	}
	return answer{"match": matched}, nil
}

// selectorRegexp is how kustomize compares the name in the target of a patch.
func selectorRegexp(asked question) (answer, error) {
	selector, err := types.NewSelectorRegex(&types.Selector{ResId: resid.ResId{Name: asked.Pattern}})
	if err != nil {
		return nil, err
	}
	return answer{"match": selector.MatchName(asked.Text)}, nil
}

// versionInRange is how Helm, Flux and Argo CD choose a chart's version.
func versionInRange(asked question) (answer, error) {
	constraint, err := semver.NewConstraint(asked.Pattern)
	if err != nil {
		return nil, err
	}
	version, err := semver.NewVersion(asked.Text)
	if err != nil {
		return nil, err
	}
	return answer{"match": constraint.Check(version)}, nil
}
