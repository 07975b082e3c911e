package memstore

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

type handles struct{ s *Store }

var _ authstore.HandleStore = handles{}

func (h handles) Handle(ctx context.Context, userID string) (handle []byte, err error) {
	err = h.s.read(ctx, func(st *state) error {
		kept, there := st.handles.get(userID)
		if !there {
			return fmt.Errorf("memstore: handle: %w", storage.ErrNotFound)
		}
		handle = bytes.Clone(kept)
		return nil
	})
	return handle, err
}

func (h handles) KeepHandle(ctx context.Context, userID string, handle []byte, _ time.Time) (kept []byte, err error) {
	if err := authstore.CheckHandle(userID, handle); err != nil {
		return nil, err
	}
	err = h.s.write(ctx, func(st *state) error {
		if present, there := st.handles.get(userID); there {
			kept = bytes.Clone(present)
			return nil
		}
		for _, other := range st.handles.rows {
			if bytes.Equal(other, handle) {
				return &storage.TakenError{Field: "handle"}
			}
		}
		st.handles.put(st, userID, bytes.Clone(handle))
		kept = bytes.Clone(handle)
		return nil
	})
	return kept, err
}

func (h handles) EraseHandle(ctx context.Context, userID string) error {
	return h.s.write(ctx, func(st *state) error {
		st.handles.remove(st, userID)
		return nil
	})
}
