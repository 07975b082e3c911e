package profile_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/personal"
)

// A host has the accounts erased whose time has come, and what it keeps of them
// itself. Package httpadapter does this in App.Run.
func ExampleEraser() {
	db, ctx := memstore.New(), context.Background()
	orders := personal.Funcs{Erase: func(ctx context.Context, userID string) error {
		fmt.Println("the orders of user", userID, "are forgotten")
		return nil
	}}
	eraser, err := profile.NewEraser(profile.EraserConfig{
		Users: db.Users().(profile.DeletableStore), Tx: db, LimitStore: db.Limits(), Contributors: []personal.Contributor{orders},
	})
	if err != nil {
		panic(err)
	}
	u, err := db.Users().Create(ctx, profile.User{Username: "ada", Email: "ada@example.org"})
	if err != nil {
		panic(err)
	}
	yesterday := time.Now().Add(-24 * time.Hour)
	if _, err := db.Users().Update(ctx, u.ID, profile.Patch{DeletesAt: &yesterday}); err != nil {
		panic(err)
	}
	n, err := eraser.Erase(ctx)
	fmt.Println(n, err)
	_, err = db.Users().User(ctx, u.ID)
	fmt.Println(errors.Is(err, storage.ErrNotFound))
	// Output:
	// the orders of user 1 are forgotten
	// 1 <nil>
	// true
}

// erasing is a store with an Eraser whose clock stands.
type erasing struct {
	*profile.Eraser
	db    *memstore.Store
	users profile.DeletableStore
	now   time.Time
	told  []activity.Event
}

func newErasing(t *testing.T, who ...personal.Contributor) *erasing {
	t.Helper()
	db := memstore.New()
	e := &erasing{db: db, users: db.Users().(profile.DeletableStore), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	e.Eraser, err = profile.NewEraser(profile.EraserConfig{
		Users: e.users, Tx: db, LimitStore: db.Limits(), Contributors: who, Recorder: e, Now: func() time.Time { return e.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Record implements activity.Recorder.
func (e *erasing) Record(ctx context.Context, events ...activity.Event) error {
	for _, ev := range events {
		if _, err := e.users.User(ctx, ev.UserID); err != nil {
			return err
		}
	}
	e.told = append(e.told, events...)
	return nil
}

// leaves makes a user who will be erased at that time.
func (e *erasing) leaves(t *testing.T, name string, at time.Time) profile.User {
	t.Helper()
	u, err := e.users.Create(t.Context(), profile.User{Username: name, Email: name + "@example.org"})
	if err == nil {
		u, err = e.users.Update(t.Context(), u.ID, profile.Patch{DeletesAt: &at})
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (e *erasing) there(t *testing.T, id string) bool {
	t.Helper()
	_, err := e.users.User(t.Context(), id)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func (e *erasing) erases(t *testing.T, want int) {
	t.Helper()
	if n, err := e.Erase(t.Context()); n != want || err != nil {
		t.Errorf("Erase = %d, %v; want %d", n, err, want)
	}
}

func TestEraserWaitsForTheTimeAndTheMargin(t *testing.T) {
	e := newErasing(t)
	u := e.leaves(t, "ada", e.now.Add(time.Hour))
	stays := e.leaves(t, "bea", time.Time{})
	e.erases(t, 0)
	e.now = e.now.Add(time.Hour + profile.Margin - time.Microsecond)
	e.erases(t, 0)
	e.now = e.now.Add(time.Microsecond)
	e.erases(t, 1)
	if e.there(t, u.ID) || !e.there(t, stays.ID) {
		t.Errorf("ada is there: %v, bea: %v", e.there(t, u.ID), e.there(t, stays.ID))
	}
	if len(e.told) != 1 || e.told[0].Kind != profile.KindDeleted || e.told[0].UserID != u.ID {
		t.Errorf("told %v", e.told)
	}
	e.erases(t, 0)
}

// One who cannot be erased does not keep the others, is tried again, and can no
// longer take it back.
func TestR43_EraserTriesAgain(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	errDown := errors.New("down")
	var ada string
	var order []string
	var e *erasing
	e = newErasing(t,
		personal.Funcs{Erase: func(_ context.Context, id string) error { order = append(order, "first "+id); return nil }},
		personal.Funcs{Erase: func(ctx context.Context, id string) error {
			if id == ada && down.Load() {
				return errDown
			}
			if !e.there(t, id) {
				t.Errorf("user %s is gone before what is kept of them", id)
			}
			order = append(order, "second "+id)
			return nil
		}})
	u := e.leaves(t, "ada", e.now.Add(-time.Hour))
	ada = u.ID
	bea := e.leaves(t, "bea", e.now.Add(-time.Minute))
	if n, err := e.Erase(t.Context()); n != 1 || !errors.Is(err, errDown) {
		t.Errorf("Erase = %d, %v", n, err)
	}
	if !e.there(t, ada) || e.there(t, bea.ID) {
		t.Error("the wrong one is gone")
	}
	left, err := e.users.User(t.Context(), ada)
	if err != nil || left.Restorable(e.now) || left.Restorable(e.now.Add(-time.Hour+time.Second)) || !left.DeletionPending() || left.Version == u.Version {
		t.Errorf("%+v, %v", left, err)
	}
	if _, err := e.users.Update(t.Context(), ada, profile.Patch{IfVersion: u.Version, DeletesAt: &time.Time{}}); !errors.Is(err, storage.ErrStale) {
		t.Errorf("who read the user before can take it back: %v", err)
	}
	down.Store(false)
	e.erases(t, 1)
	if e.there(t, ada) {
		t.Error("ada is still there")
	}
	if want := fmt.Sprintf("[first %[1]s first %[2]s second %[2]s first %[1]s second %[1]s]", ada, bea.ID); fmt.Sprint(order) != want {
		t.Errorf("%v, want %s", order, want)
	}
}

// Many more than one question brings, some of whom fail for ever.
func TestEraserDoesNotStarve(t *testing.T) {
	errNever := errors.New("never")
	e := newErasing(t, personal.Funcs{Erase: func(_ context.Context, id string) error {
		if len(id) == 1 { // the first nine
			return errNever
		}
		return nil
	}})
	for i := range 230 {
		e.leaves(t, fmt.Sprintf("user%d", i), e.now.Add(-time.Duration(500-i)*time.Minute))
	}
	done := 0
	for range 6 {
		n, err := e.Erase(t.Context())
		if !errors.Is(err, errNever) {
			t.Errorf("error %v", err)
		}
		done += n
	}
	if done != 221 {
		t.Errorf("%d are erased, want 221", done)
	}
}

// Nodes that erase at once: each account once, and told of once.
func TestR43_EraserOnSeveralNodes(t *testing.T) {
	e := newErasing(t)
	for i := range 120 {
		e.leaves(t, fmt.Sprintf("user%d", i), e.now.Add(-time.Hour))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := e.Erase(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	e.erases(t, 0)
	if due, err := e.users.DueUsers(t.Context(), e.now, 1000); len(due) != 0 || err != nil {
		t.Errorf("%d are left, %v", len(due), err)
	}
	seen := map[string]int{}
	for _, ev := range e.told {
		seen[ev.UserID]++
	}
	if len(seen) != 120 {
		t.Errorf("%d were told of", len(seen))
	}
}

func TestNewEraserWantsItsStores(t *testing.T) {
	if _, err := profile.NewEraser(profile.EraserConfig{}); err == nil {
		t.Error("without stores")
	}
}

// Whoever will be erased is there for nobody else.
func TestS45_LeavingIsHidden(t *testing.T) {
	w := newWorld(t)
	u := w.ann
	later := time.Now().Add(time.Hour)
	if _, err := w.db.Users().Update(t.Context(), u.ID, profile.Patch{DeletesAt: &later}); err != nil {
		t.Fatal(err)
	}
	for _, v := range []profile.Viewer{{}, {UserID: "999"}} {
		if _, _, err := w.ByUsername(t.Context(), v, u.Username); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("viewer %q: %v", v.UserID, err)
		}
		if visible, public, err := w.PictureVisible(t.Context(), v, u.ID); visible || public || err != nil {
			t.Errorf("viewer %q sees the picture: %v %v %v", v.UserID, visible, public, err)
		}
	}
}
