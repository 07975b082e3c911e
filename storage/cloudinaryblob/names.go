package cloudinaryblob

import (
	"path"
	"strings"
)

// asset is what Cloudinary knows a blob as.
type asset struct {
	resource string // "image" or "raw"
	delivery string // "upload" or "authenticated"
	id       string // the public ID
	format   string // of an image, "jpg"
}

// types are the content types of the extensions that images can have.
var types = map[string]string{"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp"}

// rawSuffix ends the public IDs of raw files, so that Cloudinary sees no
// extension in the key.
const rawSuffix = ".bin"

func (s *cloud) imageDelivery() string {
	if s.opts.Public {
		return "upload"
	}
	return "authenticated"
}

// image is the asset of key if it is an image; ok is false when it cannot be.
// The dot before the extension becomes a dash: Cloudinary appends the
// extension itself, and without it a.jpg and a.png would be one.
func (s *cloud) image(key string) (a asset, ok bool) {
	ext := strings.TrimPrefix(path.Ext(key), ".")
	if types[ext] == "" {
		return asset{}, false
	}
	return asset{"image", s.imageDelivery(), s.opts.Folder + strings.TrimSuffix(key, "."+ext) + "-" + ext, ext}, true
}

// raw is the asset of key if it is anything else. Nobody is served it: its
// first line is ours.
func (s *cloud) raw(key string) asset {
	return asset{resource: "raw", delivery: "authenticated", id: s.opts.Folder + key + rawSuffix}
}

// keyOf is the key of an asset that was listed, or no valid key when it is not ours.
func (s *cloud) keyOf(resource, id string) string {
	key, ours := strings.CutPrefix(id, s.opts.Folder)
	if resource == "raw" {
		var is bool
		key, is = strings.CutSuffix(key, rawSuffix)
		ours = ours && is
	} else {
		dash := strings.LastIndexByte(key, '-')
		if dash < 0 || types[key[dash+1:]] == "" {
			return ""
		}
		key = key[:dash] + "." + key[dash+1:]
	}
	if !ours {
		return ""
	}
	return key
}
