package profile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// DefaultNameHold is how long a user name that was given up is kept for its old
// owner.
const DefaultNameHold = 30 * 24 * time.Hour

// MaxHeldNames is how many user names are kept for one user at a time. Names
// that are given up beyond it are free at once: nobody reserves a dictionary by
// trying it out, and the first name, which others know, is kept.
const MaxHeldNames = 10

// HoldStore remembers user names and addresses that were given up, so that
// nobody is taken for who had them. It has keys of UsernameHold and EmailHold
// only, which do not tell the name. It is safe for concurrent use and joins a
// transaction that ctx carries.
type HoldStore interface {
	// Hold keeps the keys for userID until the given time, for "" against
	// everybody. What is kept longer already stays so.
	Hold(ctx context.Context, userID string, keys []string, until time.Time) error
	// Held returns those of keys that are kept at now for another than userID,
	// each once, in any order.
	//
	// Asked after a write that took a key of a unique index, in the same
	// transaction, it must see the holds of all that the write waited for.
	Held(ctx context.Context, userID string, keys []string, now time.Time) ([]string, error)
	// HeldNames says how many keys of UsernameHold are kept for the user at now.
	HeldNames(ctx context.Context, userID string, now time.Time) (int, error)
	// EraseHolds forgets the user: names that are kept for it are kept against
	// everybody for the rest of their time, addresses no more. The user "" has none.
	EraseHolds(ctx context.Context, userID string) error
	// PurgeHolds removes up to limit holds that ended before the given time, and
	// says how many.
	PurgeHolds(ctx context.Context, before time.Time, limit int) (int, error)
}

// The prefixes of the keys of a HoldStore.
const (
	// NameHoldPrefix is that of UsernameHold.
	NameHoldPrefix  = "username:"
	emailHoldPrefix = "email:"
)

// UsernameHold returns the key by which a HoldStore knows a user name in all
// spellings: NameHoldPrefix and the SHA-256 of that and its UsernameKey, in hex.
func UsernameHold(name string) (string, error) {
	key, err := UsernameKey(name)
	return holdKey(NameHoldPrefix, key), err
}

// EmailHold returns the key by which a HoldStore knows an address in all
// spellings: "email:" and the SHA-256 of that and its EmailKey, in hex.
func EmailHold(email string) (string, error) {
	key, err := EmailKey(email)
	return holdKey(emailHoldPrefix, key), err
}

func holdKey(prefix, key string) string {
	sum := sha256.Sum256([]byte(prefix + key))
	return prefix + hex.EncodeToString(sum[:])
}

// CheckHolds is a *storage.TakenError, as of a taken one, when the user name or
// the address is kept for another than userID at now; "" is not looked at. Call it
// after the write that took them, in the same transaction: before it, a release
// that is not committed yet would be missed.
func CheckHolds(ctx context.Context, holds HoldStore, userID, username, email string, now time.Time) error {
	var keys []string
	var name, address string
	var err error
	if username != "" {
		if name, err = UsernameHold(username); err != nil {
			return err
		}
		keys = append(keys, name)
	}
	if email != "" {
		if address, err = EmailHold(email); err != nil {
			return err
		}
		keys = append(keys, address)
	}
	held, err := holds.Held(ctx, userID, keys, now)
	switch {
	case err != nil:
		return fmt.Errorf("profile: asking for holds: %w", err)
	case slices.Contains(held, name):
		return &storage.TakenError{Field: "username"}
	case len(held) > 0:
		return &storage.TakenError{Field: "email"}
	}
	return nil
}

// holdFormerName keeps a user name that userID gives up until the given time, in the
// transaction of ctx, which changes it; beyond MaxHeldNames it does nothing.
func holdFormerName(ctx context.Context, holds HoldStore, userID, username string, now, until time.Time) error {
	key, err := UsernameHold(username)
	if err != nil {
		return err
	}
	n, err := holds.HeldNames(ctx, userID, now)
	if err == nil && n < MaxHeldNames {
		err = holds.Hold(ctx, userID, []string{key}, until)
	}
	if err != nil {
		return fmt.Errorf("profile: holding a user name: %w", err)
	}
	return nil
}

// holdDeleted is for the deletion of a user, in its transaction: the present name
// is kept against everybody from now for hold, and those given up before for
// the rest of theirs. The addresses are free, since the person may come back. With
// hold 0 or less the present name is free too.
func holdDeleted(ctx context.Context, holds HoldStore, u User, now time.Time, hold time.Duration) error {
	key, err := UsernameHold(u.Username)
	if err != nil {
		return err
	}
	if err := holds.EraseHolds(ctx, u.ID); err != nil {
		return fmt.Errorf("profile: erasing holds: %w", err)
	}
	if hold <= 0 {
		return nil
	}
	if err := holds.Hold(ctx, "", []string{key}, now.Add(hold)); err != nil {
		return fmt.Errorf("profile: holding a user name: %w", err)
	}
	return nil
}
