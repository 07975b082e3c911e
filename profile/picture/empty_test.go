package picture_test

import (
	"errors"
	"testing"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
)

// The picture of a stranger is nobody's from the moment of the take-over on, an upload that
// was under way comes to nothing, and the next purge has the bytes.
func TestT09_EmptyUserGivesUpEveryBlob(t *testing.T) {
	w := newWorld(t)
	if _, err := w.svc.Put(t.Context(), w.user.ID, small(1), picture.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	shown := picture.Key(w.current(t).Picture, w.current(t).Picture.Sizes[0])
	ledger := w.db.Ledger()
	if err := ledger.Reserve(t.Context(), w.user.ID, []string{"coming.png"}, w.now); err != nil {
		t.Fatal(err)
	}
	if err := w.svc.EmptyUser(t.Context(), w.user.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Users().Update(t.Context(), w.user.ID, profile.Patch{Picture: &profile.Picture{}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.svc.Owner(t.Context(), shown); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the picture is still somebody's (%v)", err)
	}
	if err := ledger.Live(t.Context(), []string{"coming.png"}, w.now); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("an upload that was under way is used (%v)", err)
	}
	if _, err := w.svc.PurgeBlobs(t.Context(), picture.DefaultPendingAge); err != nil {
		t.Fatal(err)
	}
	if left := w.stored(t); len(left) != 0 {
		t.Errorf("these blobs are left: %v", left)
	}
	// The one who has the account then sets a picture of their own.
	if _, err := w.svc.Put(t.Context(), w.user.ID, small(2), picture.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	w.checkWhole(t)
}
