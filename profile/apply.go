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
// *storage.TakenError; the name that is given up is held from then on.
func (s *Service) Edit(ctx context.Context, userID string, e Edit, ifVersion int64) (User, error) {
	for try := 1; ; try++ {
		u, err := s.store.User(ctx, userID)
		if err != nil {
			return User{}, err
		}
		next, err := s.edit(ctx, u, e, ifVersion)
		if ifVersion != 0 || !errors.Is(err, storage.ErrStale) {
			return next, err
		}
		if ctx.Err() != nil {
			return User{}, ctx.Err()
		}
		if try == maxTries {
			return User{}, &storage.UnavailableError{Err: errors.New("profile: too many writers at once")}
		}
	}
}

// EditUser is Edit for a caller that has just read the user, and saves reading
// it again.
func (s *Service) EditUser(ctx context.Context, u User, e Edit, ifVersion int64) (User, error) {
	next, err := s.edit(ctx, u, e, ifVersion)
	if ifVersion == 0 && errors.Is(err, storage.ErrStale) {
		return s.Edit(ctx, u.ID, e, 0)
	}
	return next, err
}

// edit tries once, from what u was.
func (s *Service) edit(ctx context.Context, u User, e Edit, ifVersion int64) (User, error) {
	if ifVersion != 0 && ifVersion != u.Version {
		return User{}, storage.ErrStale
	}
	d := differ{service: s, user: u, patch: Patch{IfVersion: ifVersion}}
	if err := d.all(e); err != nil {
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
	event := activity.NewEvent(ctx, KindUpdated, u.ID, s.now(), map[string]string{"fields": strings.Join(d.changed, ",")})
	return s.write(ctx, u, d.patch, event)
}

// differ turns an Edit into the Patch of what differs from user. What is
// equal to the present value passes unchecked, so that a form may send back
// what an adopted row holds.
type differ struct {
	service *Service
	user    User
	patch   Patch
	changed []string
	bad     []input.FieldError
}

func (d *differ) all(e Edit) error {
	d.username(e.Username)
	d.email(e.Email)
	d.text("displayName", d.user.DisplayName, e.DisplayName, &d.patch.DisplayName, MaxName, false)
	d.text("givenName", d.user.GivenName, e.GivenName, &d.patch.GivenName, MaxName, false)
	d.text("familyName", d.user.FamilyName, e.FamilyName, &d.patch.FamilyName, MaxName, false)
	d.text("bio", d.user.Bio, e.Bio, &d.patch.Bio, MaxBio, true)
	d.address(e.Address)
	d.birthday(e.Birthday)
	d.links(e.Links)
	d.text("pronouns", d.user.Pronouns, e.Pronouns, &d.patch.Pronouns, MaxName, false)
	return d.custom(e)
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

func (d *differ) username(name *string) {
	if name == nil || *name == d.user.Username {
		return
	}
	reserved := d.service.reserved
	if asciiLower(*name) == asciiLower(d.user.Username) {
		reserved = nil // another spelling of the own name
	}
	if err := CheckUsername(*name, reserved); err != nil {
		_ = d.refuse(err) // an *input.InvalidError always
		return
	}
	d.patch.Username = name
	d.changed = append(d.changed, "username")
}

func (d *differ) email(email *string) {
	if email != nil && *email != d.user.Email {
		if err := CheckEmail(*email); err != nil {
			_ = d.refuse(err) // an *input.InvalidError always
		}
	}
}

func (d *differ) text(field, old string, value *string, patch **string, limit int, lines bool) {
	if value == nil || *value == old {
		return
	}
	d.bad = append(d.bad, checkText(field, *value, limit, lines)...)
	*patch = value
	d.changed = append(d.changed, field)
}

func (d *differ) address(e *AddressEdit) {
	if e == nil {
		return
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
		return
	}
	// The address is stored whole; the version keeps a concurrent change of
	// another part of it.
	d.patch.Address, d.patch.IfVersion = &next, d.user.Version
	d.changed = append(d.changed, "address")
}

func (d *differ) birthday(day *Date) {
	if day == nil || *day == d.user.Birthday {
		return
	}
	if f := checkBirthday(*day, d.service.now()); f != nil {
		d.bad = append(d.bad, *f)
	}
	d.patch.Birthday = day
	d.changed = append(d.changed, "birthday")
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

func (d *differ) links(links *[]string) {
	if links == nil || slices.Equal(*links, d.user.Links) {
		return
	}
	d.bad = append(d.bad, checkLinks(*links)...)
	d.patch.Links = links
	d.changed = append(d.changed, "links")
}
