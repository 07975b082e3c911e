package authstore_test

import (
	"context"
	"fmt"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
)

// traced is a store of a host that looks at what passes through it. Unwrap lets the
// service find what the store inside can do beyond its interface.
type traced struct{ authstore.SessionStore }

func (t traced) Unwrap() authstore.SessionStore { return t.SessionStore }

func (t traced) EndSession(ctx context.Context, userID, id string, events ...activity.Event) error {
	fmt.Println("the end of a session of", userID)
	return t.SessionStore.EndSession(ctx, userID, id, events...)
}

func Example() {
	db := memstore.New()
	stores := db.Auth()
	stores.Sessions = traced{stores.Sessions}
	_, _, hidden := stores.Joined(db.Users())
	fmt.Println("hides what the store can do:", hidden, stores.Check(db.Users()))
	_ = stores.Sessions.EndSession(context.Background(), "1", "none")
	// Output:
	// hides what the store can do: false <nil>
	// the end of a session of 1
}
