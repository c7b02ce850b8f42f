package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/fluxcd/pkg/apis/meta"
	"github.com/fluxcd/pkg/artifact/storage"
	"github.com/fluxcd/pkg/sourceignore"
)

// gitignore lays the files out in a folder and packs it as source-controller packs a checkout.
func gitignore(asked question) (answer, error) {
	root, err := os.MkdirTemp("", "oracle")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	checkout := filepath.Join(root, "checkout")
	files := map[string]string{}
	for _, path := range asked.Paths {
		files[path] = ""
	}
	for folder, text := range asked.Ignores {
		files[filepath.Join(folder, sourceignore.IgnoreFile)] = text
	}
	for path, text := range files {
		place := filepath.Join(checkout, path)
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(place, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	// The next lines are those of the GitRepository reconciler, gitrepository_controller.go.
	domain := strings.Split(checkout, string(filepath.Separator))
	patterns, err := sourceignore.LoadIgnorePatterns(checkout, domain)
	if err != nil {
		return nil, err
	}
	if asked.Ignore != nil {
		patterns = append(patterns, sourceignore.ReadPatterns(strings.NewReader(*asked.Ignore), domain)...)
	}
	artifact := meta.Artifact{Path: "artifact.tar.gz"}
	store := storage.Storage{BasePath: root}
	filter := storage.SourceIgnoreFilter(patterns, domain)
	if err := store.Archive(&artifact, checkout, filter); err != nil {
		return nil, err
	}
	kept, err := packed(filepath.Join(root, artifact.Path))
	return answer{"kept": kept}, err
}

func packed(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	names := []string{}
	archive := tar.NewReader(plain)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			sort.Strings(names)
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		if header.Typeflag == tar.TypeReg {
			names = append(names, header.Name)
		}
	}
}
