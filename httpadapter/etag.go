package httpadapter

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/profilekit/profilekit/storage"
)

// etag is a strong validator (RFC 9110, section 8.8.3) made of a version.
func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// matched evaluates If-Match (RFC 9110, section 13.1.1) against the present
// version. tied is whether the change must be tied to that version. A tag that is
// weak, unknown or not a tag matches nothing.
func matched(r *http.Request, version int64) (tied bool, err error) {
	values := r.Header.Values("If-Match")
	if len(values) == 0 {
		return false, nil
	}
	want := etag(version)
	for tag := range strings.SplitSeq(strings.Join(values, ","), ",") {
		switch strings.TrimSpace(tag) {
		case "*":
			return false, nil
		case want:
			return true, nil
		}
	}
	return true, storage.ErrStale
}

// ifMatch is the version of the caller's profile that a change must be tied to; 0
// is any. The version was read with the caller, so the write has to look again.
func (c *call) ifMatch() (ifVersion int64, err error) {
	tied, err := matched(c.r, c.id.User.Version)
	if !tied {
		return 0, err
	}
	return c.id.User.Version, err
}
