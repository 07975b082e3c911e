package authstore

import (
	"context"
)

// Watched is an ability, found by storage.As, that an auth.SessionCache needs of
// auth.Config.Tx, of Stores.Sessions, and of auth.Config.Users unless they are read together with the sessions
// (SessionUserStore). Those of *sqlstore.DB have it.
type Watched interface {
	// Watch has changed called with the ID of every user whose row, password or
	// sessions were changed through these stores on this node. With "" any user may
	// have changed. A session that was only touched need not be told. The call
	// comes when others can see the change and before the one that made it
	// returns: for a transaction after its end. A change that may have failed
	// is told as well. changed is quick, calls no store and is safe for
	// concurrent use; it is called as long as the stores live.
	Watch(changed func(userID string))
	// InTransaction reports whether ctx carries a transaction, whose reads are
	// not for everybody.
	InTransaction(ctx context.Context) bool
}
