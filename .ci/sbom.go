//go:build ignore

// Sbom writes what a Go program is made of as a bill of materials in CycloneDX 1.6,
// from what the linker noted in the program itself:
//
//	go run .ci/sbom.go PROGRAM > program.cdx.json
package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version,omitempty"`
	Purl       string     `json:"purl"`
	Properties []property `json:"properties,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func main() {
	if len(os.Args) != 2 {
		fail("usage: go run .ci/sbom.go PROGRAM")
	}
	info, err := buildinfo.ReadFile(os.Args[1])
	if err != nil {
		fail(err)
	}
	type metadata struct {
		Component component `json:"component"`
	}
	bill := struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Metadata   metadata    `json:"metadata"`
		Components []component `json:"components"`
	}{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: metadata{of(&info.Main, "application")}}
	if bill.Metadata.Component.Name == "" { // a test's
		bill.Metadata.Component.Name = info.Path
	}
	std := debug.Module{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")}
	bill.Components = append(bill.Components, of(&std, "library"))
	for _, m := range info.Deps {
		if m.Replace != nil && m.Replace.Version != "" { // else a folder of this repository
			m = m.Replace
		}
		bill.Components = append(bill.Components, of(m, "library"))
	}
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	if err := e.Encode(bill); err != nil {
		fail(err)
	}
}

func of(m *debug.Module, kind string) component {
	purl := "pkg:golang/" + m.Path
	if m.Version != "" {
		purl += "@" + m.Version
	}
	c := component{Type: kind, Ref: purl, Name: m.Path, Version: m.Version, Purl: purl}
	if m.Sum != "" { // of the module's tree, as go.sum has it
		c.Properties = []property{{"go:sum", m.Sum}}
	}
	return c
}

func fail(why any) {
	fmt.Fprintln(os.Stderr, "sbom:", why)
	os.Exit(1)
}
