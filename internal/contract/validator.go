package contract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// Validator checks exchanges against one document. It is safe for concurrent use.
type Validator struct {
	doc *openapi3.T
	ops []Operation
	// answers to what the document does not list
	unknownPath, otherMethod *openapi3.Response
	passed                   sync.Map // of type passed
}

// Operation is one route of the document.
type Operation struct {
	Method string
	// Path is with the server's path: "/api/users/{username}".
	Path string
	// Class is x-profilekit-class.
	Class string
	ID    string

	op       *openapi3.Operation
	params   openapi3.Parameters
	segments []string
}

// Takes reports whether the operation has a header of that name as a parameter.
func (o Operation) Takes(header string) bool {
	return slices.ContainsFunc(o.params, func(p *openapi3.ParameterRef) bool {
		return p.Value.In == openapi3.ParameterInHeader && strings.EqualFold(p.Value.Name, header)
	})
}

// classes are the values of x-profilekit-class.
var classes = []string{"anyone", "half", "in", "fresh", "deletion_pending"}

// New reads a document and refuses one that is not valid OpenAPI 3.1, or in
// which an operation lacks an id or a class.
func New(document []byte) (*Validator, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	if !doc.IsOpenAPI31OrLater() {
		return nil, fmt.Errorf("contract: OpenAPI %s, want 3.1", doc.OpenAPI)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	v := &Validator{doc: doc}
	if v.unknownPath, err = v.elsewhere("unknownPath"); err != nil {
		return nil, err
	}
	if v.otherMethod, err = v.elsewhere("otherMethod"); err != nil {
		return nil, err
	}
	for path, item := range doc.Paths.Map() {
		base, err := serverPath(item.Servers, doc.Servers)
		if err != nil {
			return nil, fmt.Errorf("contract: %s: %w", path, err)
		}
		for method, op := range item.Operations() {
			class, _ := op.Extensions["x-profilekit-class"].(string)
			if !slices.Contains(classes, class) {
				return nil, fmt.Errorf("contract: %s %s has class %q", method, path, class)
			}
			if op.OperationID == "" {
				return nil, fmt.Errorf("contract: %s %s has no operationId", method, path)
			}
			full := base + path
			v.ops = append(v.ops, Operation{
				Method: method, Path: full, Class: class, ID: op.OperationID, op: op,
				params: slices.Concat(item.Parameters, op.Parameters), segments: strings.Split(full, "/"),
			})
		}
	}
	slices.SortFunc(v.ops, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return v, nil
}

// Operations returns what the document lists, sorted by path and method.
func (v *Validator) Operations() []Operation { return slices.Clone(v.ops) }

// elsewhere resolves a member of x-profilekit-elsewhere, which parsers leave alone.
func (v *Validator) elsewhere(name string) (*openapi3.Response, error) {
	all, _ := v.doc.Extensions["x-profilekit-elsewhere"].(map[string]any)
	ref, _ := all[name].(map[string]any)
	target, _ := ref["$ref"].(string)
	short, ok := strings.CutPrefix(target, "#/components/responses/")
	if ok && v.doc.Components != nil {
		if r := v.doc.Components.Responses[short]; r != nil && r.Value != nil {
			return r.Value, nil
		}
	}
	return nil, fmt.Errorf("contract: x-profilekit-elsewhere.%s names no response", name)
}

// serverPath is the path of the one server that applies, without a slash at
// its end.
func serverPath(item, doc openapi3.Servers) (string, error) {
	servers := doc
	if len(item) > 0 {
		servers = item
	}
	if len(servers) != 1 || !strings.HasPrefix(servers[0].URL, "/") {
		return "", errors.New("want one server with a path from the root")
	}
	return strings.TrimRight(servers[0].URL, "/"), nil
}

// find returns the operations of the request's path, one a method.
func (v *Validator) find(r *http.Request) []Operation {
	var exact, other []Operation
	got := strings.Split(r.URL.EscapedPath(), "/")
	for _, op := range v.ops {
		if len(got) != len(op.segments) {
			continue
		}
		match, params := true, false
		for i, want := range op.segments {
			switch {
			case strings.HasPrefix(want, "{"):
				params = true
				match = match && validSegment(got[i])
			default:
				match = match && want == got[i]
			}
		}
		switch {
		case match && params:
			other = append(other, op)
		case match:
			exact = append(exact, op)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return other
}

// ID returns the operationId of the request's route; ok is false when the
// document has none.
func (v *Validator) ID(r *http.Request) (id string, ok bool) {
	op, ok := pick(v.find(r), r.Method)
	return op.ID, ok
}
