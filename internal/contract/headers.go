package contract

import (
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// transport are headers that every answer may have without being documented.
var transport = []string{
	"Cache-Control", "Connection", "Content-Length", "Content-Type", "Date", "Transfer-Encoding", "Vary", "X-Content-Type-Options",
}

// headers holds the answer's headers against those of the document: what is
// documented must be so, and what is not must not be there.
func (c *checker) headers(r *openapi3.Response) {
	got := c.x.Response.Header
	for name, ref := range r.Headers {
		h := ref.Value
		values := got.Values(name)
		if len(values) == 0 {
			if h.Required {
				c.fail("no %s", name)
			}
			continue
		}
		if len(values) > 1 && http.CanonicalHeaderKey(name) != "Set-Cookie" {
			c.fail("%s is there %d times", name, len(values))
		}
		for _, value := range values {
			if h.Schema == nil {
				continue
			}
			if err := c.v.visit(h.Schema, value); err != nil {
				c.fail("%s: %w", name, err)
			}
		}
	}
	for name := range got {
		documented := slices.ContainsFunc(keys(r.Headers), func(n string) bool { return http.CanonicalHeaderKey(n) == name })
		if !documented && !slices.Contains(transport, name) {
			c.fail("header %s is not documented", name)
		}
	}
}

func keys(m openapi3.Headers) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}
