package personaltest

import (
	"context"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
)

func exportCases(t *testing.T, h Harness) {
	t.Run("a user's copy has what is kept of that user alone", func(t *testing.T) {
		wantMarks(t, "the user's copy", h.copyOf(t, h.User.ID), h.User, true)
		wantMarks(t, "the user's copy", h.copyOf(t, h.User.ID), h.Other, false)
		wantMarks(t, "the other's copy", h.copyOf(t, h.Other.ID), h.Other, true)
		wantMarks(t, "the other's copy", h.copyOf(t, h.Other.ID), h.User, false)
	})
	t.Run("a copy changes nothing", func(t *testing.T) {
		first := h.copyOf(t, h.User.ID)
		same(t, "the second copy", h.copyOf(t, h.User.ID), first)
		h.wantKept(t, h.User.ID, true)
		h.wantKept(t, h.Other.ID, true)
	})
}

func unknownCases(t *testing.T, h Harness) {
	user, other := h.copyOf(t, h.User.ID), h.copyOf(t, h.Other.ID)
	t.Run("a copy is no error and has nothing of others", func(t *testing.T) {
		got := h.copyOf(t, h.Unknown)
		wantMarks(t, "nobody's copy", got, h.User, false)
		wantMarks(t, "nobody's copy", got, h.Other, false)
		h.wantKept(t, h.Unknown, false)
	})
	t.Run("erasing is no error and takes nothing of others", func(t *testing.T) {
		conform.Must(t, "EraseUser", h.Contributor.EraseUser(conform.Context(t), h.Unknown))
		h.finish(t)
		same(t, "the user's copy", h.copyOf(t, h.User.ID), user)
		same(t, "the other's copy", h.copyOf(t, h.Other.ID), other)
		h.wantKept(t, h.User.ID, true)
		h.wantKept(t, h.Other.ID, true)
	})
}

func eraseCases(t *testing.T, h Harness) {
	other := h.copyOf(t, h.Other.ID)
	erase := func(t *testing.T) {
		t.Helper()
		conform.Must(t, "EraseUser", h.Contributor.EraseUser(conform.Context(t), h.User.ID))
		h.finish(t)
	}
	t.Run("nothing of the user is left", func(t *testing.T) {
		erase(t)
		h.wantErased(t)
	})
	t.Run("twice is no error", func(t *testing.T) {
		erase(t)
		h.wantErased(t)
	})
	t.Run("the other has everything", func(t *testing.T) {
		same(t, "the other's copy", h.copyOf(t, h.Other.ID), other)
		wantMarks(t, "the other's copy", other, h.Other, true)
		h.wantKept(t, h.Other.ID, true)
	})
}

// concurrentCases: nodes may come to one user at once.
func concurrentCases(t *testing.T, h Harness) {
	other := h.copyOf(t, h.Other.ID)
	ctx := conform.Context(t)
	for _, err := range conform.Together(8, func(int) error { return h.Contributor.EraseUser(ctx, h.User.ID) }) {
		conform.Must(t, "EraseUser beside others", err)
	}
	h.finish(t)
	h.wantErased(t)
	same(t, "the other's copy", h.copyOf(t, h.Other.ID), other)
}

func endedCases(t *testing.T, h Harness) {
	user, other := h.copyOf(t, h.User.ID), h.copyOf(t, h.Other.ID)
	conform.EndedContext(t, []conform.Call{
		{Name: "ExportUser", Do: func(ctx context.Context) error { _, err := h.export(ctx, h.User.ID); return err }},
		{Name: "EraseUser", Do: func(ctx context.Context) error { return h.Contributor.EraseUser(ctx, h.User.ID) }},
	})
	t.Run("nothing was erased", func(t *testing.T) {
		h.finish(t)
		same(t, "the user's copy", h.copyOf(t, h.User.ID), user)
		same(t, "the other's copy", h.copyOf(t, h.Other.ID), other)
		h.wantKept(t, h.User.ID, true)
		h.wantKept(t, h.Other.ID, true)
	})
}

func (h Harness) finish(t *testing.T) {
	t.Helper()
	if h.Finish != nil {
		h.Finish(t)
	}
}

func (h Harness) wantErased(t *testing.T) {
	t.Helper()
	wantMarks(t, "the user's copy", h.copyOf(t, h.User.ID), h.User, false)
	h.wantKept(t, h.User.ID, false)
}
