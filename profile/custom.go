package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/profilekit/profilekit/internal/jsonscan"
	"github.com/profilekit/profilekit/internal/mergepatch"
	"github.com/profilekit/profilekit/settings/input"
)

// MaxCustom bounds the custom object, in bytes of compact JSON.
const MaxCustom = 4 << 10

// maxCustomNames bounds how many fields one edit names, and so how many errors
// it can cause.
const maxCustomNames = 200

// custom applies the merge patch of the custom object. Fields that are stored
// but no longer declared stay, and cannot be changed.
func (d *differ) custom(e *Edit) error {
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
		d.bad = append(d.bad, input.New("custom", input.TooMany, input.Params{"max": maxCustomNames}))
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
		d.bad = append(d.bad, input.New("custom", input.TooLarge, input.Params{"max": MaxCustom}))
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
	refuse := func(code input.Code) { d.bad = append(d.bad, input.New(path, code, nil)) }
	field, declared := d.service.custom[name]
	if !declared {
		refuse(input.UnknownField)
		return nil
	}
	if len(patch) > 64<<10 || jsonscan.Scan(patch, nil, jsonscan.Options{}) != nil {
		refuse(input.JSON)
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
	var invalid *input.InvalidError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &invalid):
		return fmt.Errorf("profile: custom field %s: %w", name, err)
	}
	for _, f := range invalid.Fields {
		d.bad = append(d.bad, input.Under(path, f))
	}
	return nil
}

// sameMembers compares values, not spelling: a database may keep JSON in an
// order and with spaces of its own.
func sameMembers(a, b map[string]json.RawMessage) bool {
	return maps.EqualFunc(a, b, mergepatch.Equal)
}
