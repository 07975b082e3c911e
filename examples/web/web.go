// Package web is the examples' React page as it was built; its source lies
// beside it. "npm run build" makes dist anew.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var files embed.FS

// Dist returns the built files: index.html, assets and icons.
func Dist() (fs.FS, error) { return fs.Sub(files, "dist") }
