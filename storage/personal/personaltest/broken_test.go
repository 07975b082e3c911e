package personaltest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage/personal"
)

// notes is a Contributor over a map; each of its faults is off at first.
type notes struct {
	mu     sync.Mutex
	byUser map[string]string

	handsOutAll, handsOutHashes, failsForNobody, counts, deaf bool
	erasesOnce, erasesAll, keepsAll, erasesDeaf               bool

	copies int
}

var errNobody = errors.New("there is no such user")

func (n *notes) ExportUser(ctx context.Context, userID string, a *personal.Archive) error {
	if err := ctx.Err(); err != nil && !n.deaf {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.copies++
	out := map[string]any{"note": n.byUser[userID]}
	switch {
	case n.handsOutAll:
		out["all"] = n.byUser
	case n.handsOutHashes:
		out["hash"] = "$argon2id$of-" + userID
	case n.counts:
		out["copies"] = n.copies
	case n.failsForNobody && n.byUser[userID] == "":
		return errNobody
	}
	return a.JSON("notes/all.json", out)
}

func (n *notes) EraseUser(ctx context.Context, userID string) error {
	err := ctx.Err()
	if err != nil && !n.erasesDeaf {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.keepsAll:
		return err
	case n.erasesAll:
		clear(n.byUser)
	case n.erasesOnce && n.byUser[userID] == "":
		return errNobody
	}
	delete(n.byUser, userID)
	return err
}

func harness(n *notes) Harness {
	n.byUser = map[string]string{"1": "mark of the first", "2": "mark of the second"}
	return Harness{
		Contributor: n, Secrets: []string{"$argon2id$"},
		User: Person{ID: "1", Marks: []string{"mark of the first"}}, Other: Person{ID: "2", Marks: []string{"mark of the second"}},
		Kept: func(_ *testing.T, userID string) bool { return n.byUser[userID] != "" },
	}
}

func TestNotes(t *testing.T) { Run(t, func(*testing.T) Harness { return harness(new(notes)) }) }

func TestBrokenContributorsAreFound(t *testing.T) {
	with := func(name, finds string, breakIt func(n *notes)) conform.Broken {
		return conform.Broken{Name: name, Finds: finds, Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				n := new(notes)
				breakIt(n)
				return harness(n)
			})
		}}
	}
	conform.FindsBroken(t,
		with("hands out what is another's", "export/a user's copy has what is kept of that user alone", func(n *notes) { n.handsOutAll = true }),
		with("hands out a secret", "export/a copy changes nothing", func(n *notes) { n.handsOutHashes = true }),
		with("writes down that it was asked", "export/a copy changes nothing", func(n *notes) { n.counts = true }),
		with("knows no copy of nobody", "unknown user/a copy is no error and has nothing of others", func(n *notes) { n.failsForNobody = true }),
		with("erases nobody with an error", "unknown user/erasing is no error and takes nothing of others", func(n *notes) { n.erasesOnce = true }),
		with("erases once", "erase/twice is no error", func(n *notes) { n.erasesOnce = true }),
		with("erases nothing", "erase/nothing of the user is left", func(n *notes) { n.keepsAll = true }),
		with("erases everybody", "erase/the other has everything", func(n *notes) { n.erasesAll = true }),
		with("hands out after its context has ended", "ended context/ExportUser", func(n *notes) { n.deaf = true }),
		with("erases after its context has ended", "ended context/nothing was erased", func(n *notes) { n.erasesDeaf = true }),
	)
}
