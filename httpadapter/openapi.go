package httpadapter

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

//go:embed openapi.json
var contract []byte

// openAPI is the contract as this App serves it: only what is mounted, under
// the base path it is mounted at.
func (a *App) openAPI() ([]byte, error) {
	var doc map[string]any
	if err := json.Unmarshal(contract, &doc); err != nil {
		return nil, fmt.Errorf("httpadapter: embedded contract: %w", err)
	}
	doc["servers"] = []any{map[string]any{"url": a.cfg.HTTP.Base}}
	paths, _ := doc["paths"].(map[string]any)
	mounted := map[string]bool{}
	for _, rt := range a.routes {
		path := rt.pattern
		if !rt.root {
			path = strings.TrimPrefix(path, a.cfg.HTTP.Base)
		}
		mounted[strings.ToLower(rt.method)+" "+path] = true
	}
	for path, v := range paths {
		item, _ := v.(map[string]any)
		left := false
		for _, m := range []string{"get", "put", "post", "patch", "delete"} {
			if _, ok := item[m]; !ok {
				continue
			}
			if mounted[m+" "+path] {
				left = true
			} else {
				delete(item, m)
			}
		}
		if !left {
			delete(paths, path)
		}
	}
	return json.Marshal(doc)
}

func (a *App) getOpenAPI(c *call) error {
	c.w.Header().Set("Cache-Control", "public, max-age=300")
	return c.raw(http.StatusOK, "application/json", a.openapi)
}
