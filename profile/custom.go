package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/profilekit/profilekit/internal/jsonscan"
	"github.com/profilekit/profilekit/internal/mergepatch"
	"github.com/profilekit/profilekit/settings"
)

// MaxCustom bounds the custom object, in bytes of compact JSON.
const MaxCustom = 4 << 10

// maxCustomNames bounds how many fields one edit names, and so how many errors
// it can cause.
const maxCustomNames = 200

// custom applies the merge patch of the custom object. Fields that are stored
// but no longer declared stay, and cannot be changed.
func (d *differ) custom(e Edit) error {
	if !e.ClearCustom && len(e.Custom) == 0 {
		return nil
	}
	old, err := mergepatch.Members(d.user.Custom)
	if err != nil {
		return fmt.Errorf("profile: the custom object that is stored: %w", err)
	}
	next := maps.Clone(old)
	if e.ClearCustom {
		clear(next)
	}
	before := len(d.bad)
	if len(e.Custom) > maxCustomNames {
		d.bad = append(d.bad, FieldError{Field: "custom", Code: settings.CodeTooLong, Message: "has too many fields"})
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(e.Custom)) {
		if err := d.customField(next, name, e.Custom[name]); err != nil {
			return err
		}
	}
	var merged json.RawMessage
	if len(next) > 0 {
		if merged, err = mergepatch.Marshal(next); err != nil {
			return err
		}
	}
	if len(merged) > MaxCustom {
		d.bad = append(d.bad, FieldError{Field: "custom", Code: settings.CodeTooLong, Message: "must be 4 KiB or less"})
	}
	if len(d.bad) > before || sameMembers(old, next) {
		return nil
	}
	d.patch.Custom, d.patch.IfVersion = &merged, d.user.Version
	d.changed = append(d.changed, "custom")
	return nil
}

func (d *differ) customField(next map[string]json.RawMessage, name string, patch json.RawMessage) error {
	path := "custom." + name[:min(len(name), 64)]
	refuse := func(code, message string) {
		d.bad = append(d.bad, FieldError{Field: path, Code: code, Message: message})
	}
	field, declared := d.service.custom[name]
	if !declared {
		refuse(settings.CodeUnknown, "is not a field here")
		return nil
	}
	if len(patch) > 64<<10 || jsonscan.Scan(patch, nil, jsonscan.Options{}) != nil {
		refuse(settings.CodeFormat, "is not JSON of the allowed form")
		return nil
	}
	value, err := mergepatch.Apply(next[name], patch)
	if err != nil {
		return err
	}
	if value == nil {
		delete(next, name)
		return nil
	}
	next[name] = value
	if field.Check == nil {
		return nil
	}
	err = field.Check(value)
	var invalid *InvalidError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &invalid):
		return fmt.Errorf("profile: custom field %s: %w", name, err)
	}
	for _, f := range invalid.Fields {
		switch {
		case f.Field == "":
			f.Field = path
		case f.Field[0] == '[':
			f.Field = path + f.Field
		default:
			f.Field = path + "." + f.Field
		}
		d.bad = append(d.bad, f)
	}
	return nil
}

// sameMembers compares values, not spelling: a database may keep JSON in an
// order and with spaces of its own.
func sameMembers(a, b map[string]json.RawMessage) bool {
	return maps.EqualFunc(a, b, mergepatch.Equal)
}
