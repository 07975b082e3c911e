package picture_test

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
)

// A file that was decoded for nothing, because the user changed meanwhile, counts as an
// upload again before it is given back: nobody has one file decoded without end.
func TestS60_OneDirectUploadIsNotDecodedWithoutEnd(t *testing.T) {
	for allowed := range 4 {
		w := newDirectWorld(t)
		tx := &between{Transactor: w.db}
		w.svc = w.service(t, func(c *picture.Config) {
			c.Tx, c.Blobs = tx, directtest.New(t, w.blobs)
			c.LimitStore, c.UploadLimit = w.db.Limits(), limit.Rule{Limit: 1 + allowed, Window: time.Hour}
		})
		up := w.sent(t, bytesOf(t, small(9)))
		complete := func(name string) error {
			tx.change = func() { w.rival(t, name) }
			_, err := w.svc.CompleteDirect(t.Context(), w.user.ID, up.ID, picture.PutOptions{IfVersion: w.current(t).Version})
			return err
		}
		for i := range allowed + 1 {
			if err := complete([]string{"a", "b"}[i%2]); !errors.Is(err, storage.ErrStale) {
				t.Errorf("completion %d of %d: %v", i+1, allowed+1, err)
			}
		}
		if err := complete("c"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("one more than %d: %v", allowed+1, err)
		}
	}
}
