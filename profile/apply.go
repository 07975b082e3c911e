package profile

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// maxTries bounds how often an edit of a part (of the address, of the custom
// object) is tried anew because the user changed in between.
const maxTries = 100

// Edit changes the user's profile and records which fields changed. Every
// value that is refused is in one *input.InvalidError, by its path in JSON, and
// nothing is stored then. An edit that changes nothing writes nothing: no
// event, the same Version.
//
// ifVersion, when not 0, must be the present Version, else storage.ErrStale.
// With 0 only the fields that differ are written, so concurrent edits of
// different fields are all kept, also inside the address and the custom
// object. A user name that is taken, or held for another (Config.Holds), is a
// *storage.TakenError; the name that is given up is held from then on. Too many other names
// are a *limit.ExceededError (Policy.RenameLimit), whether those were free or not.
func (s *Service) Edit(ctx context.Context, userID string, e Edit, ifVersion int64) (User, error) {
	u, err := s.store.User(ctx, userID)
	if err != nil {
		return User{}, err
	}
	return s.EditUser(ctx, u, e, ifVersion)
}

// EditUser is Edit for a caller that has just read the user, and saves reading
// it again.
func (s *Service) EditUser(ctx context.Context, u User, e Edit, ifVersion int64) (User, error) {
	asked := false
	for range maxTries {
		next, err := s.edit(ctx, u, e, ifVersion, &asked)
		if ifVersion != 0 || !errors.Is(err, storage.ErrStale) {
			return next, err
		}
		if ctx.Err() != nil {
			return User{}, ctx.Err()
		}
		if u, err = s.store.User(ctx, u.ID); err != nil {
			return User{}, err
		}
	}
	return User{}, &storage.UnavailableError{Err: errors.New("profile: too many writers at once")}
}

// edit tries once, from what u was. asked is whether the limit of renames let this edit
// through at an earlier try.
func (s *Service) edit(ctx context.Context, u User, e Edit, ifVersion int64, asked *bool) (User, error) {
	if ifVersion != 0 && ifVersion != u.Version {
		return User{}, storage.ErrStale
	}
	d := s.differ()
	defer s.keep(d)
	*d = differ{service: s, user: u, patch: Patch{IfVersion: ifVersion}}
	if err := d.all(&e); err != nil {
		return User{}, err
	}
	if err := input.Invalid(d.bad...); err != nil {
		return User{}, err
	}
	if e.Email != nil && *e.Email != u.Email {
		return User{}, ErrEmailChangeUnavailable
	}
	if len(d.changed) == 0 {
		return u, nil
	}
	if renames(u, d.patch) && !*asked {
		if err := s.mayRename(ctx, u.ID); err != nil {
			return User{}, err
		}
		*asked = true
	}
	event := activity.NewEvent(ctx, KindUpdated, u.ID, s.now(), map[string]string{"fields": strings.Join(d.changed, ",")})
	return s.write(ctx, u, d.patch, event)
}

// differ turns an Edit into the Patch of what differs from user. A value that
// is equal to the present one passes unchecked, so that a form may send back
// what an adopted row holds.
type differ struct {
	service *Service
	user    User
	patch   Patch
	changed []string
	bad     []input.FieldError
}

// differ returns one to use, and keep takes it back. The rows of the table are called
// with it, so each would be allocated anew.
func (s *Service) differ() *differ {
	if d, ok := s.differs.Get().(*differ); ok {
		return d
	}
	return &differ{}
}

func (s *Service) keep(d *differ) {
	*d = differ{} // nothing of a person stays
	s.differs.Put(d)
}

func (d *differ) all(e *Edit) error {
	for i := range fields {
		f := &fields[i]
		switch {
		case f.edit != nil:
			d.text(f, *f.edit(e))
		case f.own != nil:
			if err := f.own(d, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// refuse notes errors of one field; other errors are failures.
func (d *differ) refuse(err error) error {
	var invalid *input.InvalidError
	if errors.As(err, &invalid) {
		d.bad = append(d.bad, invalid.Fields...)
		return nil
	}
	return err
}

func (d *differ) username(e *Edit) error {
	name := e.Username
	if name == nil || *name == d.user.Username {
		return nil
	}
	reserved := d.service.reserved
	if asciiLower(*name) == asciiLower(d.user.Username) {
		reserved = nil // another spelling of the own name
	}
	if err := CheckUsername(*name, reserved); err != nil {
		return d.refuse(err)
	}
	d.patch.Username = name
	d.changed = append(d.changed, "username")
	return nil
}

// email looks at another address only: an Edit cannot change it.
func (d *differ) email(e *Edit) error {
	if e.Email != nil && *e.Email != d.user.Email {
		if err := CheckEmail(*e.Email); err != nil {
			return d.refuse(err)
		}
	}
	return nil
}

func (d *differ) text(f *Field, value *string) {
	if value == nil || *value == *f.user(&d.user) {
		return
	}
	d.bad = append(d.bad, f.Check(*value)...)
	*f.patch(&d.patch) = value
	d.changed = append(d.changed, f.Name)
}

func (d *differ) address(edit *Edit) error {
	e := edit.Address
	if e == nil {
		return nil
	}
	next := d.user.Address
	for _, part := range []struct {
		field string
		value *string
		to    *string
	}{
		{"line1", e.Line1, &next.Line1},
		{"line2", e.Line2, &next.Line2},
		{"city", e.City, &next.City},
		{"region", e.Region, &next.Region},
		{"postalCode", e.PostalCode, &next.PostalCode},
		{"country", e.Country, &next.Country},
	} {
		if part.value == nil || *part.value == *part.to {
			continue
		}
		*part.to = *part.value
		field := "address." + part.field
		if part.field == "country" && next.Country != "" && !isCountry(next.Country) {
			d.bad = append(d.bad, input.New(field, input.Country, nil))
		} else {
			d.bad = append(d.bad, checkText(field, *part.value, MaxAddress, false)...)
		}
	}
	if next == d.user.Address {
		return nil
	}
	// The address is stored whole; the version keeps a concurrent change of
	// another part of it.
	d.patch.Address, d.patch.IfVersion = &next, d.user.Version
	d.changed = append(d.changed, "address")
	return nil
}

func (d *differ) birthday(e *Edit) error {
	day := e.Birthday
	if day == nil || *day == d.user.Birthday {
		return nil
	}
	if f := checkBirthday(*day, d.service.now()); f != nil {
		d.bad = append(d.bad, *f)
	}
	d.patch.Birthday = day
	d.changed = append(d.changed, "birthday")
	return nil
}

// MinBirthday is the earliest day of birth that is accepted.
const MinBirthday Date = "1900-01-01"

func checkBirthday(day Date, now time.Time) *input.FieldError {
	if day == "" {
		return nil
	}
	// Parse takes no day that the calendar does not have.
	if _, err := time.Parse(time.DateOnly, string(day)); err != nil || len(day) != len(time.DateOnly) {
		return new(input.New("birthday", input.Date, nil))
	}
	if today := now.UTC().Format(time.DateOnly); day < MinBirthday || string(day) > today {
		return new(input.New("birthday", input.OutOfRange, input.Params{"min": string(MinBirthday), "max": today}))
	}
	return nil
}

func (d *differ) links(e *Edit) error {
	links := e.Links
	if links == nil || slices.Equal(*links, d.user.Links) {
		return nil
	}
	d.bad = append(d.bad, checkLinks(*links)...)
	d.patch.Links = links
	d.changed = append(d.changed, "links")
	return nil
}
