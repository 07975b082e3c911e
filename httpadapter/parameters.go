package httpadapter

import (
	"net/http"
	"net/url"
)

// parameters reads the query. What net/url leaves out as malformed, or what is
// there twice, others on the way may read differently: it is an error.
func parameters(r *http.Request) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, problemf(400, "bad_parameter", "The query is malformed.")
	}
	for _, values := range q {
		if len(values) > 1 {
			return nil, problemf(400, "bad_parameter", "A parameter is there twice.")
		}
	}
	return q, nil
}
