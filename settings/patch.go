package settings

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/jsonscan"
	"github.com/profilekit/profilekit/internal/mergepatch"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// Untouched is the version of the settings of a user who never changed anything, as
// the ifVersion of Patch.
const Untouched int64 = -1

// maxTries bounds how often a change is tried anew because somebody else
// changed the record in between. Each failure is another writer's success.
const maxTries = 100

// Patch applies a JSON merge patch (RFC 7396) to the user's document and
// returns the new one. null resets a member to its default. The patch is
// compared with the types of the sections strictly: JSON that is broken
// matches the ErrSyntax of internal/strictjson, and names that are unknown
// (also in another case) or there twice, values of a wrong type and values
// that a section refuses are an *input.InvalidError; nothing is stored then.
//
// ifVersion, when not 0, must be the present Version, else storage.ErrStale;
// Untouched means that the user must not have changed anything before. With 0 the
// patch is applied to whatever is there, so that concurrent patches of
// different members are all kept. A patch that changes nothing writes nothing.
func (s *Service) Patch(ctx context.Context, userID string, patch []byte, ifVersion int64) (Document, error) {
	if err := jsonscan.Scan(patch, s.schema, jsonscan.Options{Null: true}); err != nil {
		return Document{}, scanned(err)
	}
	changes, err := s.split(patch)
	if err != nil {
		return Document{}, err
	}
	r, err := s.update(ctx, userID, ifVersion, func(stored members) (err error) {
		var invalid []input.FieldError
		for _, c := range changes {
			old := stored.get(c.section)
			v, err := mergepatch.Apply(old, c.patch)
			if err != nil {
				return err
			}
			if old == nil && string(v) == "{}" {
				continue // only resets, of what was never set
			}
			if err := c.section.check(v); err != nil {
				var e *input.InvalidError
				if err = under(c.section.name, err); !errors.As(err, &e) {
					return err
				}
				invalid = append(invalid, e.Fields...)
				continue
			}
			if err := stored.set(c.section, v); err != nil {
				return err
			}
		}
		return input.Invalid(invalid...)
	})
	if err != nil {
		return Document{}, err
	}
	return s.document(r)
}

// Set makes v the user's value of one section, whole, whatever the version.
// Members of the stored section that T does not know are kept.
func Set[T any](ctx context.Context, s *Service, sec Section[T], userID string, v T) error {
	d, err := declared(s, sec)
	if err != nil {
		return err
	}
	value, err := mergepatch.Marshal(v)
	if err != nil {
		return err
	}
	// The same bounds as for what comes from outside: depth, UTF-8, NUL.
	if err := jsonscan.Scan(value, nil, jsonscan.Options{}); err != nil {
		return under(sec.Name, input.Invalid(input.New("", input.JSON, nil)))
	}
	if err := d.check(value); err != nil {
		return under(sec.Name, err)
	}
	_, err = s.update(ctx, userID, 0, func(stored members) error {
		kept, err := replace(d.schema, stored.get(d), value)
		if err != nil {
			return err
		}
		return stored.set(d, kept)
	})
	return err
}

// change is what a patch asks of one section.
type change struct {
	section Declaration
	patch   json.RawMessage
}

// split sorts a scanned patch by sections, in their order. {"app": null} is a
// null for every declared section of the host and leaves others' alone.
func (s *Service) split(patch json.RawMessage) ([]change, error) {
	top, err := mergepatch.Members(patch)
	if err != nil {
		return nil, err
	}
	app, err := mergepatch.Members(top["app"])
	if err != nil {
		return nil, err
	}
	appNull := isNull(top["app"])
	var out []change
	for _, d := range s.sections {
		name, sub := d.split()
		p := top[name]
		if sub != "" {
			if p = app[sub]; appNull {
				p = top["app"]
			}
		}
		if p != nil {
			out = append(out, change{d, p})
		}
	}
	return out, nil
}

func isNull(v json.RawMessage) bool { return string(bytes.TrimSpace(v)) == "null" }

// update reads the record, lets edit change it, and writes it with its event
// when it did, again when another writer was quicker and no version was asked.
// Observers of what changes act around it.
func (s *Service) update(ctx context.Context, userID string, ifVersion int64, edit func(members) error) (out Record, err error) {
	err = errPanicked // until something else is known
	var owed []observed
	defer func() {
		for _, o := range owed {
			if o.after != nil {
				o.after(ctx, err)
			}
		}
	}()
	for try := 1; ; try++ {
		r, err := s.store.Get(ctx, userID)
		if err != nil {
			return Record{}, err
		}
		if want := max(ifVersion, 0); ifVersion != 0 && r.Version != want {
			return Record{}, storage.ErrStale
		}
		before, err := parse(r)
		if err != nil {
			return Record{}, err
		}
		after := maps.Clone(before)
		if err := edit(after); err != nil {
			return Record{}, err
		}
		names := s.changed(before, after)
		if len(names) == 0 {
			return r, nil
		}
		next, err := after.record(r.Version)
		if err != nil {
			return Record{}, err
		}
		watching, err := s.watching(userID, names, before, after)
		if err != nil {
			return Record{}, err
		}
		if err := s.begin(ctx, watching, &owed); err != nil {
			return Record{}, err
		}
		event := activity.NewEvent(ctx, KindChanged, userID, s.now(), map[string]string{"sections": strings.Join(names, ",")})
		put, err := s.put(ctx, watching, next, event)
		switch {
		case err == nil:
			return put, nil
		case !errors.Is(err, storage.ErrStale) || ifVersion != 0:
			return Record{}, err
		case ctx.Err() != nil:
			return Record{}, ctx.Err()
		case try == maxTries:
			return Record{}, &storage.UnavailableError{Err: errors.New("settings: too many writers at once")}
		}
	}
}

// changed names the sections that differ.
func (s *Service) changed(before, after members) []string {
	var names []string
	for _, d := range s.sections {
		if !mergepatch.Equal(before.get(d), after.get(d)) {
			names = append(names, d.name)
		}
	}
	return names
}

// replace returns value, with those members of stored added that schema does
// not know.
func replace(schema *jsonscan.Schema, stored, value json.RawMessage) (json.RawMessage, error) {
	if !schema.IsObject() || len(value) == 0 || value[0] != '{' {
		return value, nil
	}
	old, err := mergepatch.Members(stored)
	if err != nil {
		return nil, err
	}
	out, err := mergepatch.Members(value)
	if err != nil {
		return nil, err
	}
	for name, v := range old {
		inner := schema.Member(name)
		if inner == nil {
			out[name] = v
		} else if now, ok := out[name]; ok {
			if out[name], err = replace(inner, v, now); err != nil {
				return nil, err
			}
		}
	}
	return mergepatch.Marshal(out)
}

// scanned translates the errors of a scan.
func scanned(err error) error {
	if e, ok := errors.AsType[*jsonscan.Error](err); ok {
		return input.Invalid(e.Fields()...)
	}
	return err
}
