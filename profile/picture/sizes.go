package picture

import (
	"slices"

	"github.com/profilekit/profilekit/profile"
)

// Sizes are the sides, in pixels and descending, that p is shown in: those of
// its blobs, or, when a single one was kept because the store makes the others
// from it (storage.Resizer), all that are not larger.
func Sizes(p profile.Picture) []int {
	if len(p.Sizes) != 1 {
		return p.Sizes
	}
	all := []int{p.Sizes[0]}
	for _, size := range sizes {
		if size < p.Sizes[0] {
			all = append(all, size)
		}
	}
	return all
}

// KeyFor is the key of the blob to show p in the given size: the smallest that
// is not below it, else the largest. It is "" without one.
func KeyFor(p profile.Picture, size int) string {
	if len(p.Sizes) == 0 {
		return ""
	}
	best := slices.Max(p.Sizes)
	for _, s := range p.Sizes {
		if s >= size && s < best {
			best = s
		}
	}
	return Key(p, best)
}

// keeps are the squares of p that are put in the store: the largest alone, if
// the store makes the others from it. A store that may resize but does not
// serve the public (Cloudinary without Options.Public) gets all.
func (s *Service) keeps(p profile.Picture, all []Square) []Square {
	if r := s.resize; r == nil || len(all) == 0 || r.ResizedURL(Key(p, all[0].Size), all[len(all)-1].Size) == "" {
		return all
	}
	return all[:1]
}

// PublicURL is the address at which the blob store itself serves p in the given
// size to everybody, or "": then it is served by the host, which looks who asks.
func (s *Service) PublicURL(p profile.Picture, size int) string {
	if s.urls == nil || !p.Public {
		return ""
	}
	// A picture of several blobs is from before the store resized, or from
	// another one, and keeps the addresses that it had.
	if r := s.resize; r != nil && len(p.Sizes) == 1 {
		if u := r.ResizedURL(KeyFor(p, size), size); u != "" {
			return u
		}
	}
	return s.urls.PublicURL(KeyFor(p, size))
}
