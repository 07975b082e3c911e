package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// body holds the answer's body and its type against the document.
func (c *checker) body(r *openapi3.Response) {
	contentType := c.x.Response.Header.Get("Content-Type")
	if len(r.Content) == 0 {
		if len(c.x.Body) > 0 {
			c.fail("a body where the document has none")
		}
		if contentType != "" {
			c.fail("Content-Type %q without a body", contentType)
		}
		return
	}
	media := r.Content[contentType] // exactly as documented: no other spelling, no parameters
	if media == nil {
		c.fail("Content-Type %q is not documented", contentType)
		return
	}
	if c.x.Request.Method == http.MethodHead {
		if len(c.x.Body) > 0 {
			c.fail("a body in answer to HEAD")
		}
		return
	}
	if len(c.x.Body) == 0 {
		c.fail("no body where the document has one")
		return
	}
	if err := c.v.content(contentType, media, c.x.Body); err != nil {
		c.fail("body: %w", err)
	}
}

// content checks a body of a documented type.
func (v *Validator) content(contentType string, media *openapi3.MediaType, body []byte) error {
	switch {
	case contentType == "application/json" || strings.HasSuffix(contentType, "+json"):
		value, err := parse(body)
		if err != nil {
			return err
		}
		if media.Schema == nil {
			return nil
		}
		return v.visit(media.Schema, value)
	case contentType == "image/jpeg" && !bytes.HasPrefix(body, []byte("\xff\xd8\xff")),
		contentType == "image/png" && !bytes.HasPrefix(body, []byte("\x89PNG\r\n\x1a\n")):
		return fmt.Errorf("not a picture of type %s", contentType)
	}
	return nil
}

// visit checks a value against a schema of JSON Schema 2020-12, formats too.
// Most of it is compiling the schema anew, so what passed once is remembered:
// refusals are the same again and again.
func (v *Validator) visit(schema *openapi3.SchemaRef, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	key := passed{schema.Value, string(text)}
	if _, known := v.passed.Load(key); known {
		return nil
	}
	err = schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors(),
		openapi3.EnableFormatValidation(), openapi3.WithStringFormatValidators(formats))
	if err == nil {
		v.passed.Store(key, nil)
	}
	return err
}

type passed struct {
	schema *openapi3.Schema
	value  string
}

// parse reads one JSON value, refusing what follows it and names that are there
// twice, which encoding/json would let pass.
func parse(data []byte) (any, error) {
	if err := duplicates(data); err != nil {
		return nil, err
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return value, nil
}

func duplicates(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	type level struct {
		object bool
		names  map[string]bool
		inName bool // the next string is a name
	}
	var stack []*level
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		var top *level
		if len(stack) > 0 {
			top = stack[len(stack)-1]
		}
		switch t := tok.(type) {
		case json.Delim:
			if t == '}' || t == ']' {
				stack = stack[:len(stack)-1]
				continue
			}
			if top != nil {
				top.inName = true
			}
			stack = append(stack, &level{object: t == '{', names: map[string]bool{}, inName: true})
		default:
			if top == nil || !top.object {
				continue
			}
			if top.inName {
				name, _ := tok.(string)
				if top.names[name] {
					return fmt.Errorf("the name %q is there twice", name)
				}
				top.names[name] = true
			}
			top.inName = !top.inName
		}
	}
}
