package httpadapter

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/profilekit/profilekit/settings/input"
)

// Bounds of what an answer repeats of a query: names, and the bytes of each.
const (
	maxTold     = 20
	maxToldName = 64
)

// parameters reads the query. What net/url leaves out as malformed, or what is
// there twice, others on the way may read differently: it is an error.
func parameters(r *http.Request) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, problemf(400, "malformed_query", "The query is malformed.")
	}
	var twice []input.FieldError
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if len(q[name]) > 1 && len(twice) < maxTold {
			name = strings.ToValidUTF8(name[:min(len(name), maxToldName)], "")
			twice = append(twice, input.New(name, input.DuplicateField, nil))
		}
	}
	if twice != nil {
		return nil, badParameter("A parameter is there twice.", twice...)
	}
	return q, nil
}
