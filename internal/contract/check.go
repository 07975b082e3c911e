package contract

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Exchange is one request and what was answered, both bodies read to the end.
type Exchange struct {
	Request     *http.Request
	RequestBody []byte
	Response    *http.Response
	Body        []byte
}

// Check returns what is wrong with x, all of it, or nil.
func (v *Validator) Check(x Exchange) error {
	ops := v.find(x.Request)
	c := checker{v: v, x: x, status: x.Response.StatusCode}
	switch op, known := pick(ops, x.Request.Method); {
	case known:
		c.operation(op)
	case len(ops) > 0:
		c.elsewhere(http.StatusMethodNotAllowed, v.otherMethod)
		c.allow(ops)
	default:
		c.elsewhere(http.StatusNotFound, v.unknownPath)
	}
	c.conventions()
	if len(c.bad) == 0 {
		return nil
	}
	return fmt.Errorf("%s %s -> %d: %w", x.Request.Method, x.Request.URL.EscapedPath(), c.status, errors.Join(c.bad...))
}

// checker collects what is wrong with one exchange.
type checker struct {
	v      *Validator
	x      Exchange
	status int
	bad    []error
	// resp is what the document says of this answer; nil when nothing.
	resp *openapi3.Response
}

func (c *checker) fail(format string, args ...any) {
	c.bad = append(c.bad, fmt.Errorf(format, args...))
}

// pick returns the operation of the method; GET answers HEAD.
func pick(ops []Operation, method string) (Operation, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	i := slices.IndexFunc(ops, func(op Operation) bool { return op.Method == method })
	if i < 0 {
		return Operation{}, false
	}
	return ops[i], true
}

func (c *checker) operation(op Operation) {
	ref := op.op.Responses.Value(fmt.Sprint(c.status))
	if ref == nil || ref.Value == nil {
		c.fail("status %d is not documented", c.status)
		return
	}
	c.answer(ref.Value)
	if c.status >= 400 {
		return
	}
	c.accepted(op)
	if op.Class != "anyone" && !c.identified() {
		c.fail("class %s, and nobody was signed in", op.Class)
	}
}

// identified reports whether the request brought any credential.
func (c *checker) identified() bool {
	return c.x.Request.Header.Get("Cookie") != "" || c.x.Request.Header.Get("Authorization") != ""
}

func (c *checker) elsewhere(want int, r *openapi3.Response) {
	if c.status != want {
		c.fail("the document does not have this: want %d", want)
		return
	}
	c.answer(r)
}

// allow holds Allow against the methods that the document has for the path.
func (c *checker) allow(ops []Operation) {
	var want []string
	for _, op := range ops {
		want = append(want, op.Method)
		if op.Method == http.MethodGet {
			want = append(want, http.MethodHead)
		}
	}
	got := strings.Split(c.x.Response.Header.Get("Allow"), ", ")
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		c.fail("Allow is %v, the document has %v", got, want)
	}
}

// answer holds headers and body against the response r.
func (c *checker) answer(r *openapi3.Response) {
	c.resp = r
	c.headers(r)
	c.body(r)
}

// validSegment is what may stand for a parameter in a path.
func validSegment(s string) bool {
	u, err := url.PathUnescape(s)
	return err == nil && u != "" && !strings.ContainsAny(u, "/\x00")
}
