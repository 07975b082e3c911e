package services

import (
	"errors"
	"io"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
)

// changes are one change of each service, in an order that works.
func (p *person) changes() []struct {
	kind activity.Kind
	make func() error
} {
	ctx := p.w.t.Context()
	name, bio := p.user().Username+"2", "a bio"
	return []struct {
		kind activity.Kind
		make func() error
	}{
		{profile.KindUpdated, func() error { _, err := p.w.profiles.Edit(ctx, p.id, profile.Edit{Bio: &bio}, 0); return err }},
		{profile.KindUpdated, func() error { _, err := p.w.profiles.Edit(ctx, p.id, profile.Edit{Username: &name}, 0); return err }},
		{settings.KindChanged, func() error {
			_, err := p.w.settings.Patch(ctx, p.id, []byte(`{"appearance":{"theme":"dark"}}`), 0)
			return err
		}},
		{picture.KindChanged, func() error { return p.put(1) }},
		{picture.KindRemoved, func() error { _, err := p.w.pictures.Remove(ctx, p.id, 0); return err }},
		{profile.KindExported, func() error { return p.export(io.Discard) }},
		{authevent.EmailChangeRequested, func() error {
			return p.w.auth.BeginEmailChange(ctx, home, p.identity(), p.user().Username+"@example.com", 0)
		}},
		{profile.KindDeletionRequested, func() error { _, err := p.w.deletions.Request(ctx, p.caller()); return err }},
	}
}

// A Recorder hears of every event of every package, once, in the transaction of its
// change.
func TestS68_TheRecorderHearsOfEveryEvent(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada := w.join("ada")
		for _, c := range ada.changes() {
			before := w.post.told(c.kind)
			if err := c.make(); err != nil {
				t.Fatalf("%s: %v", c.kind, err)
			}
			if n := w.post.told(c.kind) - before; n != 1 {
				t.Errorf("%s: the recorder heard of it %d times", c.kind, n)
			}
		}
		for kind, n := range ada.kinds() {
			if told := w.post.told(kind); told != n {
				t.Errorf("%d events %s in the feed, the recorder heard of %d", n, kind, told)
			}
		}
	})
}

// A Recorder that fails undoes the change, whichever service makes it.
func TestS68_ARecorderThatFailsUndoesTheChange(t *testing.T) {
	errDeaf := errors.New("the recorder is deaf")
	onDatabases(t, func(t *testing.T, db database) {
		w := newWorld(t, db)
		ada := w.join("ada")
		for _, c := range ada.changes() {
			if c.kind == picture.KindRemoved {
				w.must(ada.put(2)) // for something to be removed
			}
			before, document := ada.user(), w.document(ada.id)
			events := ada.kinds()[c.kind]
			w.post.fail(errDeaf)
			is(t, string(c.kind), c.make(), errDeaf)
			w.post.fail(nil)
			// The picture of a deletion is hidden before it and shown again after it.
			moved := c.kind == profile.KindDeletionRequested
			if now := ada.user(); now.Version != before.Version && !moved || now.DeletionPending() || now.Username != before.Username {
				t.Errorf("%s left %+v", c.kind, now)
			}
			if w.document(ada.id) != document || ada.kinds()[c.kind] != events {
				t.Errorf("%s left something", c.kind)
			}
		}
	})
}

func (w *world) document(id string) string {
	w.t.Helper()
	d, err := w.settings.Document(w.t.Context(), id)
	w.must(err)
	return string(d.JSON)
}

func (p *post) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = err
}
