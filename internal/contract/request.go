package contract

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// accepted checks a request that was answered as good: it must be one that the
// document allows.
func (c *checker) accepted(op Operation) {
	c.parameters(op)
	r := c.x.Request
	ref := op.op.RequestBody
	if ref == nil || ref.Value == nil {
		return // a body that nobody reads is nobody's concern
	}
	if len(c.x.RequestBody) == 0 {
		if ref.Value.Required {
			c.fail("accepted without a body")
		}
		return
	}
	t, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		c.fail("accepted with Content-Type %q", r.Header.Get("Content-Type"))
		return
	}
	media := ref.Value.Content[t]
	if kind, _, _ := strings.Cut(t, "/"); media == nil {
		media = ref.Value.Content[kind+"/*"]
	}
	switch {
	case media == nil:
		c.fail("accepted with Content-Type %s, which is not documented", t)
	case t == "multipart/form-data":
		if err := form(media, params["boundary"], c.x.RequestBody); err != nil {
			c.fail("accepted form: %w", err)
		}
	case strings.HasPrefix(t, "image/"): // its bytes decide, not the name
	default:
		if err := c.v.content(t, media, c.x.RequestBody); err != nil {
			c.fail("accepted body: %w", err)
		}
	}
}

// form checks that every required field of the schema is there, once.
func form(media *openapi3.MediaType, boundary string, body []byte) error {
	parts := map[string]int{}
	mr := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := mr.NextRawPart()
		if err == io.EOF { // a wrapped one is a form that was cut off
			break
		}
		if err != nil {
			return err
		}
		parts[part.FormName()]++
	}
	for _, name := range media.Schema.Value.Required {
		if parts[name] != 1 {
			return fmt.Errorf("field %s is there %d times", name, parts[name])
		}
	}
	return nil
}

// parameters checks those of the path, query and headers.
func (c *checker) parameters(op Operation) {
	r := c.x.Request
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		c.fail("accepted query: %w", err)
		return
	}
	segments := strings.Split(r.URL.EscapedPath(), "/")
	for _, ref := range op.params {
		p := ref.Value
		var values []string
		switch p.In {
		case "path":
			for i, s := range op.segments {
				if s == "{"+p.Name+"}" {
					value, _ := url.PathUnescape(segments[i])
					values = []string{value}
				}
			}
		case "query":
			values = query[p.Name]
		case "header":
			values = r.Header.Values(p.Name)
		}
		if p.Required && len(values) == 0 {
			c.fail("accepted without parameter %s", p.Name)
		}
		for _, value := range values {
			if value == "" && p.In == "query" {
				continue // as if it were not there
			}
			if err := c.parameter(p, value); err != nil {
				c.fail("accepted parameter %s: %w", p.Name, err)
			}
		}
	}
}

func (c *checker) parameter(p *openapi3.Parameter, value string) error {
	if p.Schema.Value.Type.Is("integer") {
		n, err := strconv.Atoi(value)
		if err != nil {
			return err
		}
		return c.v.visit(p.Schema, float64(n))
	}
	return c.v.visit(p.Schema, value)
}
