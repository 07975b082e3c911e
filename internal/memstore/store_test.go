package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

func Example() {
	ctx := context.Background()
	db := memstore.New()
	ada, err := db.Users().Create(ctx, profile.User{Username: "ada", Email: "ada@example.org"})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = db.InTx(ctx, func(ctx context.Context) error {
		if err := db.Auth().Passwords.SetPassword(ctx, ada.ID, "", "$hash"); err != nil {
			return err
		}
		_, err := db.Users().Create(ctx, profile.User{Username: "ADA", Email: "other@example.org"})
		return err // taken, so the password is not kept
	})
	hash, _ := db.Auth().Passwords.PasswordHash(ctx, ada.ID)
	fmt.Printf("%v; hash %q\n", err, hash)
	// Output: memstore: user: username is taken; hash ""
}

func create(ctx context.Context, s *memstore.Store, name string) error {
	_, err := s.Users().Create(ctx, profile.User{Username: name, Email: name + "@example.org"})
	return err
}

func has(s *memstore.Store, name string) bool {
	_, err := s.Users().ByUsername(context.Background(), name)
	return err == nil
}

func TestTransactionOfAnotherStoreIsNotJoined(t *testing.T) {
	a, b := memstore.New(), memstore.New()
	errBack := errors.New("back")
	err := a.InTx(t.Context(), func(ctx context.Context) error {
		if err := errors.Join(create(ctx, a, "ada"), create(ctx, b, "bob")); err != nil {
			return err
		}
		return errBack
	})
	if !errors.Is(err, errBack) || has(a, "ada") || !has(b, "bob") {
		t.Errorf("error %v, ada %v, bob %v; want the first store rolled back and the second not", err, has(a, "ada"), has(b, "bob"))
	}
}

func TestReadersDoNotWaitForATransaction(t *testing.T) {
	s := memstore.New()
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		if err := create(ctx, s, "ada"); err != nil {
			return err
		}
		if has(s, "ada") {
			t.Error("a change is seen before its commit")
		}
		return nil
	})
	if err != nil || !has(s, "ada") {
		t.Errorf("error %v, and the user being there after the commit is %v", err, has(s, "ada"))
	}
}

func TestAFailedCallWithinATransactionLeavesTheRest(t *testing.T) {
	s := memstore.New()
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		if err := create(ctx, s, "ada"); err != nil {
			return err
		}
		if err := create(ctx, s, "ADA"); !errors.Is(err, storage.ErrTaken) {
			t.Errorf("a second user of one name: %v", err)
		}
		return create(ctx, s, "bob")
	})
	if err != nil || !has(s, "ada") || !has(s, "bob") {
		t.Errorf("error %v, ada %v, bob %v; want both", err, has(s, "ada"), has(s, "bob"))
	}
}

func TestWritersWaitNoLongerThanTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		release := make(chan struct{})
		go s.InTx(t.Context(), func(context.Context) error { <-release; return nil })
		synctest.Wait() // the transaction is open

		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 2)
		go func() { errs <- create(ctx, s, "ada") }()
		go func() { errs <- s.InTx(ctx, func(context.Context) error { return nil }) }()
		synctest.Wait()
		select {
		case err := <-errs:
			t.Fatalf("a writer did not wait for the transaction: %v", err)
		default:
		}
		cancel()
		for range 2 {
			if err := <-errs; !errors.Is(err, context.Canceled) {
				t.Errorf("a writer whose context ended as it waited: %v", err)
			}
		}
		close(release)
		synctest.Wait()
		if err := create(t.Context(), s, "bob"); err != nil {
			t.Errorf("after the transaction: %v", err)
		}
	})
}

func TestSharedTransactionContext(t *testing.T) {
	s := memstore.New()
	err := s.InTx(t.Context(), func(ctx context.Context) error {
		errs := make(chan error)
		for i := range 8 {
			go func() { errs <- create(ctx, s, fmt.Sprintf("user%d", i)) }()
		}
		var all error
		for range 8 {
			all = errors.Join(all, <-errs)
		}
		return all
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		if !has(s, fmt.Sprintf("user%d", i)) {
			t.Errorf("user %d is not there", i)
		}
	}
}
