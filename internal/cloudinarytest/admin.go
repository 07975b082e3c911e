package cloudinarytest

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// list is the Admin API's "Get resources by prefix", in the order of names.
// The cursor is the place to go on from.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	key, secret, _ := r.BasicAuth()
	if r.PathValue("cloud") != s.Cloud || subtle.ConstantTimeCompare([]byte(key+":"+secret), []byte(s.Key+":"+s.Secret)) != 1 {
		Refuse(w, http.StatusUnauthorized, "Invalid credentials")
		return
	}
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("max_results"))
	if err != nil || size < 1 || size > 500 {
		Refuse(w, http.StatusBadRequest, "Invalid value for parameter max_results")
		return
	}
	w.Header().Set("X-FeatureRateLimit-Limit", "500")
	w.Header().Set("X-FeatureRateLimit-Remaining", "499")
	w.Header().Set("X-FeatureRateLimit-Reset", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
	resources := []any{}
	next := ""
	for _, name := range s.Names() {
		if name.Resource != r.PathValue("resource") || name.Type != r.PathValue("type") ||
			!strings.HasPrefix(name.PublicID, q.Get("prefix")) || name.PublicID < q.Get("next_cursor") {
			continue
		}
		if len(resources) == size {
			next = name.PublicID
			break
		}
		if a, ok := s.load(name); ok {
			resources = append(resources, name.describe(a))
		}
	}
	page := map[string]any{"resources": resources}
	if next != "" {
		page["next_cursor"] = next
	}
	answer(w, http.StatusOK, page)
}
