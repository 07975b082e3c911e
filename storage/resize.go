package storage

// Resizer is an ability of a BlobStore, found by As, that serves its images in every
// size, so that one blob is enough for all of them.
type Resizer interface {
	// ResizedURL returns the immutable public address of the image under key
	// as a square of size by size pixels, in a format that the browser chooses,
	// or "" when the store does not serve it publicly or not in that size. It
	// makes no network call and does not look whether the key exists.
	ResizedURL(key string, size int) string
}
