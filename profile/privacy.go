package profile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// Privacy is a user's choice of who sees the profile, and what of it.
type Privacy struct {
	// Visibility is for the whole profile. To whom it is not visible, it does
	// not exist.
	Visibility Visibility `json:"visibility"`
	// Fields narrows single fields further; one that is missing has its
	// default.
	Fields FieldVisibility `json:"fields"`
}

// FieldVisibility is who sees each field, by its name in JSON; "picture" is
// the profile picture.
type FieldVisibility map[string]Visibility

// defaultFields has the defaults of the table of fields.
var defaultFields = func() FieldVisibility {
	out := FieldVisibility{}
	for _, f := range fields {
		out[f.Name] = f.Default
	}
	return out
}()

// JSONNames are the fields whose visibility can be chosen.
func (FieldVisibility) JSONNames() []string { return slices.Sorted(maps.Keys(defaultFields)) }

// PrivacySection is the section "privacy" of the settings. A new profile is
// public. A value that a newer program stored and this one does not understand
// counts as private.
var PrivacySection = settings.Section[Privacy]{
	Name:       "privacy",
	Default:    Privacy{Visibility: Public, Fields: maps.Clone(defaultFields)},
	Validate:   checkPrivacy,
	Unreadable: &Privacy{Visibility: Private, Fields: maps.Clone(defaultFields)},
}

func checkPrivacy(p Privacy) error {
	var bad []input.FieldError
	check := func(field string, v Visibility) {
		if v != Public && v != Members && v != Private {
			bad = append(bad, input.OneOf(field, string(Public), string(Members), string(Private)))
		}
	}
	check("visibility", p.Visibility)
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		if _, ok := defaultFields[name]; !ok {
			bad = append(bad, input.New("fields."+name, input.UnknownField, nil))
			continue
		}
		check("fields."+name, p.Fields[name])
	}
	return input.Invalid(bad...)
}

// ShownToAll reports whether everybody may see the field, by its name in JSON.
func (p Privacy) ShownToAll(field string) bool {
	visible, ok := p.visible("", Viewer{})
	return ok && visible.Has(field)
}

// Viewer is who looks at a profile; the zero Viewer is somebody who is not
// signed in.
type Viewer struct{ UserID string }

// sees reports whether v may see what userID gave that visibility. Anything
// but the words we know is for the owner only.
func (v Viewer) sees(userID string, visibility Visibility) bool {
	if v.UserID != "" && v.UserID == userID {
		return true
	}
	return visibility == Public || visibility == Members && v.UserID != ""
}

// Visible is the fields of one profile that one viewer may see. The zero
// Visible has none.
type Visible struct{ fields map[string]bool }

// Has reports whether the field, by its name in JSON, may be shown. Names that
// are not fields may not.
func (v Visible) Has(field string) bool { return v.fields[field] }

// visible is what v sees of userID's profile; ok is false when that is
// nothing, not even that there is one.
func (p Privacy) visible(userID string, v Viewer) (fields Visible, ok bool) {
	if !v.sees(userID, p.Visibility) {
		return Visible{}, false
	}
	fields.fields = make(map[string]bool, len(defaultFields))
	for name, visibility := range defaultFields {
		if chosen, ok := p.Fields[name]; ok {
			visibility = chosen
		}
		if v.sees(userID, visibility) {
			fields.fields[name] = true
		}
	}
	return fields, true
}

// errAbsent is for users who are not there and for those who are hidden; one
// error, so that nothing can tell them apart.
var errAbsent = fmt.Errorf("profile: user: %w", storage.ErrNotFound)

// ByUsername returns the user of that name, and the fields that viewer may see: show a
// field only if Visible has it. A user who is hidden from viewer is storage.ErrNotFound,
// exactly as a user who does not exist: a private profile, one for members only, a
// disabled account, and one whose deletion is pending. The owner sees everything.
func (s *Service) ByUsername(ctx context.Context, viewer Viewer, username string) (User, Visible, error) {
	var u User
	if _, err := UsernameKey(username); err == nil {
		u, err = s.store.ByUsername(ctx, username)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return User{}, Visible{}, err
		}
	}
	// Also for a user who does not exist: otherwise the time it takes, or a
	// settings store that is down, would tell absent from private.
	privacy, err := settings.Get(ctx, s.settings, PrivacySection, u.ID)
	if err != nil {
		return User{}, Visible{}, err
	}
	visible, ok := privacy.visible(u.ID, viewer)
	// Looking up a hidden user name finds nobody: whoever hides it does not
	// want to be found by it.
	if u.ID == "" || !ok || !visible.Has("username") || hidden(u, viewer) {
		return User{}, Visible{}, errAbsent
	}
	return u, visible, nil
}

// hidden reports whether u is there for nobody but the owner: the account is disabled, or
// its deletion is pending.
func hidden(u User, viewer Viewer) bool {
	return (u.Disabled || u.DeletionPending()) && viewer.UserID != u.ID
}

// PictureVisible reports whether viewer may see the picture of ownerID, and
// whether everybody may, so that it can be cached for all. An owner that does
// not exist has no picture to see, which is no error.
func (s *Service) PictureVisible(ctx context.Context, viewer Viewer, ownerID string) (visible, public bool, err error) {
	u, err := s.store.User(ctx, ownerID)
	if errors.Is(err, storage.ErrNotFound) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	privacy, err := settings.Get(ctx, s.settings, PrivacySection, u.ID)
	if err != nil {
		return false, false, err
	}
	sees := func(v Viewer) bool {
		fields, ok := privacy.visible(u.ID, v)
		return ok && fields.Has("picture") && !hidden(u, v)
	}
	return sees(viewer), sees(Viewer{}), nil
}
