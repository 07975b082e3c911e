package server

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/profilekit/profilekit/examples/web"
)

// policy is what the page may load: its own files, pictures it has just been
// handed, those that the store serves itself from the origin images, and
// nothing from elsewhere.
func policy(images string) string {
	if images != "" {
		images = " " + images
	}
	return "default-src 'self'; img-src 'self' data: blob:" + images + "; style-src 'self'; script-src 'self'; " +
		"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// clientRoutes are the paths that the page's own router answers.
var clientRoutes = []string{
	"/{$}", "/login", "/register", "/forgot", "/profile", "/settings", "/settings/{rest...}", "/activity", "/security", "/u/{username}",
}

// pages serves the built front end, which may load pictures from the origin
// images too. Near requests are told of the page of outbox, if there is one.
func pages(mux *http.ServeMux, images string, outbox *outbox) error {
	headers := pageHeaders(policy(images))
	dist, err := web.Dist()
	if err != nil {
		return fmt.Errorf("web page: %w", err)
	}
	index, err := fs.ReadFile(dist, "index.html")
	if err != nil {
		return fmt.Errorf("web page: %w", err)
	}
	nearIndex := index
	if outbox != nil {
		if nearIndex, err = outbox.mark(index); err != nil {
			return err
		}
	}
	page := func(w http.ResponseWriter, r *http.Request) {
		index := index
		if near(r) {
			index = nearIndex
		}
		headers(w.Header())
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(index))
	}
	for _, p := range clientRoutes {
		mux.HandleFunc("GET "+p, page)
	}
	files := http.FileServerFS(dist)
	mux.HandleFunc("GET /assets/{file}", func(w http.ResponseWriter, r *http.Request) {
		headers(w.Header())
		if _, err := fs.Stat(dist, path.Join("assets", r.PathValue("file"))); err == nil {
			// Vite puts a hash of the content into the name.
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		files.ServeHTTP(w, r)
	})
	return rootFiles(mux, dist, files, headers)
}

// rootFiles serves what lies beside index.html: icons, the theme script.
func rootFiles(mux *http.ServeMux, dist fs.FS, files http.Handler, headers func(http.Header)) error {
	entries, err := fs.ReadDir(dist, ".")
	if err != nil {
		return fmt.Errorf("web page: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() || strings.HasSuffix(e.Name(), ".html") {
			continue
		}
		mux.HandleFunc("GET /"+e.Name(), func(w http.ResponseWriter, r *http.Request) {
			headers(w.Header())
			w.Header().Set("Cache-Control", "no-cache")
			files.ServeHTTP(w, r)
		})
	}
	return nil
}

func pageHeaders(policy string) func(http.Header) {
	return func(h http.Header) {
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
}
